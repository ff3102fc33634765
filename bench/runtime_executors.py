"""What is measured of executors: the same calls on ours and on those of the standard library."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager

from bench.runtime_actors import Sample

_SUBMITTED = 500
_MAPPED = 2000
_WORKERS = 2


@contextmanager
def of_executors(ours: bool) -> Iterator[dict[str, Sample]]:
    """The samples of the executors of one kind, whose pools have been started and warmed up."""
    with ExitStack() as block:
        samples: dict[str, Sample] = {}
        for kind, pool in _pools(ours).items():
            block.enter_context(pool)
            list(pool.map(abs, range(64)))
            samples[f"{kind}, submit and result"] = _of(_submitted, pool)
            samples[f"{kind}, map"] = _of(_mapped, pool)
        yield samples


def _of(measure: Callable[[Executor], float], pool: Executor) -> Sample:
    return lambda: measure(pool)


def _pools(ours: bool) -> dict[str, Executor]:
    spawn = multiprocessing.get_context("spawn")
    if ours:
        from conclint_runtime import executors

        return {
            "threads": executors.ThreadPoolExecutor(_WORKERS),
            "processes": executors.ProcessPoolExecutor(_WORKERS, spawn),
        }
    return {
        "threads": concurrent.futures.ThreadPoolExecutor(_WORKERS),
        "processes": concurrent.futures.ProcessPoolExecutor(_WORKERS, spawn),
    }


def _submitted(pool: Executor) -> float:
    took = []
    for number in range(_SUBMITTED):
        begin = time.perf_counter()
        pool.submit(abs, number).result()
        took.append(time.perf_counter() - begin)
    return statistics.median(took)


def _mapped(pool: Executor) -> float:
    begin = time.perf_counter()
    for _ in pool.map(abs, range(_MAPPED)):
        pass
    return (time.perf_counter() - begin) / _MAPPED
