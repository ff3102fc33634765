# needs: anyio
import anyio


async def main():
    with anyio.move_on_after(0.01):
        await anyio.sleep(365 * 24 * 3600)  # CON253


anyio.run(main)
