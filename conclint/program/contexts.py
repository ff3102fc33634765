"""Where functions run: on an event loop, in a worker, in a remote task, at import; and in which phase of life.

Contexts come from `async def`, from what functions are handed to, from decorators and from the classes they belong to.
The phase says whether stopping the loop there harms anybody: while a program starts or ends, in tests, in a script that
does one thing, a true claim is mostly harmless.
"""

from __future__ import annotations

import enum
import os
import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from conclint.facts import Call, Use
from conclint.program.actors import Actors
from conclint.program.handoffs import Handoff, Handoffs
from conclint.program.loops import Loops
from conclint.program.model import ClassNode, Func, Module
from conclint.program.reads import Remembered
from conclint.program.table import Key, Table
from conclint.program.values import Function

if TYPE_CHECKING:
    from conclint.program.program import Program

__all__ = ["Contexts", "Handoff", "Phase"]


class Phase(enum.Enum):
    """When in the life of its program a function runs."""

    SERVING = "serving"
    START = "start-up"
    STOP = "shut-down"
    SCRIPT = "a command-line script"
    COMMAND = "a command of a command-line tool"
    TEST = "tests"
    BENCHMARK = "benchmarks and examples"
    PRIVATE = "a loop of its own in a thread"


# Whole names, not beginnings: `start_container` and `terminate_replica` are what a service does for each request.
_START = re.compile(
    r"^_*(a|async_)?(__init__|__aenter__|__enter__|__post_init__|__new__|__post_create__|setup|set_up|start|start_up|startup"
    r"|on_start|on_startup|on_load|init|initiali[sz]e|initiali[sz]e_\w+|bootstrap|lifespan|\w+_lifespan|configure|create_app|build_app|make_app"
    r"|init_\w+|setup_\w+|\w+_startup|startup_\w+|before_serving|before_startup|install|warm_?up|launch|connect|run_server"
    r"|start_server|serve_start|prepare)(_async|_sync)?_*$"
)
_STOP = re.compile(
    r"^_*(a|async_)?(__aexit__|__exit__|__del__|__pre_destroy__|stop|close|aclose|shut_?down|shutdown_\w+|teardown|tear_down"
    r"|clean_?up|on_stop|on_shutdown|terminate|dispose|disconnect|destroy|kill|finali[sz]e|\w+_shutdown|unload|unload_\w+|exit"
    r"|on_exit|finish|stop_all|close_all)(_async|_sync)?_*$"
)
_TEST_PATH = re.compile(
    r"(^|/)(tests?|testing|_?testing_?utils?|test_\w+|\w+_tests?)(/|$)|(^|/)(test_[^/]*|[^/]*_test|conftest|tests?)\.py$"
)
_BENCH_PATH = re.compile(
    r"(^|/)(\w*bench\w*|examples?(_\w+)?|docs?|demos?|samples?|tutorials?|scripts?|perf\w*|release)(/|\.py$)"
)
_COMMAND_PATH = re.compile(r"(^|/)(cli|_cli|__main__)(/|\.py$)")
_SCRIPTS = frozenset(("main", "amain", "async_main", "main_async", "_main", "cli", "_amain", "run_main"))


_DEPTH = 3
# The key of calls of which nobody knows what they run.
_UNRESOLVED = -1
_LOUDNESS = (
    Phase.SERVING, Phase.START, Phase.STOP, Phase.PRIVATE, Phase.SCRIPT, Phase.COMMAND, Phase.BENCHMARK, Phase.TEST,
)  # fmt: skip


