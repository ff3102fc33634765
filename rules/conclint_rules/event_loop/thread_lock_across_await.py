"""CON107: a thread's lock that a coroutine holds while it is suspended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from conclint.facts import Await, Yield
from conclint.finding import Applicability, Confidence, Finding, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.calls import first_op
from conclint.program.contexts import Phase
from conclint.program.identity import Scope
from conclint.program.locks import Lock, Locks
from conclint.program.model import Func
from conclint.program.program import Program
from conclint.program.values import Function, Instance, Value
from conclint.rule import NearMiss, Rule
from conclint_rules.event_loop.async_lock import as_async_lock

# A manager that enters another one that takes the lock: deeper than this nobody builds them.
_MANAGERS = 3


class Holding(NamedTuple):
    """A lock that a coroutine holds. `steps` says how it is taken where that is another function's doing."""

    lock: Lock
    name: str
    place: Place
    steps: tuple[Related, ...] = ()


def check(program: Program) -> Iterator[Finding]:
    """Each lock of threads that is held across an `await`, once."""
    locks = program.locks
    for func in dict.fromkeys(func for name in ("__enter__", "acquire") for func in program.users(name)):
        if func.is_async and func.module.reported:
            yield from _in_coroutine(program, locks, func)


def _in_coroutine(program: Program, locks: Locks, func: Func) -> Iterator[Finding]:
    found: dict[Place, tuple[Confidence, int, Holding]] = {}
    for at, op in enumerate(func.ops):
        if isinstance(op, Await) and not guards.is_dead(func, op.block):
            sure = _surety(program, func, at, op)
            if sure is None:
                continue
            for holding in _held(locks, func, at, op.block):
                known = found.get(holding.place)
                if not _is_private(holding.lock, func) and (known is None or known[0] < sure):
                    found[holding.place] = (sure, at, holding)
    for sure, at, holding in found.values():
        yield _finding(program, locks, func, at, holding, sure)


def _surety(program: Program, func: Func, at: int, op: Await) -> Confidence | None:
    """How sure it is that the coroutine comes to this `await` and is suspended by it; None where it seldom is."""
    if op.value is None:
        # Entering a lock of the loop suspends only while another task has it.
        manager = func.body.blocks[op.block].value
        roles = [program.knowledge.role(_type(value)) for value in program.evaluator.of(manager, func, at)]
        quick = any(role in ("async-lock", "async-condition", "async-semaphore") for role in roles)
        return None if quick else Confidence.LIKELY
    return Confidence.LIKELY if guards.is_conditional(func, op.block) else Confidence.CERTAIN


def _type(value: Value) -> str:
    return value.type if isinstance(value, Instance) and isinstance(value.type, str) else ""


def _is_private(lock: Lock, func: Func) -> bool:
    """Whether each run of the coroutine has a lock of its own."""
    return lock.access.scope is Scope.FRAME and lock.access.home is func


def _held(locks: Locks, func: Func, at: int, block: int) -> Iterator[Holding]:
    for taking in locks.held(func, at, block):
        yield Holding(taking.lock, taking.name, taking.place)
    for number, around in func.block_path(block):
        if around.kind == "with":
            span = Span(around.row, around.column, around.end_row, around.end_column)
            taken = _by_manager(locks, func, number, _MANAGERS)
            if taken is not None:
                yield Holding(taken[0], taken[2], Place(func.module.path, span), taken[1])


Taken = tuple[Lock, tuple[Related, ...], str]


def _by_manager(locks: Locks, func: Func, number: int, depth: int) -> Taken | None:
    """The lock that the manager of a `with` of the program takes and keeps, how, and its name."""
    manager = func.body.blocks[number].value
    at = manager if isinstance(manager, int) else first_op(func, number)
    values = locks.program.evaluator.of(manager, func, at) if depth else ()
    if len(values) != 1 or not isinstance(values[0], Instance):
        return None
    value = values[0]
    if value.type == "contextlib.GeneratorContextManager" and len(value.of) == 1 and isinstance(value.of[0], Function):
        return _by_generator(locks, value.of[0].func, depth)
    return None


def _by_generator(locks: Locks, maker: Func, depth: int) -> Taken | None:
    for at, op in enumerate(maker.ops):
        if isinstance(op, Yield):
            for taking in locks.held(maker, at, op.block):
                step = Related(taking.place, f"`{maker.qualname}` takes `{taking.name}` and yields with it")
                return taking.lock, (step,), taking.name
            for number, around in maker.block_path(op.block):
                taken = _by_manager(locks, maker, number, depth - 1) if around.kind == "with" else None
                if taken is not None:
                    return taken
    return None


def _finding(  # six things that make the finding
    program: Program, locks: Locks, func: Func, at: int, holding: Holding, sure: Confidence
) -> Finding:
    # A command of a command-line tool is the only task of its loop.
    alone = program.contexts.phase(func) in (Phase.TEST, Phase.BENCHMARK, Phase.COMMAND)
    severity = Severity.WARNING if holding.lock.reentrant else RULE.severity
    return Finding(
        RULE.code,
        RULE.name,
        _describe(holding),
        holding.place,
        Severity.NOTE if alone else severity,
        sure,
        related=(*holding.steps, Related(func.at(at), f"`{func.qualname}` is suspended here with the lock held")),
        help="take an `asyncio.Lock` with `async with`, or release the lock before the `await`",
        fix=None if holding.steps else as_async_lock(program, locks, holding.lock, holding.name),
        root=func.dotted,
    )


