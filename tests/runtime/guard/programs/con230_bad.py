import asyncio
import contextvars
import threading

user = contextvars.ContextVar("user", default="nobody")


def work():
    return user.get()  # CON230


async def main():
    user.set("somebody")
    assert await asyncio.get_running_loop().run_in_executor(None, work) == "nobody"  # CON230
    thread = threading.Thread(target=work)
    thread.start()  # CON230
    await asyncio.to_thread(thread.join)


asyncio.run(main())
