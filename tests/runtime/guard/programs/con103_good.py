import asyncio
import subprocess


async def main():
    child = await asyncio.create_subprocess_exec("true")
    assert await child.wait() == 0
    await asyncio.to_thread(subprocess.run, ["true"], check=True)


asyncio.run(main())
