"""Running a call's body on a thread."""

from __future__ import annotations

from collections.abc import Callable, Generator
from inspect import isgenerator
from typing import cast

from conclint_runtime.actors.calls import CURRENT, Call, finished, started
from conclint_runtime.exceptions import WorkerCrashedError

Body = Callable[..., object]


def perform(call: Call, body: Body) -> BaseException | None:
    """Run the call on this thread and settle it.

    Returns the error that the body raised, None when it returned. `SystemExit` and `KeyboardInterrupt` are returned
    too, with the call not settled: what they mean depends on what runs it.
    """
    token = CURRENT.set(call)
    call.running = True
    started(call)
    error: BaseException | None = None
    try:
        args, kwargs = call.arguments()
        value = body(*args, **kwargs)
        if call.stream is not None:
            if not isgenerator(value):
                raise TypeError(f"{call.name} was declared to stream, but returned {type(value).__name__}")
            call.stream.feed(cast("Generator[object, None, None]", value))
        else:
            call.succeed(value)
    except (SystemExit, KeyboardInterrupt) as leaving:
        error = leaving
    except BaseException as raised:
        error = raised
        if not try_again(call, raised):
            call.fail(raised)
    finally:
        call.running = False
        finished(call, error)
        CURRENT.reset(token)
    return error


def try_again(call: Call, error: BaseException) -> bool:
    """Have the call submitted once more, when it has ended, if its options say so for this error."""
    if not call.retries_left or call.cancel_requested or call.resubmit is None:
        return False
    # A crash of the worker is the runtime's failure, not the function's: it is always tried again.
    if not isinstance(error, (*call.options.retried, WorkerCrashedError)) or call.settled():
        return False
    call.retries_left -= 1
    call.again = True
    return True
