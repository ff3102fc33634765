"""CON252: a plain function that is started as a task of a nursery or task group."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call, Expr
from conclint.finding import Confidence, Finding, Related, Severity
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.colour import Colour
from conclint.program.model import Func, argument_of
from conclint.program.program import Program
from conclint.program.values import Function
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.dropped import is_expected

_STARTERS = (
    "trio.Nursery.start_soon",
    "trio.Nursery.start",
    "anyio.abc.TaskGroup.start_soon",
    "anyio.abc.TaskGroup.start",
)
_RUNNERS = ("trio.run", "anyio.run")
_NAMES = ("run", "start", "start_soon")


def check(program: Program) -> Iterator[Finding]:
    """Each start of a function that certainly is no coroutine function."""
    for name in _NAMES:
        for func in program.users(name):
            if not func.module.reported or not func.module.facts.packages & {"trio", "anyio"}:
                continue
            for index in func.calls_by_name.get(name, ()):
                call = func.ops[index]
                named = [one.dotted for one in program.calls.library(func, index)]
                if len(named) == 1 and named[0] in (*_STARTERS, *_RUNNERS) and isinstance(call, Call):
                    given = argument_of(call, "0")
                    if given is not None and not guards.is_dead(func, call.block) and not is_expected(func, call.block):
                        yield from _started(program, func, index, given)


def _started(program: Program, func: Func, index: int, given: Expr) -> Iterator[Finding]:
    if isinstance(given, int):
        return
    values = program.colours.settled.of(given, func, index)
    if not values or not all(isinstance(value, Function) for value in values):
        return
    if program.colours.of_values(values) is not Colour.OTHER:
        return
    call = func.ops[index]
    assert isinstance(call, Call)
    label = f"`{spell(given, func)}`" if isinstance(given, str) else "the lambda"
    functions = [value.func for value in values if isinstance(value, Function)]
    yield Finding(
        RULE.code,
        RULE.name,
        f"{label} is a plain function: `{spell(call.func, func)}` wants a coroutine function, and raises `TypeError`",
        func.at(index),
        RULE.severity,
        Confidence.LIKELY if guards.is_conditional(func, call.block) else Confidence.CERTAIN,
        related=tuple(Related(one.place, f"`{one.qualname}` is defined here") for one in functions),
        help="make it an `async def`, or start `to_thread.run_sync` with it",
        root=func.dotted,
    )


RULE = Rule(
    code="CON252",
    name="sync-function-started",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="A plain function is given to `start_soon`, `start` or `run` of trio or anyio.",
    why=(
        "Nurseries and task groups start coroutine functions. A plain one is called on the spot, on the event loop, "
        "where it stops every task while it works, and then there is no coroutine to run: `TypeError`, with all other "
        "tasks of the group cancelled."
    ),
    use_instead=(
        "Make it an `async def`. A function that blocks is started with `start_soon(to_thread.run_sync, work)`."
    ),
    bad="""\
import anyio


def work():
    print("working")


async def main():
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(work)  # CON252
    except BaseException as error:
        print(type(error).__name__)


anyio.run(main)
""",
    good="""\
import anyio
from anyio import to_thread


def work():
    print("working")


async def main():
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(to_thread.run_sync, work)
    except BaseException as error:
        print(type(error).__name__)


anyio.run(main)
""",
    cases=(
        """\
import trio


class Server:
    def accept(self):
        return 1

    async def serve(self):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.accept)  # CON252


def main():
    print("x")


trio.run(main)  # CON252
""",
    ),
    near_misses=(
        NearMiss(
            "coroutine functions, or what gives coroutines",
            """\
import functools
import trio


async def work(name="x"):
    pass


def later():
    return work()


async def main(given):
    async with trio.open_nursery() as nursery:
        nursery.start_soon(work)
        nursery.start_soon(functools.partial(work, name="y"))
        nursery.start_soon(later)
        nursery.start_soon(given)


trio.run(main)
""",
        ),
        NearMiss(
            "another kind of start",
            """\
import anyio
import threading


def work():
    pass


class Service:
    def start(self, function):
        function()


def main(service: Service):
    service.start(work)
    threading.Thread(target=work).start()
""",
        ),
    ),
    references=(
        "https://trio.readthedocs.io/en/stable/reference-core.html#trio.Nursery.start_soon",
        "https://anyio.readthedocs.io/en/stable/tasks.html",
    ),
    since="0.1",
    witness="exc",
)
