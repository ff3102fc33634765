# needs: trio
import trio


async def main():
    with trio.move_on_after(1):
        await trio.sleep(0.01)


trio.run(main)
