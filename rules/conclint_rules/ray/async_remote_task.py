"""CON602: an `async def` made a remote task."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call
from conclint.finding import Applicability, Confidence, Finding, Fix, Place, Severity, WrapAsyncRemote
from conclint.program.model import Func
from conclint.program.program import Program
from conclint.program.values import Function
from conclint.rule import NearMiss, Rule
from conclint_rules.ray.expected import is_expected

_ERRORS = frozenset(("ValueError",))


def check(program: Program) -> Iterator[Finding]:
    """Each `async def` that is made remote by a decorator or by a call."""
    remote = program.evaluator.is_ray_remote
    for func in program.functions():
        if func.is_async and func.fact.decorators and func.fact.in_class < 0 and func.module.reported:
            owner = func.owner
            if owner is None or is_expected(owner, func.fact.block, _ERRORS):
                continue
            # The decorator nearest to the function is the one that is given the coroutine function.
            if isinstance(name := func.fact.decorators[-1].func, str) and remote(name, owner):
                yield _finding(func, func.place, owner, _wrapped(func))
    for user in program.users("remote"):
        for index, op in user.calls:
            if len(op.args) == 1 and user.module.reported and _is_remote(program, user, op):
                if is_expected(user, op.block, _ERRORS):
                    continue
                values = program.evaluator.of(op.args[0], user, index)
                if len(values) == 1 and isinstance(values[0], Function) and values[0].func.is_async:
                    yield _finding(values[0].func, user.at(index), user, None)


def _is_remote(program: Program, user: Func, op: Call) -> bool:
    """Whether a call is `ray.remote(x)` or `ray.remote(…)(x)`."""
    made = user.ops[op.func] if isinstance(op.func, int) else op
    if not isinstance(made, Call) or not isinstance(made.func, str):
        return False
    return program.evaluator.is_ray_remote(made.func, user)


def _wrapped(func: Func) -> Fix | None:
    if func.fact.is_generator:
        return None
    return Fix(
        Applicability.SAFE,
        "run the coroutine in a plain remote function",
        (WrapAsyncRemote(func.place.span),),
    )


def _finding(func: Func, place: Place, root: Func, fix: Fix | None) -> Finding:
    if func.fact.is_generator:
        found = f"the asynchronous generator `{func.name}` is made a remote task"
        then = "its values cannot be fetched, the first one raises `TypeError`"
    else:
        found = f"the coroutine function `{func.name}` is made a remote task"
        then = "Ray raises `ValueError` as soon as that is reached"
    return Finding(
        RULE.code,
        RULE.name,
        f"{found}: {then}",
        place,
        RULE.severity,
        Confidence.CERTAIN,
        help="make it a plain function that runs the coroutine with `asyncio.run`, or a method of an actor",
        fix=fix,
        root="" if root.name == "<module>" else root.dotted,
    )


RULE = Rule(
    code="CON602",
    name="async-remote-task",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="An `async def` function is made a Ray task with `ray.remote`.",
    why=(
        "A task runs in a worker process that has no event loop, so Ray refuses coroutine functions where they are "
        "decorated. An asynchronous generator is let through, and fails only when its first value is asked for. Only "
        "actors have an event loop: their methods may be `async def`."
    ),
    use_instead=(
        "A plain remote function that runs the coroutine with `asyncio.run`; or an actor with an async method, where "
        "many calls should share one event loop."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe: the program does not run without it. The coroutine function goes on under a private name, and a remote "
        "function of the old name and signature runs it. There is no fix for asynchronous generators."
    ),
    bad="""\
import asyncio

import ray


@ray.remote
async def fetch(delay):  # CON602
    await asyncio.sleep(delay)
    return delay


print(ray.get([fetch.remote(0.1), fetch.remote(0.2)]))
""",
    good="""\
import asyncio

import ray


async def _fetch(delay):
    await asyncio.sleep(delay)
    return delay


@ray.remote
def fetch(delay):
    return asyncio.run(_fetch(delay))


print(ray.get([fetch.remote(0.1), fetch.remote(0.2)]))
""",
    cases=(
        """\
from ray import remote


@remote(num_cpus=1)
async def numbers(count):  # CON602
    for number in range(count):
        yield number
""",
        """\
import asyncio

import conclint_runtime as ray


async def fetch(delay):
    await asyncio.sleep(delay)


task = ray.remote(fetch)  # CON602
other = ray.remote(num_cpus=1)(fetch)  # CON602
""",
    ),
    near_misses=(
        NearMiss(
            "the methods of an actor may be coroutines",
            """\
import asyncio

import ray


@ray.remote
class Fetcher:
    async def fetch(self, delay):
        await asyncio.sleep(delay)
""",
        ),
        NearMiss(
            "another decorator makes a plain function of it first",
            """\
import ray
from asgiref.sync import async_to_sync


@ray.remote
@async_to_sync
async def fetch(delay):
    return delay
""",
        ),
        NearMiss(
            "the test expects the error",
            """\
import pytest
import ray


def test_coroutines_are_refused():
    with pytest.raises(ValueError):

        @ray.remote
        async def fetch():
            return 1
""",
        ),
        NearMiss(
            "a remote decorator of another library",
            """\
from service import remote


@remote
async def fetch():
    return 1
""",
        ),
    ),
    references=("https://docs.ray.io/en/latest/ray-core/actors/async_api.html",),
    since="0.1",
    witness="exc",
)
