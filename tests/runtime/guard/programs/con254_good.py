# needs: anyio
import anyio.lowlevel


async def main():
    with anyio.move_on_after(0.01):
        await anyio.lowlevel.checkpoint()


anyio.run(main)
