"""What becomes of the game once its rule does wait: a tally that all cells share is read, then awaited on, then written."""

import asyncio


async def decide(cell):
    await asyncio.sleep(0)
    return 1 if cell == "#" else 0


class Tally:
    def __init__(self):
        self.living = 0

    async def add(self, cell):
        self.living += await decide(cell)


async def main():
    tally = Tally()
    await asyncio.gather(*(tally.add(cell) for cell in "##.#..##"))
    print(tally.living)


asyncio.run(main())
