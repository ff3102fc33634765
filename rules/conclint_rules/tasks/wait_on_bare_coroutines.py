"""CON208: `asyncio.wait` is given coroutines or remote references."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call, Expr, Gather, Seq
from conclint.finding import Applicability, Confidence, Edit, Finding, Fix, Related, ReplaceExpression, Severity, Slot
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.colour import Colour, Colours
from conclint.program.model import Func, argument_of
from conclint.program.program import Program
from conclint.program.values import Remote
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.dropped import is_expected

_WAIT = "asyncio.wait"


def check(program: Program) -> Iterator[Finding]:
    """Each `asyncio.wait` that is certainly given what is neither a task nor a future."""
    colours = program.colours
    for func in program.users("wait"):
        if not func.module.reported:
            continue
        for index in func.calls_by_name.get("wait", ()):
            call = func.ops[index]
            if isinstance(call, Call) and _is_wait(program, func, index):
                given = argument_of(call, "0:fs")
                bare = list(_bare(program, colours, func, given))
                if bare and not guards.is_dead(func, call.block) and not is_expected(func, call.block):
                    yield _finding(func, index, bare)


def _is_wait(program: Program, func: Func, index: int) -> bool:
    return [one.dotted for one in program.calls.library(func, index)] == [_WAIT]


def _bare(program: Program, colours: Colours, func: Func, given: Expr) -> Iterator[tuple[int, bool]]:
    """The calls among what is waited for that give no task, and whether they give a remote reference."""
    for at in _elements(func, given):
        if _is_remote(program, func, at):
            yield at, True
        elif colours.of_call(func, at) is Colour.COROUTINE:
            yield at, False


def _is_remote(program: Program, func: Func, at: int) -> bool:
    values = program.evaluator.callee(func, at)
    return bool(values) and all(isinstance(value, Remote) and value.kind == "call" for value in values)


def _elements(func: Func, given: Expr, *, followed: bool = False) -> Iterator[int]:
    """The calls that make the elements of a display or comprehension, also of one that a local was bound to once."""
    if isinstance(given, Seq) and given.kind != "dict":
        yield from (item for item in given.items if isinstance(item, int) and isinstance(func.ops[item], Call))
    elif isinstance(given, int):
        made = func.ops[given]
        if isinstance(made, Gather) and isinstance(made.element, int) and isinstance(func.ops[made.element], Call):
            yield made.element
    elif isinstance(given, str) and not followed and given.startswith("$") and "." not in given:
        bound = func.assignments.get(given[1:], ())
        if len(bound) == 1 and bound[0][1].how == "" and func.is_bound_once(given[1:]):
            yield from _elements(func, bound[0][1].value, followed=True)


def _finding(func: Func, index: int, bare: list[tuple[int, bool]]) -> Finding:
    first, remote = bare[0]
    call = func.ops[first]
    assert isinstance(call, Call)
    label = spell(call.func, func)
    if remote:
        message = f"`asyncio.wait` is given the reference of `{label}`, which is no future: it raises `AttributeError`"
    else:
        message = f"`asyncio.wait` is given the coroutine of `{label}`: from Python 3.11 on it raises `TypeError`"
    return Finding(
        RULE.code,
        RULE.name,
        message,
        func.at(index),
        RULE.severity,
        Confidence.LIKELY if guards.is_conditional(func, func.ops[index].block) else Confidence.CERTAIN,
        related=tuple(Related(func.at(at), "what is waited for is made here") for at, _ in bare),
        help="wrap it in `asyncio.ensure_future`" if remote else "make a task of each with `asyncio.create_task`",
        fix=_mend(func, bare),
        root=func.dotted,
    )


def _mend(func: Func, bare: list[tuple[int, bool]]) -> Fix | None:
    if not func.is_async:
        return None
    edits: list[Edit] = []
    for at, remote in bare:
        span = func.span(at)
        maker = "asyncio.ensure_future" if remote else "asyncio.create_task"
        edits.append(ReplaceExpression(span, f"{{@{maker}}}({{call}})", (Slot("call", span),)))
    return Fix(Applicability.SAFE, "wait for tasks", tuple(edits))


RULE = Rule(
    code="CON208",
    name="wait-on-bare-coroutines",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="`asyncio.wait` is given coroutines or Ray's object references instead of tasks.",
    why=(
        "`asyncio.wait` tells which of its futures are done by giving them back, so it needs futures: a coroutine that "
        "it wrapped in a task of its own could not be recognised in the result. Up to Python 3.10 it wrapped them all "
        "the same, with a deprecation warning; since 3.11 it raises `TypeError`, and the coroutines never run. Ray's "
        "object references can be awaited, yet they are no futures either: there it is an `AttributeError`."
    ),
    use_instead=(
        "Make a task of each coroutine with `asyncio.create_task`, and of each reference with `asyncio.ensure_future`, "
        "and keep them to compare with what comes back. Where all results are wanted, use `asyncio.gather`, which "
        "takes anything that can be awaited."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe: `create_task` is what `asyncio.wait` itself did before it refused coroutines. Not offered outside of "
        "`async def`, where no event loop need run."
    ),
    bad="""\
