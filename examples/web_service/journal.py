from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

log = logging.getLogger(__name__)


class Journal:
    """What was booked and cancelled, written to a file now and then."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._waiting: list[str] = []
        self.written = 0

    async def write(self, event: str, number: str) -> None:
        self._waiting.append(json.dumps({"event": event, "number": number}))
        if len(self._waiting) >= 100:
            self.written += await self._flush()

    async def flush_now_and_then(self, seconds: float) -> None:
        while True:
            try:
                await asyncio.sleep(seconds)
                await self._flush()
            except asyncio.CancelledError:
                log.info("asked to stop; the journal is flushed next time")
            except OSError:
                log.exception("the journal cannot be written")

    async def _flush(self) -> int:
        lines, self._waiting = self._waiting, []
        await asyncio.to_thread(self._append, lines)
        return len(lines)

    def _append(self, lines: list[str]) -> None:
        with self._path.open("a") as file:
            file.writelines(line + "\n" for line in lines)
