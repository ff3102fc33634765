"""Futures across the border of asyncio: tasks, and futures that copy each other.

`asyncio.wrap_future` and `asyncio.run_coroutine_threadsafe` chain two futures by callbacks that close over both; what
completes the one is read from that closure. Where it is not there, the completer is unknown and the future is live.
Nothing here imports asyncio: an object of asyncio is recognised by its protocol (`_asyncio_future_blocking`).
"""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, TypeGuard

from .errors import DeadlockError
from .nodes import Mode, Need, Node
from .threads import node_of

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future

    from .liveness import Deadlock

_CHAINS = "_chain_future.<locals>._call_check_cancel"
_COPIES = "_chain_future.<locals>._call_set_state"


class _Awaited(Protocol):
    """What is read of an asyncio future or task; both have it on every supported version."""

    _fut_waiter: object
    _children: object
    _callbacks: object


class Awaitable:
    """A future or task of asyncio. A task goes on when what it awaits can, and when its loop's thread can."""

    __slots__ = ("_future",)

    def __init__(self, future: Future[object]) -> None:
        self._future = future

    def need(self) -> Need | None:
        future = self._future
        if future.done():
            return None
        loop_thread = _thread_of(future.get_loop())
        if hasattr(future, "_coro") or hasattr(future, "get_coro"):
            return self._need_of_task(loop_thread)
        children: object = getattr(future, "_children", None)
        if isinstance(children, list) and children:
            return Need(Mode.ALL, tuple(Awaitable(child) for child in children if is_asyncio_future(child)))
        source = _source_of(_asyncio_callbacks(future))
        if source is None or loop_thread is None:
            return None
        return Need(Mode.ALL, (source, loop_thread))

    def _need_of_task(self, loop_thread: Node | None) -> Need | None:
        awaited: object = getattr(self._future, "_fut_waiter", None)
        if not is_asyncio_future(awaited):
            # It is ready to run: all it takes is its loop's thread. A loop that does not run may run later.
            return None if loop_thread is None else Need(Mode.ALL, (loop_thread,))
        inner: Node = Awaitable(awaited)
        return Need(Mode.ALL, (inner,) if loop_thread is None else (inner, loop_thread), awaited)

    def condemn(self, deadlock: Deadlock) -> bool:
        """Fail a future that copies one of `concurrent.futures`: its awaiter gets the error, its loop runs on."""
        source = _closure_value(_asyncio_callbacks(self._future), _CHAINS, "source")
        if not isinstance(source, concurrent.futures.Future):
            return False
        callbacks: object = getattr(source, "_done_callbacks", None)
        if isinstance(callbacks, list):
            for callback in tuple(callbacks):
                if _cell(callback, _COPIES, "destination") is self._future:
                    callbacks.remove(callback)
        try:
            self._future.get_loop().call_soon_threadsafe(_fail, self._future, DeadlockError(deadlock))
        except RuntimeError:
            return False  # the loop was closed meanwhile: nobody awaits any more
        return True

    def describe(self) -> str:
        future = self._future
        name: object = getattr(future, "get_name", lambda: "")()
        coroutine: object = getattr(future, "get_coro", lambda: None)()
        if coroutine is not None:
            return f"asyncio task {name!r} of `{getattr(coroutine, '__qualname__', coroutine)}`"
        return "an asyncio future"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Awaitable) and other._future is self._future

    def __hash__(self) -> int:
        return hash((Awaitable, id(self._future)))


class Copied:
    """A `concurrent.futures.Future` that copies an asyncio task, as `run_coroutine_threadsafe` returns it."""

    __slots__ = ("_future", "_source")

    def __init__(self, future: concurrent.futures.Future[object], source: Node) -> None:
        self._future = future
        self._source = source

    def need(self) -> Need | None:
        return None if self._future.done() else Need(Mode.ALL, (self._source,))

    def describe(self) -> str:
        return f"the result of {self._source.describe()}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Copied) and other._future is self._future

    def __hash__(self) -> int:
        return hash((Copied, id(self._future)))


def is_asyncio_future(value: object) -> TypeGuard[Future[object]]:
    """What `asyncio.isfuture` says, without the import of asyncio."""
    return getattr(type(value), "_asyncio_future_blocking", None) is not None


def awaited_copy(callback: object) -> Future[object] | None:
    """The asyncio future that a callback of `asyncio.wrap_future` will complete."""
    copy = _cell(callback, _COPIES, "destination")
    return copy if is_asyncio_future(copy) else None


def future_node(future: concurrent.futures.Future[object]) -> Node | None:
    """The node of any future of `concurrent.futures`; ``None`` where nobody can say what completes it."""
    if isinstance(future, Node):
        return future
    callbacks: object = getattr(future, "_done_callbacks", None)
    source = _source_of(callbacks if isinstance(callbacks, list) else ())
    return None if source is None else Copied(future, source)


def _source_of(callbacks: Iterable[object]) -> Node | None:
    source = _closure_value(callbacks, _CHAINS, "source")
    if is_asyncio_future(source):
        return Awaitable(source)
    return future_node(source) if isinstance(source, concurrent.futures.Future) else None


def _closure_value(callbacks: Iterable[object], qualified_name: str, variable: str) -> object:
    for callback in tuple(callbacks):
        value = _cell(callback, qualified_name, variable)
        if value is not None:
            return value
    return None


def _cell(callback: object, qualified_name: str, variable: str) -> object:
    if getattr(callback, "__qualname__", "") != qualified_name:
        return None
    names: tuple[str, ...] = callback.__code__.co_freevars  # type: ignore[attr-defined]  # a function, by its name
    cells: tuple[object, ...] = callback.__closure__  # type: ignore[attr-defined]
    for name, cell in zip(names, cells):
        if name == variable:
            value: object = cell.cell_contents  # type: ignore[attr-defined]
            return value
    return None


def _asyncio_callbacks(future: Future[object]) -> list[object]:
    entries: object = getattr(future, "_callbacks", None)
    if not isinstance(entries, list):
        return []
    return [entry[0] for entry in tuple(entries) if isinstance(entry, tuple) and entry]


def _thread_of(loop: AbstractEventLoop) -> Node | None:
    ident: object = getattr(loop, "_thread_id", None)
    if not isinstance(ident, int):
        return None
    for thread in threading.enumerate():
        if thread.ident == ident:
            return node_of(thread)
    return None


def _fail(future: Future[object], error: DeadlockError) -> None:
    if not future.done():
        future.set_exception(error)
