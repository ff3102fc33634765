"""Who asked for a cancellation, on Python 3.10, where a task keeps no count of it (`Task.cancelling`, `Task.uncancel`).

A block that cancels its own task (a timeout, a failed task group) does so with a message of its own, and counts what it
asked for. When the CancelledError comes out of the block, its message says whether it was this or somebody else's:

* The message is on the error where the task waited for a plain future, which is what every primitive of asyncio does.
* Where it waited for another task or a gather, 3.10 hangs the error that has the message behind a bare one, as its
context. * A cancellation that arrives while ours is already under way leaves its own message on the task.

What cannot be told on 3.10: a cancellation by somebody else that arrives while the block, already cancelled by its own
deadline or failure *during a wait for another task*, waits once more in its cleanup. It is taken for the block's own.
"""

from __future__ import annotations

import asyncio
import weakref
from typing import cast


class CancelRequest:
    """The message of a cancellation that a block asked for, of its own task."""

    __slots__ = ("_task",)

    def __init__(self, task: _Task) -> None:
        self._task = weakref.ref(task)

    def __repr__(self) -> str:
        return "cancelled by a block of its own task"

    def of(self, task: _Task) -> bool:
        return self._task() is task


class _Task(asyncio.Task[object]):
    """What a task of 3.10 has that no stub tells."""

    _cancel_message: object
    _fut_waiter: asyncio.Future[object] | None


class _Account:
    """What the blocks of one task have asked for and not taken back."""

    def __init__(self) -> None:
        self.requests = 0
        self.through_task = False


_accounts: weakref.WeakKeyDictionary[asyncio.Task[object], _Account] = weakref.WeakKeyDictionary()


def requested(task: asyncio.Task[object]) -> int:
    """How many cancellations the blocks of `task` have asked for and not taken back."""
    account = _accounts.get(task)
    return account.requests if account is not None else 0


def request(task: asyncio.Task[object]) -> None:
    """Cancel `task` in the name of one of its blocks."""
    account = _accounts.setdefault(task, _Account())
    account.requests += 1
    ours = cast("_Task", task)
    waiter = ours._fut_waiter
    account.through_task = isinstance(waiter, asyncio.Task) or hasattr(waiter, "_children")
    message = CancelRequest(ours)
    ours._cancel_message = message
    task.cancel(msg=message)


def take_back(task: asyncio.Task[object]) -> int:
    """Undo the count of one request; returns how many are left."""
    account = _accounts[task]
    account.requests -= 1
    if not account.requests:
        del _accounts[task]
    return account.requests


def is_ours(task: asyncio.Task[object], error: asyncio.CancelledError) -> bool:
    """Whether `error` comes from requests of the blocks of `task` alone; to be asked before `take_back`."""
    ours = cast("_Task", task)
    last = ours._cancel_message
    if not (isinstance(last, CancelRequest) and last.of(ours)):
        return False
    current: BaseException | None = error
    while current is not None:
        if any(isinstance(part, CancelRequest) and part.of(ours) for part in current.args):
            return True
        if not _accounts[task].through_task:
            return False
        current = current.__context__
    return False
