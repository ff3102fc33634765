"""Who asked for a cancellation, on Python 3.10, where a task keeps no count of it (`Task.cancelling`, `Task.uncancel`).

A block that cancels its own task (a timeout, a failed task group) has to know, when the CancelledError comes out,
whether that was its own doing alone. There are two ways:

* `CountingTask` counts, as every task does from 3.11 on. The first timeout or group on a loop that has no task
  factory gives it one that makes such tasks; they differ from others in nothing else.
* For a task that was made before that, or by another factory, the block cancels with a message of its own. It is on
  the error where the task waited for a plain future, as all primitives of asyncio do, and a cancellation by somebody
  else in the same moment leaves its own message on the task. Where the task waited for another task or a gather the
  message is lost, and the cancellation is taken for the block's own: the other choice would make timeouts fail that
  nobody disturbed.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Coroutine, Generator
from typing import Any, cast


class CountingTask(asyncio.Task[Any]):  # of whatever its coroutine returns
    """A task that counts the requests to cancel it, and those of them that its own blocks made."""

    requests = 0
    by_own_blocks = 0

    def cancel(self, msg: object = None) -> bool:
        """Count, and cancel as any task."""
        if not self.done():
            self.requests += 1
        return super().cancel(msg=msg)

    def cancelling(self) -> int:
        """As `asyncio.Task.cancelling` of 3.11."""
        return self.requests

    def uncancel(self) -> int:
        """As `asyncio.Task.uncancel` of 3.11."""
        self.requests = max(0, self.requests - 1)
        return self.requests

    def cancel_again(self) -> None:
        """Cancel without counting, if there is still a request that was not taken back."""
        if self.requests:
            super().cancel()


def count_on(loop: asyncio.AbstractEventLoop) -> None:
    """Have the tasks that `loop` makes from now on count, unless it has a task factory already."""
    if loop.get_task_factory() is None:
        loop.set_task_factory(_counting)


def _counting(
    loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, object] | Generator[Any, None, object]
) -> CountingTask:
    return CountingTask(coro, loop=loop)


class CancelRequest:
    """The message of a cancellation that a block asked for, of its own task."""

    __slots__ = ("_task",)

    def __init__(self, task: asyncio.Task[object]) -> None:
        self._task = weakref.ref(task)

    def __repr__(self) -> str:
        return "cancelled by a block of its own task"

    def of(self, task: asyncio.Task[object]) -> bool:
        """Whether `task` is the one."""
        return self._task() is task


class _Task(asyncio.Task[object]):
    """What a task of 3.10 has that no stub tells."""

    _cancel_message: object
    _fut_waiter: asyncio.Future[object] | None


class _Account:
    """What the blocks of a task that does not count have asked for and not taken back."""

    def __init__(self) -> None:
        self.requests = 0
        self.through_task = False


_accounts: weakref.WeakKeyDictionary[asyncio.Task[object], _Account] = weakref.WeakKeyDictionary()


def requested(task: asyncio.Task[object]) -> int:
    """How many cancellations of `task` are known of and not taken back: all of them, or those of its own blocks."""
    if isinstance(task, CountingTask):
        return task.cancelling()
    account = _accounts.get(task)
    return account.requests if account is not None else 0


def request(task: asyncio.Task[object]) -> None:
    """Cancel `task` in the name of one of its blocks."""
    if isinstance(task, CountingTask):
        task.by_own_blocks += 1
        task.cancel()
        return
    account = _accounts.setdefault(task, _Account())
    account.requests += 1
    ours = cast("_Task", task)
    waiter = ours._fut_waiter
    account.through_task = isinstance(waiter, asyncio.Task) or hasattr(waiter, "_children")
    message = CancelRequest(task)
    ours._cancel_message = message
    task.cancel(msg=message)


def take_back(task: asyncio.Task[object]) -> int:
    """Undo the count of one request of a block; returns how many are left."""
    if isinstance(task, CountingTask):
        task.by_own_blocks -= 1
        return task.uncancel()
    account = _accounts[task]
    account.requests -= 1
    if not account.requests:
        del _accounts[task]
    return account.requests


def renew(task: asyncio.Task[object], seen: asyncio.CancelledError | None) -> None:
    """Have a cancellation that another error displaces come again at the task's next await.

    `seen` is the one that was caught, which is all that is known of a task that does not count. One by an enclosing
    block of such a task is left to that block, which will see by its own count that it asked for it.
    """
    if isinstance(task, CountingTask):
        if task.cancelling() > task.by_own_blocks:
            task.uncancel()
            task.cancel()
        elif task.cancelling():
            # Not `cancel()`: what it leaves on the task cannot be taken off again, should the enclosing block, whose
            # doing it is, end before the next await.
            task.get_loop().call_soon(task.cancel_again)
    elif seen is not None and not requested(task):
        task.cancel()


def is_ours(task: asyncio.Task[object], error: asyncio.CancelledError) -> bool:
    """Whether `error`, by its looks, comes from requests of the blocks of `task`; to be asked before `take_back`.

    Of a task that counts, the count decides, and this says yes.
    """
    if isinstance(task, CountingTask):
        return True
    last = cast("_Task", task)._cancel_message
    if not (isinstance(last, CancelRequest) and last.of(task)):
        return False
    return _accounts[task].through_task or any(isinstance(part, CancelRequest) and part.of(task) for part in error.args)
