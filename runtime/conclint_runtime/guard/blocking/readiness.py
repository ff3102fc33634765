"""Whether a call that may wait has to: what it waits for may be there already, and then it stops nobody.

The receiver of a method is the first of the arguments. What is asked is what the callable itself asks first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, cast

Arguments = tuple[object, ...]
Keywords = Mapping[str, object]
Check = Callable[[Arguments, Keywords], bool]


class _Done(Protocol):
    def done(self) -> bool: ...


class _Alive(Protocol):
    def is_alive(self) -> bool: ...


class _Settable(Protocol):
    def is_set(self) -> bool: ...


class _Sized(Protocol):
    maxsize: int
    unfinished_tasks: int

    def qsize(self) -> int: ...


class _Ready(Protocol):
    def ready(self) -> bool: ...


class _Timed(Protocol):
    def gettimeout(self) -> float | None: ...


class _Counted(Protocol):
    _value: int


def _full(queue: _Sized) -> bool:
    return 0 < queue.maxsize <= queue.qsize()


def _some_pending(arguments: Arguments, keywords: Keywords) -> bool:
    futures = arguments[0] if arguments else keywords.get("fs", ())
    if not isinstance(futures, list | tuple | set | frozenset | dict):
        return True
    return any(not cast("_Done", each).done() for each in cast("Iterable[object]", futures))


def must_wait(name: str, arguments: Arguments, keywords: Keywords) -> bool | None:
    """Whether the call must wait: None where that cannot be told before it is made."""
    check = _CHECKS.get(name)
    if check is None and name.startswith("socket.socket."):
        check = _socket
    try:
        return None if check is None else check(arguments, keywords)
    except (AttributeError, IndexError, TypeError, ValueError, OSError):
        return None


def _socket(arguments: Arguments, _: Keywords) -> bool:
    return cast("_Timed", arguments[0]).gettimeout() != 0


_CHECKS: dict[str, Check] = {
    "concurrent.futures.Future.result": lambda a, _: not cast("_Done", a[0]).done(),
    "concurrent.futures.Future.exception": lambda a, _: not cast("_Done", a[0]).done(),
    "concurrent.futures.wait": _some_pending,
    "threading.Thread.join": lambda a, _: cast("_Alive", a[0]).is_alive(),
    "threading.Timer.join": lambda a, _: cast("_Alive", a[0]).is_alive(),
    "threading.Event.wait": lambda a, _: not cast("_Settable", a[0]).is_set(),
    "threading.Semaphore.acquire": lambda a, _: cast("_Counted", a[0])._value == 0,
    "threading.BoundedSemaphore.acquire": lambda a, _: cast("_Counted", a[0])._value == 0,
    "queue.Queue.get": lambda a, _: not cast("_Sized", a[0]).qsize(),
    "queue.Queue.put": lambda a, _: _full(cast("_Sized", a[0])),
    "queue.Queue.join": lambda a, _: bool(cast("_Sized", a[0]).unfinished_tasks),
    "multiprocessing.Process.join": lambda a, _: cast("_Alive", a[0]).is_alive(),
    "multiprocessing.pool.AsyncResult.get": lambda a, _: not cast("_Ready", a[0]).ready(),
    "multiprocessing.pool.AsyncResult.wait": lambda a, _: not cast("_Ready", a[0]).ready(),
}
