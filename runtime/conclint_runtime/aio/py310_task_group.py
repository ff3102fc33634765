"""`asyncio.TaskGroup` of Python 3.11 for Python 3.10.

The semantics are those of the documentation (https://docs.python.org/3/library/asyncio-task.html#task-groups), with
the correction that 3.13 made: a cancellation from outside that arrives while the group fails is not forgotten, it
comes at the task's next await. One thing 3.10 cannot do: a task made with `context=` runs in a copy of that context.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Coroutine
from types import TracebackType
from typing import TypeVar

from conclint_runtime.aio import py310_cancellation as cancellation
from conclint_runtime.aio.py310_exception_groups import BaseExceptionGroup

T = TypeVar("T")


class TaskGroup:
    """Waits for its tasks at the end of the block; the first that fails cancels the others and the block.

    The errors come out as one group; KeyboardInterrupt and SystemExit come out alone.
    """

    def __init__(self) -> None:
        self._parent: asyncio.Task[object] | None = None
        self._tasks: set[asyncio.Task[object]] = set()
        self._errors: list[BaseException] = []
        self._fatal: BaseException | None = None
        self._exiting = False
        self._aborting = False
        self._parent_cancelled = False
        self._requested_before = 0
        self._all_done: asyncio.Future[None] | None = None

    def __repr__(self) -> str:
        marks = [f"tasks={len(self._tasks)}"] if self._tasks else []
        marks += [f"errors={len(self._errors)}"] if self._errors else []
        if self._aborting:
            marks.append("cancelling")
        elif self._parent is not None:
            marks.append("entered")
        return f"<TaskGroup {' '.join(marks)}>" if marks else "<TaskGroup>"

    async def __aenter__(self) -> TaskGroup:
        """RuntimeError outside a task, or at a second use."""
        if self._parent is not None:
            raise RuntimeError(f"TaskGroup {self!r} has already been entered")
        self._parent = asyncio.current_task()
        if self._parent is None:
            raise RuntimeError(f"TaskGroup {self!r} cannot determine the parent task")
        cancellation.count_on(asyncio.get_running_loop())
        self._requested_before = cancellation.requested(self._parent)
        return self

    def create_task(
        self,
        coro: Coroutine[object, object, T],
        *,
        name: str | None = None,
        context: contextvars.Context | None = None,
    ) -> asyncio.Task[T]:
        """Start `coro` as a task of the group; RuntimeError when the group is not open (the coroutine is closed
        then).
        """
        problem = None
        if self._parent is None:
            problem = "has not been entered"
        elif self._exiting and not self._tasks:
            problem = "is finished"
        elif self._aborting:
            problem = "is shutting down"
        if problem is not None:
            coro.close()
            raise RuntimeError(f"TaskGroup {self!r} {problem}")
        loop = asyncio.get_running_loop()
        task = loop.create_task(coro) if context is None else context.run(loop.create_task, coro)
        if name is not None:
            task.set_name(name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for all tasks, which ends when each has; raise what went wrong."""
        parent = self._parent
        if parent is None:
            raise RuntimeError(f"TaskGroup {self!r} has not been entered")
        self._exiting = True
        if isinstance(error, (KeyboardInterrupt, SystemExit)) and self._fatal is None:
            self._fatal = error
        outside = error if isinstance(error, asyncio.CancelledError) else None
        if self._parent_cancelled:
            ours = outside is None or cancellation.is_ours(parent, outside)
            if cancellation.take_back(parent) <= self._requested_before and ours:
                outside = None
        if error is not None:
            self._abort()
        try:
            first, late = await self._wait()
            outside = outside or first
            if self._fatal is not None:
                raise self._fatal
            if outside is not None and not self._errors:
                raise outside
            if error is not None and not isinstance(error, asyncio.CancelledError):
                self._errors.append(error)
            if self._errors:
                cancellation.renew(parent, outside or late)
                raise BaseExceptionGroup("unhandled errors in a TaskGroup", self._errors) from None
        finally:
            self._errors = []

    async def _wait(self) -> tuple[asyncio.CancelledError | None, asyncio.CancelledError | None]:
        """Wait until every task has ended.

        Returns the cancellation that made the group end, and the last one that came when it was ending already.
        """
        first = late = None
        while self._tasks:
            self._all_done = asyncio.get_running_loop().create_future()
            try:
                await self._all_done
            except asyncio.CancelledError as error:
                if self._aborting:
                    late = error
                else:
                    first = error
                    self._abort()
            self._all_done = None
        return first, late

    def _abort(self) -> None:
        if self._aborting:
            return
        self._aborting = True
        for task in self._tasks:
            if not task.done():
                task.cancel()

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if self._all_done is not None and not self._tasks and not self._all_done.done():
            self._all_done.set_result(None)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            return
        self._errors.append(error)
        if isinstance(error, (KeyboardInterrupt, SystemExit)) and self._fatal is None:
            self._fatal = error
        if self._parent is None or self._parent.done():
            task.get_loop().call_exception_handler(
                {"message": f"{task!r} raised after the end of the task of its group", "exception": error, "task": task}
            )
        elif not self._aborting:
            self._abort()
            # While the parent waits in __aexit__ it needs no cancellation: the last task to end wakes it.
            if not self._exiting and not self._parent_cancelled:
                self._parent_cancelled = True
                cancellation.request(self._parent)
