async def board():
await asyncio.gather(
    announce(3, "to the coast"),
    announce(4, "to the hills")
)
