import asyncio


def ask():
    try:
        return input()
    except EOFError:
        return ""


async def main():
    await asyncio.to_thread(ask)


asyncio.run(main())
