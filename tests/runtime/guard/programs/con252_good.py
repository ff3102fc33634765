# needs: anyio
import anyio


def work():
    print("working")


async def main():
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.to_thread.run_sync, work)
    except BaseException as error:
        print(type(error).__name__)


anyio.run(main)
