import asyncio

from conclint_runtime import xo


class Counter(xo.Actor):
    def __init__(self) -> None:
        self.total = 0

    async def add(self) -> None:
        before = self.total
        await asyncio.sleep(0)
        self.total = before + 1

    async def read(self) -> int:
        return self.total


async def main() -> None:
    pool = await xo.create_actor_pool("127.0.0.1:0", n_process=0)
    async with pool:
        counter = await xo.create_actor(Counter, address=pool.external_address, uid="counter")
        await asyncio.gather(*(counter.add() for _ in range(3)))
        assert await counter.read() == 3


asyncio.run(main())
