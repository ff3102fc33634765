from __future__ import annotations

from pathlib import Path

import ray


@ray.remote
def read_document(path: str) -> str:
    return Path(path).read_text(errors="replace")


@ray.remote
def count_words(text: str) -> int:
    return len(text.split())


@ray.remote
def distances(vector: list[float], others: list[list[float]]) -> list[float]:
    return [sum((a - b) ** 2 for a, b in zip(vector, other)) for other in others]
