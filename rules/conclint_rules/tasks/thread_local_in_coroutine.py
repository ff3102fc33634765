"""CON229: a `threading.local` that a coroutine reads after others had their turn."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Assign, Await, Call
from conclint.finding import Confidence, Finding, Related, Severity
from conclint.program import guards
from conclint.program.contexts import Phase
from conclint.program.model import Func, chains, last_name, operands, parts
from conclint.program.program import Program
from conclint.program.suspends import may_suspend
from conclint.program.values import Instance
from conclint.rule import NearMiss, Rule

_LOCAL = "threading.local"
_QUIET = (Phase.TEST, Phase.BENCHMARK)


def check(program: Program) -> Iterator[Finding]:
    """Each read of a thread-local attribute that stands behind an await, which the coroutine itself had set before."""
    for func in program.functions():
        if not func.is_async or not func.module.reported or "threading" not in program.packages:
            continue
        for at, op in enumerate(func.ops):
            if isinstance(op, Assign) and isinstance(op.target, str) and "." in op.target and not op.how:
                owner = op.target.rpartition(".")[0]
                if _is_local(program, func, at, owner) and not _is_kept(func, op.block, owner):
                    found = _read_after(program, func, at, op.target)
                    if found is not None:
                        yield _finding(program, func, at, *found, op.target)
                        break


def _is_local(program: Program, func: Func, at: int, owner: str) -> bool:
    values = program.evaluator.of(owner, func, at)
    return bool(values) and all(isinstance(value, Instance) and value.type == _LOCAL for value in values)


def _is_kept(func: Func, block: int, owner: str) -> bool:
    """Whether it is set only where the thread has none yet, `if not hasattr(local, "x")`: its tasks are to share it."""
    for condition in guards.conditions(func, block):
        for number in operands(condition.test):
            call = func.ops[number]
            if isinstance(call, Call) and last_name(call.func) in ("hasattr", "getattr") and owner in call.args:
                return True
    return False


def _read_after(program: Program, func: Func, set_at: int, target: str) -> tuple[int, int] | None:
    """An await behind the setting, and a read behind that."""
    awaited = None
    for at in range(set_at + 1, len(func.ops)):
        op = func.ops[at]
        if isinstance(op, Assign) and op.target == target:
            awaited = None
        if awaited is not None and any(
            chain == target or chain.startswith(f"{target}.") for part in parts(op) for chain in chains(part)
        ):
            return awaited, at
        if awaited is None and isinstance(op, Await) and may_suspend(program, func, at):
            awaited = None if guards.is_dead(func, op.block) else at
    return None


def _finding(program: Program, func: Func, set_at: int, awaited: int, read: int, target: str) -> Finding:
    name = target.rpartition(":")[2].lstrip("$")
    quiet = program.contexts.phase(func) in _QUIET
    return Finding(
        RULE.code,
        RULE.name,
        f"`{name}` belongs to the thread, which all tasks share: it is read here as the last of them left it",
        func.at(read),
        Severity.NOTE if quiet else RULE.severity,
        Confidence.LIKELY,
        related=(
            Related(func.at(set_at), "this task sets it"),
            Related(func.at(awaited), "other tasks run here, and may set it too"),
        ),
        help="use a `contextvars.ContextVar`, of which each task has its own",
        root=func.dotted,
    )


RULE = Rule(
    code="CON229",
    name="thread-local-in-coroutine",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="A coroutine sets an attribute of a `threading.local`, awaits, and reads it again.",
    why=(
        "A `threading.local` has one set of values for each thread, and all tasks of an event loop run on one thread. "
        "What one request stores there the next one overwrites while the first is waiting: users see each other's data."
    ),
    use_instead="Use a `contextvars.ContextVar`: each task runs in a context of its own, copied when the task is made.",
    bad="""\
import asyncio
import threading

state = threading.local()


async def handle(user):
    state.user = user
    await asyncio.sleep(0.01)
    return state.user  # CON229


async def main():
    print(await asyncio.gather(handle("alice"), handle("bob")))


asyncio.run(main())
""",
    good="""\
import asyncio
from contextvars import ContextVar

current = ContextVar("current")


async def handle(user):
    current.set(user)
    await asyncio.sleep(0.01)
    return current.get()


async def main():
    print(await asyncio.gather(handle("alice"), handle("bob")))


asyncio.run(main())
""",
    cases=(
        """\
import asyncio
import threading


class Server:
    def __init__(self):
        self.state = threading.local()

    async def handle(self, request, store):
        self.state.request = request
        await store.save(request)
        print(self.state.request.name)  # CON229
""",
    ),
    near_misses=(
        NearMiss(
            "nothing is awaited in between",
            """\
import asyncio
import threading

state = threading.local()


async def handle(user):
    state.user = user
    print(state.user)
    await asyncio.sleep(1)
    state.user = user
    print(state.user)
""",
        ),
        NearMiss(
            "one for each thread, which its tasks are to share",
            """\
import asyncio
import threading

local = threading.local()


async def connection():
    if not hasattr(local, "connection"):
        local.connection = object()
        await asyncio.sleep(0)
    return local.connection
""",
        ),
        NearMiss(
            "plain functions of threads",
            """\
import threading
import time

state = threading.local()


def handle(user):
    state.user = user
    time.sleep(1)
    return state.user
""",
        ),
        NearMiss(
            "another object",
            """\
import asyncio


class State:
    user = None


state = State()


async def handle(user):
    state.user = user
    await asyncio.sleep(1)
    return state.user
""",
        ),
    ),
    references=(
        "https://docs.python.org/3/library/contextvars.html",
        "https://docs.python.org/3/library/threading.html#thread-local-data",
    ),
    since="0.1",
    witness="race",
)
