"""Tasks that nobody keeps, waits for or outlives."""

from __future__ import annotations

import asyncio
import asyncio.runners
import sys
import weakref
from collections.abc import Callable, Mapping
from types import FrameType

from conclint_runtime.guard.fate import fate
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone

Task = asyncio.Future[object]

_STARTERS = frozenset(("create_task", "ensure_future", "_ensure_future", "_wrap_awaitable"))


class LostTasks:
    """The observer of tasks that are dropped, left behind, or orphaned."""

    name = "tasks"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._children: weakref.WeakKeyDictionary[Task, weakref.WeakSet[Task]] = weakref.WeakKeyDictionary()

    def install(self, report: Report, settings: Settings, /) -> None:
        """Look at the tasks that are created, and at those that end."""
        sight = self._sight = Sight(report, settings)
        sight.wrap_loops("create_task", self._created)
        sight.wrap_loops("call_exception_handler", self._told)
        sight.wrap(asyncio.runners, "_cancel_all_tasks", self._cancelling)
        settings.shared.task_ended.append(self._ended)

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: the loop tells of those that are collected."""

    def _created(self, original: Function) -> Function:
        def create_task(*arguments: object, **keywords: object) -> object:
            made = original(*arguments, **keywords)
            sight = self._sight
            if sight is not None and isinstance(made, asyncio.Future):
                with sight.shared.own_work():
                    self._look(sight, made, sight.caller())
            return made

        return create_task

    def _look(self, sight: Sight, task: Task, frame: FrameType | None) -> None:
        parent = _current()
        if parent is not None:
            self._children.setdefault(parent, weakref.WeakSet()).add(task)
        while frame is not None and _starts_tasks(frame):
            frame = sight.scope.caller(frame.f_back)
        if frame is not None and sight.scope.is_user(frame) and fate(frame) == "dropped":
            said = "nobody keeps the task that is created here: the loop refers to it weakly, so that it may vanish"
            sight.say("CON202", said, sight.scope.stack(frame))

    def _told(self, original: Function) -> Function:
        def call_exception_handler(loop: object, context: Mapping[str, object]) -> object:
            sight = self._sight
            message = str(context.get("message", ""))
            if sight is not None and "destroyed but it is pending" in message:
                said = "a task was destroyed before it had ended: nobody kept it"
                sight.say("CON202", said, sight.shared.origin(context.get("task")))
            elif sight is not None and "exception was never retrieved" in message:
                said = f"a task failed and nobody asked: {context.get('exception')!r}"
                sight.say("CON202", said, sight.shared.origin(context.get("future")))
            return original(loop, context)

        return call_exception_handler

    def _cancelling(self, original: Function) -> Function:
        def cancel_all_tasks(loop: asyncio.AbstractEventLoop) -> object:
            sight = self._sight
            if sight is not None and sys.exc_info()[0] is None:
                for task in asyncio.all_tasks(loop):
                    # The loop itself starts tasks too, to close generators that were left.
                    if hasattr(task.get_coro(), "cr_code") and not being_cancelled(task):
                        said = "the main coroutine ended before this task did: it is cancelled where it stands"
                        sight.say("CON238", said, sight.shared.origin(task), certainty="likely")
            return original(loop)

        return cancel_all_tasks

    def _ended(self, task: Task) -> None:
        """Look at what a cancelled task has started and left running."""
        if not task.cancelled():
            return
        for child in tuple(self._children.get(task, ())):
            if not child.done():
                child.add_done_callback(self._orphan)

    def _orphan(self, task: Task) -> None:
        if self._sight is not None and not task.cancelled():
            said = "the task that started this one was cancelled, and this one went on"
            self._sight.say("CON241", said, self._sight.shared.origin(task))


def _starts_tasks(frame: FrameType) -> bool:
    module = str(frame.f_globals.get("__name__", ""))
    return module.startswith("asyncio.tasks") and frame.f_code.co_name in _STARTERS


def _current() -> Task | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def being_cancelled(task: asyncio.Task[object]) -> bool:
    """Whether a task has been asked to end and has not ended yet."""
    cancelling: Callable[[], int] | None = getattr(task, "cancelling", None)
    if cancelling is not None:
        return bool(cancelling())
    waiter: Task | None = getattr(task, "_fut_waiter", None)
    return bool(getattr(task, "_must_cancel", False)) or (waiter is not None and waiter.cancelled())
