"""Awaiting a reference on any event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from threading import get_ident

from conclint_runtime.actors.loops import loop_of_thread
from conclint_runtime.actors.ref import ObjectRef, add_waiter, drop_waiter


class _Arrival:
    """Wakes one awaiting task; called on the thread that settles the reference."""

    __slots__ = ("_future", "_loop", "_thread")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = get_ident()
        self._future: asyncio.Future[None] = self._loop.create_future()

    def __call__(self, _ref: ObjectRef[object]) -> None:
        thread = get_ident()
        if thread == self._thread:
            self._arrive(None)
            return
        mailbox = loop_of_thread(self._thread)
        if mailbox is not None and mailbox.loop is self._loop:
            mailbox.post(self._arrive, None)
            return
        try:
            self._loop.call_soon_threadsafe(self._arrive, None)
        except RuntimeError:
            pass  # the loop was closed, and with it the task that waited

    def _arrive(self, _: None) -> None:
        if not self._future.done():
            self._future.set_result(None)

    def __iter__(self) -> Generator[object, None, None]:
        return self._future.__await__()


def arrival(ref: ObjectRef[object]) -> Generator[object, None, None]:
    """Suspend the running task until the reference is ready. Cancelling it leaves the call behind it alone."""
    waiter = _Arrival()
    add_waiter(ref, waiter)
    try:
        yield from waiter
    except BaseException:
        drop_waiter(ref, waiter)
        raise
