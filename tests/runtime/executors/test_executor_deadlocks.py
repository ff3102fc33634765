"""Programs that hang with the standard executors end with a `DeadlockError` in each waiter."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import Callable
from concurrent.futures import as_completed as early_as_completed
from concurrent.futures import wait as early_wait
from concurrent.futures.thread import BrokenThreadPool
from typing import TypeVar

import pytest

from conclint_runtime.executors import DeadlockError, Future, ThreadPoolExecutor
from conclint_runtime.locks import Lock, RLock

T = TypeVar("T")
Ended = Callable[[Callable[[], T]], T]
BOUND = 30.0


def one() -> int:
    return 1


def test_a_job_that_waits_for_its_own_pool_of_one_is_refused(ended: Ended[None]) -> None:
    def program() -> None:
        with ThreadPoolExecutor(1) as pool:
            outer = pool.submit(lambda: pool.submit(one).result())
            with pytest.raises(DeadlockError):
                outer.result()

    ended(program)


def test_the_inner_exception_is_refused_as_the_inner_result_is(ended: Ended[None]) -> None:
    def program() -> None:
        with ThreadPoolExecutor(1) as pool:
            outer = pool.submit(lambda: pool.submit(one).exception())
            assert isinstance(outer.exception(), DeadlockError)

    ended(program)


def test_two_workers_starved_by_two_waiters_both_raise(ended: Ended[list[object]]) -> None:
    def program() -> list[object]:
        both = threading.Barrier(2)
        with ThreadPoolExecutor(2) as pool:

            def outer() -> int:
                both.wait(BOUND)
                return pool.submit(one).result()

            return [future.exception() for future in [pool.submit(outer), pool.submit(outer)]]

    assert [type(error) for error in ended(program)] == [DeadlockError, DeadlockError]


def test_four_workers_that_all_read_an_inner_map_raise(ended: Ended[list[object]]) -> None:
    def program() -> list[object]:
        all_run = threading.Barrier(4)
        with ThreadPoolExecutor(4) as pool:

            def outer() -> int:
                all_run.wait(BOUND)
                return sum(pool.map(abs, range(8)))

            return [future.exception() for future in [pool.submit(outer) for _ in range(4)]]

    assert [type(error) for error in ended(program)] == [DeadlockError] * 4


def test_an_inner_map_with_a_buffer_is_refused_too(ended: Ended[None]) -> None:
    def program() -> None:
        with ThreadPoolExecutor(1) as pool:
            outer = pool.submit(lambda: list(pool.map(abs, range(8), buffersize=2)))
            assert isinstance(outer.exception(), DeadlockError)

    ended(program)


def test_futures_that_wait_for_each_other_both_raise_whatever_the_number_of_workers(ended: Ended[list[object]]) -> None:
    def program() -> list[object]:
        known = threading.Event()
        futures: list[Future[object]] = []

        def wait_for(index: int) -> object:
            known.wait(BOUND)
            return futures[index].result()

        with ThreadPoolExecutor(100) as pool:
            futures += [pool.submit(wait_for, 1), pool.submit(wait_for, 0)]
            known.set()
            return [future.exception() for future in futures]

    assert [type(error) for error in ended(program)] == [DeadlockError, DeadlockError]


def test_an_initializer_that_waits_for_its_pool_breaks_the_pool(
    ended: Ended[None], caplog: pytest.LogCaptureFixture
) -> None:
    def program() -> None:
        pool: ThreadPoolExecutor

        def initializer() -> None:
            pool.submit(one).result()

        with ThreadPoolExecutor(2, initializer=initializer) as pool, pytest.raises(BrokenThreadPool):
            pool.submit(one).result()

    with caplog.at_level(logging.CRITICAL, "concurrent.futures"):
        ended(program)
    assert "DeadlockError" in caplog.text


def test_a_job_whose_thread_waits_for_it_in_the_initializer_breaks_the_pool(
    ended: Ended[None], caplog: pytest.LogCaptureFixture
) -> None:
    def program() -> None:
        submitted = threading.Event()
        jobs: list[Future[int]] = []

        def initializer() -> None:
            submitted.wait(BOUND)
            jobs[0].result()

        with ThreadPoolExecutor(2, initializer=initializer) as pool:
            jobs.append(pool.submit(one))
            submitted.set()
            with pytest.raises(BrokenThreadPool):
                jobs[0].result()

    with caplog.at_level(logging.CRITICAL, "concurrent.futures"):
        ended(program)
    assert "DeadlockError" in caplog.text


def test_a_callback_that_waits_in_the_only_worker_gets_the_error(
    ended: Ended[list[BaseException]], caplog: pytest.LogCaptureFixture
) -> None:
    def program() -> list[BaseException]:
        errors: list[BaseException] = []
        ready = threading.Event()
        refused = threading.Event()
        with ThreadPoolExecutor(1) as pool:

            def callback(_: object) -> None:
                try:
                    pool.submit(one).result()
                except DeadlockError as error:
                    errors.append(error)
                    refused.set()
                    raise

            job = pool.submit(ready.wait, BOUND)
            job.add_done_callback(callback)
            ready.set()
            refused.wait(BOUND)
        return errors

    with caplog.at_level(logging.ERROR, "concurrent.futures"):
        assert len(ended(program)) == 1
    assert "exception calling callback" in caplog.text


@pytest.mark.parametrize("wait", [concurrent.futures.wait, early_wait], ids=["late", "bound-early"])
@pytest.mark.parametrize("until", ["ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION"])
def test_wait_for_jobs_of_the_own_pool_is_refused(ended: Ended[None], wait: Callable[..., object], until: str) -> None:
    def program() -> None:
        with ThreadPoolExecutor(1) as pool:
            outer = pool.submit(lambda: wait([pool.submit(one), pool.submit(one)], return_when=until))
            assert isinstance(outer.exception(), DeadlockError)

    ended(program)


@pytest.mark.parametrize(
    "as_completed", [concurrent.futures.as_completed, early_as_completed], ids=["late", "bound-early"]
)
def test_as_completed_over_jobs_of_the_own_pool_is_refused(
    ended: Ended[None], as_completed: Callable[..., list[object]]
) -> None:
    def program() -> None:
        with ThreadPoolExecutor(1) as pool:
            outer = pool.submit(lambda: list(as_completed([pool.submit(one), pool.submit(one)])))
            assert isinstance(outer.exception(), DeadlockError)

    ended(program)


def test_wait_for_a_cancelled_job_that_no_worker_can_take_is_refused(ended: Ended[None]) -> None:
    def program() -> None:
        with ThreadPoolExecutor(1) as pool:

            def outer() -> object:
                inner = pool.submit(one)
                inner.cancel()
                return concurrent.futures.wait([inner])

            assert isinstance(pool.submit(outer).exception(), DeadlockError)

    ended(program)


@pytest.mark.parametrize("make", [Lock, RLock])
def test_a_wait_for_a_job_that_needs_the_lock_held_raises_in_both(
    ended: Ended[tuple[object, object]], make: Callable[[], Lock | RLock]
) -> None:
    def program() -> tuple[object, object]:
        lock = make()

        def job() -> None:
            with lock:
                pass

        with ThreadPoolExecutor(1) as pool:
            with lock:
                future = pool.submit(job)
                try:
                    future.result()
                except DeadlockError as error:
                    mine = error
            return mine, future.exception()

    mine, theirs = ended(program)
    assert (type(mine), type(theirs)) == (DeadlockError, DeadlockError)


def test_leaving_a_pool_under_a_lock_that_its_job_needs_is_refused(ended: Ended[object]) -> None:
    def program() -> object:
        lock = Lock()

        def job() -> None:
            with lock:
                pass

        with lock, pytest.raises(DeadlockError), ThreadPoolExecutor(1) as pool:
            future = pool.submit(job)
        return future.exception()

    assert isinstance(ended(program), DeadlockError)


def test_a_thread_that_is_joined_under_the_lock_it_needs_gets_the_error(ended: Ended[list[BaseException]]) -> None:
    def program() -> list[BaseException]:
        lock = Lock()
        errors: list[BaseException] = []

        def needs_the_lock() -> None:
            try:
                with lock:
                    pass
            except DeadlockError as error:
                errors.append(error)

        thread = threading.Thread(target=needs_the_lock)
        with lock:
            thread.start()
            thread.join()
        return errors

    assert len(ended(program)) == 1


def test_two_pools_of_one_that_wait_for_each_other_both_raise(ended: Ended[list[object]]) -> None:
    def program() -> list[object]:
        both = threading.Barrier(2)
        with ThreadPoolExecutor(1) as left, ThreadPoolExecutor(1) as right:

            def outer(other: ThreadPoolExecutor) -> int:
                both.wait(BOUND)
                return other.submit(one).result()

            futures = [left.submit(outer, right), right.submit(outer, left)]
            return [future.exception() for future in futures]

    assert [type(error) for error in ended(program)] == [DeadlockError, DeadlockError]


def test_a_worker_that_waits_for_a_coroutine_that_waits_for_the_pool_gets_the_error(ended: Ended[object]) -> None:
    def program() -> object:
        async def main() -> object:
            loop = asyncio.get_running_loop()
            with ThreadPoolExecutor(1) as pool:
                loop.set_default_executor(pool)

                async def inner() -> int:
                    return await loop.run_in_executor(None, one)

                def job() -> int:
                    return asyncio.run_coroutine_threadsafe(inner(), loop).result()

                try:
                    return await loop.run_in_executor(None, job)
                except DeadlockError as error:
                    return error

        return asyncio.run(main())

    assert isinstance(ended(program), DeadlockError)


def test_abba_over_two_locks_raises_in_both_threads(ended: Ended[list[object]]) -> None:
    def program() -> list[object]:
        locks = (Lock(), Lock())
        both = threading.Barrier(2)

        def take(first: int) -> None:
            with locks[first]:
                both.wait(BOUND)
                with locks[1 - first]:
                    pass

        with ThreadPoolExecutor(2) as pool:
            return [future.exception() for future in [pool.submit(take, 0), pool.submit(take, 1)]]

    assert [type(error) for error in ended(program)] == [DeadlockError, DeadlockError]
