"""CON204: a coroutine function that is handed to something which calls it and throws the coroutine away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conclint.facts import Await, Call, Expr, Use
from conclint.finding import Applicability, Confidence, Finding, Fix, Related, ReplaceExpression, Severity, Slot
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.colour import Colour, Colours
from conclint.program.model import Func, argument_of, chains, last_name, operands
from conclint.program.program import Program
from conclint.program.values import Function
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.dropped import is_expected


@dataclass(frozen=True, slots=True)
class _Taker:
    """Something that calls a plain function: which argument that is, and where it calls it."""

    argument: str
    where: str


_LOOP = "asyncio.AbstractEventLoop."
_POOL = "concurrent.futures.Executor."
_TAKERS = {
    "threading.Thread": _Taker("1:target", "a thread"),
    "threading.Timer": _Taker("1:function", "a timer"),
    "multiprocessing.Process": _Taker("1:target", "a process"),
    "multiprocessing.context.BaseContext.Process": _Taker("1:target", "a process"),
    "asyncio.to_thread": _Taker("0:func", "a thread"),
    "anyio.to_thread.run_sync": _Taker("0:func", "a thread"),
    "anyio.to_process.run_sync": _Taker("0:func", "a process"),
    "trio.to_thread.run_sync": _Taker("0:sync_fn", "a thread"),
    f"{_LOOP}run_in_executor": _Taker("1:func", "an executor"),
    f"{_POOL}submit": _Taker("0:fn", "an executor"),
    f"{_POOL}map": _Taker("0:fn", "an executor"),
    **{
        f"multiprocessing.Pool.{name}": _Taker("0:func", "a pool")
        for name in ("apply", "apply_async", "map", "map_async", "imap", "imap_unordered", "starmap", "starmap_async")
    },
    f"{_LOOP}call_soon": _Taker("0:callback", "the event loop"),
    f"{_LOOP}call_soon_threadsafe": _Taker("0:callback", "the event loop"),
    f"{_LOOP}call_later": _Taker("1:callback", "the event loop"),
    f"{_LOOP}call_at": _Taker("1:callback", "the event loop"),
    f"{_LOOP}add_reader": _Taker("1:callback", "the event loop"),
    f"{_LOOP}add_writer": _Taker("1:callback", "the event loop"),
    f"{_LOOP}add_signal_handler": _Taker("1:callback", "the event loop"),
    f"{_LOOP}set_exception_handler": _Taker("0:handler", "the event loop"),
    "asyncio.Future.add_done_callback": _Taker("0:fn", "the event loop"),
    "concurrent.futures.Future.add_done_callback": _Taker("0:fn", "the future"),
    "signal.signal": _Taker("1:handler", "the interpreter"),
    "atexit.register": _Taker("0:func", "the interpreter"),
    "weakref.finalize": _Taker("1:func", "the interpreter"),
    "sched.scheduler.enter": _Taker("2:action", "the scheduler"),
    "sched.scheduler.enterabs": _Taker("2:action", "the scheduler"),
    "builtins.filter": _Taker("0:function", "`filter`"),
    "builtins.sorted": _Taker("key", "`sorted`"),
    "builtins.min": _Taker("key", "`min`"),
    "builtins.max": _Taker("key", "`max`"),
}
_NAMES = sorted({name.rpartition(".")[2] for name in _TAKERS})
# These give back what the function returned: a coroutine that somebody may still await.
_GIVE_BACK = frozenset(("asyncio.to_thread", "anyio.to_thread.run_sync", "trio.to_thread.run_sync"))
_SUBMITTERS = frozenset(("asyncio.to_thread", f"{_POOL}submit"))


def check(program: Program) -> Iterator[Finding]:
    """Each coroutine function that is handed to something which calls plain functions."""
    colours = program.colours
    for name in _NAMES:
        for user in program.users(name):
            if not user.module.reported:
                continue
            for index in user.calls_by_name.get(name, ()):
                found = _taker(program, user, index)
                if found is not None:
                    yield from _handed(colours, user, index, *found)


def _taker(program: Program, user: Func, index: int) -> tuple[str, Expr] | None:
    """The dotted name of what is called, and the callable that it is given."""
    call = user.ops[index]
    named = [one.dotted for one in program.calls.library(user, index)]
    if len(named) != 1 or not isinstance(call, Call):
        return None
    owner, _, method = named[0].rpartition(".")
    for base in (owner, *program.knowledge.mro(owner)):
        taker = _TAKERS.get(f"{base}.{method}")
        if taker is not None:
            given = argument_of(call, taker.argument)
            return (f"{base}.{method}", given) if given is not None else None
    return None


def _is_asked(user: Func, block: int, given: Expr) -> bool:
    """Whether a test around asks if what is handed on is a coroutine function: then it is none here."""
    if not isinstance(given, str):
        return False
    for condition in guards.conditions(user, block):
        for number in operands(condition.test):
            call = user.ops[number]
            if isinstance(call, Call) and last_name(call.func) == "iscoroutinefunction" and not condition.truth:
                if any(chain == given or chain.startswith(f"{given}.") for one in call.args for chain in chains(one)):
                    return True
    return False


def _handed(colours: Colours, user: Func, index: int, taker: str, given: Expr) -> Iterator[Finding]:
    call = user.ops[index]
    assert isinstance(call, Call)
    if _is_asked(user, call.block, given):
        return
    if guards.is_dead(user, call.block) or is_expected(user, call.block) or _is_awaited_twice(user, index, taker):
        return
    values = colours.settled.of(given, user, index)
    if not values or colours.of_values(values) is not Colour.COROUTINE:
        return
    callees = [value.func for value in values if isinstance(value, Function)]
    label = spell(given, user) if isinstance(given, str) else "the lambda"
    name = f"`{label}`" if isinstance(given, str) else label
    yield Finding(
        RULE.code,
        RULE.name,
        f"{name} is a coroutine function and is handed to `{spell(call.func, user)}`: "
        f"{_TAKERS[taker].where} calls it, which only makes a coroutine, and its body never runs",
        user.at(index),
        RULE.severity,
        Confidence.CERTAIN if len(callees) == len(values) else Confidence.LIKELY,
        related=tuple(Related(one.place, f"`{one.qualname}` gives a coroutine") for one in callees),
        help=_help(taker),
        fix=_mend(user, index, taker),
        root=user.dotted,
    )


def _is_awaited_twice(user: Func, index: int, taker: str) -> bool:
    """`await (await to_thread(work))`: the coroutine that the thread made is awaited here."""
    outer = user.ops[user.consumers[index]] if index in user.consumers else None
    return taker in _GIVE_BACK and isinstance(outer, Await) and outer.use not in (Use.DISCARDED, Use.RETURNED)


def _help(taker: str) -> str:
    if taker.startswith("builtins."):
        return "await the coroutines first, and hand on what they give"
    if taker.startswith((_LOOP, "asyncio.Future")):
        return "hand on a plain function that makes a task of the coroutine, and keep the task"
    return "hand on a plain function that runs the coroutine, such as `asyncio.run`"


def _mend(user: Func, index: int, taker: str) -> Fix | None:
    """`submit(work)` becomes `submit(asyncio.run, work())`: shown, as the coroutine then runs on a loop of its own."""
    call = user.ops[index]
    if taker not in _SUBMITTERS or not isinstance(call, Call) or len(call.args) != 1 or call.keywords:
        return None
    if not isinstance(call.args[0], str):
        return None
    span = user.span(index)
    edit = ReplaceExpression(
        span, "{func}({@asyncio.run}, {work}())", (Slot("func", span, "func"), Slot("work", span, "args.0"))
    )
    return Fix(Applicability.SHOWN, "run the coroutine on a loop of its own", (edit,))


RULE = Rule(
    code="CON204",
    name="coroutine-function-as-callback",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="A coroutine function is handed to something that calls plain functions: a thread, an executor, a timer.",
    why=(
        "Threads, executors, timers, signal handlers and the callbacks of an event loop call what they are given and "
        "throw the result away. Calling a coroutine function only makes a coroutine object: nothing of its body runs. "
        "The thread ends at once and the future has a result, so that all looks well; at most a `RuntimeWarning` "
        "appears. `filter` keeps every element, because a coroutine is always true."
    ),
    use_instead=(
        "In a thread or a process run the coroutine on a loop of its own: hand on `asyncio.run` and the coroutine. On "
        "an event loop hand on a plain function that makes a task of it and keeps that task."
    ),
    fix=Applicability.SHOWN,
    fix_safety=(
        "Shown only, for `submit` and `to_thread` without arguments: on a loop of its own the coroutine may not use "
        "what belongs to the other loop (its locks, queues, connections)."
    ),
    bad="""\
