"""Task groups that are opened for one task."""

from __future__ import annotations

import ast
import asyncio
import weakref
from collections.abc import Awaitable
from typing import cast

from conclint_runtime.guard.places import Place, Stack
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone
from conclint_runtime.guard.source import around, last_name, names_in


class LoneTasks:
    """The observer of `asyncio.TaskGroup`, which Python 3.10 has not."""

    name = "lone tasks"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._started: weakref.WeakKeyDictionary[object, int] = weakref.WeakKeyDictionary()
        self._entered: weakref.WeakKeyDictionary[object, Stack] = weakref.WeakKeyDictionary()

    def install(self, report: Report, settings: Settings, /) -> None:
        """Count what each group starts."""
        sight = self._sight = Sight(report, settings)
        group: object = getattr(asyncio, "TaskGroup", None)
        if group is not None:
            sight.wrap(group, "create_task", self._created)
            sight.wrap(group, "__aenter__", self._enters)
            sight.wrap(group, "__aexit__", self._leaves)

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: each was reported as it was left."""

    def _created(self, original: Function) -> Function:
        def create_task(group: object, *arguments: object, **keywords: object) -> object:
            self._started[group] = self._started.get(group, 0) + 1
            return original(group, *arguments, **keywords)

        return create_task

    def _enters(self, original: Function) -> Function:
        def enter(group: object) -> object:
            if self._sight is not None and self._sight.called_by_program() is not None:
                self._entered[group] = self._sight.stack()
            return original(group)

        return enter

    def _leaves(self, original: Function) -> Function:
        async def leave(group: object, *error: object) -> object:
            done = await cast("Awaitable[object]", original(group, *error))
            stack = self._entered.get(group, ())
            if self._sight is not None and stack and error[:1] == (None,) and self._started.get(group) == 1:
                with self._sight.shared.own_work():
                    if _starts_one(stack[0]):
                        said = "a task group was opened for one task, and waited for it alone"
                        self._sight.say("CON236", said, stack)
            return done

        return leave


def _starts_one(place: Place) -> bool:
    """Whether the block has one statement, which starts a task that is not given the group."""
    block = next(iter(around(place.file, place.line)), None)
    if not isinstance(block, ast.AsyncWith) or len(block.body) != 1:
        return False
    only = block.body[0]
    if not isinstance(only, ast.Expr | ast.Assign) or not isinstance(only.value, ast.Call):
        return False
    call = only.value
    group = call.func.value if isinstance(call.func, ast.Attribute) else None
    given = {name for argument in (*call.args, *call.keywords) for name in names_in(argument)}
    return last_name(call.func) == "create_task" and isinstance(group, ast.Name) and group.id not in given
