import asyncio


async def allowed():
    return False


async def main():
    if allowed():  # CON203
        print("granted")
    print(f"{allowed()}")  # CON203


asyncio.run(main())
