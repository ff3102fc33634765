import asyncio
import subprocess


async def main():
    subprocess.run(["true"], check=True)  # CON103
    child = subprocess.Popen(["true"])
    child.wait()  # CON103


asyncio.run(main())
