# guard: --embed xoscar
import asyncio

import xoscar as xo


class Peer(xo.Actor):
    async def ask(self, other: xo.ActorRefType, depth: int) -> int:
        if depth == 0:
            return 1
        return await other.ask(self.ref(), depth - 1)


async def main() -> None:
    pool = await xo.create_actor_pool("127.0.0.1:0", n_process=0)
    async with pool:
        first = await xo.create_actor(Peer, address=pool.external_address, uid="first")
        second = await xo.create_actor(Peer, address=pool.external_address, uid="second")
        assert await first.ask(second, 1) == 1


asyncio.run(main())
