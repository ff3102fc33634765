"""Blocking calls that are made on an event loop, however short: the tables' callables, replaced while the guard is on.

What the tables name is replaced where it can be (functions, and methods of classes that are not the interpreter's
own); audit
events tell of early-bound names and of what C calls itself. Both say that the call was *made on the loop*; how long the
loop stood is measured where the call is seen to end.
"""

from __future__ import annotations

import _thread
import functools
import sys
import time
from collections.abc import Callable, Mapping
from types import FrameType, FunctionType, ModuleType

from conclint_runtime.guard import report as reports
from conclint_runtime.guard import source
from conclint_runtime.guard.blocking.arrivals import Arrivals
from conclint_runtime.guard.blocking.audit import audited
from conclint_runtime.guard.blocking.hosts import host_codes
from conclint_runtime.guard.blocking.offload import is_offloaded_argument
from conclint_runtime.guard.blocking.readiness import must_wait
from conclint_runtime.guard.blocking.tables import Known
from conclint_runtime.guard.loops import loop_stack, running_loop
from conclint_runtime.guard.patching import Patches, heirs, patchable
from conclint_runtime.guard.places import Stack, outwards
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings

Callee = Callable[..., object]

_clock = time.perf_counter
_thread_id = _thread.get_ident
# The library's own doing, which the program cannot change: the loop's wait for events, imports, the text of tracebacks.
_EXEMPT = (
    "asyncio",
    "importlib",
    "_frozen_importlib",
    "_frozen_importlib_external",
    "linecache",
    "traceback",
    "tokenize",
    "logging",
    "warnings",
    "selectors",
    "subprocess",
    "uvloop",
)
# The guard's own reading of sources, and writing of reports.
_OWN = frozenset((source.__file__, reports.__file__))
# What is short where nothing has to be waited for, so that making the call is no witness yet.
_PATIENT = ("wait", "lock")


