"""What the interpreter and its library say when a program has met a pitfall: the texts, and the rules that they stand
for.

A text counts where it ends a program, a thread, a task or a job. One that the program handles is its own business:
asking
for the running loop and catching the `RuntimeError` is how one asks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from conclint_runtime.guard.failures.shapes import (
    Failure,
    awaits_opened_elsewhere,
    in_callback,
    in_coroutine,
    in_gather,
    in_group_handler,
    in_hook,
    in_process_start,
    in_task_group,
    under_builtin_timeout,
)


def _always(_: Failure) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Text:
    """One text: the names of the exception's types, one of which it must have, what its message looks like, the code,
    what to say, and what else must hold of the failure."""

    code: str
    kinds: tuple[str, ...]
    pattern: re.Pattern[str]
    says: str
    holds: Callable[[Failure], bool] = _always


def _text(code: str, kinds: str, pattern: str, says: str, holds: Callable[[Failure], bool] = _always) -> Text:
    return Text(code, tuple(kinds.split()), re.compile(pattern), says, holds)


_CLOSED = r"closed (file|database|socket|transport)|Connection is closed|is closed$"

TEXTS: tuple[Text, ...] = (
    _text("CON108", "RuntimeError", r"cannot be called from a running event loop|event loop is already running|"
          r"Cannot run the event loop while another",
          "an event loop was started where one is running, which is refused"),
    _text("CON208", "TypeError", r"Passing coroutines is forbidden",
          "`asyncio.wait` was given coroutines, which it refuses"),
    _text("CON209", "OSError", r"Too many open files", "the calls that were gathered opened more files than allowed",
          in_gather),
    _text("CON215", "RuntimeError", r"changed size during iteration|mutated during iteration",
          "what a coroutine iterates was changed while it waited", in_coroutine),
    _text("CON219", "RuntimeError ValueError", r"bound to a different event loop|attached to a different loop|"
          r"belongs to a different loop", "what belongs to one event loop was used on another"),
    _text("CON220", "RuntimeError", r"There is no current event loop|no running event loop",
          "the current event loop was asked for where there is none"),
    _text("CON220", "TypeError", r"unexpected keyword argument 'loop'",
          "an argument that Python has removed was given"),
    _text("CON220", "AttributeError", r"module 'asyncio' has no attribute",
          "a function of asyncio that Python has removed was called"),
    _text("CON239", "ValueError ProgrammingError", _CLOSED,
          "a task of a task group used a resource that was closed before the group had ended", in_task_group),
    _text("CON224", "ValueError ProgrammingError", _CLOSED,
          "a coroutine ran after the block that it was made in had closed what it uses", awaits_opened_elsewhere),
    _text("CON225", "RuntimeError", r"cannot reuse already awaited coroutine", "a coroutine was awaited a second time"),
    _text("CON226",
          "TypeError", r"'async_generator' object is not|does not support the (asynchronous )?context manager|"
          r"requires an object with __aiter__|requires an object with __anext__",
          "the plain form of a statement was used with what has the asynchronous form, or the reverse"),
    _text("CON226", "AttributeError", r"^__a?(enter|exit)__$",
          "the plain form of a statement was used with what has the asynchronous form, or the reverse"),
    _text("CON228", "InvalidStateError", r"is not set|isn't set|not ready",
          "the result of a task was read before it was done"),
    _text("CON233", "TimeoutError", r"",
          "this Python's own `TimeoutError` is another class, so that no handler caught it",
          under_builtin_timeout),
    _text("CON235", "RuntimeError", r"cancel scope in a different task|cancel scope that isn't the current|"
          r"generator didn't stop after athrow|Cannot (exit|enter) .* different task",
          "a generator was suspended inside a scope, which was then left by another task"),
    _text("CON602", "ValueError", r"'async def' should not be used for remote tasks",
          "a coroutine function was made a remote task, which is refused"),
    _text("CON612", "OufOfBandObjectRefSerializationException", r"",
          "a reference was serialised behind the engine's back"),
    _text("CON610", "ValueError", r"is too large \(", "a task or actor carries a large value with its code"),
    _text("CON617", "TypeError", r"cannot be called directly|cannot be instantiated directly",
          "what is remote was called as if it were not"),
    _text("CON617", "AttributeError", r"'(function|method)' object has no attribute 'remote'",
          "the plain function of a remote one was asked for `remote`"),
    _text("CON623", "ProgrammingError", r"created in a thread can only be used in that same thread",
          "what was made in one thread was used in another"),
    _text("CON624", "ValueError AssertionError", r"concurrency group",
          "a concurrency group was named that is not declared"),
    _text("CON625", "ValueError TypeError", r"Invalid type of object refs|Attempting to call `get` on|ray_waitables|"
          r"get\(\) takes 1 positional argument|'timeout' argument must be|wait\(\) (expected|takes)",
          "`get` or `wait` was given what it does not take"),
    _text("CON627", "ValueError TypeError", r"assignment destination is read-only|is read-only",
          "a value that was received was written to: it is read-only, or a copy"),
    _text("CON628", "TypeError AttributeError", r"'(ray\.)?ObjectRef'",
          "a reference inside a container was used as its value"),
    _text("CON630", "ValueError TypeError", r"Invalid option keyword|type of keyword|only accepts None",
          "an option was given that does not exist, or of the wrong type"),
    _text("CON631", "ActorClassInheritanceException", r"", "a class was derived from an actor class, which is refused"),
    _text("CON632", "ValueError", r"Failed to look up actor with name", "a named actor was gone when it was looked up"),
    _text("CON707", "TypeError", r"'await' expression|object can't be awaited", "a hook of an actor is no coroutine",
          in_hook),
    _text("CON708", "TypeError", r"object (async_)?generator can't be used in 'await'|__aiter__.*coroutine",
          "a method that yields was called as one that does not"),
    _text("CON710", "ValueError AttributeError", r"multiple methods in batch|address has to be provided",
          "a reference of an actor was misused"),
    _text("CON237", "TypeError", r"can't be used in 'await' expression|a coroutine was expected, got|"
          r"coroutine or an awaitable is required|object can't be awaited|A coroutine object is required",
          "what was awaited, or handed over to be, is no awaitable"),
    _text("CON240", "CancelledError", r"",
          "a callback asked a cancelled task for its exception or result, and was ended by it",
          in_callback),
    _text("CON413", "RuntimeError", r"should only be shared between processes through inheritance",
          "a queue or lock was sent to a process, which only inheriting can share"),
    _text("CON411", "TypeError", r"[Cc]annot pickle '_thread\.R?[Ll]ock'", "a lock of threads was sent to a process",
          in_process_start),
    _text("CON305", "PicklingError", r"", "a job that cannot be pickled was sent to a process"),
    _text("CON305", "AttributeError TypeError", r"[Cc]an(no|')t (pickle|get) local object|[Cc]annot pickle",
          "a job that cannot be pickled was sent to a process"),
    _text("CON314", "RuntimeError", r"cannot schedule new futures after",
          "a job was submitted to a pool that was shut down"),
    _text("CON314", "ValueError", r"^Pool not running", "a job was submitted to a pool that was shut down"),
    _text("CON401", "RuntimeError", r"attempt has been made to start a new process before",
          "a process was started while its module was imported"),
    _text("CON406", "AssertionError", r"daemonic processes are not allowed to have children",
          "a daemonic process started a process, which is refused"),
    _text("CON414", "RuntimeError", r"context has already been set", "the start method was set a second time"),
    _text("CON252", "TypeError", r"expected an async function, but|to return a coroutine, but the return value",
          "a plain function was started as a task"),
    _text("CON255", "TypeError", r"unexpected keyword argument 'task_status'",
          "a function was started that takes no `task_status`, by which it could say that it is ready"),
    _text("CON255", "RuntimeError", r"exited without calling task_status\.started",
          "a function was started and ended without saying that it is ready"),
    _text("CON259", "AttributeError", r"'(Base)?ExceptionGroup' object has no attribute",
          "what `except*` catches is a group, and was used as the one exception", in_group_handler),
    _text("CON512", "RuntimeError", r"[Tt]hread\.__init__\(\) not called|not initialized",
          "a subclass did not call the constructor of its base"),
    _text("CON512", "AttributeError AssertionError", r"no attribute '_(closed|popen|config|parent_pid|started)'",
          "a subclass did not call the constructor of its base"),
    _text("CON514", "ValueError", r"signal only works in main thread",
          "a signal handler was set outside the main thread"),
    _text("CON521", "RuntimeError AssertionError", r"threads can only be started once|cannot start a process twice",
          "a thread or process was started a second time"),
)  # fmt: skip


def meaning(failure: Failure) -> Text | None:
    """The first text that the failure answers to."""
    kinds = {kind.__name__ for kind in type(failure.error).__mro__}
    said = str(failure.error)
    for text in TEXTS:
        if kinds.intersection(text.kinds) and text.pattern.search(said) and text.holds(failure):
            return text
    return None
