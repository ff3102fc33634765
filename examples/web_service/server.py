from __future__ import annotations

import asyncio
import json
import logging

from .desk import BadRequestError, Desk

log = logging.getLogger(__name__)


class Server:
    """Reads requests from sockets and hands them to a desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def serve(self, host: str, port: int) -> None:
        listener = await asyncio.start_server(self._session, host, port)
        async with listener:
            await listener.serve_forever()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            log.info("a client left in the middle of a sentence")
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, object]:
        try:
            return await self._desk.answer(json.loads(line))
        except (BadRequestError, ValueError) as error:
            return {"ok": False, "error": str(error)}