class Calls:
    """The observer of blocking calls that are made on a loop."""

    name = "calls"

    def __init__(self) -> None:
        self._patches = Patches()
        self._exempt: dict[str, bool] = {}
        self._seen: set[tuple[int, str]] = set()
        self._arrivals: Arrivals | None = None
        self._stop_audit: Callable[[], None] | None = None

    def install(self, report: Report, settings: Settings, /) -> None:
        """Replace what is imported, wait for what will be."""
        self._report, self._settings, self._shared = report, settings, settings.shared
        self._tables = settings.shared.tables
        for module in tuple(sys.modules.values()):
            known = isinstance(module, ModuleType) and module.__name__ != "uvloop"
            if known and self._tables.serves(module.__name__):
                self._arrived(module)
        self._arrivals = Arrivals(self._serves, self._arrived)
        sys.meta_path.insert(0, self._arrivals)
        self._stop_audit = audited(self._audit)

    def uninstall(self) -> None:
        """Put everything back."""
        if self._arrivals is not None and self._arrivals in sys.meta_path:
            sys.meta_path.remove(self._arrivals)
        if self._stop_audit is not None:
            self._stop_audit()
        self._patches.undo()

    def at_end(self, report: Report, /) -> None:
        """Report the calls that are not over yet: the program may hang in one."""
        for known, stack, since in tuple(self._shared.calls.values()):
            seconds = _clock() - since
            if seconds >= self._settings.threshold:
                self._say(report, known, stack, seconds, "it had not ended when the guard did")

    def _serves(self, module: str) -> bool:
        return module == "uvloop" or self._tables.serves(module)

    def _arrived(self, module: ModuleType) -> None:
        if module.__name__ == "uvloop":
            self._shared.uvloop_arrived()
        for path, known in self._tables.of_module(module.__name__):
            self._replace(module, path, known)

    def _replace(self, module: ModuleType, path: str, known: Known) -> None:
        *owners, name = path.split(".")
        owner: object = module
        for each in owners:
            owner = vars(owner).get(each)
            if not isinstance(owner, type):
                return
        key = (id(owner), name)
        if key in self._seen or not patchable(owner):
            return
        for heir in heirs(owner, name):
            self._put(heir, name, known, vars(heir)[name])
        method = isinstance(owner, type)
        raw = vars(owner).get(name)
        inherited = method and raw is None
        if inherited and known.name != f"{self._tables.knowledge.canonical(module.__name__)}.{path}":
            return
        original: object = getattr(owner, name, None) if inherited else raw
        if not callable(original) or isinstance(original, type | classmethod | staticmethod):
            return
        replacement = self._put(owner, name, known, original)
        if module.__name__ == "builtins" and name == "open":
            import io

            self._patches.put(io, name, replacement)

    def _put(self, owner: object, name: str, known: Known, original: Callee) -> Callee:
        self._seen.add((id(owner), name))
        replacement = self._watched(original, known, method=isinstance(owner, type))
        self._patches.put(owner, name, replacement)
        return replacement

    def _watched(self, original: Callee, known: Known, *, method: bool) -> Callee:
        exempt = self._is_exempt

        def call(*arguments: object, **keywords: object) -> object:
            if running_loop() is None or exempt(sys._getframe(1)):
                return original(*arguments, **keywords)
            return self._on_loop(original, known, method, arguments, keywords)

        functools.update_wrapper(call, original)
        # A function becomes a method where it is an attribute of a class; what the interpreter has built in does not.
        return call if method or isinstance(original, FunctionType) else _Unbound(call, original)

    def _on_loop(
        self,
        original: Callee,
        known: Known,
        method: bool,
        arguments: tuple[object, ...],
        keywords: Mapping[str, object],
    ) -> object:
        thread = _thread_id()
        if self._is_own(thread) or sys._getframe(2).f_code.co_filename in _OWN:
            return original(*arguments, **keywords)
        stack = self._stack(sys._getframe(2), known)
        if not stack or not known.blocks(arguments[1:] if method else arguments, keywords):
            return original(*arguments, **keywords)
        waits = must_wait(known.name, arguments, keywords)
        if waits is False:
            return original(*arguments, **keywords)
        hosts = host_codes(self._settings.scope, sys._getframe(2))
        started = _clock()
        self._shared.calls[thread] = (known, stack, started)
        try:
            return original(*arguments, **keywords)
        finally:
            self._shared.calls.pop(thread, None)
            seconds = _clock() - started
            self._shared.accounted[thread] = self._shared.accounted.get(thread, 0.0) + seconds
            if known.kind not in _PATIENT or waits or seconds >= self._settings.threshold:
                self._say(self._report, known, stack, seconds, hosts=hosts)

    def _is_exempt(self, frame: FrameType) -> bool:
        """Whether the library makes the call of its own accord."""
        file = frame.f_code.co_filename
        known = self._exempt.get(file)
        if known is None:
            known = self._exempt[file] = is_own_accord(frame)
        return known

    def _is_own(self, thread: int) -> bool:
        """Whether what the thread calls is part of a call that is reported already, or of the guard's own doing."""
        shared = self._shared
        return thread in shared.calls or thread in shared.looking or thread in self._settings.scope.classifying

    def _stack(self, frame: FrameType | None, known: Known) -> Stack:
        """The program's frames that made the call on the loop; () where it is the library's own doing."""
        with self._shared.own_work():
            return self._frames(frame, known)

    def _frames(self, frame: FrameType | None, known: Known) -> Stack:
        caller = self._settings.scope.caller(frame)
        if caller is None:
            return ()
        for each in outwards(caller):
            if self._settings.scope.is_user(each):
                break
            if self._is_exempt(each):
                return ()
        if known.kind in _PATIENT and self._settings.scope.owner(caller.f_code.co_filename) in ("library", "runtime"):
            # How a thread is started, or a pool woken, is no wait of the program's.
            return ()
        return loop_stack(self._settings.scope, frame)

    def _say(
        self,
        report: Report,
        known: Known,
        stack: Stack,
        seconds: float,
        detail: str = "",
        hosts: tuple[str, ...] = (),
    ) -> None:
        if known.code is not None:
            with self._shared.own_work():
                self._report_call(report, known, known.code, stack, seconds, detail)
                for code in hosts:
                    on_loop = f"`{known.name}` was called in a method that runs on the actor's loop, and stops that"
                    report.say(code, on_loop, stack, seconds=seconds)

    def _report_call(self, report: Report, known: Known, code: str, stack: Stack, seconds: float, detail: str) -> None:
        message = f"`{known.name}` was called on the event loop: every task of the loop stands still until it returns"
        report.say(code, message, stack, seconds=seconds, detail=detail)
        if is_offloaded_argument(stack, known.name):
            moved = f"`{known.name}` is an argument of the call that hands work over: it runs before that, on the loop"
            report.say("CON242", moved, stack, seconds=seconds)

    def _audit(self, known: Known, arguments: tuple[object, ...]) -> None:
        """A blocking call that an audit event tells of, and no replaced callable."""
        thread = _thread_id()
        if running_loop() is None or self._is_own(thread):
            return
        known = self._tables.named(known.name) or known
        # A method's event gives the receiver first.
        given = arguments[1:] if known.name.startswith("socket.socket.") else arguments
        if not known.blocks(given, {}) or must_wait(known.name, arguments, {}) is False:
            return
        stack = self._stack(sys._getframe(2), known)
        if stack:
            self._say(self._report, known, stack, 0.0)


def is_own_accord(frame: FrameType) -> bool:
    """Whether the frame is of a part of the library that does what the program has not asked for."""
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] in _EXEMPT


class _Unbound:
    """A replaced built-in function, which binds to no instance and is pickled by its name, as that is."""

    def __init__(self, call: Callee, original: Callee) -> None:
        self._call = call
        functools.update_wrapper(self, original)

    def __call__(self, *arguments: object, **keywords: object) -> object:
        return self._call(*arguments, **keywords)

    def __reduce__(self) -> str:
        return str(vars(self)["__qualname__"])
