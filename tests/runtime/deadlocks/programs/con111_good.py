import asyncio


async def answer() -> int:
    return 42


def ask(loop: asyncio.AbstractEventLoop) -> int:
    return asyncio.run_coroutine_threadsafe(answer(), loop).result()


async def main() -> None:
    loop = asyncio.get_running_loop()
    assert await asyncio.to_thread(ask, loop) == 42


asyncio.run(main())
