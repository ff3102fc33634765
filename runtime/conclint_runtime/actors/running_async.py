"""Running a call's body in a task of an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Generator
from inspect import isasyncgen, isawaitable, isgenerator
from typing import cast

from conclint_runtime.actors.calls import CURRENT, Call, finished, started
from conclint_runtime.actors.running import Body, try_again
from conclint_runtime.exceptions import AsyncioActorExit


async def perform_async(call: Call, body: Body) -> BaseException | None:
    """Run the call in this task and settle it; returns as `perform` does, and never raises."""
    CURRENT.set(call)
    call.running = True
    started(call)
    error: BaseException | None = None
    try:
        args, kwargs = call.arguments()
        value = body(*args, **kwargs)
        if call.stream is not None:
            await _feed(call, value)
        else:
            call.succeed(await cast("Awaitable[object]", value) if isawaitable(value) else value)
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
        finished(call, error)
    return error


async def _feed(call: Call, value: object) -> None:
    assert call.stream is not None
    if isasyncgen(value):
        await call.stream.feed_async(cast("AsyncGenerator[object, None]", value))
    elif isgenerator(value):
        call.stream.feed(cast("Generator[object, None, None]", value))
    else:
        raise TypeError(f"{call.name} was declared to stream, but returned {type(value).__name__}")
