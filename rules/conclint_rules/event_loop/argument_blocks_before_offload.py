"""CON242: a call where a function was meant: it runs on the event loop before anything is offloaded."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call, Mix
from conclint.finding import Applicability, Confidence, Finding, Fix, Related, ReplaceExpression, Severity, Slot
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.model import Func, argument_of
from conclint.program.program import Program
from conclint.program.values import Constant, Instance
from conclint.rule import NearMiss, Rule

_LOOP = "asyncio.AbstractEventLoop"
# The position and name of the function that each of them runs in a thread.
_OFFLOADS = {
    "asyncio.to_thread": "0:func",
    "anyio.to_thread.run_sync": "0:func",
    "trio.to_thread.run_sync": "0:sync_fn",
    f"{_LOOP}.run_in_executor": "1:func",
}
_NAMES = sorted({name.rpartition(".")[2] for name in _OFFLOADS})
# Values that nobody can call.
_DATA = frozenset(("str", "bytes", "int", "float", "bool", "list", "dict", "tuple", "set"))


def check(program: Program) -> Iterator[Finding]:
    """Each offloading call whose function argument is a call that gives no function."""
    for name in _NAMES:
        for func in program.users(name):
            if not func.module.reported:
                continue
            for index in func.calls_by_name.get(name, ()):
                call = func.ops[index]
                which = _argument(program, func, index)
                given = argument_of(call, which) if which and isinstance(call, Call) else None
                if isinstance(given, int) and not guards.is_dead(func, call.block):
                    inner = func.ops[given]
                    if isinstance(inner, Call) and _gives_data(program, func, given):
                        yield _finding(program, func, index, given)


def _argument(program: Program, func: Func, index: int) -> str:
    named = [one.dotted for one in program.calls.library(func, index)]
    if len(named) != 1:
        return ""
    owner, _, method = named[0].rpartition(".")
    if program.knowledge.role(owner) == "loop":
        owner = _LOOP
    return _OFFLOADS.get(f"{owner}.{method}", "")


def _gives_data(program: Program, func: Func, given: int) -> bool:
    """Whether a call certainly gives something that cannot be called: what waits gives results, not functions."""
    library = program.calls.library(func, given)
    if library:
        rows = [program.knowledge.row(one.dotted) for one in library]
        return all(row is not None and row.blocks in _RESULTS and not row.is_async for row in rows)
    targets = program.calls.targets(func, given)
    if not targets or any(target.func.is_async or target.func.fact.is_generator for target in targets):
        return False
    return all(not target.func.fact.decorators and _returns_data(program, target.func) for target in targets)


_RESULTS = ("sleep", "network", "subprocess", "file", "database", "wait", "user-input", "cpu")


def _returns_data(program: Program, func: Func) -> bool:
    values = program.evaluator.returns(func)
    leaves = [op for op in func.ops if getattr(op, "how", "") == "return" and getattr(op, "value", None) is not None]
    if not values:
        return not leaves and bool(func.ops) and func.name != "__init__"
    return all(isinstance(value, Constant) or (isinstance(value, Instance) and value.type in _DATA) for value in values)


def _finding(program: Program, func: Func, index: int, given: int) -> Finding:
    call, inner = func.ops[index], func.ops[given]
    assert isinstance(call, Call)
    assert isinstance(inner, Call)
    taker, label = spell(call.func, func), spell(inner.func, func)
    return Finding(
        RULE.code,
        RULE.name,
        f"`{label}` is called before `{taker}` gets it: it runs on this thread, and what it gives is no function",
        func.at(given),
        RULE.severity,
        Confidence.CERTAIN,
        related=(Related(func.at(index), f"`{taker}` wants a function, and its arguments after it"),),
        help=f"hand over the function and its arguments: `{taker}({label}, …)`",
        fix=_mend(program, func, index, given),
        root=func.dotted,
    )


def _mend(program: Program, func: Func, index: int, given: int) -> Fix | None:
    """`to_thread(f(x))` becomes `to_thread(f, x)`, where all arguments may be handed on as they are."""
    call, inner = func.ops[index], func.ops[given]
    assert isinstance(call, Call)
    assert isinstance(inner, Call)
    to_thread = _argument(program, func, index) == "0:func" and len(call.args) == 1 and not call.keywords
    in_executor = _argument(program, func, index) == "1:func" and len(call.args) == 2 and not call.keywords
    takes_keywords = to_thread and [one.dotted for one in program.calls.library(func, index)] == ["asyncio.to_thread"]
    starred = any(isinstance(item, Mix) and item.kind == "star" for item in call.args)
    if not (to_thread or in_executor) or starred or (inner.keywords and not takes_keywords):
        return None
    span, inside = func.span(index), func.span(given)
    slots = [Slot("taker", span, "func"), Slot("func", inside, "func")]
    template = "{taker}({func}" if to_thread else "{taker}({pool}, {func}"
    if in_executor:
        slots.append(Slot("pool", span, "args.0"))
    if inner.args or inner.keywords:
        template += ", {args}"
        slots.append(Slot("args", inside, "args"))
    edit = ReplaceExpression(span, template + ")", tuple(slots))
    return Fix(Applicability.SAFE, "hand over the function and its arguments", (edit,))


RULE = Rule(
    code="CON242",
    name="argument-blocks-before-offload",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="`to_thread(work(x))`: the call runs on the event loop, and its result is handed over for a function.",
    why=(
        "Arguments are evaluated before the call. `asyncio.to_thread(read(path))` reads the file on the event loop, "
        "stops every task meanwhile, and then asks a thread to call what was read: `TypeError`. What was to be "
        "offloaded never is."
    ),
    use_instead="Hand over the function itself, with its arguments after it: `asyncio.to_thread(read, path)`.",
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe: the function then runs where it was meant to run, as `to_thread` and `run_in_executor` call what they "
        "are given with these arguments. Not offered where keyword arguments cannot be handed on."
    ),
    bad="""\
