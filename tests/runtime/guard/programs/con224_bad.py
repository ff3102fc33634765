import asyncio


async def use(file):
    await asyncio.sleep(0)
    return file.read(1)  # CON224


def opened():
    with open(__file__) as file:
        return use(file)


async def main():
    await opened()  # CON224


def start():
    return main()


asyncio.run(start())
