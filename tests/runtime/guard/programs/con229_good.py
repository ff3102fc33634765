import asyncio
import contextvars
import threading

current = contextvars.ContextVar("current")
local = threading.local()


async def use(name):
    current.set(name)
    local.name = name
    assert local.name == name
    await asyncio.sleep(0)
    return current.get()


async def main():
    print(await asyncio.gather(use("a"), use("b")))


asyncio.run(main())
