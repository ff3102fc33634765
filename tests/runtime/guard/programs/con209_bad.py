import asyncio
import os
import resource

resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


async def work():
    number = os.dup(0)
    try:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    finally:
        os.close(number)


async def main():
    await asyncio.gather(*(work() for _ in range(100)), return_exceptions=False)  # CON209


asyncio.run(main())
