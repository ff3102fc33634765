"""Threads, locks, sleeps and blocking calls of the standard library, made to follow a schedule."""

from __future__ import annotations

import os
import queue
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TypeVar, cast

from conclint_runtime.guard.explore.in_force import current
from conclint_runtime.guard.explore.own_code import own_modules
from conclint_runtime.guard.explore.schedule import Schedule, ScheduleEnded
from conclint_runtime.guard.explore.scheduled_lock import ScheduledLock
from conclint_runtime.guard.explore.tracing import Tracer
from conclint_runtime.guard.explore.turns import Wait
from conclint_runtime.guard.patching import Patches

# Bound by name before anything is replaced.
from _thread import LockType, RLock  # isort: skip
from time import sleep as _real_sleep  # isort: skip

_Call = TypeVar("_Call", bound=Callable[..., object])
_real_start = threading.Thread.start
_real_join = threading.Thread.join
_plain_lock = threading.Lock

#: Calls that block in C on something that is no lock of Python's; others may run meanwhile.
_BLOCKS_OUTSIDE: tuple[tuple[object, tuple[str, ...]], ...] = (
    (socket.socket, ("accept", "connect", "recv", "recv_into", "recvfrom", "send", "sendall", "sendto")),
    (subprocess.Popen, ("wait", "communicate")),
    (os, ("waitpid", "read", "system")),
)


def follow(schedule: Schedule, tracer: Tracer, patches: Patches) -> None:
    """Replace what threads are made of, so that they follow `schedule` until the patches are undone."""
    patches.put(threading, "Lock", ScheduledLock)
    patches.put(threading, "_allocate_lock", ScheduledLock)
    patches.put(threading, "_CRLock", None)
    patches.put(threading.Thread, "start", lambda thread: _start(thread, tracer))
    patches.put(threading.Thread, "join", _join)
    patches.put(queue, "SimpleQueue", vars(queue)["_PySimpleQueue"])
    _replace_time(schedule, patches)
    for owner, names in _BLOCKS_OUTSIDE:
        for name in names:
            patches.put(owner, name, _outside(getattr(owner, name)))
    for selector in _selectors():
        patches.put(selector, "select", _outside(selector.select))
    for module in own_modules():
        for name, value in list(vars(module).items()):
            instead = _exchange(value)
            if instead is not None:
                patches.put(module, name, instead)


def _replace_time(schedule: Schedule, patches: Patches) -> None:
    clock = schedule.clock
    patches.put(time, "sleep", _sleep)
    for name in ("monotonic", "perf_counter"):
        patches.put(time, name, clock.monotonic)
    patches.put(time, "time", clock.time)
    patches.put(threading, "_time", clock.monotonic)
    patches.put(queue, "time", clock.monotonic)


def _selectors() -> Iterator[type[selectors.BaseSelector]]:
    for name, value in vars(selectors).items():
        # The default selector is one of the others under a second name.
        if isinstance(value, type) and issubclass(value, selectors.BaseSelector) and value.__name__ == name:
            if "select" in vars(value):
                yield value


def _exchange(value: object) -> object | None:
    """For names that the program bound before the exploration: its own locks, and what makes them."""
    if value is _plain_lock:
        return ScheduledLock
    if value is _real_sleep:
        return _sleep
    if isinstance(value, LockType):
        return ScheduledLock(value)
    if isinstance(value, RLock):
        return threading.RLock()
    return None


def _start(thread: threading.Thread, tracer: Tracer) -> None:
    schedule = current()
    if schedule is None or not hasattr(thread, "_started") or thread.ident is not None:
        _real_start(thread)
        return
    slot = schedule.enlist(thread)
    ordinary_run = thread.run

    def run_in_turn() -> None:
        del thread.run
        schedule.enter(slot)
        try:
            with tracer.traced():
                ordinary_run()
        except ScheduleEnded:
            pass
        except SystemExit:
            pass
        except BaseException:
            threading.excepthook(_arguments_of_hook(thread))
        finally:
            schedule.leave()

    thread.run = run_in_turn  # type: ignore[method-assign]  # taken back before the thread's own code runs
    try:
        # Starting waits for the new thread in real time; were that wait a part of the schedule, how long the
        # system takes would decide what the seed decides.
        with schedule.uncontrolled():
            _real_start(thread)
    except BaseException:
        schedule.dismiss(slot)
        raise


def _arguments_of_hook(thread: threading.Thread) -> threading.ExceptHookArgs:
    kind, error, traceback = sys.exc_info()
    return threading.ExceptHookArgs((kind or BaseException, error, traceback, thread))


def _join(thread: threading.Thread, timeout: float | None = None) -> None:
    schedule = current()
    slot = next((one for one in schedule.slots() if one.thread is thread), None) if schedule is not None else None
    if schedule is None or thread is threading.current_thread() or thread.ident is None:
        _real_join(thread, timeout)
    elif slot is None:
        with schedule.outside():
            _real_join(thread, timeout)
    elif schedule.wait(Wait(f"the end of {thread.name}", slot.is_done), None if timeout is None else max(timeout, 0)):
        with schedule.uncontrolled():
            _real_join(thread)


def _sleep(seconds: float) -> None:
    schedule = current()
    if schedule is None:
        _real_sleep(seconds)
    elif seconds < 0:
        raise ValueError("sleep length must be non-negative")
    else:
        schedule.sleep(seconds)


def _outside(function: _Call) -> _Call:
    @wraps(function)
    def call(*args: object, **kwargs: object) -> object:
        schedule = current()
        if schedule is None or schedule.alone:
            return function(*args, **kwargs)
        with schedule.outside():
            return function(*args, **kwargs)

    return cast("_Call", call)


@contextmanager
def controlled(schedule: Schedule, tracer: Tracer, patches: Patches) -> Iterator[None]:
    """Run the current thread, and every thread started from it, under `schedule` for the length of a block.

    The patches are left for the caller to undo.
    """
    slot = schedule.enlist(threading.current_thread())
    follow(schedule, tracer, patches)
    schedule.enter(slot)
    try:
        with tracer.traced():
            yield
    finally:
        schedule.leave()
