"""CON225: a coroutine that is awaited more than once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from conclint.facts import Assign, Await, Call
from conclint.finding import Confidence, Finding, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.colour import Colour, Colours
from conclint.program.model import Func, chains, parts
from conclint.program.program import Program
from conclint.program.values import External
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.dropped import is_expected

_CACHES = frozenset(("functools.lru_cache", "functools.cache", "functools.cached_property"))


def check(program: Program) -> Iterator[Finding]:
    """Each cache around a coroutine function, and each local coroutine that is awaited again."""
    colours = program.colours
    for func in program.functions():
        if not func.module.reported:
            continue
        if func.is_async and func.fact.decorators and not func.fact.is_generator:
            yield from _cached(program, func)
        if func.is_async and func.fact.name != "<lambda>":
            yield from _awaited_again(colours, func)


def _cached(program: Program, func: Func) -> Iterator[Finding]:
    nearest = func.fact.decorators[-1]
    owner = func.owner
    if owner is None or not isinstance(nearest.func, str):
        return
    for value in program.evaluator.of(nearest.func, owner, -1):
        if isinstance(value, External) and value.dotted in _CACHES:
            yield Finding(
                RULE.code,
                RULE.name,
                f"`{value.dotted.rpartition('.')[2]}` keeps the coroutine of `{func.qualname}`, not its result: who "
                "awaits it a second time gets a `RuntimeError`",
                Place(func.module.path, Span(nearest.row, func.fact.column, nearest.row, func.fact.column + 1)),
                RULE.severity,
                Confidence.CERTAIN,
                related=(Related(func.place, f"`{func.qualname}` is a coroutine function"),),
                help="cache the result or a task, not the coroutine: `conclint_runtime.aio.single_flight`, `async_lru`",
                root=func.dotted,
            )
            return


def _awaited_again(colours: Colours, func: Func) -> Iterator[Finding]:
    awaits: dict[str, list[int]] = {}
    for index, op in enumerate(func.ops):
        if isinstance(op, Await) and isinstance(op.value, str) and op.value[0] == "$" and "." not in op.value:
            awaits.setdefault(op.value[1:], []).append(index)
    for name, places in awaits.items():
        bound = func.assignments.get(name, ())
        if len(bound) != 1 or not func.is_bound_once(name) or bound[0][1].how:
            continue
        made = bound[0][1].value
        if not isinstance(made, int) or colours.of_call(func, made) is not Colour.COROUTINE:
            continue
        again = _second(func, bound[0][1], places)
        if again is not None and not _is_spared(func, name, again):
            yield _finding(func, made, name, places[0], again)


def _second(func: Func, bound: Assign, places: list[int]) -> int | None:
    """The await that comes second: after another on the same path, or in a loop that the coroutine is made before."""
    for place in places:
        loop = func.loop_around(func.ops[place].block)
        if loop >= 0 and not func.encloses(loop, bound.block):
            inside = [block for number, block in enumerate(func.body.blocks) if func.encloses(loop, number)]
            return None if any(block.exits in ("return", "break", "raise") for block in inside) else place
    for first, second in itertools.pairwise(places):
        path = [around.kind for _, around in func.block_path(func.ops[first].block)]
        if func.encloses(func.ops[first].block, func.ops[second].block) and "try" not in path:
            return second
    return None


def _is_spared(func: Func, name: str, again: int) -> bool:
    """Whether it is meant, or the name may have been given something else in between."""
    block = func.ops[again].block
    if guards.is_dead(func, block) or is_expected(func, block):
        return True
    nested = [one for one in func.module.functions if one.is_nested_in(func)]
    return any(
        isinstance(op, Assign) and isinstance(op.target, str) and op.target.endswith(f":{name}")
        for one in nested
        for op in one.ops
    ) or any(f"${name}" in chains(part) for op in func.ops if isinstance(op, Call) for part in parts(op))


def _finding(func: Func, made: int, name: str, first: int, again: int) -> Finding:
    call = func.ops[made]
    assert isinstance(call, Call)
    return Finding(
        RULE.code,
        RULE.name,
        f"`{name}` is the coroutine of `{spell(call.func, func)}` and is awaited again: it raises `RuntimeError`",
        func.at(again),
        RULE.severity,
        Confidence.LIKELY if guards.is_conditional(func, func.ops[again].block) else Confidence.CERTAIN,
        related=(
            Related(func.at(made), "the coroutine is made here"),
            *((Related(func.at(first), "and awaited here"),) if first != again else ()),
        ),
        help="keep its result, or make a task of it: a task may be awaited as often as you like",
        root=func.dotted,
    )


RULE = Rule(
    code="CON225",
    name="coroutine-reused",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="A coroutine object is awaited more than once, or a cache keeps one for the next caller.",
    why=(
        "A coroutine object runs once. Awaiting it again raises `RuntimeError: cannot reuse already awaited "
        "coroutine`. `lru_cache` and `cached_property` on an `async def` keep that object, so the first caller is "
        "served and every later one fails."
    ),
    use_instead=(
        "Keep the result, or a task made of the coroutine, which gives its result to everybody who awaits it. For a "
        "cache use one that knows coroutines."
    ),
    bad="""\
import asyncio


async def load(name):
    await asyncio.sleep(0.01)
    return name.upper()


async def main():
    loading = load("a")
    print(await loading)
    print(await loading)  # CON225


asyncio.run(main())
""",
    good="""\
import asyncio


async def load(name):
    await asyncio.sleep(0.01)
    return name.upper()


async def main():
    loading = asyncio.create_task(load("a"))
    print(await loading)
    print(await loading)


asyncio.run(main())
""",
    cases=(
        """\
import functools
from functools import cached_property, lru_cache


@functools.lru_cache  # CON225
async def load(name):
    return name.upper()


class Client:
    @cached_property  # CON225
    async def token(self):
        return "x"

    @lru_cache(maxsize=None)  # CON225
    async def user(self, name):
        return name


async def fetch():
    return 1


async def twice():
    job = fetch()
    first = await job
    return first, await job  # CON225


async def polled(done):
    job = fetch()
    while not done():
        print(await job)  # CON225
""",
    ),
    near_misses=(
        NearMiss(
            "a task or a future may be awaited again",
            """\
import asyncio


async def fetch():
    return 1


async def main(loop):
    task = asyncio.create_task(fetch())
    await task
    await task
    future = loop.create_future()
    await future
    return await future
""",
        ),
        NearMiss(
            "only one of the awaits is reached",
            """\
import asyncio


async def fetch():
    return 1


async def main(quick):
    job = fetch()
    if quick:
        return await job
    else:
        await asyncio.sleep(1)
        await job


async def first(items):
    job = fetch()
    for item in items:
        if item:
            await job
            break
""",
        ),
        NearMiss(
            "each turn makes its own",
            """\
async def fetch():
    return 1


async def main():
    for _ in range(3):
        job = fetch()
        await job
""",
        ),
        NearMiss(
            "caches that know coroutines, and other properties",
            """\
from async_lru import alru_cache
from aiocache import cached


class Client:
    @alru_cache
    async def user(self, name):
        return name

    @cached(ttl=10)
    async def token(self):
        return "x"

    @property
    async def name(self):
        return "n"
""",
        ),
        NearMiss(
            "the cache keeps what a decorator between made of it",
            """\
import functools
from framework import as_task


@functools.lru_cache
@as_task
async def load():
    return 1
""",
        ),
    ),
    references=(
        "https://docs.python.org/3/library/functools.html#functools.lru_cache",
        "https://docs.python.org/3/reference/datamodel.html#coroutine-objects",
    ),
    since="0.1",
    witness="exc",
)
