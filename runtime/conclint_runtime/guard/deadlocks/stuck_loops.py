"""Loops of asyncio that have nothing to do any more, while their tasks wait for each other to do something."""

from __future__ import annotations

import asyncio
from types import FrameType

from conclint_runtime.guard.deadlocks.verdicts import Verdicts, coroutine_places
from conclint_runtime.guard.places import Place, Scope

_CODES = {
    "join": ("CON516", "`join` waits for items that were taken and never marked as done, and no task is left to do it"),
    "put": ("CON517", "the queue is full, and whoever could take from it waits itself"),
}
_STATE = ("CON704", "a message waits under its actor's lock for what another message of that actor would do")
_CALL = ("CON703", "actors await calls of each other under their locks")


def tell(loop: asyncio.AbstractEventLoop, scope: Scope, verdicts: Verdicts) -> bool:
    """Report the tasks of a loop that has nothing to do; false where there is none that the program would miss."""
    waiting = [task for task in asyncio.all_tasks(loop) if not task.done()]
    found = [(task, coroutine_places(task.get_coro())) for task in waiting]
    chosen: tuple[str | None, str] = (None, "every task of the loop waits for another to do something")
    places: list[Place] = []
    for _, entries in found:
        own = scope.of_entries(entry[:3] for entry in entries)
        if not own:
            continue
        named = _named(entries, scope)
        if named is not None and (chosen[0] is None or named is _STATE):
            chosen = named
            places[:0] = own
        else:
            places.extend(own)
    if not places:
        return False
    names = ", ".join(sorted(task.get_name() for task in waiting))
    verdicts.tasks_stuck(*chosen, tuple(dict.fromkeys(places)), f"waiting: {names}")
    return True


def _named(entries: list[tuple[str, int, str, object]], scope: Scope) -> tuple[str, str] | None:
    frames = [entry[3] for entry in entries if isinstance(entry[3], FrameType)]
    for frame in frames:
        if frame.f_globals.get("__name__") == "asyncio.queues" and frame.f_code.co_name in _CODES:
            return _CODES[frame.f_code.co_name]
        if frame.f_code.co_name == "get" and frame.f_globals.get("__name__") == "asyncio.queues":
            asker = _caller(frames, frame)
            if asker is not None and {"empty", "qsize"} & set(asker.f_code.co_names):
                return (
                    "CON508",
                    "the queue was not empty a moment ago: another task took the item, and none will follow",
                )
    if any(frame.f_globals.get("__name__") == "conclint_runtime.xo.handling" for frame in frames):
        return _CALL if _awaits_call(frames, scope) else _STATE
    return None


def _awaits_call(frames: list[FrameType], scope: Scope) -> bool:
    """Whether the program's innermost frame awaits a call of an actor."""
    for frame in frames:
        if scope.is_user(frame):
            return False
        if str(frame.f_globals.get("__name__")).startswith("conclint_runtime.xo."):
            return True
    return False


def _caller(frames: list[FrameType], frame: FrameType) -> FrameType | None:
    after = frames[frames.index(frame) + 1 :]
    return after[0] if after else None
