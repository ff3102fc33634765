# guard: --embed xoscar
import asyncio

import xoscar as xo


class Store(xo.Actor):
    def one(self):
        return 1


async def main():
    await xo.create_actor(Store, uid="store")  # CON710


asyncio.run(main())
