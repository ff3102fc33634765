# guard: --embed xoscar
import asyncio

import xoscar as xo


class Gate(xo.Actor):
    def __init__(self) -> None:
        self.opened = asyncio.Event()

    async def pass_through(self) -> int:
        await self.opened.wait()  # CON704
        return 1

    async def open(self) -> None:
        self.opened.set()


async def main() -> None:
    pool = await xo.create_actor_pool("127.0.0.1:0", n_process=0)
    async with pool:
        gate = await xo.create_actor(Gate, address=pool.external_address, uid="gate")
        await asyncio.gather(gate.pass_through(), gate.open())


asyncio.run(main())