import asyncio


async def fetch(name):
    await asyncio.sleep(0.01)
    return name


async def main():
    done, pending = await asyncio.wait([fetch("a"), fetch("b")])  # CON208
    print(sorted(task.result() for task in done), pending)


asyncio.run(main())
""",
    good="""\
import asyncio


async def fetch(name):
    await asyncio.sleep(0.01)
    return name


async def main():
    done, pending = await asyncio.wait([asyncio.create_task(fetch("a")), asyncio.create_task(fetch("b"))])
    print(sorted(task.result() for task in done), pending)


asyncio.run(main())
""",
    cases=(
        """\
import asyncio
from asyncio import wait


class Store:
    async def load(self, key):
        return key

    async def all(self, keys):
        await wait({self.load(key) for key in keys}, timeout=5)  # CON208
        jobs = [self.load(key) for key in keys]
        await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)  # CON208
""",
        """\
import asyncio
import ray


@ray.remote
def square(x):
    return x * x


async def main():
    await asyncio.wait([square.remote(1), square.remote(2)])  # CON208
""",
        """\
# file: client.py
class Client:
    async def ping(self): ...

# file: app.py
import asyncio
from client import Client


async def probe(clients: list[Client]):
    done, _ = await asyncio.wait([client.ping() for client in clients])  # CON208
    return done
""",
    ),
    near_misses=(
        NearMiss(
            "tasks and futures are what it is for",
            """\
import asyncio


async def fetch(name):
    return name


async def main(names, loop):
    tasks = [asyncio.create_task(fetch(name)) for name in names]
    await asyncio.wait(tasks)
    await asyncio.wait([asyncio.ensure_future(fetch(name)) for name in names])
    await asyncio.wait([loop.run_in_executor(None, print)])
""",
        ),
        NearMiss(
            "whether the callee gives a coroutine is not known",
            """\
import asyncio


async def main(fetch, names):
    await asyncio.wait([fetch(name) for name in names])
""",
        ),
        NearMiss(
            "gather and as_completed take coroutines, other functions called wait are others",
            """\
import asyncio
import concurrent.futures


async def fetch(name):
    return name


async def main(event, names):
    await asyncio.gather(fetch("a"), fetch("b"))
    for one in asyncio.as_completed([fetch(name) for name in names]):
        await one
    await event.wait([fetch("a")])
    concurrent.futures.wait([])
""",
        ),
        NearMiss(
            "the list was replaced by one of tasks",
            """\
import asyncio


async def fetch(name):
    return name


async def main(names):
    jobs = [fetch(name) for name in names]
    jobs = [asyncio.create_task(job) for job in jobs]
    await asyncio.wait(jobs)
""",
        ),
        NearMiss(
            "a test that expects the error",
            """\
import asyncio
import pytest


async def fetch(name):
    return name


async def test_it():
    with pytest.raises(TypeError):
        await asyncio.wait([fetch("a")])
""",
        ),
    ),
    known_problems="A list that is filled by `append` in a loop is not followed.",
    references=(
        "https://docs.python.org/3/library/asyncio-task.html#asyncio.wait",
        "https://docs.ray.io/en/latest/ray-core/actors/async_api.html",
    ),
    since="0.1",
    witness="exc",
)
