import asyncio


def running():
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def main():
    assert asyncio.get_running_loop() is running()


assert running() is None
asyncio.run(main())