def _describe(holding: Holding) -> str:
    if holding.lock.reentrant:
        return (
            f"`{holding.name}` is held across an `await`, and all tasks of a loop share the thread that owns it: "
            "it excludes none of them"
        )
    return (
        f"`{holding.name}` is held across an `await`: the next task of the loop that takes it stops the loop, "
        "and the holder is never resumed to release it"
    )


RULE = Rule(
    code="CON107",
    name="thread-lock-across-await",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary=(
        "A lock of threads (`threading.Lock`, `RLock`, `Condition`, or one of `multiprocessing`) is held while a "
        "coroutine is suspended."
    ),
    why=(
        "All tasks of a loop run on one thread. When a second task takes the lock that a suspended one holds, the "
        "thread blocks: the loop stands still, the holder is never resumed, and so the lock is never released. A "
        "re-entrant lock does not block there but lets the second task in, since both are the same thread to it. "
        "Meanwhile other threads wait for the lock as long as the coroutine is away."
    ),
    use_instead=(
        "Between coroutines take an `asyncio.Lock` with `async with`. Where threads need the lock too, hold it only "
        "around the statements that touch the shared state, and `await` before or after."
    ),
    fix=Applicability.UNSAFE,
    fix_safety=(
        "Unsafe: an `asyncio.Lock` belongs to one event loop and keeps no thread out. It is offered where the lock "
        "is made by `threading.Lock()` and everything else in the file that has its name is a `with` in a coroutine."
    ),
    bad="""\
import asyncio
import threading


class Account:
    def __init__(self, balance):
        self.balance = balance
        self._lock = threading.Lock()

    async def withdraw(self, amount):
        with self._lock:  # CON107
            rest = self.balance - amount
            await asyncio.sleep(0.01)
            self.balance = rest


async def main():
    account = Account(100)
    await asyncio.gather(account.withdraw(10), account.withdraw(20))
    print(account.balance)


asyncio.run(main())
""",
    good="""\
import asyncio
import threading


class Account:
    def __init__(self, balance):
        self.balance = balance
        self._lock = asyncio.Lock()

    async def withdraw(self, amount):
        async with self._lock:
            rest = self.balance - amount
            await asyncio.sleep(0.01)
            self.balance = rest


async def main():
    account = Account(100)
    await asyncio.gather(account.withdraw(10), account.withdraw(20))
    print(account.balance)


asyncio.run(main())
""",
    cases=(
        """\
import asyncio
import threading

lock = threading.Lock()
names = threading.RLock()


async def store(value):
    lock.acquire()  # CON107
    try:
        await asyncio.sleep(value)
    finally:
        lock.release()


async def rename(source):
    with names:  # CON107
        async with source:
            pass


async def consume(source):
    with lock:  # CON107
        async for item in source:
            print(item)
""",
        """\
# file: folders.py
import contextlib
import os
import threading

_lock = threading.Lock()


@contextlib.contextmanager
def exclusive():
    with _lock:
        yield


@contextlib.contextmanager
def folder(path):
    with exclusive():
        before = os.getcwd()
        os.chdir(path)
        try:
            yield
        finally:
            os.chdir(before)
# file: build.py
import asyncio

from folders import folder


async def build(path):
    with folder(path):  # CON107
        await asyncio.create_subprocess_exec("make")
""",
    ),
    near_misses=(
        NearMiss(
            "the lock is one of the loop",
            """\
import asyncio

lock = asyncio.Lock()


async def store(value):
    async with lock:
        await asyncio.sleep(value)
""",
        ),
        NearMiss(
            "nothing is awaited while the lock is held",
            """\
import asyncio
import threading

lock = threading.Lock()
values = []


async def store(value):
    await asyncio.sleep(value)
    with lock:
        values.append(value)
    await asyncio.sleep(value)
""",
        ),
        NearMiss(
            "the await is in a nested function that runs later",
            """\
import asyncio
import threading

lock = threading.Lock()
jobs = []


async def plan(value):
    with lock:

        async def job():
            await asyncio.sleep(value)

        jobs.append(job)
""",
        ),
        NearMiss(
            "the lock is released before the await",
            """\
import asyncio
import threading

lock = threading.Lock()
values = []


async def store(value):
    lock.acquire()
    values.append(value)
    lock.release()
    await asyncio.sleep(value)
""",
        ),
        NearMiss(
            "each run of the coroutine has a lock of its own",
            """\
import asyncio
import threading


async def store(value):
    lock = threading.Lock()
    with lock:
        await asyncio.sleep(value)
""",
        ),
        NearMiss(
            "a lock of the loop is entered meanwhile, which mostly does not suspend",
            """\
import asyncio
import threading


class Results:
    def __init__(self):
        self.lock = threading.Lock()
        self.changed = asyncio.Condition()

    async def add(self, value):
        with self.lock:
            self.value = value
            async with self.changed:
                self.changed.notify()
""",
        ),
        NearMiss(
            "the manager is not known to take a lock",
            """\
import asyncio


async def store(lock, value):
    with lock:
        await asyncio.sleep(value)
""",
        ),
    ),
    known_problems=(
        "A lock that the coroutine is given from elsewhere is not followed. Where an `await` does not suspend in "
        "fact, as that of a coroutine that only returns, nothing happens."
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-sync.html#asyncio.Lock",
        "https://docs.python.org/3/library/threading.html#lock-objects",
        "https://docs.python.org/3/library/asyncio-dev.html#concurrency-and-multithreading",
    ),
    since="0.1",
    witness="dead",
)
