"""PEP 654 and PEP 758: groups of exceptions, and types without parentheses."""

import asyncio
import time


async def gather_all(jobs):
    try:
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(job())
    except* TimeoutError as late:
        time.sleep(1)
        raise RuntimeError("too late") from late
    except* (OSError, ValueError):
        await asyncio.sleep(0); time.sleep(2);
    else:
        return None
    finally:
        time.sleep(3)


async def retry(job):
    try:
        return await job()
    except OSError, ValueError:
        time.sleep(4)
    try:
        return await job()
    except* KeyError, IndexError:
        time.sleep(5)
