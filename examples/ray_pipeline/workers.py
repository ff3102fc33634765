from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Sequence

import ray

from .scoring import ranked

DIMENSIONS = 32
SECONDS_PER_CALL = 0.02


@ray.remote
class Embedder:
    """Turns texts into vectors through a service that takes its time; four calls at once."""

    def __init__(self) -> None:
        self.embedded = 0

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        vectors = []
        for text in texts:
            time.sleep(SECONDS_PER_CALL)
            vectors.append(vector_of(text))
        self.embedded += len(vectors)
        return vectors

    async def progress(self) -> int:
        return self.embedded


@ray.remote
class Index:
    """Knows all vectors, and which are near to one."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.vectors: list[list[float]] = []
        self.filled = asyncio.Event()

    async def fill(self, names: list[str], vectors: list[list[float]]) -> None:
        self.names, self.vectors = names, vectors
        self.filled.set()

    async def nearest(self, vector: list[float], count: int = 3) -> list[str]:
        await self.filled.wait()
        return ranked(self.names, self.vectors, vector)[:count]


def vector_of(text: str) -> list[float]:
    counts = [0.0] * DIMENSIONS
    for word in text.lower().split():
        counts[zlib.crc32(word.encode()) % DIMENSIONS] += 1.0
    return counts
