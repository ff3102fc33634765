import asyncio


async def work():
    process = await asyncio.create_subprocess_exec("true")
    await process.wait()


async def main(number):
    await asyncio.gather(*(work() for _ in range(number)))  # CON209


asyncio.run(main(3))