import asyncio
import time


def work(seconds):
    time.sleep(seconds)


async def main():
    await asyncio.to_thread(work(0.3))  # CON242


asyncio.run(main())
""",
    good="""\
import asyncio
import time


def work(seconds):
    time.sleep(seconds)


async def main():
    await asyncio.to_thread(work, 0.3)


asyncio.run(main())
""",
    cases=(
        """\
import asyncio
import time
import anyio
import requests


def total(values):
    return f"{values}"


class Report:
    def render(self):
        return f"{self}"


async def main(url, values, report: Report):
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(requests.get(url, timeout=5))  # CON242
    await asyncio.to_thread(time.sleep(1))  # CON242
    await loop.run_in_executor(None, total(values))  # CON242
    await anyio.to_thread.run_sync(report.render())  # CON242
""",
    ),
    near_misses=(
        NearMiss(
            "the function is handed over",
            """\
import asyncio
import functools
import requests


async def main(url):
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(requests.get, url, timeout=5)
    await loop.run_in_executor(None, functools.partial(requests.get, url, timeout=5))
    await loop.run_in_executor(None, lambda: requests.get(url, timeout=5))
""",
        ),
        NearMiss(
            "the call gives a function",
            """\
import asyncio


def job(name):
    def run():
        print(name)

    return run


class Job:
    def __call__(self):
        pass


async def main(make):
    await asyncio.to_thread(job("a"))
    await asyncio.to_thread(make("b"))
    await asyncio.to_thread(Job())
""",
        ),
        NearMiss(
            "another argument is worked out first",
            """\
import asyncio


def path(name):
    return f"/tmp/{name}"


def read(where):
    return where


async def main():
    await asyncio.to_thread(read, path("a"))
""",
        ),
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-task.html#asyncio.to_thread",
        "https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.run_in_executor",
    ),
    since="0.1",
    witness="stall",
)
