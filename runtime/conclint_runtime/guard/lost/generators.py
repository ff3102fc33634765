"""Asynchronous generators that are left to the garbage collector, with their cleanup."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import AsyncGenerator
from types import FrameType

from conclint_runtime.guard.places import Place, Stack, place_of
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone
from conclint_runtime.guard.source import around, last_name

Generator = AsyncGenerator[object, object]

_SCOPES = (
    "TaskGroup",
    "timeout",
    "timeout_at",
    "open_nursery",
    "create_task_group",
    "fail_after",
    "move_on_after",
    "CancelScope",
)


class LostGenerators:
    """The observer of generators that are collected while they are suspended inside a cleanup or a scope."""

    name = "generators"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        # By identity: what refers weakly to a generator is cleared before its finalizer is called.
        self._begun: dict[int, Stack] = {}

    def install(self, report: Report, settings: Settings, /) -> None:
        """Look at the hooks of the loop."""
        sight = self._sight = Sight(report, settings)
        sight.wrap(asyncio.BaseEventLoop, "_asyncgen_firstiter_hook", self._first)
        sight.wrap(asyncio.BaseEventLoop, "_asyncgen_finalizer_hook", self._collected)

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: a generator is reported when it is collected."""

    def _first(self, original: Function) -> Function:
        def hook(loop: object, generator: Generator) -> object:
            if self._sight is not None:
                self._begun[id(generator)] = self._sight.stack()
            return original(loop, generator)

        return hook

    def _collected(self, original: Function) -> Function:
        def hook(loop: object, generator: Generator) -> object:
            frame: FrameType | None = getattr(generator, "ag_frame", None)
            sight = self._sight
            if sight is not None and frame is not None and sight.scope.is_user(frame):
                with sight.shared.own_work():
                    self._left(sight, place_of(frame), self._begun.pop(id(generator), ()))
            return original(loop, generator)

        return hook

    def _left(self, sight: Sight, place: Place, begun: Stack) -> None:
        if in_scope(place):
            said = "a generator was left while it was suspended inside a scope, which another task must leave now"
            sight.say("CON235", said, (place, *begun))
        if in_cleanup(place):
            said = "the generator was left before its end: its cleanup runs when it is collected, or not at all"
            sight.say("CON223", said, (*begun, place))


def in_cleanup(place: Place) -> bool:
    """Whether the line is inside a block that cleans up after itself."""
    return any(
        isinstance(each, ast.With | ast.AsyncWith) or (isinstance(each, ast.Try) and bool(each.finalbody))
        for each in around(place.file, place.line)
    )


def in_scope(place: Place) -> bool:
    """Whether the line is inside a task group, a nursery or a timeout."""
    return any(
        isinstance(item.context_expr, ast.Call) and last_name(item.context_expr.func) in _SCOPES
        for each in around(place.file, place.line)
        if isinstance(each, ast.AsyncWith | ast.With)
        for item in each.items
    )
