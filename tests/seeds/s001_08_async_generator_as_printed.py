async def ticks():
    for number in range(6)
        await asyncio.sleep(0.3)
        yield number
clock = ticks()
