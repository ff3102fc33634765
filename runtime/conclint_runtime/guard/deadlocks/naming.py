"""Which rule names a deadlock: read from what is on its cycle, and from the frames of those who wait."""

from __future__ import annotations

import asyncio
import gc
import inspect
import signal
import sys
import weakref
from collections.abc import Iterator
from types import CodeType, FrameType

from conclint_runtime.executors.future import Future
from conclint_runtime.guard.deadlocks.asyncio_locks import AsyncLock
from conclint_runtime.guard.deadlocks.frames import ImportLock
from conclint_runtime.guard.deadlocks.owned_lock import OwnedLock, Taken
from conclint_runtime.guard.deadlocks.promises import Promise
from conclint_runtime.guard.deadlocks.remote_calls import RunsCall
from conclint_runtime.guard.places import outwards
from conclint_runtime.waitgraph import Awaitable, Copied, Node, ThreadNode

MESSAGES = {
    "CON107": "a thread lock is held across an await and taken again by another task of the same loop: "
    "the loop waits for itself for ever",
    "CON111": "the loop's own thread waits for what only that loop can do: it waits for ever",
    "CON216": "a task waits for an asyncio lock that it holds itself",
    "CON301": "a worker waits for a job that only its own pool can run, and no worker is left for it",
    "CON302": "jobs wait for each other, so that none of them ends",
    "CON303": "the lock that is held here is needed by what is waited for",
    "CON501": "locks are taken in opposite orders: each thread waits for what the other holds",
    "CON502": "a lock is taken again by the thread that holds it",
    "CON503": "a lock was not given back by the code that took it, and is waited for since",
    "CON513": "a signal handler takes a lock that the interrupted code holds: neither goes on",
    "CON515": "a suspended generator holds the lock that is waited for here",
    "CON520": "a module that is being imported waits for a thread that imports it",
    "CON523": "a finalizer takes a lock that the interrupted code holds: neither goes on",
    "CON618": "an actor waits for a call of its own that it cannot run meanwhile",
    "CON619": "actors wait for calls of each other, and none can run the other's meanwhile",
    "CON620": "a constructor waits for a call that needs the actor that it makes",
    "CON702": "an actor awaits a call of its own under its lock",
    "CON703": "actors await calls of each other under their locks",
}
UNNAMED = "these wait for each other, and none can go on"


class Circle:
    """The nodes of a deadlock, by kind."""

    def __init__(self, nodes: tuple[Node, ...]) -> None:
        self.threads = [node for node in nodes if isinstance(node, ThreadNode)]
        self.locks = [node for node in nodes if isinstance(node, OwnedLock)]
        self.async_locks = [node for node in nodes if isinstance(node, AsyncLock)]
        self.tasks = [node for node in nodes if isinstance(node, Awaitable)]
        self.calls = [node for node in nodes if isinstance(node, RunsCall)]
        self.imports = any(isinstance(node, ImportLock) for node in nodes)
        self.copied = any(isinstance(node, Copied | Promise) for node in nodes)
        self.futures = any(isinstance(node, Future) for node in nodes)
        # What has a name and workers is a pool, of whichever maker.
        self.pools = [node for node in nodes if hasattr(node, "assist")]


def code_of(nodes: tuple[Node, ...], frames: dict[int, FrameType]) -> str | None:
    """The code of the rule that a deadlock breaks; None where no rule names it.

    Args:
        nodes: the cycle.
        frames: where each thread is, by its identifier.
    """
    circle = Circle(nodes)
    if circle.calls:
        return _of_calls(circle)
    if circle.imports:
        return "CON520"
    if circle.async_locks:
        alone = len(circle.async_locks) == 1
        if all(one.of_actor for one in circle.async_locks):
            return "CON702" if alone else "CON703"
        return "CON216" if alone else "CON501"
    if circle.locks:
        return _of_locks(circle, frames)
    if circle.copied and len(circle.threads) == 1 and not circle.pools:
        return "CON111"
    if circle.futures or circle.pools:
        return "CON301" if len(circle.pools) == 1 else "CON302"
    return None


def _of_calls(circle: Circle) -> str:
    if any(call.constructs() for call in circle.calls):
        return "CON620"
    return "CON618" if len({call.actor() for call in circle.calls}) == 1 else "CON619"


def _of_locks(circle: Circle, frames: dict[int, FrameType]) -> str:
    gone = [lock for lock in circle.locks if not _is_on_stack(lock, frames)]
    if gone and all(_in_generator(lock) for lock in gone):
        return "CON515"
    if len(circle.threads) == 1 and len(circle.locks) == 1 and not (circle.futures or circle.pools):
        return _of_one_lock(circle.threads[0], circle.locks[0], frames, gone=bool(gone))
    if gone:
        return "CON503"
    return "CON501" if len(circle.locks) > 1 and len(circle.locks) >= len(circle.threads) else "CON303"


def _of_one_lock(thread: ThreadNode, lock: OwnedLock, frames: dict[int, FrameType], *, gone: bool) -> str:
    stack = list(outwards(frames.get(thread.ident or 0)))
    if any(frame.f_code in codes_of_handlers() for frame in stack):
        return "CON513"
    if any(_is_finalizer(frame) for frame in stack):
        return "CON523"
    taken = lock.taken
    if taken is not None and _is_suspended(taken):
        return "CON107"
    return "CON503" if gone else "CON502"


def _is_on_stack(lock: OwnedLock, frames: dict[int, FrameType]) -> bool:
    """Whether the code that took a lock still runs in its owner's thread."""
    owner, taken = lock.owner, lock.taken
    if owner is None or taken is None:
        return True
    node = owner.node()
    if node is None or node.ended():
        return False
    return any(frame.f_code is taken.code for frame in outwards(frames.get(owner.ident)))


def _is_suspended(taken: Taken) -> bool:
    """Whether a lock was taken by a coroutine whose task does not run now."""
    if taken.task is None or not taken.code.co_flags & inspect.CO_COROUTINE:
        return False
    return asyncio.current_task(taken.task.get_loop()) is not taken.task


def _in_generator(lock: OwnedLock) -> bool:
    return lock.taken is not None and bool(lock.taken.code.co_flags & inspect.CO_GENERATOR)


def _is_finalizer(frame: FrameType) -> bool:
    code = frame.f_code
    return code.co_name == "__del__" or code is weakref.finalize.__call__.__code__ or code in _codes(gc.callbacks)


def codes_of_handlers() -> frozenset[CodeType]:
    """The code of the program's signal handlers."""
    return frozenset(_codes(signal.getsignal(number) for number in signal.valid_signals()))


def _codes(functions: object) -> Iterator[CodeType]:
    for function in functions if isinstance(functions, Iterator | list) else ():
        code: object = getattr(getattr(function, "__func__", function), "__code__", None)
        if isinstance(code, CodeType) and function is not signal.default_int_handler:
            yield code


def current_frames() -> dict[int, FrameType]:
    """Where each thread is, by its identifier."""
    return sys._current_frames()
