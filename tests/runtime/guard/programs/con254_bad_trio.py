# needs: trio
import trio


async def main():
    with trio.move_on_after(0.01):
        await trio.sleep(0)  # CON254


trio.run(main)
