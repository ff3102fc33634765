import asyncio


async def allowed():
    return False


async def main():
    if await allowed():
        print("granted")
    print(f"{await allowed()}")


asyncio.run(main())
