"""Processor time of our thread pool as a ratio to the standard one's: calls, maps, and long chains of waits.

    python tests/runtime/executors/measure_overhead.py [--rounds 5]

Processor time, not the clock, so that a busy machine changes the figures little. Both pools run in turn.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "runtime"))

from conclint_runtime import executors

CALLS = 2000
CHAIN = 600
Pool = type[concurrent.futures.ThreadPoolExecutor]


def one_by_one(make: Pool) -> None:
    with make(2) as pool:
        for _ in range(CALLS):
            pool.submit(int).result()


def mapped(make: Pool) -> None:
    with make(2) as pool:
        sum(pool.map(abs, range(CALLS)))


def as_completed(make: Pool) -> None:
    with make(2) as pool:
        for future in concurrent.futures.as_completed([pool.submit(int) for _ in range(CALLS)]):
            future.result()


def chain_from_the_top(make: Pool) -> None:
    with make(CHAIN + 1) as pool:

        def nested(depth: int) -> int:
            return pool.submit(nested, depth - 1).result() if depth else 0

        pool.submit(nested, CHAIN).result()


def chain_from_the_bottom(make: Pool) -> None:
    go = threading.Event()
    with make(CHAIN + 1) as pool:
        future = pool.submit(go.wait)
        for _ in range(CHAIN):
            future = pool.submit(future.result)
        go.set()
        future.result()


WORKLOADS: tuple[Callable[[Pool], None], ...] = (
    one_by_one,
    mapped,
    as_completed,
    chain_from_the_top,
    chain_from_the_bottom,
)


def seconds(workload: Callable[[Pool], None], make: Pool) -> float:
    begun = time.process_time()
    workload(make)
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for workload in WORKLOADS:
        standard, ours = [], []
        for _ in range(options.rounds):
            standard.append(seconds(workload, concurrent.futures.ThreadPoolExecutor))
            ours.append(seconds(workload, executors.ThreadPoolExecutor))
        ratio = statistics.median(a / b for a, b in zip(ours, standard))
        print(f"{workload.__name__:24} {statistics.median(standard) * 1e3:7.1f} ms standard, ours {ratio:.2f} x")


if __name__ == "__main__":
    main()
