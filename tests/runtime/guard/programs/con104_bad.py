import asyncio
import os


async def main():
    with open(__file__) as file:  # CON104
        file.read()
    os.listdir(".")  # CON104


asyncio.run(main())
