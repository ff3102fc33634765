"""Delay the steps of asyncio tasks to later turns of their loop.

Only delays: callbacks keep their order, which `loop.call_soon` documents and asyncio itself relies on. A task's step
that comes a few turns later is what any task meets whose loop has other work to do.
"""

from __future__ import annotations

import asyncio
import random
from asyncio import base_events
from collections.abc import Callable
from contextvars import Context

from conclint_runtime.guard.patching import Patches

#: How often a step is delayed, and for how many turns at most.
_SHARE = 0.3
_MOST_TURNS = 4
_STEPS = frozenset({"task_wakeup", "__step", "__wakeup"})

_call_soon = base_events.BaseEventLoop.call_soon


class _LaterStep:
    """A step of a task, put off for some turns."""

    __slots__ = ("_arguments", "_context", "_loop", "_step", "_turns")

    def __init__(
        self,
        loop: base_events.BaseEventLoop,
        step: Callable[..., object],
        arguments: tuple[object, ...],
        context: Context | None,
        turns: int,
    ) -> None:
        self._loop, self._step, self._arguments = loop, step, arguments
        self._context, self._turns = context, turns

    def __call__(self) -> None:
        if self._turns == 0:
            self._step(*self._arguments)
            return
        self._turns -= 1
        _call_soon(self._loop, self, context=self._context)

    def __repr__(self) -> str:
        return f"<a later {self._step!r}>"


def is_step(callback: object) -> bool:
    """Whether a callback runs a task's next step (and is not, say, the task's `cancel`)."""
    if not isinstance(getattr(callback, "__self__", None), asyncio.Task):
        return False
    return type(callback).__name__ == "TaskStepMethWrapper" or getattr(callback, "__name__", "") in _STEPS


def delay_steps(seed: int, patches: Patches) -> None:
    """Delay steps of tasks on every pure Python event loop, as the seed decides, until the patches are undone.

    Loops that are not built on `asyncio.BaseEventLoop` (uvloop) are left as they are.
    """
    choice = random.Random(f"tasks {seed}")

    def call_soon(
        loop: base_events.BaseEventLoop,
        callback: Callable[..., object],
        *arguments: object,
        context: Context | None = None,
    ) -> asyncio.Handle:
        if is_step(callback) and choice.random() < _SHARE:
            later = _LaterStep(loop, callback, arguments, context, choice.randint(1, _MOST_TURNS))
            return _call_soon(loop, later, context=context)
        return _call_soon(loop, callback, *arguments, context=context)

    patches.put(base_events.BaseEventLoop, "call_soon", call_soon)
