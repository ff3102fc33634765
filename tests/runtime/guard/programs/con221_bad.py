import asyncio


async def step():
    pass


for _ in range(3):
    asyncio.run(step())  # CON221
