"""Threads for the methods of one actor, or for tasks, that do not keep the interpreter from ending.

`concurrent.futures` joins its threads at exit, so a method that never returns would keep the program for ever.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class WorkerThreads(Generic[T]):
    """Runs jobs on at most `limit` daemon threads, in the order in which they come; threads begin when they are needed.

    The queue is not bounded, as that of an actor of Ray is not.
    """

    def __init__(self, limit: int, name: str) -> None:
        self._limit = limit
        self._name = name
        self._jobs: queue.SimpleQueue[tuple[Future[T], Callable[[], T]] | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._threads = 0
        self._idle = 0
        self._stopped = False

    async def run(self, job: Callable[[], T]) -> T:
        """Run a job and return its result; cancelling this takes a job back that has not begun.

        Raises:
            RuntimeError: `stop` was called.
            Exception: the job's.
        """
        future: Future[T] = Future()
        with self._gate:
            if self._stopped:
                raise RuntimeError(f"the threads of {self._name} were stopped")
            if self._idle > 0:
                self._idle -= 1
            elif self._threads < self._limit:
                self._threads += 1
                threading.Thread(target=self._work, name=f"{self._name}-{self._threads}", daemon=True).start()
            self._jobs.put((future, job))
        return await asyncio.wrap_future(future)

    def stop(self) -> None:
        """Take no more jobs, drop those that have not begun, and end the threads without waiting for them."""
        with self._gate:
            self._stopped = True
            while not self._jobs.empty():
                dropped = self._jobs.get()
                if dropped is not None:
                    dropped[0].cancel()
            for _ in range(self._threads):
                self._jobs.put(None)

    def _work(self) -> None:
        while (taken := self._jobs.get()) is not None:
            future, job = taken
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(job())
                except BaseException as error:  # the one who waits is told, whatever it is
                    future.set_exception(error)
            del future, job, taken
            with self._gate:
                self._idle += 1
