"""CON237: `await` on what cannot be awaited, and tasks made of what is no coroutine."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Await, Call, Const, Expr, Leave
from conclint.finding import Applicability, Confidence, Finding, Fix, Related, ReplaceExpression, Severity, Slot
from conclint.program import guards
from conclint.program.calls import is_abstract, spell
from conclint.program.colour import Colour, Colours
from conclint.program.model import Func, argument_of
from conclint.program.program import Program
from conclint.program.values import Constant, Function, Instance, Remote
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.dropped import is_expected

_FUTURE = "concurrent.futures.Future"
_DATA = frozenset(("str", "bytes", "int", "float", "bool", "list", "dict", "tuple", "set"))
# Which argument of each must be a coroutine; those that take any awaitable as well.
_TAKERS = {
    "asyncio.run": "0:main",
    "asyncio.create_task": "0:coro",
    "asyncio.ensure_future": "0:coro_or_future",
    "asyncio.wait_for": "0:fut",
    "asyncio.shield": "0:arg",
    "asyncio.run_coroutine_threadsafe": "0:coro",
}
_COROUTINES_ONLY = ("asyncio.run", "asyncio.create_task", "asyncio.run_coroutine_threadsafe")
_TAKER_NAMES = sorted({name.rpartition(".")[2] for name in _TAKERS})


def check(program: Program) -> Iterator[Finding]:
    """Each such `await`, and each call that wants a coroutine and is given the function, or a remote reference."""
    colours = program.colours
    for func in program.functions():
        if func.is_async and func.module.reported and func.name != "<lambda>":
            yield from _awaits(program, colours, func)
    for name in _TAKER_NAMES:
        for func in program.users(name):
            if func.module.reported:
                for index in func.calls_by_name.get(name, ()):
                    yield from _given(program, colours, func, index)


# Awaits ---------------------------------------------------------------------------------------------------------------


def _awaits(program: Program, colours: Colours, func: Func) -> Iterator[Finding]:
    for index, op in enumerate(func.ops):
        if not isinstance(op, Await) or op.value is None:
            continue
        called = func.ops[op.value] if isinstance(op.value, int) else None
        if isinstance(called, Call):
            found = _wrong_call(program, colours, func, op.value, called)  # type: ignore[arg-type]  # an int, as `called` says
        elif isinstance(op.value, str):
            found = _wrong_name(program, func, index, op.value)
        else:
            found = None
        if found is not None and not guards.is_dead(func, op.block) and not is_expected(func, op.block):
            message, advice, fix = found
            yield _finding(func, index, op.block, message, advice, fix, _evidence(colours, func, op.value))


_Wrong = tuple[str, str, "Fix | None"]


def _wrong_call(program: Program, colours: Colours, func: Func, at: int, call: Call) -> _Wrong | None:
    label = spell(call.func, func)
    library = [one.dotted for one in program.calls.library(func, at)]
    if library == ["ray.get"]:
        return f"`{label}(…)` awaits a value, not a reference: it raises `TypeError`", "await the reference", None
    if library:
        rows = [program.knowledge.row(dotted) for dotted in library]
        wrong = all(row is not None and row.returns == _FUTURE for row in rows)
        return _future_of(func, at, label) if wrong else None
    callees = colours.settled.callee(func, at)
    if not callees or not all(isinstance(value, Function) for value in callees):
        return None
    if colours.of_call(func, at) is not Colour.OTHER:
        return None
    values = program.evaluator.result(func, at)
    if values and all(isinstance(value, Instance) and value.type == _FUTURE for value in values):
        return _future_of(func, at, label)
    if not _gives_data(program, callees):
        return None
    return f"`{label}` gives nothing that can be awaited: the `await` raises `TypeError`", "call it as it is", None


def _future_of(func: Func, at: int, label: str) -> _Wrong:
    return (
        f"`{label}` gives a `{_FUTURE}`, which cannot be awaited: it raises `TypeError`",
        "await `asyncio.wrap_future` of it, or use `run_in_executor`",
        _wrap(func, at),
    )


def _gives_data(program: Program, callees: tuple[object, ...]) -> bool:
    """Whether what is called certainly returns nothing or plain data, or is an asynchronous generator."""
    for value in callees:
        assert isinstance(value, Function)
        target = value.func
        if target.fact.decorators and not (target.is_static or target.is_classmethod):
            return False
        if target.fact.is_generator:
            if not target.is_async:
                return False
            continue
        if not target.ops or is_abstract(target) or not _is_plain_promise(program, target):
            return False
        returned = program.evaluator.returns(target)
        if not all(_is_data(one) for one in returned) or (not returned and _returns_something(target)):
            return False
    return True


def _is_plain_promise(program: Program, func: Func) -> bool:
    """Whether the annotation of a function, if it has one, promises plain data too."""
    if func.fact.returns is None or func.fact.returns == Const(None):
        return True
    return all(_is_data(one) for one in program.evaluator.annotated(func.fact.returns, func)) and bool(
        program.evaluator.annotated(func.fact.returns, func)
    )


def _returns_something(func: Func) -> bool:
    return any(isinstance(op, Leave) and op.how == "return" and op.value is not None for op in func.ops)


def _is_data(value: object) -> bool:
    return isinstance(value, Constant) or (isinstance(value, Instance) and value.type in _DATA)


def _wrong_name(program: Program, func: Func, index: int, name: str) -> _Wrong | None:
    values = program.evaluator.of(name, func, index)
    if values and all(isinstance(value, Instance) and value.type == _FUTURE and value.site for value in values):
        label = spell(name, func)
        return (
            f"`{label}` is a `{_FUTURE}`, which cannot be awaited: it raises `TypeError`",
            "await `asyncio.wrap_future` of it",
            None,
        )
    return None


def _wrap(func: Func, at: int) -> Fix:
    span = func.span(at)
    edit = ReplaceExpression(span, "{@asyncio.wrap_future}({call})", (Slot("call", span),))
    return Fix(Applicability.SAFE, "await it as an asyncio future", (edit,))


# Tasks ----------------------------------------------------------------------------------------------------------------


def _given(program: Program, colours: Colours, func: Func, index: int) -> Iterator[Finding]:
    call = func.ops[index]
    named = [one.dotted for one in program.calls.library(func, index)]
    if len(named) != 1 or named[0] not in _TAKERS or not isinstance(call, Call):
        return
    given = argument_of(call, _TAKERS[named[0]])
    if given is None or guards.is_dead(func, call.block) or is_expected(func, call.block):
        return
    taker = spell(call.func, func)
    if isinstance(given, str):
        values = colours.settled.of(given, func, index)
        if (
            values
            and all(isinstance(value, Function) for value in values)
            and colours.of_values(values) is Colour.COROUTINE
        ):
            message = (
                f"`{taker}` is given the function `{spell(given, func)}` and not its coroutine: it raises an error"
            )
            yield _finding(
                func,
                index,
                call.block,
                message,
                "call it: what is wanted is the coroutine",
                None,
                _evidence(colours, func, given),
            )
    elif isinstance(given, int) and named[0] in _COROUTINES_ONLY and _is_reference(program, func, given):
        message = f"`{taker}` is given a remote reference, which is no coroutine: it raises an error"
        yield _finding(
            func, index, call.block, message, "use `asyncio.ensure_future`", _ensure(func, index, named[0]), ()
        )


def _is_reference(program: Program, func: Func, at: int) -> bool:
    if not isinstance(func.ops[at], Call):
        return False
    values = program.evaluator.callee(func, at)
    return bool(values) and all(isinstance(value, Remote) and value.kind == "call" for value in values)


def _ensure(func: Func, index: int, taker: str) -> Fix | None:
    if taker != "asyncio.create_task":
        return None
    span = func.span(index)
    edit = ReplaceExpression(span, "{@asyncio.ensure_future}({args})", (Slot("args", span, "args"),))
    return Fix(Applicability.SAFE, "use `asyncio.ensure_future`", (edit,))


def _evidence(colours: Colours, func: Func, expr: Expr) -> tuple[Related, ...]:
    values = colours.settled.callee(func, expr) if isinstance(expr, int) else colours.settled.of(expr, func, -1)
    return tuple(Related(one.func.place, f"`{one.func.qualname}`") for one in values if isinstance(one, Function))


def _finding(
    func: Func, index: int, block: int, message: str, advice: str, fix: Fix | None, related: tuple[Related, ...]
) -> Finding:
    return Finding(
        RULE.code,
        RULE.name,
        message,
        func.at(index),
        RULE.severity,
        Confidence.LIKELY if guards.is_conditional(func, block) else Confidence.CERTAIN,
        related=related,
        help=advice,
        fix=fix,
        root=func.dotted,
    )


RULE = Rule(
    code="CON237",
    name="await-wrong-thing",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="Something is awaited, or made a task of, that is no awaitable or no coroutine.",
    why=(
        "`await` takes coroutines, tasks, asyncio futures and objects with `__await__`. A plain result, the future of "
        "an executor or the value that `ray.get` returned is none of these, and raises `TypeError` after the work has "
        "been done. `create_task` and `asyncio.run` want a coroutine: given the function itself, or a reference, they "
        "raise."
    ),
    use_instead=(
        "Await what can be awaited: `asyncio.wrap_future(future)` for the future of an executor, the reference itself "
        "in place of `ray.get`, nothing at all for a plain call. Call the function for its coroutine."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe: `asyncio.wrap_future` around the future of an executor, and `ensure_future` for a reference, where the "
        "code as written could only raise. For the other forms it is not known what was meant."
    ),
    bad="""\
