async def board():
coast = asyncio.create_task(announce(3, "to the coast"))
hills = asyncio.create_task(announce(4, "to the hills"))
await coast
await hills