import asyncio
from concurrent.futures import ThreadPoolExecutor

saved = []


async def save():
    await asyncio.sleep(0.01)
    saved.append("report")


with ThreadPoolExecutor() as pool:
    done = pool.submit(save)  # CON204
print(saved)
""",
    good="""\
import asyncio
from concurrent.futures import ThreadPoolExecutor

saved = []


async def save():
    await asyncio.sleep(0.01)
    saved.append("report")


with ThreadPoolExecutor() as pool:
    done = pool.submit(asyncio.run, save())
print(saved)
""",
    cases=(
        """\
import asyncio
import atexit
import sched
import signal
import threading


async def work(*args):
    pass


class Service:
    async def stop(self, *args):
        pass

    def arm(self, loop: asyncio.AbstractEventLoop):
        signal.signal(signal.SIGTERM, self.stop)  # CON204
        atexit.register(self.stop)  # CON204
        loop.call_soon(self.stop)  # CON204
        loop.call_later(5, work, 1)  # CON204
        loop.add_signal_handler(signal.SIGTERM, self.stop)  # CON204
        loop.call_soon_threadsafe(lambda: work(1))  # CON204


async def main(timers: sched.scheduler):
    threading.Thread(target=work).start()  # CON204
    threading.Timer(5, work).start()  # CON204
    await asyncio.to_thread(work)  # CON204
    timers.enter(1, 1, work)  # CON204
    task = asyncio.create_task(work())
    task.add_done_callback(work)  # CON204
    return [one for one in filter(work, [1, 2])]  # CON204