import asyncio
from concurrent.futures import ThreadPoolExecutor


async def main():
    with ThreadPoolExecutor() as pool:
        print(await pool.submit(sum, [1, 2, 3]))  # CON237


asyncio.run(main())
""",
    good="""\
import asyncio
from concurrent.futures import ThreadPoolExecutor


async def main():
    with ThreadPoolExecutor() as pool:
        print(await asyncio.wrap_future(pool.submit(sum, [1, 2, 3])))


asyncio.run(main())
""",
    cases=(
        """\
import asyncio
import ray
from concurrent.futures import ThreadPoolExecutor


@ray.remote
def square(x):
    return x * x


def greet(name):
    print(name)


async def numbers():
    yield 1


async def work():
    pass


class Store:
    def size(self):
        return 3

    async def report(self):
        await self.size()  # CON237


async def main(pool: ThreadPoolExecutor):
    await greet("you")  # CON237
    await numbers()  # CON237
    future = pool.submit(greet, "you")
    await future  # CON237
    await ray.get(square.remote(1))  # CON237
    await asyncio.create_task(work)  # CON237
    asyncio.create_task(square.remote(2))  # CON237
    await asyncio.wait_for(work, 1)  # CON237


asyncio.run(main)  # CON237
""",
    ),
    near_misses=(
        NearMiss(
            "awaitables of all kinds",
            """\
