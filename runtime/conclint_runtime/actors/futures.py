"""References as `concurrent.futures` futures."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from conclint_runtime.actors.ref import ObjectRef, add_waiter, result_of

T = TypeVar("T")

IDLE_SECONDS = 0.1
"""How long the thread of callbacks stays without one."""


class _RefFuture(Future[T]):
    """A future of a reference. Its callbacks run on a thread of their own, never on one that runs calls: a callback
    that asks the actor again would wait for itself there."""

    def add_done_callback(self, fn: Callable[[Future[T]], object]) -> None:
        super().add_done_callback(lambda future: _callbacks.post(fn, future))


class _Callbacks:
    """Runs callbacks in order on one daemon thread, which is there while there is something to run."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[Callable[[Any], object], Any]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running = False

    def post(self, fn: Callable[[Any], object], future: Any) -> None:
        self._jobs.put((fn, future))
        with self._lock:
            if self._running:
                return
            self._running = True
        threading.Thread(target=self._run, name="ref-callbacks", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                fn, future = self._jobs.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                with self._lock:
                    if self._jobs.empty():
                        self._running = False
                        return
                continue
            try:
                fn(future)
            except Exception:
                import logging

                logging.getLogger("conclint_runtime.actors").exception("exception calling callback for %r", future)
            del fn, future


_callbacks = _Callbacks()


def future_of(ref: ObjectRef[T]) -> Future[T]:
    """Return a new future of a reference. Cancelling the future does not cancel the call."""
    future: Future[T] = _RefFuture()

    def arrive(_ready: ObjectRef[object]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            value = result_of(ref)
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(value)

    add_waiter(ref, arrive)
    return future
