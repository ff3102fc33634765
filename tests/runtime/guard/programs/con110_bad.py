import asyncio


async def main():
    try:
        input()  # CON110
    except EOFError:
        pass


asyncio.run(main())
