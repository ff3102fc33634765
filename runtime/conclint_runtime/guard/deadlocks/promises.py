"""What `asyncio.run_coroutine_threadsafe` gives: a future that its loop completes, and nobody else."""

from __future__ import annotations

import asyncio
import concurrent.futures
import sys
import threading
import weakref
from collections.abc import Callable

from conclint_runtime.guard.patching import Patches
from conclint_runtime.waitgraph import Mode, Need, future_node, node_of

_Standard = concurrent.futures.Future
_Submit = Callable[..., "_Standard[object]"]


class Promise:
    """The future of a coroutine that was handed to a loop, which is all that it needs until it has begun."""

    __slots__ = ("_future", "_loop")

    def __init__(self, future: _Standard[object], loop: asyncio.AbstractEventLoop) -> None:
        self._future = future
        self._loop = weakref.ref(loop)

    def need(self) -> Need | None:
        """The task, or, before there is one, the loop's thread; a loop that does not run may run later."""
        if self._future.done():
            return None
        begun = future_node(self._future)
        if begun is not None:
            return Need(Mode.ALL, (begun,))
        ident: object = getattr(self._loop(), "_thread_id", None)
        for thread in threading.enumerate():
            if thread.ident == ident:
                return Need(Mode.ALL, (node_of(thread),))
        return None

    def describe(self) -> str:
        """The future in the words of a message."""
        return "the result of a coroutine that its loop has to run"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Promise) and other._future is self._future

    def __hash__(self) -> int:
        return hash((Promise, id(self._future)))


_promises: weakref.WeakKeyDictionary[_Standard[object], weakref.ref[asyncio.AbstractEventLoop]] = (
    weakref.WeakKeyDictionary()
)


def promise_of(future: _Standard[object]) -> Promise | None:
    """The promise that a future is; None for another future."""
    reference = _promises.get(future)
    loop = reference() if reference is not None else None
    return None if loop is None else Promise(future, loop)


def watch_promises(patches: Patches) -> None:
    """Note which loop completes what, until the patches are undone; names that were bound early count too."""
    submit: _Submit = asyncio.run_coroutine_threadsafe

    def noted(coro: object, loop: asyncio.AbstractEventLoop) -> _Standard[object]:
        future = submit(coro, loop)
        _promises[future] = weakref.ref(loop)
        return future

    for module in list(sys.modules.values()):
        if getattr(module, "run_coroutine_threadsafe", None) is submit:
            patches.put(module, "run_coroutine_threadsafe", noted)
