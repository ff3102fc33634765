# needs: anyio
import anyio


async def main():
    with anyio.move_on_after(0.01):
        await anyio.sleep_forever()


anyio.run(main)
