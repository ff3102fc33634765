# needs: trio
import trio


async def serve(task_status):
    await trio.sleep(0.01)


async def main():
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(serve)  # CON255
    except BaseException as error:
        print(type(error).__name__)


trio.run(main)
