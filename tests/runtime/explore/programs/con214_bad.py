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
    async def get() -> None:
        if not stock.value:
            await fetch()
            stock.made += 1
            stock.value = "made"

    await asyncio.gather(get(), get())
    assert stock.made == 1, stock.made


asyncio.run(main())
