"""An xoscar actor with its hooks, created and called."""

import asyncio

import xoscar as xo


class Librarian(xo.Actor):
    def __init__(self, *shelves, **labels):
        pass

    async def __post_create__(self):
        # the actor has its address by now
        pass

    async def __pre_destroy__(self):
        # its last chance to write something down
        pass

    def lend(self, book, reader, **terms):
        pass

    async def order(self, book, reader, **terms):
        pass


async def main():
    librarian = await xo.create_actor(
        Librarian, 3, 4, floor=2, room=5, address="127.0.0.1:14321", uid="MainDesk"
    )
    await librarian.lend.send(8, 9, days=10, fee=0)


asyncio.run(main())
