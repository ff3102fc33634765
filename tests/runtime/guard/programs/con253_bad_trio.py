# needs: trio
import trio


async def main():
    with trio.move_on_after(0.01):
        await trio.sleep(365 * 24 * 3600)  # CON253


trio.run(main)
