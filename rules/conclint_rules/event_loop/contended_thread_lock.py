"""CON106: a lock of threads that is taken on an event loop while another holder may keep it for long."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call
from conclint.finding import Confidence, Finding, Related, Severity
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.contexts import Phase
from conclint.program.identity import Scope
from conclint.program.locks import Taking
from conclint.program.model import Func
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule

_LONG = ("sleep", "network", "subprocess", "database", "wait", "user-input", "cpu", "scheduler")
_THREADS = ("thread", "executor", "receiver", "timer")
_HOPS = 2
_QUIET = (Phase.TEST, Phase.BENCHMARK, Phase.START, Phase.STOP)


def check(program: Program) -> Iterator[Finding]:
    """Each taking of such a lock in a coroutine, where a function that threads run blocks while it holds it."""
    for taking in program.locks.takings():
        func = taking.func
        if not func.module.reported or not func.is_async or taking.lock.access.scope is Scope.FRAME:
            continue
        held = _kept_for_long(program, taking)
        if held is not None:
            yield _finding(program, taking, *held)


def _kept_for_long(program: Program, taking: Taking) -> tuple[Taking, Func, int] | None:
    """Another taking of the same lock that blocks inside, where, and by what."""
    for other in program.locks.takings_of(taking.lock.access.site):
        if other.func is taking.func or other.func.is_async or other.within < 0:
            continue
        if not _runs_beside(program, other.func):
            continue
        found = _blocks(program, other.func, other.within, _HOPS, {other.func})
        if found is not None:
            return other, *found
    return None


def _runs_beside(program: Program, func: Func) -> bool:
    """Whether a function runs on another thread than the loop's: it, or one that calls it, is handed to one."""
    todo, seen = [func], {func}
    for _ in range(4):
        following: list[Func] = []
        for one in todo:
            if any(
                handoff.runs in ("thread", "executor", "receiver", "timer")
                for handoff in program.contexts.handoffs.get(one)
            ):
                return True
            following += [edge.caller for edge in program.calls.callers(one) if edge.caller not in seen]
        seen.update(following)
        todo = following
    return False


def _blocks(program: Program, func: Func, within: int, hops: int, seen: set[Func]) -> tuple[Func, int] | None:
    """A call inside of a block (0: anywhere) that waits for something outside, here or in what it calls."""
    # Waiting for a condition lets go of its lock.
    found = [one for one in program.effects.blocking_in(func.module, _LONG) if one.func is func]
    waits = {one.at for one in found if one.name.rpartition(".")[0].rpartition(".")[2] != "Condition"}
    for at, call in func.calls:
        if (within and not func.encloses(within, call.block)) or guards.is_dead(func, call.block):
            continue
        if at in waits:
            return func, at
        if hops:
            for target in program.calls.targets(func, at):
                one = target.func
                if (
                    one not in seen
                    and not one.is_async
                    and not one.fact.is_generator
                    and target.confidence > Confidence.POSSIBLE
                ):
                    below = _blocks(program, one, 0, hops - 1, seen | {one})
                    if below is not None:
                        return below
    return None


def _finding(program: Program, taking: Taking, other: Taking, func: Func, at: int) -> Finding:
    call = func.ops[at]
    assert isinstance(call, Call)
    quiet = program.contexts.phase(taking.func) in _QUIET
    return Finding(
        RULE.code,
        RULE.name,
        f"`{taking.name}` is taken on the event loop, and `{other.func.qualname}` waits for something with it: "
        "every task of the loop stops until it is let go",
        taking.place,
        Severity.NOTE if quiet else RULE.severity,
        Confidence.LIKELY,
        related=(
            Related(other.place, f"`{other.func.qualname}` takes it in a thread"),
            Related(func.at(at), f"and waits here: `{spell(call.func, func)}`"),
        ),
        help="keep what takes long out of the lock, or take the lock in a thread",
        root=taking.func.dotted,
    )


RULE = Rule(
    code="CON106",
    name="contended-thread-lock",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="A coroutine takes a `threading.Lock` that a thread holds while it does something slow.",
    why=(
        "A lock of threads blocks the thread that wants it. On an event loop that is the thread of all tasks: as long "
        "as the holder, somewhere in a worker thread, waits for its network or disk, nothing on the loop moves. A lock "
        "that is only ever held for a few instructions is no harm, and is not reported."
    ),
    use_instead=(
        "Let the thread do the slow part without the lock and take it only to store the result; or take it in a thread "
        "from the coroutine too, with `asyncio.to_thread`."
    ),
    bad="""\
import asyncio
import threading
import time

lock = threading.Lock()
cache = {}


def refresh():
    with lock:
        time.sleep(0.3)
        cache["rate"] = 1.1


async def rate():
    await asyncio.sleep(0.05)
    with lock:  # CON106
        return cache.get("rate")


async def main():
    print(await asyncio.gather(asyncio.to_thread(refresh), rate()))


asyncio.run(main())
""",
    good="""\
import asyncio
import threading
import time

lock = threading.Lock()
cache = {}


def refresh():
    time.sleep(0.3)
    with lock:
        cache["rate"] = 1.1


async def rate():
    await asyncio.sleep(0.05)
    with lock:
        return cache.get("rate")


async def main():
    print(await asyncio.gather(asyncio.to_thread(refresh), rate()))


asyncio.run(main())
""",
    cases=(
        """\
import threading
import requests


class Rates:
    def __init__(self):
        self._lock = threading.Lock()
        self._rates = {}

    def start(self):
        threading.Thread(target=self._poll, daemon=True).start()

    def _poll(self):
        self._update()

    def _update(self):
        with self._lock:
            self._rates = self._fetch()

    def _fetch(self):
        return requests.get("http://rates", timeout=5).json()

    async def rate(self, name):
        with self._lock:  # CON106
            return self._rates[name]
""",
    ),
    near_misses=(
        NearMiss(
            "nobody keeps it for long",
            """\
import threading


class Counter:
    def __init__(self):
        self.lock = threading.Lock()
        self.value = 0

    def start(self):
        threading.Thread(target=self.add).start()

    def add(self):
        with self.lock:
            self.value += 1

    async def read(self):
        with self.lock:
            return self.value
""",
        ),
        NearMiss(
            "the slow holder runs before the loop, not beside it",
            """\
import threading
import time


class Rates:
    def __init__(self):
        self.lock = threading.Lock()

    def load(self):
        with self.lock:
            time.sleep(1)

    async def rate(self):
        with self.lock:
            return 1
""",
        ),
        NearMiss(
            "waiting for a condition lets go of its lock",
            """\
import threading


class Timers:
    def __init__(self):
        self.changed = threading.Condition()

    def start(self):
        threading.Thread(target=self.run).start()

    def run(self):
        with self.changed:
            self.changed.wait()

    async def add(self):
        with self.changed:
            self.changed.notify()
""",
        ),
        NearMiss(
            "another lock",
            """\
import threading
import time

slow = threading.Lock()
quick = threading.Lock()


def refresh():
    with slow:
        time.sleep(1)


def start():
    threading.Thread(target=refresh).start()


async def rate():
    with quick:
        return 1
""",
        ),
    ),
    known_problems="Locks that a plain function takes on behalf of a coroutine are not followed.",
    references=(
        "https://docs.python.org/3/library/asyncio-dev.html#concurrency-and-multithreading",
        "https://docs.python.org/3/library/threading.html#lock-objects",
    ),
    since="0.1",
    witness="stall",
)
