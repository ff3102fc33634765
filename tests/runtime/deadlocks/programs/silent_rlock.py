"""A re-entrant lock taken again, conditions on it, an asyncio program with locks and threads."""

import asyncio
import threading

lock = threading.RLock()
condition = threading.Condition(lock)


def outer() -> None:
    with lock, lock, condition:
        condition.notify_all()


threads = [threading.Thread(target=outer) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()


async def use(shared: asyncio.Lock) -> int:
    async with shared:
        await asyncio.sleep(0)
        return await asyncio.to_thread(abs, -1)


async def main() -> None:
    shared = asyncio.Lock()
    assert await asyncio.gather(*(use(shared) for _ in range(5))) == [1] * 5


asyncio.run(main())
