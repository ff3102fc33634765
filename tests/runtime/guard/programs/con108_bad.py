import asyncio


async def inner():
    pass


async def main():
    coroutine = inner()
    try:
        asyncio.run(coroutine)  # CON108
    finally:
        coroutine.close()


asyncio.run(main())
