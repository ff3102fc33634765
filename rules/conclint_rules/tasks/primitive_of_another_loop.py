"""CON219: a lock, queue or event of asyncio that several event loops share."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call, Load
from conclint.finding import Confidence, Finding, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.contexts import Phase
from conclint.program.effects import Primitive
from conclint.program.model import Func, Module, argument_of, chains, parts
from conclint.program.program import Program
from conclint.program.values import Coroutine
from conclint.rule import NearMiss, Rule

_KINDS = frozenset(
    f"asyncio.{name}"
    for name in (
        *("Lock", "Event", "Condition", "Semaphore", "BoundedSemaphore", "Queue", "PriorityQueue", "LifoQueue"),
    )
)
_STEPS = 4
_QUIET = (Phase.TEST, Phase.BENCHMARK)


def check(program: Program) -> Iterator[Finding]:
    """Each such object of a module that coroutines use which are run by more than one `asyncio.run`."""
    for module in program.part:
        if not module.reported or not module.functions or "asyncio" not in module.facts.packages:
            continue
        top = module.functions[0]
        for name, bindings in sorted(module.bindings.items()):
            at = (
                bindings[0].value
                if len(bindings) == 1 and bindings[0].how == "value" and bindings[0].function == 0
                else None
            )
            if isinstance(at, int) and isinstance(top.ops[at], Call) and not guards.is_dead(top, top.ops[at].block):
                kinds = [one.dotted for one in program.calls.library(top, at)]
                if len(kinds) == 1 and kinds[0] in _KINDS:
                    runs = _runs(program, module, name)
                    if len(runs) > 1:
                        yield _finding(program, top, at, kinds[0], name, runs)


def _runs(program: Program, module: Module, name: str) -> list[tuple[Func, int]]:
    """The calls that start a loop for a coroutine which comes to use the object; one in a loop counts twice."""
    todo = [func for func in module.functions if func.is_async and _uses(func, name)]
    seen = set(todo)
    found: dict[tuple[Func, int], int] = {}
    for _ in range(_STEPS):
        following = []
        for func in todo:
            for starter in program.contexts.loops.starters(func):
                for primitive in program.effects.running_loops_in(starter.module):
                    if primitive.func is starter and _starts(program, primitive, func):
                        again = starter.loop_around(primitive.block) >= 0
                        found[(starter, primitive.at)] = 2 if again else 1
            following += [user for user in program.contexts.awaiters(func) if user.is_async and user not in seen]
        seen.update(following)
        todo = following
    return [
        place
        for place, times in sorted(found.items(), key=lambda item: item[0][0].at(item[0][1]))
        for _ in range(times)
    ]


def _starts(program: Program, primitive: Primitive, func: Func) -> bool:
    """Whether a call is an `asyncio.run` of that coroutine."""
    if primitive.name != "asyncio.run" or primitive.call is None:
        return False
    given = program.evaluator.of(argument_of(primitive.call, "0:main"), primitive.func, primitive.at)
    return any(isinstance(value, Coroutine) and value.func is func for value in given)


def _uses(func: Func, name: str) -> bool:
    chain = f":{name}"
    if any(one == chain or one.startswith(f"{chain}.") for block in func.body.blocks for one in chains(block.value)):
        return True
    return any(
        one == chain or one.startswith(f"{chain}.") for op in func.ops for part in parts(op) for one in chains(part)
    )


def _used_at(module: Module, name: str) -> Iterator[Place]:
    """Where coroutines of the module await or enter it."""
    chain = f":{name}"
    for func in module.functions:
        for op in func.ops if func.is_async else ():
            if isinstance(op, Call | Load) and any(
                one == chain or one.startswith(f"{chain}.") for part in parts(op) for one in chains(part)
            ):
                yield Place(module.path, Span(op.row, op.column, op.end_row, op.end_column))


def _finding(program: Program, top: Func, at: int, kind: str, name: str, runs: list[tuple[Func, int]]) -> Finding:
    places = list(dict.fromkeys(runs))
    used = [Related(place, "it is used here") for place in _used_at(top.module, name)]
    quiet = all(program.contexts.phase(func) in _QUIET for func, _ in places)
    return Finding(
        RULE.code,
        RULE.name,
        f"`{name}` is one `{kind}` for several event loops: it binds to the first that has to wait for it, and raises "
        "`RuntimeError` in the others",
        top.at(at),
        Severity.NOTE if quiet else RULE.severity,
        Confidence.LIKELY,
        related=(
            *(Related(func.at(index), "a loop is started here whose coroutines use it") for func, index in places[:3]),
            *used[:3],
        ),
        help="make it in the coroutine that is run, and hand it to those who need it",
        root="",
    )


RULE = Rule(
    code="CON219",
    name="primitive-of-another-loop",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="An asyncio lock, queue or event of a module is used under more than one `asyncio.run`.",
    why=(
        "Since Python 3.10 the objects of asyncio bind to the event loop on which somebody first has to wait for them. "
        "Each `asyncio.run` makes a new loop, so an object that lives in a module works in the first run and raises "
        "`RuntimeError: … is bound to a different event loop` in the next, but only when there is something to wait "
        "for, which a test may never show."
    ),
    use_instead="Make the object inside of the coroutine that `asyncio.run` is given, and hand it on from there.",
    bad="""\
import asyncio

ready = asyncio.Event()  # CON219


async def wait():
    await ready.wait()


async def main():
    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    ready.set()
    await waiting
    ready.clear()


for _ in range(2):
    try:
        asyncio.run(main())
    except RuntimeError as error:
        print(type(error).__name__)
""",
    good="""\
import asyncio


async def wait(ready):
    await ready.wait()


async def main():
    ready = asyncio.Event()
    waiting = asyncio.create_task(wait(ready))
    await asyncio.sleep(0)
    ready.set()
    await waiting
    ready.clear()


for _ in range(2):
    try:
        asyncio.run(main())
    except RuntimeError as error:
        print(type(error).__name__)
""",
    cases=(
        """\
import asyncio

LOCK = asyncio.Lock()  # CON219


async def save(item):
    async with LOCK:
        print(item)


async def save_all(items):
    for item in items:
        await save(item)


def first():
    asyncio.run(save_all([1, 2]))


def second():
    asyncio.run(save(3))
""",
    ),
    near_misses=(
        NearMiss(
            "there is one run",
            """\
import asyncio

LOCK = asyncio.Lock()


async def save(item):
    async with LOCK:
        print(item)


async def main():
    await save(1)
    await save(2)


asyncio.run(main())
""",
        ),
        NearMiss(
            "each run makes its own",
            """\
import asyncio


async def main():
    lock = asyncio.Lock()
    async with lock:
        print("in")


asyncio.run(main())
asyncio.run(main())
""",
        ),
        NearMiss(
            "the other runs do not use it",
            """\
import asyncio

LOCK = asyncio.Lock()


async def save():
    async with LOCK:
        print("in")


async def other():
    await asyncio.sleep(0)


asyncio.run(save())
asyncio.run(other())
""",
        ),
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-sync.html",
        "https://docs.python.org/3/whatsnew/3.10.html#asyncio",
    ),
    since="0.1",
    witness="exc",
)
