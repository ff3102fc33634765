"""A bare future, which one task sets and another awaits."""

import asyncio


async def proof(risen):
    await asyncio.sleep(0.2)
    risen.set_result("twice the size")
    print("the rest of the work goes on")


async def main():
    risen = asyncio.get_running_loop().create_future()
    proofing = asyncio.create_task(proof(risen))
    print(await risen)
    await proofing


asyncio.run(main())
