# guard: --embed xoscar
import asyncio

import xoscar as xo


class Store(xo.Actor):
    def one(self):
        return 1


async def main():
    pool = await xo.create_actor_pool("127.0.0.1:0", n_process=0)
    async with pool:
        ref = await xo.create_actor(Store, address=pool.external_address, uid="store")
        await asyncio.wait_for(ref.one(), 5)  # CON709


asyncio.run(main())
