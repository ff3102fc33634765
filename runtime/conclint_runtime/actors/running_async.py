"""Running a call's body in a task of an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Generator
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import TYPE_CHECKING, cast

from conclint_runtime.actors import observe
from conclint_runtime.actors.blueprint import target_of
from conclint_runtime.actors.calls import CURRENT, Call, finished, started
from conclint_runtime.actors.running import try_again
from conclint_runtime.exceptions import AsyncioActorExit

if TYPE_CHECKING:
    from conclint_runtime.actors.incarnation import Incarnation
    from conclint_runtime.actors.loop_group import Turn


async def perform_async(life: Incarnation, call: Call, turn: Turn) -> None:
    """Run the call in this task, settle it, and give up its turn. Nothing is raised."""
    error: BaseException | None = None
    CURRENT.set(call)
    call.running = True
    if observe.observer is not None:
        started(call)
    try:
        if call.settled() or life.end is not None:
            return
        body = target_of(life.instance, call.function)
        args, kwargs = call.arguments()
        value = body(*args, **kwargs)
        if call.stream is not None:
            await _feed(call, value)
        elif type(value) is CoroutineType:
            call.succeed(await cast("Coroutine[object, object, object]", value))
        else:
            call.succeed(value)
    except (SystemExit, KeyboardInterrupt, AsyncioActorExit) as leaving:
        error = leaving
    except asyncio.CancelledError as cancelled:
        error = cancelled
        call.abort_cancelled()
    except BaseException as raised:
        error = raised
        if not try_again(call, raised):
            call.fail(raised)
    finally:
        call.running = False
        if observe.observer is not None:
            finished(call, error)
        if error is not None:
            life.left(call, error)
        turn.give_up()


async def _feed(call: Call, value: object) -> None:
    assert call.stream is not None
    kind = type(value)
    if kind is AsyncGeneratorType:
        await call.stream.feed_async(cast("AsyncGenerator[object, None]", value))
    elif kind is GeneratorType:
        call.stream.feed(cast("Generator[object, None, None]", value))
    else:
        raise TypeError(f"{call.name} was declared to stream, but returned {kind.__name__}")
