from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import ray

from .tasks import count_words, read_document
from .workers import Embedder, Index

BATCH = 16


def batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(texts), BATCH):
        yield texts[begin : begin + BATCH]


def run(paths: Sequence[Path]) -> dict[str, list[str]]:
    texts = ray.get([read_document.remote(str(path)) for path in paths])
    vectors = embed_all(texts)
    index = Index.remote()
    ray.get(index.fill.remote([path.name for path in paths], vectors))
    near = ray.get([index.nearest.remote(vector) for vector in vectors])
    return {path.name: names for path, names in zip(paths, near)}


def embed_all(texts: Sequence[str]) -> list[list[float]]:
    embedder = Embedder.options(max_concurrency=4).remote()
    vectors = []
    for batch in batches(texts):
        vectors.extend(ray.get(embedder.embed.remote(batch)))
    return vectors


def count_again(texts: Sequence[str]) -> int:
    """The number of words of a few texts, for the log."""
    return sum(count_words(text) for text in texts)
