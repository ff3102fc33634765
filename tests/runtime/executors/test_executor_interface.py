"""What the executors share with the standard ones."""

from __future__ import annotations

import asyncio
import concurrent.futures
import itertools
import multiprocessing
import os
import pickle
import sys
import threading
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Event

import pytest

from conclint_runtime import executors
from conclint_runtime.executors import DeadlockError, Future, ProcessPoolExecutor, ThreadPoolExecutor

BOUND = 30.0
inherited: list[ProcessPoolExecutor] = []
inherited_futures: list[Future[int]] = []


gates: list[Event] = []


def wait_for_the_gate() -> bool:
    return gates[0].wait(BOUND)


def use_the_inherited_pool() -> str:
    try:
        inherited[0].submit(abs, 1)
    except DeadlockError as error:
        return str(error)
    return "accepted"


def wait_for_the_inherited_future() -> str:
    try:
        inherited_futures[0].result()
    except DeadlockError as error:
        return str(error)
    return "ended"


def test_the_thread_pool_is_one_of_the_standard_library() -> None:
    assert issubclass(ThreadPoolExecutor, concurrent.futures.ThreadPoolExecutor)
    assert issubclass(ProcessPoolExecutor, concurrent.futures.ProcessPoolExecutor)
    assert issubclass(Future, concurrent.futures.Future)


def test_a_loop_takes_the_pool_for_its_default_executor() -> None:
    async def main() -> int:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        return await loop.run_in_executor(None, abs, -3)

    assert asyncio.run(main()) == 3


def test_wait_and_as_completed_are_those_of_the_standard_library() -> None:
    assert executors.wait is concurrent.futures.wait
    assert executors.as_completed is concurrent.futures.as_completed


def test_a_buffered_map_reads_no_more_arguments_than_it_may() -> None:
    read: list[int] = []

    def arguments() -> itertools.count[int]:
        return itertools.count()

    def counted() -> object:
        for value in arguments():
            read.append(value)
            yield value

    with ThreadPoolExecutor(1) as pool:
        results = pool.map(abs, counted(), buffersize=3)  # type: ignore[arg-type]  # a generator
        assert read == [0, 1, 2]
        assert next(results) == 0
        assert read == [0, 1, 2, 3]


def test_a_buffered_map_yields_in_the_order_of_the_arguments() -> None:
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(pow, range(10), itertools.repeat(2), buffersize=2)) == [n * n for n in range(10)]


@pytest.mark.parametrize(("buffersize", "error"), [(0, ValueError), (-1, ValueError), ("2", TypeError)])
def test_a_wrong_buffersize_is_refused(buffersize: int, error: type[Exception]) -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(error, match="buffersize"):
        pool.map(abs, [1], buffersize=buffersize)


def test_a_buffered_map_of_processes_sends_chunks() -> None:
    with ProcessPoolExecutor(1) as pool:
        assert list(pool.map(abs, range(-7, 0), chunksize=3, buffersize=1)) == [7, 6, 5, 4, 3, 2, 1]
        assert pool.statistics().submitted == 3


def test_queued_jobs_are_cancelled_on_request() -> None:
    go = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(go.wait, BOUND)
        queued = pool.submit(abs, 1)
        pool.shutdown(wait=False, cancel_futures=True)
        go.set()
    assert queued.cancelled()
    assert running.result()


def test_a_callback_of_a_cancelled_job_may_use_the_pool() -> None:
    go = threading.Event()
    refused: list[str] = []

    def submit_again(_: object) -> None:
        try:
            pool.submit(abs, 1)
        except RuntimeError as error:
            refused.append(str(error))

    with ThreadPoolExecutor(1) as pool:
        pool.submit(go.wait, BOUND)
        pool.submit(abs, 1).add_done_callback(submit_again)
        pool.shutdown(wait=False, cancel_futures=True)
        go.set()
    assert refused == ["cannot schedule new futures after shutdown"]


def test_the_thread_pool_counts_what_it_does() -> None:
    go, runs = threading.Event(), threading.Event()

    def job() -> bool:
        runs.set()
        return go.wait(BOUND)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(job)
        pool.submit(abs, 1)
        runs.wait(BOUND)
        moment = pool.statistics()
        go.set()
    assert (moment.max_workers, moment.workers, moment.busy, moment.queued, moment.submitted) == (1, 1, 1, 1, 2)


def test_the_error_survives_a_process_border() -> None:
    error = pickle.loads(pickle.dumps(DeadlockError("deadlock: a text")))
    assert (type(error), str(error)) == (DeadlockError, "deadlock: a text")


def test_the_error_says_who_waits_for_what_and_where() -> None:
    with ThreadPoolExecutor(1, thread_name_prefix="kitchen") as pool:

        def cook() -> object:
            return pool.submit(abs, 1).result()

        text = str(pool.submit(cook).exception())
    assert "thread 'kitchen_0', which runs the running call of" in text
    assert "waits for the queued call of `abs` (submitted at" in text
    assert "test_executor_interface.py" in text
    assert "pool 'kitchen' (1 of its 1 workers wait) needs thread 'kitchen_0'" in text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("use", [use_the_inherited_pool, wait_for_the_inherited_future])
def test_a_process_pool_refuses_to_be_used_in_its_worker(use: Callable[[], str]) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as outer:
        inherited[:] = [outer]
        inherited_futures[:] = [Future()]
        executors.future.describe_job(inherited_futures[0], outer._provider, use, None)
        text = outer.submit(use).result(BOUND)
    assert "deadlock" in text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_callback_that_waits_in_the_thread_that_brings_the_results_is_refused() -> None:
    errors: list[BaseException | None] = []
    told = threading.Event()
    context = multiprocessing.get_context("fork")
    added = context.Event()
    with ProcessPoolExecutor(1, context, gates.append, (added,)) as pool:

        def callback(_: object) -> None:
            try:
                errors.append(pool.submit(abs, 2).exception())
            except DeadlockError as error:
                errors.append(error)
            told.set()

        pool.submit(wait_for_the_gate).add_done_callback(callback)
        added.set()
        assert told.wait(BOUND)
    assert [type(error) for error in errors] == [DeadlockError]


def end_abruptly() -> None:
    os._exit(1)


def test_a_process_that_dies_breaks_the_pool() -> None:
    with ProcessPoolExecutor(1) as pool, pytest.raises(BrokenProcessPool):
        pool.submit(end_abruptly).result()


def test_processes_are_replaced_after_their_share_or_the_refusal_says_why() -> None:
    if sys.version_info < (3, 11):
        with pytest.raises(ValueError, match=r"Python 3\.11"):
            ProcessPoolExecutor(1, max_tasks_per_child=1)
        return
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as pool:
        pids = [pool.submit(os.getpid).result(BOUND) for _ in range(2)]
    assert pids[0] != pids[1]
