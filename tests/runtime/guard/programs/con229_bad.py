import asyncio
import threading

local = threading.local()


async def use(name):
    local.name = name
    await asyncio.sleep(0)
    return local.name  # CON229


async def main():
    print(await asyncio.gather(use("a"), use("b")))


asyncio.run(main())
