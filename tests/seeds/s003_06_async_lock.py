"""One coroutine at a time between the lock's two ends."""

import asyncio


class Till:
    def __init__(self):
        self.lock = asyncio.Lock()
        self.coins = 0

    async def pay(self, price):
        async with self.lock:
            before = self.coins
            await asyncio.sleep(0)
            self.coins = before + price


async def main():
    till = Till()
    await asyncio.gather(*(till.pay(price) for price in range(20)))
    print(till.coins)


asyncio.run(main())
