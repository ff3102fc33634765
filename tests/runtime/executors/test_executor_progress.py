"""Programs that end by themselves are left alone."""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Callable
from typing import TypeVar

import pytest

from conclint_runtime.executors import Future, ThreadPoolExecutor, as_completed, wait
from conclint_runtime.locks import Lock

T = TypeVar("T")
Ended = Callable[[Callable[[], T]], T]
BOUND = 30.0


def one() -> int:
    return 1


def test_a_wait_with_a_timeout_is_never_refused(ended: Ended[None]) -> None:
    def program() -> None:
        with ThreadPoolExecutor(1) as pool:
            outer = pool.submit(lambda: pool.submit(one).result(timeout=0.01))
            assert isinstance(outer.exception(), concurrent.futures.TimeoutError)

    ended(program)


def test_a_second_worker_serves_what_the_first_waits_for(ended: Ended[int]) -> None:
    def program() -> int:
        with ThreadPoolExecutor(2) as pool:
            return pool.submit(lambda: pool.submit(one).result()).result()

    assert ended(program) == 1


def test_a_pool_inside_a_job_serves_it(ended: Ended[int]) -> None:
    def program() -> int:
        def outer() -> int:
            with ThreadPoolExecutor(1) as inner:
                return inner.submit(one).result()

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(outer).result()

    assert ended(program) == 1


def test_wait_and_as_completed_over_another_pool_end(ended: Ended[int]) -> None:
    def program() -> int:
        with ThreadPoolExecutor(1) as outer_pool, ThreadPoolExecutor(2) as inner_pool:

            def outer() -> int:
                futures = [inner_pool.submit(one) for _ in range(10)]
                total = sum(future.result() for future in as_completed(futures))
                return total + len(wait(futures).done)

            return outer_pool.submit(outer).result()

    assert ended(program) == 20


def test_a_future_that_nobody_of_ours_completes_is_waited_for(ended: Ended[int]) -> None:
    def program() -> int:
        outside: Future[int] = Future()
        waits = threading.Event()
        with ThreadPoolExecutor(1) as pool:

            def outer() -> int:
                waits.set()
                return outside.result()

            future = pool.submit(outer)
            waits.wait(BOUND)
            outside.set_result(7)
            return future.result()

    assert ended(program) == 7


@pytest.mark.parametrize("make", [Future, concurrent.futures.Future], ids=["ours", "standard"])
def test_the_first_of_several_may_be_one_that_somebody_else_completes(
    ended: Ended[int], make: Callable[[], concurrent.futures.Future[int]]
) -> None:
    def program() -> int:
        outside = make()
        waits = threading.Event()
        with ThreadPoolExecutor(1) as pool:

            def outer() -> int:
                both = {pool.submit(one), outside}
                waits.set()
                return len(wait(both, return_when=concurrent.futures.FIRST_COMPLETED).done)

            future = pool.submit(outer)
            waits.wait(BOUND)
            outside.set_result(7)
            return future.result()

    assert ended(program) == 1


def test_a_contended_lock_is_passed_on(ended: Ended[int]) -> None:
    def program() -> int:
        lock = Lock()
        count = 0

        def add() -> None:
            nonlocal count
            for _ in range(500):
                with lock:
                    count += 1

        with ThreadPoolExecutor(4) as pool:
            for future in [pool.submit(add) for _ in range(4)]:
                future.result()
        return count

    assert ended(program) == 2000


def test_a_chain_as_deep_as_the_pool_is_wide_ends(ended: Ended[int]) -> None:
    def program() -> int:
        with ThreadPoolExecutor(10) as pool:

            def nested(depth: int) -> int:
                return 1 + (pool.submit(nested, depth - 1).result() if depth > 1 else 0)

            return pool.submit(nested, 10).result()

    assert ended(program) == 10


def test_a_lock_that_another_thread_releases_is_a_signal_and_never_refused(ended: Ended[bool]) -> None:
    def program() -> bool:
        signal = Lock()
        signal.acquire()
        waits = threading.Event()

        def release() -> None:
            waits.wait(BOUND)
            signal.release()

        with ThreadPoolExecutor(1) as pool:
            pool.submit(release)
            waits.set()
            return signal.acquire()

    assert ended(program)


def test_a_queued_job_whose_thread_is_busy_in_its_initializer_gets_another_thread(ended: Ended[int]) -> None:
    def program() -> int:
        submitted = threading.Event()
        jobs: list[Future[int]] = []
        first = iter([True])

        def initializer() -> None:
            submitted.wait(BOUND)
            if next(first, False):
                jobs[0].result()

        with ThreadPoolExecutor(2, initializer=initializer) as pool:
            jobs.append(pool.submit(one))
            submitted.set()
            return jobs[0].result()

    assert ended(program) == 1
