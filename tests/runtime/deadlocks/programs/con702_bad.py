# guard: --embed xoscar
import asyncio

import xoscar as xo


class Counter(xo.Actor):
    async def one(self) -> int:
        return 1

    async def two(self) -> int:
        return await self.ref().one() + 1  # CON702


async def main() -> None:
    pool = await xo.create_actor_pool("127.0.0.1:0", n_process=0)
    async with pool:
        counter = await xo.create_actor(Counter, address=pool.external_address, uid="counter")
        print(await counter.two())


asyncio.run(main())
