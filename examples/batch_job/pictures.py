from __future__ import annotations

import zlib
from pathlib import Path

SUFFIXES = frozenset((".png", ".jpg", ".gif"))


def is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def checksum(path: Path) -> int:
    value = 0
    with path.open("rb") as file:
        while piece := file.read(1 << 16):
            value = zlib.crc32(piece, value)
    return value
