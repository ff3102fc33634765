"""The worker's side of tasks in processes, and what both sides say to each other."""

from __future__ import annotations

import importlib
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from inspect import isgenerator
from multiprocessing.connection import Connection
from typing import Literal, cast

from conclint_runtime.exceptions import RayError


@dataclass(frozen=True, slots=True)
class Job:
    """A call: where its function is to be found (module and qualified name), and its arguments."""

    place: tuple[str, str]
    args: tuple[object, ...]
    kwargs: dict[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of it: a value, an error with its traceback, or for a generator `stream`, then items, then `end`."""

    kind: Literal["value", "error", "cancelled", "stream", "item", "end"]
    value: object = None
    trace: str = ""


def place_of(function: Callable[..., object]) -> tuple[str, str]:
    """Return where a worker can import the function from. Raises TypeError when it cannot."""
    module, name = function.__module__, function.__qualname__
    if "<" in name:
        raise TypeError(
            f"{module}.{name} cannot run in a process: a closure or a lambda cannot be imported there. Define it at the"
            " top level of a module, or start with init(tasks='threads')"
        )
    main = sys.modules.get("__main__")
    if module == "__main__" and getattr(main, "__file__", None) is None:
        raise TypeError(
            f"{name} cannot run in a process: the program has no file that the process could import it from. Define it"
            " in a module, or start with init(tasks='threads')"
        )
    return module, name


def dumps(value: object) -> bytes:
    """Pickle a value with its large buffers apart, so that the arrays that are loaded from them are read-only."""
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL, buffer_callback=buffers.append)
    return pickle.dumps((data, [bytes(buffer.raw()) for buffer in buffers]), pickle.HIGHEST_PROTOCOL)


def loads(data: bytes) -> object:
    """Return what was pickled by `dumps`."""
    body, buffers = pickle.loads(data)
    return pickle.loads(body, buffers=buffers)


def serve(pipe: Connection) -> None:
    """Run jobs from the pipe until the other side closes it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    while True:
        try:
            data = pipe.recv_bytes()
        except KeyboardInterrupt:
            continue  # meant for a task that had just ended; whoever wants the worker to end closes the pipe
        except (EOFError, OSError):
            break
        try:
            _do(pipe, data)
        except KeyboardInterrupt:
            _send(pipe, Answer("cancelled"))
        except OSError:
            break
    from conclint_runtime.actors.api import shutdown

    shutdown()


def _do(pipe: Connection, data: bytes) -> None:
    try:
        job = loads(data)
        assert isinstance(job, Job)
        value = _function(job.place)(*job.args, **job.kwargs)
        if isgenerator(value):
            _send(pipe, Answer("stream"))
            for item in value:
                _send(pipe, Answer("item", item))
            _send(pipe, Answer("end"))
        else:
            _send(pipe, Answer("value", value))
    except (KeyboardInterrupt, SystemExit, OSError):
        raise
    except BaseException as error:
        _send_error(pipe, error)


def _send(pipe: Connection, answer: Answer) -> None:
    pipe.send_bytes(dumps(answer))


def _send_error(pipe: Connection, error: BaseException) -> None:
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    try:
        data = dumps(Answer("error", error, trace))
        loads(data)  # an error whose constructor wants more than its `args` fails here, not on the other side
    except Exception as why:
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        text = f"Exception {kind} isn't serializable: {why}.\nOriginal exception details:\n{trace}"
        data = dumps(Answer("error", RayError(text), trace))
    pipe.send_bytes(data)


def _function(place: tuple[str, str]) -> Callable[..., object]:
    module, name = place
    found: object = sys.modules[module] if module == "__main__" else importlib.import_module(module)
    for part in name.split("."):
        if not hasattr(found, part):
            raise AttributeError(
                f"{module}.{name} is not there when a worker process imports {module}: define it at top level, outside"
                " of `if __name__ == '__main__':`"
            )
        found = getattr(found, part)
    # What stands under the name is what the decorator made of the function.
    return cast("Callable[..., object]", getattr(found, "__wrapped__", found))