""",
        """\
# file: jobs.py
import functools


def logged(fn):
    @functools.wraps(fn)
    async def wrapper(*args):
        return await fn(*args)

    return wrapper


@logged
async def upload(path): ...
# file: app.py
from concurrent.futures import ProcessPoolExecutor
import jobs


def main(paths):
    with ProcessPoolExecutor() as pool:
        list(pool.map(jobs.upload, paths))  # CON204
""",
    ),
    near_misses=(
        NearMiss(
            "what takes coroutine functions is given one",
            """\
import asyncio
import anyio
import trio


async def work():
    pass


async def main(app):
    async with trio.open_nursery() as nursery:
        nursery.start_soon(work)
    async with anyio.create_task_group() as group:
        group.start_soon(work)
    app.add_event_handler("startup", work)
    anyio.run(work)
    await asyncio.start_server(work, "localhost", 0)
""",
        ),
        NearMiss(
            "a plain function runs the coroutine",
            """\
import asyncio
import threading


async def work():
    pass


def run():
    asyncio.run(work())


async def main(loop, tasks):
    threading.Thread(target=run).start()
    threading.Thread(target=asyncio.run, args=(work(),)).start()
    threading.Thread(target=lambda: asyncio.run(work())).start()
    loop.call_soon(lambda: tasks.add(asyncio.create_task(work())))
""",
        ),
        NearMiss(
            "the coroutine that comes back is awaited",
            """\
import asyncio


async def work():
    pass


async def main():
    first = await (await asyncio.to_thread(work))
    second = await asyncio.to_thread(work)
    return first, await second
""",
        ),
        NearMiss(
            "map makes coroutines that gather awaits",
            """\
import asyncio


async def work(item):
    return item


async def main(items):
    return await asyncio.gather(*map(work, items))
""",
        ),
        NearMiss(
            "the other branch is for coroutine functions",
            """\
import asyncio
import inspect


class Filter:
    async def __call__(self, update):
        return True


class Handler:
    def __init__(self):
        self.filter = Filter()

    async def check(self, update):
        if inspect.iscoroutinefunction(self.filter.__call__):
            return await self.filter(update)
        else:
            return await asyncio.get_running_loop().run_in_executor(None, self.filter, update)
""",
        ),
        NearMiss(
            "whether it is a coroutine function is not known",
            """\
import threading
from framework import task


@task
async def work():
    pass


def main(callback):
    threading.Thread(target=work).start()
    threading.Thread(target=callback).start()
""",
        ),
    ),
    known_problems=(
        "A coroutine that an executor's future carries back, and that somebody awaits then, is reported all the same."
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-task.html#running-in-threads",
        "https://docs.python.org/3/library/asyncio-dev.html#detect-never-awaited-coroutines",
    ),
    since="0.1",
    witness="lost",
)
