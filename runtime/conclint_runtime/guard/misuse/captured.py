"""What a job or a coroutine reads is not what it was when it was handed over."""

from __future__ import annotations

import asyncio
import concurrent.futures
import multiprocessing
import multiprocessing.process
import multiprocessing.sharedctypes
import threading
from collections.abc import Callable
from types import CellType, FunctionType
from typing import TypeVar, cast

from conclint_runtime.guard.places import Stack, here
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone

T = TypeVar("T")
_Named = dict[str, object]


class Captured:
    """The observer of variables that jobs capture, thread-locals that coroutines read, and shared values."""

    name = "captured"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._read: dict[int, tuple[int, int, bool]] = {}

    def install(self, report: Report, settings: Settings, /) -> None:
        """Look at jobs when they are submitted and when they begin."""
        sight = self._sight = Sight(report, settings)
        sight.wrap(concurrent.futures.ThreadPoolExecutor, "submit", self._submitted)
        sight.wrap(threading.Thread, "__init__", self._made)
        sight.patches.put(threading, "local", _tracked_local(sight))
        for kind in ("Synchronized",):
            owner: object = getattr(multiprocessing.sharedctypes, kind, None)
            value: object = vars(owner).get("value") if owner is not None else None
            if isinstance(value, property) and owner is not None:
                sight.patches.put(owner, "value", self._watched(sight, value))

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: each was reported when it was seen."""

    def _submitted(self, original: Function) -> Function:
        def submit(pool: object, fn: Callable[..., object], /, *arguments: object, **keywords: object) -> object:
            return original(pool, self._late(fn), *arguments, **keywords)

        return submit

    def _made(self, original: Function) -> Function:
        def init(
            thread: object, group: None = None, target: object = None, *rest: object, **keywords: object
        ) -> object:
            return original(thread, group, self._late(target), *rest, **keywords)

        return init

    def _late(self, function: T) -> T:
        """The function itself, or one that first compares what it captures with what that is now."""
        sight = self._sight
        if sight is None or not isinstance(function, FunctionType):
            return function
        captured = _captured(function)
        return cast("T", _Late(function, captured, sight, sight.stack())) if captured else function

    def _watched(self, sight: Sight, value: property) -> property:
        def read(shared: object) -> object:
            frame = sight.called_by_program()
            if frame is not None:
                self._read[threading.get_ident()] = (id(shared), frame.f_lineno, _is_locked(shared))
            return value.fget(shared) if value.fget is not None else None

        def write(shared: object, new: object) -> None:
            frame = sight.called_by_program()
            last = self._read.pop(threading.get_ident(), None)
            if frame is not None and last == (id(shared), frame.f_lineno, False) and _has_processes():
                said = "a shared value is read and written back without its lock: what another writes between is lost"
                sight.say("CON409", said, sight.stack(), certainty="likely")
            if value.fset is not None:
                value.fset(shared, new)

        return property(read, write)


class _Late:
    """A job that looks, when it begins, whether the variables that it captured are still what they were."""

    def __init__(self, function: FunctionType, captured: _Named, sight: Sight, stack: Stack) -> None:
        self._function, self._captured, self._sight, self._stack = function, captured, sight, stack
        self.__wrapped__ = function
        self.__name__ = function.__name__

    def __call__(self, *arguments: object, **keywords: object) -> object:
        now = _captured(self._function)
        changed = [name for name, value in self._captured.items() if now.get(name, value) is not value]
        if changed:
            said = f"the job reads `{changed[0]}` when it runs, and it is no longer what it was when it was submitted"
            self._sight.say("CON315", said, self._stack)
        return self._function(*arguments, **keywords)


def _captured(function: FunctionType) -> _Named:
    """The variables that a nested function or a lambda takes from around it, with their values."""
    cells: tuple[CellType, ...] = function.__closure__ or ()
    found: _Named = {}
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not bound yet
            pass
    if function.__name__ == "<lambda>":
        names = function.__code__.co_names
        found.update((name, function.__globals__[name]) for name in names if name in function.__globals__)
    return {name: value for name, value in found.items() if type(value) in (int, str, float, tuple, bytes)}


def _is_locked(shared: object) -> bool:
    lock: object = getattr(shared, "_lock", None)
    own: object = getattr(getattr(lock, "_semlock", None), "_is_mine", None)
    return bool(own()) if callable(own) else False


def _has_processes() -> bool:
    return multiprocessing.process.parent_process() is not None or bool(multiprocessing.active_children())


def _tracked_local(sight: Sight) -> type:
    """A `threading.local` that knows which task wrote an attribute last."""

    class local(threading.local):  # noqa: N801  # the library's name
        """As the library's, watched by the guard."""

        def __setattr__(self, name: str, value: object) -> None:
            super().__setattr__(name, value)
            task = _task()
            if task is not None:
                writers: dict[str, tuple[int, set[int]]] = self.__dict__.setdefault("_conclint_guard_writers", {})
                _, all_of_them = writers.get(name, (0, set()))
                all_of_them.add(id(task))
                writers[name] = (id(task), all_of_them)

        def __getattribute__(self, name: str) -> object:
            value: object = super().__getattribute__(name)
            if name.startswith("__") or (task := _task()) is None:
                return value
            writers = super().__getattribute__("__dict__").get("_conclint_guard_writers", {})
            last, all_of_them = writers.get(name, (id(task), set()))
            if last != id(task) and id(task) in all_of_them:
                said = f"a coroutine reads `{name}` of a thread-local, and gets what another task has written"
                sight.say("CON229", said, sight.scope.stack(here()))
            return value

    return local


def _task() -> asyncio.Task[object] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
