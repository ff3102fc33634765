# needs: trio
import trio


async def serve(task_status):
    task_status.started()
    await trio.sleep(0.01)


async def main():
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(serve)
    except BaseException as error:
        print(type(error).__name__)


trio.run(main)
