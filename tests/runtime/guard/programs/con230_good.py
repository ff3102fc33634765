import asyncio
import contextvars

user = contextvars.ContextVar("user", default="nobody")


def work():
    return user.get()


def other():
    return 1


async def main():
    user.set("somebody")
    assert await asyncio.to_thread(work) == "somebody"
    assert await asyncio.get_running_loop().run_in_executor(None, other) == 1


asyncio.run(main())
