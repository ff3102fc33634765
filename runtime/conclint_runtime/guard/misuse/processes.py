"""Processes that are started where they must not be, and what they change for themselves alone."""

from __future__ import annotations

import ast
import concurrent.futures
import json
import multiprocessing.managers
import multiprocessing.process
import multiprocessing.sharedctypes
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, ModuleType

from conclint_runtime.guard.loops import running_loop
from conclint_runtime.guard.places import Place, here, outwards
from conclint_runtime.guard.report import Report, Witness, evidence
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone
from conclint_runtime.guard.source import tree

_KEPT = 500
_OWNER = "_conclint_guard_process"


class Processes:
    """The observer of processes, where they are forked, and of what a forked one tells when it ends."""

    name = "processes"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._folder: str | None = None
        self._managed: list[tuple[object, str, int, Place, tuple[Place, ...]]] = []

    def install(self, report: Report, settings: Settings, /) -> None:
        """Look at starts, forks, and managed values."""
        sight = self._sight = Sight(report, settings)
        sight.wrap(multiprocessing.process.BaseProcess, "start", self._starting)
        sight.wrap(multiprocessing.process.BaseProcess, "_bootstrap", self._in_child)
        sight.wrap(os, "fork", self._forking)
        sight.wrap(concurrent.futures.ProcessPoolExecutor, "submit", self._submitting)
        sight.wrap(multiprocessing.managers.BaseProxy, "_callmethod", self._managing)

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def at_end(self, report: Report, /) -> None:
        """Add what the children have seen, and what was changed of managed values behind their manager's back."""
        for witness in _collected(self._folder):
            report.add(witness)
        for value, before, _, _, stack in self._managed:
            if repr(value) != before and self._sight is not None:
                said = "what a managed container gave was changed: it is a copy, and the container keeps the old value"
                self._sight.say("CON412", said, stack)

    def _starting(self, original: Function) -> Function:
        def start(process: multiprocessing.process.BaseProcess) -> object:
            sight = self._sight
            if sight is not None:
                if self._folder is None and multiprocessing.process.parent_process() is None:
                    self._folder = tempfile.mkdtemp(prefix="guard-")
                with sight.shared.own_work():
                    _look_at_import(sight, here(), getattr(process, "_start_method", None))
            return original(process)

        return start

    def _forking(self, original: Function) -> Function:
        def fork() -> object:
            sight = self._sight
            if sight is not None:
                me = threading.current_thread()
                others = [each.name for each in threading.enumerate() if each is not me]
                stack = sight.stack()
                if others:
                    said = "the process was forked while other threads ran: what they held stays held in the child"
                    sight.say("CON407", said, stack, detail=f"threads: {', '.join(others[:5])}")
                elif running_loop() is not None:
                    said = "the process was forked while an event loop ran, whose descriptors the child shares"
                    sight.say("CON407", said, stack)
            return original()

        return fork

    def _submitting(self, original: Function) -> Function:
        def submit(pool: object, *arguments: object, **keywords: object) -> object:
            owner = vars(pool).setdefault(_OWNER, os.getpid())
            if owner != os.getpid() and self._sight is not None:
                said = "a process pool is used in its own worker, which has inherited it without what makes it work"
                self._sight.say("CON304", said, self._sight.stack())
                # Told at once: what comes now never ends.
                self._tell(self._sight.report)
            return original(pool, *arguments, **keywords)

        return submit

    def _in_child(self, original: Function) -> Function:
        def bootstrap(process: object, *arguments: object, **keywords: object) -> object:
            sight = self._sight
            if sight is None:
                return original(process, *arguments, **keywords)
            sight.report.take()
            before = _globals(sight)
            try:
                return original(process, *arguments, **keywords)
            finally:
                _compare(sight, before)
                self._tell(sight.report)

        return bootstrap

    def _tell(self, report: Report) -> None:
        """Leave what this child has seen for its parent."""
        if self._folder is not None and report.witnesses:
            try:
                path = Path(self._folder) / f"{os.getpid()}.json"
                path.write_text(evidence(report.witnesses), encoding="utf-8")
            except OSError:  # the parent has ended before
                pass

    def _managing(self, original: Function) -> Function:
        def callmethod(proxy: object, name: str, *rest: object, **keywords: object) -> object:
            values = rest[0] if rest and isinstance(rest[0], tuple) else ()
            kept = [each for each in self._managed if any(each[0] is value for value in values)]
            for each in kept:  # put back: the container has the new value
                self._managed.remove(each)
            given = original(proxy, name, *rest, **keywords)
            if isinstance(given, list | dict | set) and self._sight is not None and len(self._managed) < _KEPT:
                stack = self._sight.stack()
                if stack and name in ("__getitem__", "get", "pop", "setdefault"):
                    self._managed.append((given, repr(given), id(proxy), stack[0], stack))
            return given

        return callmethod


