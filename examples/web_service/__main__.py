from __future__ import annotations

import asyncio
import logging

from .desk import Desk
from .journal import Journal
from .labels import Printer
from .rates import RateBook
from .server import Server


async def main() -> None:
    journal = Journal("bookings.jsonl")
    server = Server(Desk(RateBook("EUR"), journal, Printer(threads=2)))
    keeper = asyncio.create_task(journal.flush_now_and_then(30.0))
    try:
        await server.serve("127.0.0.1", 8410)
    finally:
        keeper.cancel()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main())