class Contexts:
    """Answers questions about where functions run; remembers the answers."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._phases: Remembered[Func, Phase] = Remembered(program.reads)
        self.handoffs = Handoffs(program)
        self._awaits = Table(program, "awaits", by_name=self._awaiting)
        self.actors = Actors(program)
        self.loops = Loops(program)

    # The event loop -----------------------------------------------------------------------------------------------

    def on_loop(self, func: Func) -> bool:
        """Whether the body of a function runs on an event loop that others share."""
        return bool(self.why_on_loop(func))

    def why_on_loop(self, func: Func) -> str:
        """What puts a function on an event loop, as a reader would say it; "" where nothing is known to."""
        if func.is_async:
            cls = func.cls
            if cls is not None and self.async_actor(cls) is not None:
                return f"`{func.qualname}` is a method of an async actor"
            return f"`{func.qualname}` is a coroutine function"
        if self.declared(func) == "loop":
            return f"`{func.qualname}` is declared to run on the loop by the configuration"
        cls = self.actors.on_loop_of(func) if func.is_method else None
        if cls is not None:
            return f"`{cls.name}` is an async actor: its plain methods run on its event loop too"
        for handoff in self.handoffs.get(func):
            if handoff.runs == "loop":
                return f"`{func.qualname}` is a callback of the event loop (`{handoff.taker.rpartition('.')[2]}`)"
        return ""

    def declared(self, func: Func) -> str:
        """Where a decorator runs a function by the configuration: loop, thread or process; "" where none does."""
        contexts = self.program.options.contexts
        owner = func.owner
        if not contexts or owner is None:
            return ""
        for name in func.decorator_names:
            for value in self.program.evaluator.chain(name, owner, -1):
                dotted = value.func.dotted if isinstance(value, Function) else getattr(value, "dotted", "")
                if dotted in contexts:
                    return contexts[dotted]
        return ""

    def is_actor(self, cls: ClassNode) -> bool:
        """Whether instances of a class are Ray actors: it is made remote."""
        return self.actors.is_actor(cls)

    def async_actor(self, cls: ClassNode) -> Func | None:
        """The coroutine member that makes a Ray actor class async, or None where it is not one."""
        members = self.actors.async_members(cls) if self.is_actor(cls) else ()
        return members[0] if members else None

    def runs_once(self, func: Func) -> bool:
        """Whether a function remembers its result: `lru_cache` and its like."""
        for name in func.decorator_names:
            row = self.program.knowledge.row(name)
            if row is not None and row.decorates == "once":
                return True
            if name.rpartition(".")[2] in ("cached_property", "lru_cache", "cache", "memoize", "run_once", "singleton"):
                return True
        return False

    # Phases ---------------------------------------------------------------------------------------------------------

    def phase(self, func: Func) -> Phase:
        """When in the life of its program a coroutine runs, by its own name, its file, and those who await it."""
        return self._phases.get(func, lambda: self._phase(func, _DEPTH), Phase.SERVING)

    @cached_property
    def _base(self) -> str:
        """The folder that all files of the run share: what is called `examples` or `tests` above it says nothing."""
        folders = [os.path.dirname(module.path) or "." for module in self.program.modules]
        relative = {os.path.isabs(folder) for folder in folders}
        return os.path.commonpath(folders) if len(relative) == 1 else ""

    def _below(self, path: str) -> str:
        return os.path.relpath(path, self._base).replace(os.sep, "/") if self._base not in ("", ".") else path

    def phase_by(self, func: Func, entrances: tuple[Func, ...]) -> Phase:
        """The phase of a coroutine when only these of its callers are meant; all of them where none is named."""
        own = self.phase(func)
        if own is not Phase.SERVING or not entrances:
            return own
        return min((self.phase(user) for user in entrances), key=_LOUDNESS.index)

    def _phase(self, func: Func, depth: int) -> Phase:
        path = self._below(func.module.path)
        # What somebody asks about alone, `conclint example.py`, is meant, whatever it is called.
        if len(self.program.modules) > 1:
            if _TEST_PATH.search(path):
                return Phase.TEST
            if _BENCH_PATH.search(path):
                return Phase.BENCHMARK
        if func.name.startswith("test_"):
            return Phase.TEST
        if _COMMAND_PATH.search(path):
            return Phase.COMMAND
        named = _named_phase(func)
        if named is not None:
            return named
        if depth == _DEPTH and func.is_async and self.loops.is_private(func):
            return Phase.PRIVATE
        if depth:
            users = self.awaiters(func)
            if users:
                # Of several quiet phases the loudest counts; one caller that serves is enough to make it serve.
                return min((self._phase(user, depth - 1) for user in users), key=_LOUDNESS.index)
        return Phase.SERVING

    def awaiters(self, func: Func) -> tuple[Func, ...]:
        """The functions that call a coroutine function, as far as can be told; empty where a call may be missed."""
        return tuple(dict.fromkeys(user for user, _ in self.awaiting(func) if user.name != "<module>"))

    def awaiting(self, func: Func) -> tuple[tuple[Func, int], ...]:
        """The calls of a coroutine function, as far as can be told; empty where one may be missed."""
        found: list[tuple[Func, int]] = []
        cls = func.cls
        if cls is not None and self.program.heirs.is_overridden(cls, func.name):
            return ()
        if self._awaits.rows(_UNRESOLVED, func.name):
            # Somebody calls something of that name that cannot be resolved: it may be this one.
            return ()
        for user, index, use in self.calls_by_own_name(func):
            if use not in (Use.AWAITED, Use.RETURNED, Use.ARGUMENT):
                return ()
            found.append((user, index))
        return tuple(found)

    def calls_by_own_name(self, func: Func) -> Iterator[tuple[Func, int, int]]:
        """The calls, written with the name of a function, that may run it, and how their results are used."""
        for number, user, index, use in self._awaits.rows(func.ref, func.name):
            yield self.program.function(number, user), int(index), int(use)

    def _awaiting(self, module: Module, name: str) -> Iterator[tuple[Key, tuple[int, ...]]]:
        for user in module.users.get(name, ()):
            hits = user.calls_by_name.get(name, ())
            if not hits:
                yield _UNRESOLVED, ()
            for index in hits:
                targets = self.program.calls.targets(user, index)
                if not targets and not self.program.calls.library(user, index):
                    yield _UNRESOLVED, ()
                op = user.ops[index]
                for ref in dict.fromkeys(target.func.ref for target in targets):
                    yield ref, (user.index, index, op.use if isinstance(op, Call) else Use.OTHER)


def _named_phase(func: Func) -> Phase | None:
    around: Func | None = func
    while around is not None and around.name not in ("<module>", "<class>"):
        if _START.match(around.name):
            return Phase.START
        if _STOP.match(around.name):
            return Phase.STOP
        if around.name in _SCRIPTS:
            return Phase.SCRIPT
        around = around.owner
    return None