def _look_at_import(sight: Sight, frame: FrameType, method: str | None) -> None:
    """Report a process that is started while its module is imported, or would be in a child that imports it."""
    for each in outwards(frame):
        module = str(each.f_globals.get("__name__", ""))
        if each.f_code.co_name == "<module>" and sight.scope.is_user(each):
            place = Place(each.f_code.co_filename, each.f_lineno, "<module>")
            if not _is_guarded(place):
                said = "a process is started while its module runs: a child that imports the module would start one too"
                fork = (method or multiprocessing.get_start_method(allow_none=True) or _default_method()) == "fork"
                detail = f"module {module}" + (", harmless with `fork`" if fork else "")
                sight.say("CON401", said, sight.stack(), certainty="likely" if fork else "certain", detail=detail)
            return


def _default_method() -> str:
    return multiprocessing.get_all_start_methods()[0]


def _is_guarded(place: Place) -> bool:
    """Whether the top-level statement of the line asks for `__name__`, or what only a script is run for."""
    root = tree(place.file)
    for statement in root.body if root is not None else ():
        if statement.lineno <= place.line <= (statement.end_lineno or statement.lineno):
            return isinstance(statement, ast.If) and "__name__" in ast.dump(statement.test)
    return True


def _collected(folder: str | None) -> Iterator[Witness]:
    for path in sorted(Path(folder).glob("*.json")) if folder is not None else ():
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))["witnesses"]
        except (OSError, ValueError):  # the child was killed while it wrote
            continue
        for each in entries:
            stack = tuple(Place(at["file"], at["line"], at["function"]) for at in each["stack"])
            place = stack[0] if stack else None
            yield Witness(each["code"], each["name"], each["message"], place, stack, each["certainty"],
                          each["count"], each["seconds"], each["detail"])  # fmt: skip


_Globals = dict[tuple[str, str], tuple[int, str]]


def _user_modules(sight: Sight) -> Iterator[ModuleType]:
    for module in tuple(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if (
            isinstance(file, str)
            and isinstance(module, ModuleType)
            and sight.scope.owner(os.path.abspath(file)) == "user"
        ):
            yield module


def _globals(sight: Sight) -> _Globals:
    """The identity of each global of the program's modules, and what its plain containers look like."""
    found: _Globals = {}
    for module in _user_modules(sight):
        for name, value in vars(module).items():
            if not name.startswith("__") and not isinstance(value, ModuleType | type):
                plain = type(value) in (list, dict, set)
                found[module.__name__, name] = (id(value), repr(value)[:10_000] if plain else "")
    return found


def _compare(sight: Sight, before: _Globals) -> None:
    """Report the globals that this child has changed: the parent keeps its own."""
    now = _globals(sight)
    for (module, name), value in now.items():
        if before.get((module, name)) not in (None, value):
            file = getattr(sys.modules.get(module), "__file__", None)
            stack = tuple(_writes(file, name)) if isinstance(file, str) else ()
            said = f"a child process changed the global `{name}`: the parent keeps its own"
            sight.say("CON408", said, stack, certainty="likely")


def _writes(file: str, name: str) -> Iterator[Place]:
    """The lines of functions that bind a global or change what it holds."""
    root = tree(file)
    for function in ast.walk(root) if root is not None else ():
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        declared = any(isinstance(each, ast.Global) and name in each.names for each in ast.walk(function))
        for each in ast.walk(function):
            held = each.value if isinstance(each, ast.Attribute | ast.Subscript) else None
            bound = declared and isinstance(each, ast.Name) and each.id == name and isinstance(each.ctx, ast.Store)
            if isinstance(each, ast.expr) and (bound or (isinstance(held, ast.Name) and held.id == name)):
                yield Place(os.path.abspath(file), each.lineno, function.name)
