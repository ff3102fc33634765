# needs: trio
import trio


async def main():
    with trio.CancelScope(deadline=0.5):  # CON258
        await trio.sleep(0.01)


trio.run(main)
