import asyncio


class Stock:
    total = 0
    value = ""
    made = 0


stock = Stock()


async def fetch() -> int:
    await asyncio.sleep(0)
    return 1


async def main() -> None:
    async def add() -> None:
        stock.total += await fetch()

    await asyncio.gather(add(), add())
    assert stock.total == 2, stock.total


asyncio.run(main())
