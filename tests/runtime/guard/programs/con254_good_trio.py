# needs: trio
import trio.lowlevel


async def main():
    with trio.move_on_after(0.01):
        await trio.lowlevel.checkpoint()


trio.run(main)
