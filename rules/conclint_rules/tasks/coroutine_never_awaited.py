"""CON201: a coroutine that nobody awaits."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Gather
from conclint.finding import Applicability, Confidence, Finding, Fix, Related, ReplaceExpression, Severity, Slot
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.colour import Colour, Colours
from conclint.program.model import last_name
from conclint.program.program import Program
from conclint.program.values import Function, Instance
from conclint.rule import NearMiss, Rule
from conclint_rules.mending import in_coroutine, under_thread_lock
from conclint_rules.tasks.dropped import Dropped, dropped_calls, is_expected

_GATHER = "asyncio.gather"


def check(program: Program) -> Iterator[Finding]:
    """Each call that certainly gives a coroutine which is thrown away or bound to a name that nothing reads."""
    colours = program.colours
    for lost in dropped_calls(program, {*program.used(program.definitions.giving_coroutines()), "gather"}):
        if guards.is_dead(lost.func, lost.call.block) or is_expected(lost.func, lost.call.block):
            continue
        if _is_gather(program, lost):
            yield _finding(program, colours, lost, gathered=True)
        elif colours.of_call(lost.func, lost.at) is Colour.COROUTINE:
            yield _finding(program, colours, lost, gathered=False)


def _is_gather(program: Program, lost: Dropped) -> bool:
    if last_name(lost.call.func) != "gather" or not lost.call.args:
        return False
    found = program.calls.library(lost.func, lost.at)
    return len(found) == 1 and found[0].dotted == _GATHER


def _finding(program: Program, colours: Colours, lost: Dropped, *, gathered: bool) -> Finding:
    label = spell(lost.call.func, lost.func)
    kept = f" is bound to `{lost.name}`, which nothing reads" if lost.name else " is dropped"
    if gathered:
        message = f"the result of `{label}`{kept}: nobody waits for its tasks, and their errors are lost"
    else:
        kept = f"is bound to `{lost.name}` and never awaited" if lost.name else "is never awaited"
        message = f"the coroutine of `{label}` {kept}: its body never runs"
    return Finding(
        RULE.code,
        RULE.name,
        message,
        lost.func.at(lost.at),
        RULE.severity,
        _confidence(colours, lost, gathered=gathered),
        related=_evidence(colours, lost),
        help=f"await it: `await {label}(…)`" if lost.func.is_async else "await it in a coroutine, or make a task of it",
        fix=_mend(program, lost),
        root=lost.func.dotted,
    )


def _confidence(colours: Colours, lost: Dropped, *, gathered: bool) -> Confidence:
    """Certain, but for a receiver whose class is only promised: an annotation may hide a subclass that is not known."""
    if gathered:
        return Confidence.LIKELY
    for value in colours.settled.callee(lost.func, lost.at):
        receiver = getattr(value, "receiver", None)
        if isinstance(receiver, Instance) and receiver.site is None and not receiver.is_self:
            return Confidence.LIKELY
    return Confidence.CERTAIN


def _evidence(colours: Colours, lost: Dropped) -> tuple[Related, ...]:
    found = []
    for value in colours.settled.callee(lost.func, lost.at):
        if isinstance(value, Function):
            target = value.func
            word = "is a coroutine function" if target.is_async else "gives a coroutine"
            found.append(Related(target.place, f"`{target.qualname}` {word}"))
    return tuple(found)


def _mend(program: Program, lost: Dropped) -> Fix | None:
    func = lost.func
    if not in_coroutine(func, lost.at) or under_thread_lock(program, func, lost.call.block):
        return None
    taker = func.ops[func.consumers[lost.at]] if lost.at in func.consumers else None
    if isinstance(taker, Gather) and taker.kind != "list":
        return None
    span = func.span(lost.at)
    return Fix(Applicability.SAFE, "await it", (ReplaceExpression(span, "await {call}", (Slot("call", span),)),))


RULE = Rule(
    code="CON201",
    name="coroutine-never-awaited",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="A coroutine function is called and the coroutine is thrown away.",
    why=(
        "Calling an `async def` runs nothing of it: the call only makes a coroutine object, and what is in the body "
        "happens while somebody awaits that object or a task runs it. A coroutine that is thrown away does nothing at "
        "all. No exception is raised; at most a `RuntimeWarning` appears when the object is collected."
    ),
    use_instead=(
        "Await the call. From a plain function hand the coroutine to `asyncio.run`, or, where a loop runs already, "
        "make a task of it and keep the task."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe inside an `async def`, where the callee certainly is a coroutine function: what was written to happen "
        "then happens, at that place. It is not offered in plain functions, nor while a `threading` lock is held."
    ),
    bad="""\
import asyncio

saved = []


async def save(name):
    await asyncio.sleep(0.01)
    saved.append(name)


