# needs: anyio
import anyio


async def serve(*, task_status):
    await anyio.sleep(0.01)


async def main():
    try:
        async with anyio.create_task_group() as group:
            await group.start(serve)  # CON255
    except BaseException as error:
        print(type(error).__name__)


anyio.run(main)
