# needs: anyio
import anyio


async def main():
    with anyio.CancelScope(deadline=anyio.current_time() + 5):
        await anyio.sleep(0.01)


anyio.run(main)
