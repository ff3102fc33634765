from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor

WIDTH = 40


class Printer:
    """Draws labels in threads of its own: drawing is slow."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="label")

    def draw(self, number: str, address: str) -> str:
        return self._threads.submit(_drawing, number, address).result()


def _drawing(number: str, address: str) -> str:
    check = zlib.crc32(f"{number}{address}".encode())
    return "\n".join(line.center(WIDTH) for line in (number, address, f"{check:08x}"))
