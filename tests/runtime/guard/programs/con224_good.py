import asyncio
import io


async def use(file):
    await asyncio.sleep(0)
    return file.read(1)


async def opened():
    with io.StringIO("x") as file:
        return await use(file)


async def main():
    await opened()


asyncio.run(main())
