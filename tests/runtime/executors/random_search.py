"""Random nested programs: each verdict of our executors against the standard ones under a bounded wait.

    python tests/runtime/executors/random_search.py [--programs 200] [--seed 0] [--bound 0.5] [--again 30] [-v]

A program is a tree of jobs over one to three pools of one to three workers and two locks; a job submits its children
and waits for them in one of the ways there are. It is run with our executors, where it ends, with or without a
`DeadlockError`, and with the standard ones, where it ends or is still for `bound` seconds. The verdicts must agree. A
program whose course depends on the schedule is run again with both, until each has shown the verdict of the other.

The exit code is 1 when a verdict of one side never came from the other, or when ours hung; the seed repeats it.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "runtime"))

from conclint_runtime import executors
from conclint_runtime.locks import Lock

WAYS = ("each", "each", "exception", "all", "first", "as_completed", "map", "callback", "timeout", "none")
STILL = 4.0
"""Times `bound`, after which our own executors count as hanging."""

JITTER = 0.003

Future = concurrent.futures.Future


@dataclass(frozen=True, slots=True)
class Job:
    """One job: where it runs, the lock that it holds meanwhile, its children, and how it waits for them."""

    pool: int
    lock: int | None
    way: str
    children: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """Sizes of the pools, and the jobs that the main thread submits."""

    sizes: tuple[int, ...]
    roots: tuple[Job, ...]


def random_job(rng: random.Random, pools: int, depth: int) -> Job:
    count = rng.choice((0, 1, 1, 2, 3)) if depth else 0
    return Job(
        pool=rng.randrange(pools),
        lock=rng.randrange(2) if rng.random() < 0.15 else None,
        way=rng.choice(WAYS),
        children=tuple(random_job(rng, pools, depth - 1) for _ in range(count)),
    )


def random_program(seed: int) -> Program:
    rng = random.Random(seed)
    sizes = tuple(rng.randint(1, 3) for _ in range(rng.randint(1, 3)))
    return Program(sizes, tuple(random_job(rng, len(sizes), rng.randint(0, 3)) for _ in range(rng.randint(1, 4))))


class Run:
    """One run of a program with one kind of executor."""

    def __init__(self, program: Program, *, ours: bool, jitter: float) -> None:
        make = executors.ThreadPoolExecutor if ours else concurrent.futures.ThreadPoolExecutor
        self.program = program
        self.refused = False
        self.jitter = jitter
        self.steps = 0
        self.pools = [make(size) for size in program.sizes]
        self.locks: list[AbstractContextManager[object]] = [Lock() if ours else threading.Lock() for _ in range(2)]
        # No job begins before all roots are queued: without this most programs depend on the schedule.
        self.all_queued = threading.Event()

    def main(self) -> None:
        try:
            futures = [self.submit(job) for job in self.program.roots]
            self.all_queued.set()
            for future in futures:
                future.exception()
        except executors.DeadlockError:
            self.refused = True
        for pool in self.pools:
            try:
                pool.shutdown()
            except executors.DeadlockError:
                self.refused = True

    def give_up(self) -> None:
        """Free the waiters of queued jobs, so that few threads stay behind; may itself hang in the standard pools."""
        for pool in self.pools:
            pool.shutdown(wait=False, cancel_futures=True)

    def submit(self, job: Job) -> Future[None]:
        if self.jitter:
            time.sleep(self.jitter * random.random())
        return self.pools[job.pool].submit(self.run, job)

    def run(self, job: Job) -> None:
        self.steps += 1
        self.all_queued.wait()
        try:
            with nullcontext() if job.lock is None else self.locks[job.lock]:
                self.wait_for_children(job)
        except executors.DeadlockError:
            self.refused = True
        except (RuntimeError, concurrent.futures.CancelledError):
            pass  # the pool is shut down already: the parent did not wait for this job
        self.steps += 1

    def wait_for_children(self, job: Job) -> None:
        if job.way == "map":
            by_pool = {child.pool: [one for one in job.children if one.pool == child.pool] for child in job.children}
            for results in [self.pools[pool].map(self.run, children) for pool, children in by_pool.items()]:
                list(results)
            return
        if job.way == "callback":
            for child in job.children:
                self.submit(Job(child.pool, None, "none", ())).add_done_callback(partial(self.after, child))
            return
        futures = [self.submit(child) for child in job.children]
        WAYS_OF_WAITING[job.way](futures)

    def after(self, child: Job, _: object) -> None:
        try:
            self.submit(child).result()
        except executors.DeadlockError:
            self.refused = True
        except RuntimeError:
            pass  # the pool is shut down already


def _each(futures: list[Future[None]]) -> None:
    for future in futures:
        future.result()


def _exception(futures: list[Future[None]]) -> None:
    for future in futures:
        future.exception()


def _timeout(futures: list[Future[None]]) -> None:
    for future in futures:
        try:
            future.result(timeout=0.01)
        except concurrent.futures.TimeoutError:
            pass


def _first(futures: list[Future[None]]) -> None:
    concurrent.futures.wait(futures, return_when=concurrent.futures.FIRST_COMPLETED)


WAYS_OF_WAITING: dict[str, Callable[[list[Future[None]]], object]] = {
    "each": _each,
    "exception": _exception,
    "timeout": _timeout,
    "first": _first,
    "all": concurrent.futures.wait,
    "as_completed": lambda futures: list(concurrent.futures.as_completed(futures)),
    "none": lambda _: None,
}


def verdict(program: Program, *, ours: bool, bound: float, jitter: float = 0) -> str:
    """One run, with random pauses of up to ``jitter`` seconds before each submit, which give other schedules.

    ``ends``, ``deadlock`` (refused by ours, still for ``bound`` seconds with the standard ones) or ``hangs``.
    """
    run = Run(program, ours=ours, jitter=jitter)
    thread = threading.Thread(target=run.main, daemon=True)
    thread.start()
    steps, since = -1, time.monotonic()
    patience = bound * (STILL if ours else 1)
    while thread.is_alive():
        thread.join(0.02)
        if run.steps != steps:
            steps, since = run.steps, time.monotonic()
        if thread.is_alive() and time.monotonic() - since > patience:
            threading.Thread(target=run.give_up, daemon=True).start()
            return "hangs" if ours else "deadlock"
    return "deadlock" if run.refused else "ends"


def compare(program: Program, *, bound: float, again: int) -> tuple[bool, frozenset[str], frozenset[str]]:
    """Whether each side has shown all that the other has shown, and what they have shown."""
    ours = {verdict(program, ours=True, bound=bound)}
    standard = {verdict(program, ours=False, bound=bound)}
    for attempt in range(again):
        if ours == standard or "hangs" in ours:
            break
        jitter = JITTER * (attempt % 3)
        ours.add(verdict(program, ours=True, bound=bound, jitter=jitter))
        standard.add(verdict(program, ours=False, bound=bound * (1 + attempt % 3), jitter=jitter))
    return ours == standard, frozenset(ours), frozenset(standard)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=int, default=200, help="how many programs")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first program; the next ones count up")
    parser.add_argument("--bound", type=float, default=0.5, help="seconds without a step that count as a hang")
    parser.add_argument(
        "--again", type=int, default=30, help="most runs more of a program that depends on the schedule"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="print each program")
    options = parser.parse_args()
    counts = Counter[str]()
    wrong = 0
    for seed in range(options.seed, options.seed + options.programs):
        program = random_program(seed)
        agreed, ours, standard = compare(program, bound=options.bound, again=options.again)
        counts["either" if len(ours) > 1 else next(iter(ours))] += 1
        if not agreed or options.verbose:
            print(f"seed {seed}: ours {sorted(ours)}, standard {sorted(standard)}: {program}", flush=True)
        wrong += not agreed
    summary = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    print(f"{options.programs} programs: {summary}; {wrong} verdicts that the other side never gave", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    code = main()
    # The standard pools that hang would be joined at the end of the interpreter.
    os._exit(code)
