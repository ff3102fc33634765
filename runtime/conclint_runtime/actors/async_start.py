"""How an async actor begins: its loops, and its constructor on the default one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, cast

from conclint_runtime.actors.calls import CURRENT, finished, started
from conclint_runtime.actors.loop_group import LoopGroup
from conclint_runtime.actors.loops import LoopThreads
from conclint_runtime.actors.ref import ObjectRef
from conclint_runtime.actors.running_async import perform_async

if TYPE_CHECKING:
    from conclint_runtime.actors.actor import EmbeddedActor
    from conclint_runtime.actors.incarnation import Incarnation
    from conclint_runtime.actors.workers import Workers


def loop_groups(life: Incarnation, sizes: Mapping[str, int], name: str, loops: LoopThreads) -> dict[str, Workers]:
    """Make workers for each concurrency group; each takes its loop at its first call."""
    return {
        group: LoopGroup(loops, f"{name}{'-' if group else ''}{group}", size, partial(perform_async, life))
        for group, size in sizes.items()
    }


def begin_async(life: Incarnation, default: Workers, actor: EmbeddedActor) -> None:
    """Run the constructor on the loop of the default group; make an instance at once if the class has none."""
    assert isinstance(default, LoopGroup)
    if actor.blueprint.has_constructor:
        default.construct(lambda: _construct(life, actor))
    else:
        life.instance = actor.blueprint.cls()
        life.open()


async def _construct(life: Incarnation, actor: EmbeddedActor) -> None:
    call = actor.constructor
    CURRENT.set(call)
    started(call)
    error: BaseException | None = None
    try:
        await _arrivals((*call.args, *call.kwargs.values()))
        args, kwargs = call.arguments()
        cls = actor.blueprint.cls
        initialise: Callable[..., object] = getattr(cls, "__init__")  # noqa: B009 - of the class, not of an instance
        if iscoroutinefunction(initialise):
            # Calling the class would refuse an `__init__` that returns a coroutine; Ray awaits it.
            instance: object = cls.__new__(cls, *args, **kwargs)
            await cast("Awaitable[None]", initialise(instance, *args, **kwargs))
        else:
            instance = cls(*args, **kwargs)
        life.instance = instance
    except BaseException as raised:
        error = raised
    finished(call, error)
    if error is None:
        life.open()
    else:
        actor.fail_construction(error, life)


async def _arrivals(args: tuple[object, ...]) -> None:
    """Wait for the references among the arguments; their errors show when the arguments are read."""
    for arg in args:
        if isinstance(arg, ObjectRef):
            await arg
