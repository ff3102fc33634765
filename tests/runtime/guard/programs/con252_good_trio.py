# needs: trio
import trio


async def work():
    print("working")


async def main():
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(work)
    except BaseException as error:
        print(type(error).__name__)


trio.run(main)
