"""CON217: a lock that is made where it is used, so that it excludes nobody."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Assign, Call, Load
from conclint.finding import Confidence, Finding, Related, Severity
from conclint.program import guards
from conclint.program.contexts import Phase
from conclint.program.model import Func, chains, parts
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule

_KINDS = frozenset(
    f"{package}.{name}"
    for package, names in {
        "threading": ("Lock", "RLock", "Semaphore", "BoundedSemaphore"),
        "multiprocessing": ("Lock", "RLock", "Semaphore", "BoundedSemaphore"),
        "asyncio": ("Lock", "Semaphore", "BoundedSemaphore"),
        "anyio": ("Lock", "Semaphore", "CapacityLimiter"),
        "trio": ("Lock", "StrictFIFOLock", "Semaphore", "CapacityLimiter"),
    }.items()
    for name in names
)
_NAMES = sorted({kind.rpartition(".")[2] for kind in _KINDS})
_TAKES = frozenset(("acquire", "release", "locked"))
_QUIET = (Phase.TEST, Phase.BENCHMARK)


def check(program: Program) -> Iterator[Finding]:
    """Each lock that is entered on the spot, or bound to a local that is only ever taken and released."""
    for name in _NAMES:
        for func in program.users(name):
            if not func.module.reported or func.name in ("<module>", "<class>"):
                continue
            for index in func.calls_by_name.get(name, ()):
                if _is_lock(program, func, index) and not guards.is_dead(func, func.ops[index].block):
                    yield from _found(program, func, index)


def _is_lock(program: Program, func: Func, index: int) -> bool:
    named = [one.dotted for one in program.calls.library(func, index)]
    return len(named) == 1 and named[0] in _KINDS


def _found(program: Program, func: Func, index: int) -> Iterator[Finding]:
    for block in func.body.blocks:
        if block.kind in ("with", "async-with") and block.value == index:
            yield _finding(program, func, index, None)
            return
    taker = func.ops[func.consumers[index]] if index in func.consumers else None
    if isinstance(taker, Assign) and taker.value == index and taker.how == "" and isinstance(taker.target, str):
        name = taker.target[1:]
        if taker.target[0] == "$" and "." not in name and func.is_bound_once(name):
            taken = _only_taken(func, name)
            if taken is not None:
                yield _finding(program, func, index, taken)


def _only_taken(func: Func, name: str) -> Related | None:
    """Where a local lock is taken, if that is all that is done with it: nobody else can have it."""
    chain = f"${name}"
    nested = [one for one in func.module.functions if one is not func and one.is_nested_in(func)]
    if any(f":{name}" in other for one in nested for other in _everything(one)) or "locals" in func.fact.names:
        return None
    taken = None
    for block in func.body.blocks:
        if block.kind in ("with", "async-with") and block.value == chain:
            taken = taken or Related(func.place, "")
    for at, op in enumerate(func.ops):
        used = [one for part in parts(op) for one in chains(part) if one == chain or one.startswith(f"{chain}.")]
        if not used:
            continue
        if isinstance(op, Call) and op.func == used[0] and len(used) == 1:
            if used[0].rpartition(".")[2] not in _TAKES:
                return None
            taken = taken or Related(func.at(at), "")
        elif not _is_entering(func, op, chain):
            return None
    return Related(taken.place, f"`{name}` is taken here, and nobody else can have it") if taken is not None else None


def _is_entering(func: Func, op: object, chain: str) -> bool:
    """Whether an operation reads the name for a `with`, or a method of it that is then called."""
    if isinstance(op, Load):
        return isinstance(op.value, str) and (op.value == chain or op.value.rpartition(".")[2] in _TAKES)
    if isinstance(op, Assign):
        entered = [block.value for block in func.body.blocks if block.kind in ("with", "async-with")]
        return op.how == "with" and chain in entered
    return False


def _everything(func: Func) -> Iterator[str]:
    for op in func.ops:
        for part in parts(op):
            yield from chains(part)
    for block in func.body.blocks:
        yield from chains(block.value)


def _finding(program: Program, func: Func, index: int, taken: Related | None) -> Finding:
    call = func.ops[index]
    assert isinstance(call, Call)
    kind = program.calls.library(func, index)[0].dotted
    quiet = program.contexts.phase(func) in _QUIET
    return Finding(
        RULE.code,
        RULE.name,
        f"this `{kind}` is made anew by each call that takes it: everybody has one of his own, and it keeps nobody out",
        func.at(index),
        Severity.NOTE if quiet else RULE.severity,
        Confidence.CERTAIN,
        related=(taken,) if taken is not None and taken.place != func.place else (),
        help="make it once, where all who use it can reach it: in the module, the class or the instance",
        root=func.dotted,
    )


RULE = Rule(
    code="CON217",
    name="fresh-lock",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="A lock or semaphore is made in the function that takes it, so that it excludes nobody.",
    why=(
        "A lock keeps others out only if they take the same object. `with Lock():` makes a new one each time, and so "
        "does a local that no other thread or task can reach: every caller takes a lock that nobody else has. The code "
        "looks guarded and is not; a semaphore made so limits nothing."
    ),
    use_instead=(
        "Make the lock once: at module level, as an attribute of the object whose data it guards, or before the tasks "
        "are started that share it, and hand it to them."
    ),
    bad="""\
