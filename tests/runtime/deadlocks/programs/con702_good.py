# guard: --embed xoscar
import asyncio

import xoscar as xo


class Counter(xo.Actor):
    async def one(self) -> int:
        return 1

    async def two(self) -> int:
        return await self.one() + 1


async def main() -> None:
    pool = await xo.create_actor_pool("127.0.0.1:0", n_process=0)
    async with pool:
        counter = await xo.create_actor(Counter, address=pool.external_address, uid="counter")
        assert await counter.two() == 2


asyncio.run(main())
