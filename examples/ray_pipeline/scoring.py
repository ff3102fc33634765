from __future__ import annotations

from collections.abc import Sequence

import ray

from .tasks import distances

PART = 500


def ranked(names: Sequence[str], vectors: Sequence[list[float]], vector: list[float]) -> list[str]:
    """Names by the distance of their vectors, which is worked out in tasks of a part each."""
    parts = [list(vectors[begin : begin + PART]) for begin in range(0, len(vectors), PART)]
    found = ray.get([distances.remote(vector, part) for part in parts])
    flat = [distance for part in found for distance in part]
    return [name for _, name in sorted(zip(flat, names))]
