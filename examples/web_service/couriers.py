from __future__ import annotations

import asyncio
import json

HOST, PORT = "couriers.example", 9320


async def tell_courier(number: str, address: str) -> None:
    """Tell the courier's office of a parcel, and wait until it has understood."""
    reader, writer = await asyncio.open_connection(HOST, PORT)
    try:
        writer.write(json.dumps({"parcel": number, "to": address}).encode() + b"\n")
        await writer.drain()
        await reader.readline()
    finally:
        writer.close()
        await writer.wait_closed()
