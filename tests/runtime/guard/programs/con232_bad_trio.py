# needs: trio
import trio


async def main():
    with trio.move_on_after(1):  # CON232
        print("parsed")


trio.run(main)