import asyncio


class Job:
    def __await__(self):
        return iter(())


def start():
    return asyncio.create_task(asyncio.sleep(1))


def later(loop):
    return loop.create_future()


def handed(client):
    return client.get()


async def main(loop, client):
    await Job()
    await start()
    await later(loop)
    await handed(client)
    await loop.run_in_executor(None, print)
    await asyncio.shield(start())
""",
        ),
        NearMiss(
            "a subclass gives a coroutine",
            """\
class Store:
    def size(self):
        raise NotImplementedError

    async def report(self):
        return await self.size()


class Remote(Store):
    async def size(self):
        return 3
""",
        ),
        NearMiss(
            "a decorator, or a library, may have made it awaitable",
            """\
from framework import task, Client


@task
def size():
    return 3


class Store(Client):
    def size(self):
        return self.request("size")

    async def report(self):
        await self.size()
        await size()
        await self.request("x")
""",
        ),
        NearMiss(
            "coroutines are what is run",
            """\
import asyncio
import ray


@ray.remote
def square(x):
    return x


async def work():
    pass


async def main():
    await asyncio.create_task(work())
    await asyncio.ensure_future(square.remote(1))
    await square.remote(2)


asyncio.run(main())
""",
        ),
        NearMiss(
            "a test that expects the error",
            """\
import asyncio
import pytest


def plain():
    pass


async def test_it():
    with pytest.raises(TypeError):
        await plain()
""",
        ),
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-task.html#awaitables",
        "https://docs.python.org/3/library/asyncio-future.html#asyncio.wrap_future",
    ),
    since="0.1",
    witness="exc",
)
