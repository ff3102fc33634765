import asyncio
from pathlib import Path


async def main():
    await asyncio.to_thread(Path(__file__).read_text)
    import colorsys  # an import reads files too, and is not this pitfall

    assert colorsys


asyncio.run(main())
