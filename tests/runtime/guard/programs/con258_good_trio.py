# needs: trio
import trio


async def main():
    with trio.CancelScope(deadline=trio.current_time() + 5):
        await trio.sleep(0.01)


trio.run(main)