import asyncio

inside = 0
most = 0


async def fetch(name):
    global inside, most
    async with asyncio.Semaphore(2):  # CON217
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.01)
        inside -= 1


async def main():
    await asyncio.gather(*(fetch(name) for name in "abcdef"))
    print(most)


asyncio.run(main())
""",
    good="""\
import asyncio

inside = 0
most = 0


async def fetch(name, limit):
    global inside, most
    async with limit:
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.01)
        inside -= 1


async def main():
    limit = asyncio.Semaphore(2)
    await asyncio.gather(*(fetch(name, limit) for name in "abcdef"))
    print(most)


asyncio.run(main())
""",
    cases=(
        """\
import threading
from threading import Lock

total = 0


def add(amount):
    global total
    with threading.Lock():  # CON217
        total += amount


def take(amount):
    global total
    lock = Lock()  # CON217
    with lock:
        total -= amount


def reset():
    global total
    guard = threading.RLock()  # CON217
    guard.acquire()
    try:
        total = 0
    finally:
        guard.release()
""",
    ),
    near_misses=(
        NearMiss(
            "the lock lives in the module, the class or the instance",
            """\
import asyncio
import threading

LOCK = threading.Lock()


class Store:
    shared = threading.Lock()

    def __init__(self):
        self.lock = asyncio.Lock()

    async def add(self):
        async with self.lock:
            with LOCK, self.shared:
                pass
""",
        ),
        NearMiss(
            "tasks or threads that are started here share it",
            """\
import asyncio
import threading


async def main(items):
    limit = asyncio.Semaphore(4)

    async def one(item):
        async with limit:
            await item

    await asyncio.gather(*(one(item) for item in items))


def run(work):
    lock = threading.Lock()
    with lock:
        threading.Thread(target=work, args=(lock,)).start()
""",
        ),
        NearMiss(
            "it is returned, stored or handed on",
            """\
import threading

locks = {}


def lock_of(name):
    lock = threading.Lock()
    with lock:
        locks[name] = lock
    return lock


def other():
    lock = threading.Lock()
    with lock:
        return lock
""",
        ),
        NearMiss(
            "a lock that is shared by its name outside of the program",
            """\
from filelock import FileLock


def save(path):
    with FileLock(path + ".lock"):
        print(path)
""",
        ),
        NearMiss(
            "made at module level",
            """\
import threading

lock = threading.Lock()
with lock:
    print("starting")
""",
        ),
    ),
    references=(
        "https://docs.python.org/3/library/threading.html#lock-objects",
        "https://docs.python.org/3/library/asyncio-sync.html",
    ),
    since="0.1",
    witness="race",
)
