"""What looks like a pitfall to a guard and is none: each was reported by an earlier form of it, or could be."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from conclint_runtime.guard import Report, guard

# Short, so that a loop that has to wait for the interpreter's lock stands for longer than that.
THRESHOLD = 0.02


@contextmanager
def computing_neighbours(number: int) -> Iterator[None]:
    """Threads that compute while the block runs."""
    stop = False
    begun = threading.Barrier(number + 1)

    def compute() -> None:
        begun.wait(10)
        total = 0
        while not stop:
            total += sum(range(1000))

    threads = [threading.Thread(target=compute) for _ in range(number)]
    for thread in threads:
        thread.start()
    begun.wait(10)
    try:
        yield
    finally:
        stop = True
        for thread in threads:
            thread.join(10)


async def innocent(turns: int) -> int:
    total = 0
    for _ in range(turns):
        total += sum(range(500))
        await asyncio.sleep(0)
    return total


def codes(report: Report) -> dict[str | None, str]:
    return {each.code: each.message for each in report.witnesses if each.code is not None}


def test_a_loop_that_waits_for_computing_threads_is_blamed_with_no_code() -> None:
    with guard(threshold=THRESHOLD) as report, computing_neighbours(4):
        asyncio.run(innocent(30))
    assert codes(report) == {}


def test_a_lock_that_is_free_is_no_wait_however_long_the_loop_stands() -> None:
    lock = threading.Lock()

    async def use() -> None:
        for _ in range(30):
            with lock:
                pass
            await asyncio.sleep(0)

    with guard(threshold=THRESHOLD) as report, computing_neighbours(4):
        asyncio.run(use())
    assert codes(report) == {}


def test_a_result_that_is_there_is_no_wait() -> None:
    async def use(pool: ThreadPoolExecutor) -> int:
        job = pool.submit(int)
        await asyncio.wrap_future(job)
        return job.result()

    with guard() as report, ThreadPoolExecutor(1) as pool:
        asyncio.run(use(pool))
    assert codes(report) == {}


def test_a_thread_that_the_loop_starts_is_no_wait() -> None:
    async def start() -> None:
        await asyncio.gather(*(asyncio.to_thread(time.sleep, 0) for _ in range(4)))

    with guard() as report:
        asyncio.run(start())
    assert codes(report) == {}


def test_a_coroutine_that_logs_an_error_reads_no_file() -> None:
    async def log() -> None:
        try:
            raise ValueError
        except ValueError:
            logging.getLogger("test").exception("failed")

    with guard() as report:
        asyncio.run(log())
    assert codes(report) == {}


def test_asking_for_the_running_loop_and_handling_that_there_is_none_is_no_error() -> None:
    with guard() as report:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
    assert codes(report) == {}


def test_a_task_that_the_program_cancels_at_its_end_is_not_lost() -> None:
    async def serve() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(serve())
        await asyncio.sleep(0)
        task.cancel()

    with guard() as report:
        asyncio.run(main())
    assert codes(report) == {}


def test_a_task_that_a_set_keeps_is_not_dropped() -> None:
    kept: set[asyncio.Task[None]] = set()

    async def main() -> None:
        task = asyncio.create_task(asyncio.sleep(0))
        kept.add(task)
        task.add_done_callback(kept.discard)
        await asyncio.gather(*kept)

    with guard() as report:
        asyncio.run(main())
    assert codes(report) == {}


def test_a_coroutine_that_was_closed_is_not_lost() -> None:
    async def work() -> None: ...

    with guard() as report, warnings.catch_warnings():
        work().close()
    assert codes(report) == {}


def test_a_context_variable_with_its_default_in_a_thread_is_not_lost() -> None:
    import contextvars

    variable = contextvars.ContextVar("variable", default=1)

    with guard() as report, ThreadPoolExecutor(1) as pool:
        assert pool.submit(variable.get).result() == 1
    assert codes(report) == {}


def test_a_pool_of_a_module_is_not_left_open() -> None:
    pool = ThreadPoolExecutor(1)
    try:
        with guard() as report:
            pool.submit(int).result()
        assert codes(report) == {}
    finally:
        pool.shutdown()


def test_a_job_whose_error_is_read_is_not_lost() -> None:
    def fail() -> None:
        raise ValueError

    with guard() as report, ThreadPoolExecutor(1) as pool:
        assert isinstance(pool.submit(fail).exception(), ValueError)
    assert codes(report) == {}


def test_a_thread_that_waits_for_an_event_does_not_spin() -> None:
    ready = threading.Event()
    with guard(threshold=THRESHOLD) as report:
        thread = threading.Thread(target=ready.wait)
        thread.start()
        with computing_neighbours(2):
            pass
        ready.set()
        thread.join()
    assert codes(report) == {}
