import asyncio

ready = False


async def main():
    global ready
    asyncio.get_running_loop().call_later(0.05, make_ready)
    while not ready:
        await asyncio.sleep(0.005)  # CON222


def make_ready():
    global ready
    ready = True


asyncio.run(main())
