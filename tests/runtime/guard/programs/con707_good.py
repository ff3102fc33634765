# guard: --embed xoscar
import asyncio

import xoscar as xo


class Store(xo.Actor):
    async def __post_create__(self):
        self.ready = True


async def main():
    pool = await xo.create_actor_pool("127.0.0.1:0", n_process=0)
    async with pool:
        await xo.create_actor(Store, address=pool.external_address, uid="store")


asyncio.run(main())
