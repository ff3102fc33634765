"""How an async actor begins: its loops, and its constructor on the default one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, cast

from conclint_runtime.actors.calls import CURRENT, finished, started
from conclint_runtime.actors.loop_group import LoopGroup
from conclint_runtime.actors.loops import LoopThreads
from conclint_runtime.actors.running_async import perform_async

if TYPE_CHECKING:
    from conclint_runtime.actors.actor import EmbeddedActor
    from conclint_runtime.actors.workers import Workers


def start_async(actor: EmbeddedActor, name: str, loops: LoopThreads, ended: Callable[[], None]) -> dict[str, Workers]:
    """Make a group of workers for each concurrency group, and start the constructor on the loop of the default one.

    A class without a constructor has nothing to start: its loop is taken at its first call.
    """

    groups = {
        group: LoopGroup(loops, f"{name}{'-' if group else ''}{group}", size, perform_async, ended)
        for group, size in actor.settings.groups.items()
    }
    if actor.blueprint.has_constructor:
        groups[""].construct(lambda: _construct(actor))
    else:
        # Nothing to see from outside, so it need not wait for the loop.
        actor.instance = actor.blueprint.cls()
        actor.open()
    return dict(groups)


async def _construct(actor: EmbeddedActor) -> None:
    call = actor.constructor
    CURRENT.set(call)
    started(call)
    error: BaseException | None = None
    try:
        for ref in (*call.args, *call.kwargs.values()):
            if isinstance(ref, Awaitable):
                await ref
        args, kwargs = call.arguments()
        cls = actor.blueprint.cls
        initialise: Callable[..., object] = getattr(cls, "__init__")  # noqa: B009 - of the class, not of an instance
        if iscoroutinefunction(initialise):
            # Calling the class would refuse an `__init__` that returns a coroutine; Ray awaits it.
            instance: object = cls.__new__(cls, *args, **kwargs)
            await cast("Awaitable[None]", initialise(instance, *args, **kwargs))
        else:
            instance = cls(*args, **kwargs)
        actor.instance = instance
    except BaseException as raised:
        error = raised
    finished(call, error)
    if error is None:
        actor.open()
    else:
        actor.fail_construction(error)
