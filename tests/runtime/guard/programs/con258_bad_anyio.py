# needs: anyio
import anyio


async def main():
    with anyio.CancelScope(deadline=0.5):  # CON258
        await anyio.sleep(0.01)


anyio.run(main)
