"""The same with the awaits at module level, as a notebook takes them."""

import xoscar as xo


class Librarian(xo.Actor):
    def __init__(self, *shelves, **labels):
        pass

    async def __post_create__(self):
        pass

    def lend(self, book, reader, **terms):
        pass

    async def order(self, book, reader, **terms):
        pass


librarian = await xo.create_actor(
    Librarian, 3, 4, floor=2, room=5, address="127.0.0.1:14321", uid="MainDesk"
)
await librarian.lend.send(8, 9, days=10, fee=0)
