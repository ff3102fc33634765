import asyncio

first, second = asyncio.Lock(), asyncio.Lock()


async def there() -> None:
    async with first:
        await asyncio.sleep(0)
        async with second:  # CON501
            pass


async def back() -> None:
    async with second:
        await asyncio.sleep(0)
        async with first:  # CON501
            pass


async def main() -> None:
    await asyncio.gather(there(), back())


asyncio.run(main())
