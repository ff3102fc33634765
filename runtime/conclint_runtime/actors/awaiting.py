"""Awaiting a reference on any event loop."""

from __future__ import annotations

import asyncio
from threading import get_ident

from conclint_runtime.actors.loops import loop_of_thread
from conclint_runtime.actors.ref import ObjectRef


class Arrival:
    """Wakes one awaiting task through a future of its loop; called on the thread that settles the reference."""

    __slots__ = ("_loop", "_thread", "future")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = get_ident()
        self.future: asyncio.Future[None] = self._loop.create_future()

    def __call__(self, _ref: ObjectRef[object]) -> None:
        if get_ident() == self._thread:
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
        if not self.future.done():
            self.future.set_result(None)
