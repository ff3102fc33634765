import asyncio
import os
import resource

resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


async def work(limit):
    async with limit:
        number = os.dup(0)
        try:
            await asyncio.sleep(0)
        finally:
            os.close(number)


async def main():
    limit = asyncio.Semaphore(10)
    await asyncio.gather(*(work(limit) for _ in range(100)))


asyncio.run(main())
