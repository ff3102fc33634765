"""`TaskSet`: background tasks that are kept, heard and ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, TypeVar

from conclint_runtime.aio.ending import wait_until_ended
from conclint_runtime.aio.errors import ClosedError, TaskSetFullError, WaitsForItselfError
from conclint_runtime.aio.exception_groups import BaseExceptionGroup
from conclint_runtime.aio.slots import Slots

T = TypeVar("T")
ErrorHandler = Callable[["asyncio.Task[object]", BaseException], object]
MOST_KEPT = 100


@dataclass(frozen=True, slots=True)
class TaskSetStatistics:
    """A snapshot: `running` tasks now and at most (`peak`), of `limit`; `waiting` callers of `create_task_when_free`;
    how many tasks `started`, `succeeded`, `failed` and were `cancelled` so far."""

    running: int
    peak: int
    limit: int
    waiting: int
    started: int
    succeeded: int
    failed: int
    cancelled: int


class TaskSet:
    """Keeps a reference to each of its tasks, reports their errors, and ends them.

    `asyncio` refers to tasks weakly: one that nobody keeps can vanish before it ends, and its error is told only when
    it is collected (https://docs.python.org/3/library/asyncio-task.html#asyncio.create_task). Unlike in a
    `TaskGroup`, the tasks are independent: one that fails ends no other.

    Use it as `async with`, or keep it as an attribute and `await` its `close()`. It needs no running loop to be made.
    Leaving the block waits for the tasks (`at_exit="wait"`) or cancels them (`at_exit="cancel"`); leaving it by an
    error or a cancellation cancels them. In each case the block ends after its last task.

    Errors: `on_error(task, error)` is called as soon as a task fails. Without it the loop's exception handler is told
    at once (by default it logs), and the end of the set raises the first hundred errors as one `ExceptionGroup`,
    together with the block's own error if there is one. A cancellation of the block is raised as it is.

    At most `limit` tasks run at one time. When the set is full, `create_task` raises `TaskSetFullError`, and
    `create_task_when_free` waits until a task has ended.
    """

    def __init__(
        self,
        *,
        limit: int = 1000,
        name: str = "task set",
        on_error: ErrorHandler | None = None,
        at_exit: Literal["wait", "cancel"] = "wait",
    ) -> None:
        if at_exit not in ("wait", "cancel"):
            raise ValueError(f"at_exit is 'wait' or 'cancel', not {at_exit!r}")
        self._slots = Slots(limit, "the limit of a task set")
        self._name = name
        self._on_error = on_error
        self._at_exit = at_exit
        self._tasks: set[asyncio.Task[object]] = set()
        self._kept: list[BaseException] = []
        self._closed = False
        self._started = self._succeeded = self._failed = self._cancelled = 0

    def __repr__(self) -> str:
        return f"<TaskSet {self._name!r}: {len(self._tasks)} of {self._slots.total} tasks{', closed' * self._closed}>"

    def __len__(self) -> int:
        return len(self._tasks)

    def create_task(self, coro: Coroutine[object, object, T], *, name: str | None = None) -> asyncio.Task[T]:
        """Start `coro` as a task of this set and return the task.

        Raises `TaskSetFullError` when `limit` tasks run, `ClosedError` after the end; the coroutine is closed then.
        """
        self._check_open(coro)
        if not self._slots.try_acquire():
            coro.close()
            raise TaskSetFullError(
                f"{self!r} is full: await `create_task_when_free(...)`, which waits for room, or raise its `limit`"
            )
        return self._start(coro, name)

    async def create_task_when_free(
        self, coro: Coroutine[object, object, T], *, name: str | None = None
    ) -> asyncio.Task[T]:
        """As `create_task`, but wait for room when the set is full; the wait ends when a task does."""
        self._check_open(coro)
        try:
            await self._slots.acquire()
        except BaseException:
            coro.close()
            raise
        if self._closed:
            self._slots.release()
        self._check_open(coro)
        return self._start(coro, name)

    def cancel(self) -> None:
        """Cancel every task that runs now, without waiting for it."""
        for task in tuple(self._tasks):
            task.cancel()

    async def join(self) -> None:
        """Wait until no task is left; a cancellation of this wait cancels the tasks, and is raised after they have
        ended.
        """
        # Once the set is closed its tasks have been cancelled, and to cancel them again would break off their cleanup.
        await wait_until_ended(self._others, lambda: None if self._closed else self.cancel())

    def _others(self) -> set[asyncio.Task[object]]:
        """The tasks, for one who is none of them; `WaitsForItselfError` for one who is."""
        if asyncio.current_task() in self._tasks:
            raise WaitsForItselfError(
                f"a task of {self!r} waits for the whole set, and so for itself: wait for it outside, or only "
                "`cancel()` it"
            )
        return self._tasks

    async def close(self) -> None:
        """Refuse new tasks, cancel those that run, wait until they have ended, and raise the errors that were kept."""
        self._others()
        self._closed = True
        self.cancel()
        await self.join()
        self._raise_kept(None)

    def statistics(self) -> TaskSetStatistics:
        """How many tasks there are, and what became of those that ended."""
        return TaskSetStatistics(
            running=len(self._tasks),
            peak=self._slots.peak,
            limit=self._slots.total,
            waiting=self._slots.waiting,
            started=self._started,
            succeeded=self._succeeded,
            failed=self._failed,
            cancelled=self._cancelled,
        )

    async def __aenter__(self) -> TaskSet:
        """Begin the block; `ClosedError` when the set has ended."""
        if self._closed:
            raise ClosedError(f"{self!r} has ended: make a new one")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the tasks, then raise what has to be raised."""
        if error is not None or self._at_exit == "cancel":
            self._closed = True
            self.cancel()
        try:
            await self.join()
        finally:
            self._closed = True
        if error is None or isinstance(error, Exception):
            self._raise_kept(error)

    def _check_open(self, coro: Coroutine[object, object, object]) -> None:
        if self._closed:
            coro.close()
            raise ClosedError(f"{self!r} has ended and starts no more tasks")

    def _start(self, coro: Coroutine[object, object, T], name: str | None) -> asyncio.Task[T]:
        try:
            task = asyncio.get_running_loop().create_task(coro, name=name)
        except BaseException:
            self._slots.release()
            coro.close()
            raise
        self._started += 1
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        self._slots.release()
        if task.cancelled():
            self._cancelled += 1
            return
        error = task.exception()
        if error is None:
            self._succeeded += 1
            return
        self._failed += 1
        if self._on_error is not None:
            try:
                self._on_error(task, error)
                return
            except Exception as failure:
                failure.__context__ = failure.__context__ or (error if failure is not error else None)
                error = failure
        if len(self._kept) < MOST_KEPT:
            self._kept.append(error)
        task.get_loop().call_exception_handler(
            {"message": f"a task of {self!r} failed", "exception": error, "task": task}
        )

    def _raise_kept(self, of_block: BaseException | None) -> None:
        kept = [error for error in self._kept if error is not of_block]
        self._kept = []
        if kept:
            both = [of_block, *kept] if of_block is not None else kept
            raise BaseExceptionGroup(f"errors in the tasks of {self._name}", both) from None
