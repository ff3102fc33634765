import asyncio


async def answer() -> int:
    return 42


async def main() -> None:
    loop = asyncio.get_running_loop()
    print(asyncio.run_coroutine_threadsafe(answer(), loop).result())  # CON111


asyncio.run(main())