async def main():
    save("report")  # CON201
    asyncio.sleep(0.05)  # CON201
    print(saved)


asyncio.run(main())
""",
    good="""\
import asyncio

saved = []


async def save(name):
    await asyncio.sleep(0.01)
    saved.append(name)


async def main():
    await save("report")
    await asyncio.sleep(0.05)
    print(saved)


asyncio.run(main())
""",
    cases=(
        """\
import asyncio


class Buffer:
    def __init__(self):
        self.queue = asyncio.Queue()
        self.lock = asyncio.Lock()

    async def add(self, item):
        self.lock.acquire()  # CON201
        self.queue.put(item)  # CON201
        self.lock.release()

    async def add_all(self, items):
        for item in items:
            self.add(item)  # CON201
        _ = self.add(None)  # CON201
        [self.add(item) for item in items]  # CON201

    def close(self):
        self.add(None)  # CON201


async def main():
    asyncio.gather(Buffer().add_all([1]), asyncio.sleep(1))  # CON201
""",
        """\
# file: store.py
from functools import wraps


def logged(fn):
    @wraps(fn)
    def wrapper(*args, **kwargs):
        print(fn.__name__)
        return fn(*args, **kwargs)

    return wrapper


def retried(times):
    def decorate(fn):
        async def wrapper(*args, **kwargs):
            for _ in range(times):
                return await fn(*args, **kwargs)

        return wrapper

    return decorate


class Store:
    @logged
    async def put(self, key):
        print(key)

    @retried(times=3)
    async def drop(self, key):
        print(key)

    def flush(self):
        return self._write()

    async def _write(self):
        print("written")


class Cache(Store):
    async def put(self, key):
        await super().put(key)
# file: views.py
from store import Cache, Store


def shortcut(store: Store):
    return store.flush()


def detour(store):
    return shortcut(store)


async def view():
    store = Store()
    store.put("a")  # CON201
    store.drop("a")  # CON201
    store.flush()  # CON201
    shortcut(store)  # CON201
    detour(store)  # CON201
    Cache().put("b")  # CON201
""",
    ),
    near_misses=(
        NearMiss(
            "a subclass overrides the method in the other colour",
            """\
class Base:
    async def close(self):
        print("closed")

    def stop(self):
        self.close()


class Plain(Base):
    def close(self):
        print("closed at once")
""",
        ),
        NearMiss(
            "the decorator runs the coroutine itself",
            """\
import asyncio
from functools import wraps


def runs(fn):
    @wraps(fn)
    def wrapper(*args):
        return asyncio.run(fn(*args))

    return wrapper


@runs
async def main():
    await asyncio.sleep(0)


main()
""",
        ),
        NearMiss(
            "the decorator is a command line's",
            """\
import asyncio
import click


@click.command()
async def cli():
    await asyncio.sleep(0)


if __name__ == "__main__":
    cli()
""",
        ),
        NearMiss(
            "the decorator is not known",
            """\
from somewhere import task


@task
async def work():
    print("done")


def main():
    work()
""",
        ),
        NearMiss(
            "the coroutine is stored, returned or handed on",
            """\
import asyncio


async def work():
    await asyncio.sleep(0)


def make(jobs):
    job = work()
    jobs.append(job)
    jobs.append(work())
    return work()


async def main():
    pending = [work() for _ in range(3)]
    await asyncio.gather(*pending)
    asyncio.get_running_loop().run_until_complete
    later = work()
    await later
""",
        ),
        NearMiss(
            "the name has another binding that is plain",
            """\
import sys


if sys.platform == "win32":

    def beep():
        print("beep")

else:

    async def beep():
        print("beep")


def main():
    beep()
""",
        ),
        NearMiss(
            "the test is about the warning",
            """\
import pytest


async def work():
    print("done")


def test_warns():
    with pytest.warns(RuntimeWarning):
        work()
""",
        ),
        NearMiss(
            "it makes a context manager, not a coroutine",
            """\
import contextlib


@contextlib.asynccontextmanager
async def session():
    yield 1


async def stream():
    yield 1


async def main():
    session()
    stream()
""",
        ),
        NearMiss(
            "the instance's attribute replaces the method",
            """\
class Hook:
    def __init__(self, notify=None):
        if notify is not None:
            self.notify = notify

    async def notify(self):
        print("default")

    def fire(self):
        self.notify()
""",
        ),
    ),
    known_problems=(
        "A coroutine that is stored, or passed to something that is not known, counts as used. Functions under "
        "decorators that conclint does not understand are left alone."
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-dev.html#detect-never-awaited-coroutines",
        "https://docs.python.org/3/library/asyncio-task.html#coroutines",
    ),
    since="0.1",
    witness="lost",
)
