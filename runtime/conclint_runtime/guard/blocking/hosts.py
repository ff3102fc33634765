"""Whose loop a blocking call is made on: that of an embedded actor has rules of its own."""

from __future__ import annotations

import inspect
from types import FrameType

from conclint_runtime.guard.loops import beneath_loop
from conclint_runtime.guard.places import Scope, outwards

# Parts of the paths of the modules that run an actor's methods.
_ASYNC_ACTOR = ("conclint_runtime/actors/", "ray/_private/", "ray/actor")
_XO_ACTOR = ("conclint_runtime/xo/", "xoscar/")


def host_codes(scope: Scope, frame: FrameType | None) -> tuple[str, ...]:
    """The codes that a blocking call has for the actor in whose method it is made; () on a loop of the program's own.

    A plain method of an asynchronous actor runs on the actor's loop (CON616); in an actor of xoscar any method does,
    and a
    blocking call there stops all actors of the pool (CON705).
    """
    outermost: FrameType | None = None
    for each in outwards(frame):
        if beneath_loop(each.f_code):
            break
        file = each.f_code.co_filename.replace("\\", "/")
        if scope.is_user(each):
            outermost = each
        elif outermost is not None and any(part in file for part in _XO_ACTOR):
            return ("CON705",)
        elif outermost is not None and any(part in file for part in _ASYNC_ACTOR):
            coroutine = outermost.f_code.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR)
            return () if coroutine else ("CON616",)
    return ()
