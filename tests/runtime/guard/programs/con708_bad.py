# guard: --embed xoscar
import asyncio

import xoscar as xo


class Store(xo.Actor):
    def rows(self):
        yield 1


async def main():
    pool = await xo.create_actor_pool("127.0.0.1:0", n_process=0)
    async with pool:
        ref = await xo.create_actor(Store, address=pool.external_address, uid="store")
        async for row in await ref.rows():  # CON708
            print(row)


asyncio.run(main())
