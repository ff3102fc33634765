"""CON220: loop API that was removed, or that newer Pythons refuse where it stands."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Assign, Attr, Call, Define
from conclint.finding import Applicability, Confidence, Finding, Fix, Related, ReplaceExpression, Severity, Slot
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.model import Func
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.dropped import is_expected

_GET = "asyncio.get_event_loop"
_RUNS = ("run_until_complete", "run_forever")
# What has taken no `loop` since Python 3.10.
_NO_LOOP = frozenset(
    f"asyncio.{name}"
    for name in (
        *("sleep", "gather", "wait", "wait_for", "shield", "as_completed", "open_connection", "start_server"),
        *("create_subprocess_exec", "create_subprocess_shell", "Lock", "Event", "Condition", "Semaphore"),
        *("BoundedSemaphore", "Queue", "PriorityQueue", "LifoQueue"),
    )
)
# Gone altogether: since which version, and what to use.
_GONE = {
    "asyncio.async": ("3.7", "asyncio.ensure_future"),
    "asyncio.JoinableQueue": ("3.7", "asyncio.Queue"),
    "asyncio.coroutine": ("3.11", "async def"),
    "asyncio.Task.all_tasks": ("3.9", "asyncio.all_tasks"),
    "asyncio.Task.current_task": ("3.9", "asyncio.current_task"),
    "asyncio.get_child_watcher": ("3.14", "asyncio.create_subprocess_exec"),
    "asyncio.set_child_watcher": ("3.14", "asyncio.create_subprocess_exec"),
}


def check(program: Program) -> Iterator[Finding]:
    """Each removed name that is called, each `loop=` that raises, each `get_event_loop` with no loop to get."""
    for name in sorted({dotted.rpartition(".")[2] for dotted in {_GET, *_NO_LOOP, *_GONE}}):
        for func in program.users(name):
            if not func.module.reported:
                continue
            for index in func.calls_by_name.get(name, ()):
                call = func.ops[index]
                if not isinstance(call, Call) or guards.is_dead(func, call.block) or is_expected(func, call.block):
                    continue
                if not _is_tried(func, call.block):
                    yield from _stale(program, func, index, call)
    yield from _decorated(program)


def _is_tried(func: Func, block: int) -> bool:
    """Whether the code is ready for the other case, or asks for the version."""
    if any(around.kind in ("try", "except") for _, around in func.block_path(block)):
        return True
    return any("version" in str(condition.test) for condition in guards.conditions(func, block))


def _stale(program: Program, func: Func, index: int, call: Call) -> Iterator[Finding]:
    named = [one.dotted for one in program.calls.library(func, index)]
    written = call.func if isinstance(call.func, str) else ""
    dotted = named[0] if len(named) == 1 else written
    label = spell(call.func, func)
    if written in _GONE or dotted in _GONE:
        since, twin = _GONE.get(written) or _GONE[dotted]
        message = f"`{label}` is gone since Python {since}: the call raises `AttributeError`"
        yield _finding(func, index, message, f"use `{twin}`", Severity.ERROR)
    elif dotted in _NO_LOOP and any(word == "loop" for word, _ in call.keywords):
        message = f"`{label}` takes no `loop` since Python 3.10: the call raises `TypeError`"
        yield _finding(func, index, message, "leave `loop` out", Severity.ERROR, fix=_without_loop(func, index, call))
    elif dotted == _GET and func.is_async:
        message = (
            f"`{label}` is called in a coroutine: it may make a loop in other places, `get_running_loop` never does"
        )
        fix = _running(func, index)
        yield _finding(func, index, message, "use `asyncio.get_running_loop`", Severity.NOTE, fix=fix)
    elif dotted == _GET:
        ran = _run_on_it(func, index)
        if ran is not None and "set_event_loop" not in func.fact.names and "new_event_loop" not in func.fact.names:
            message = f"`{label}` has no loop to give here: Python 3.12 and 3.13 warn, and 3.14 raises `RuntimeError`"
            related = (Related(func.at(ran), "no loop runs here, as this starts one"),)
            yield _finding(func, index, message, "use `asyncio.run`", RULE.severity, related=related)


def _run_on_it(func: Func, index: int) -> int | None:
    """The call that runs the loop, where that is what the function got it for."""
    taker = func.ops[func.consumers[index]] if index in func.consumers else None
    name = ""
    if isinstance(taker, Assign) and isinstance(taker.target, str) and not taker.how and "." not in taker.target:
        name = taker.target
    for at, call in func.calls:
        written = call.func if at > index else None
        if isinstance(written, str):
            owner, _, method = written.rpartition(".")
            if method in _RUNS and name and owner == name:
                return at
        elif isinstance(written, Attr) and written.name in _RUNS and written.base == index:
            return at
    return None


def _is_spared(func: Func) -> bool:
    """Whether a definition stands where old versions alone come by, or under a `try`."""
    owner = func.owner
    if owner is None:
        return False
    places = [op.block for op in owner.ops if isinstance(op, Define) and op.index == func.index]
    return any(_is_tried(owner, block) or guards.is_dead(owner, block) for block in places)


def _decorated(program: Program) -> Iterator[Finding]:
    for func in program.functions():
        if func.module.reported and "asyncio.coroutine" in func.decorator_names and not _is_spared(func):
            yield Finding(
                RULE.code,
                RULE.name,
                "`asyncio.coroutine` is gone since Python 3.11: the module cannot be imported any more",
                func.place,
                Severity.ERROR,
                Confidence.CERTAIN,
                help="write `async def` and `await`",
                root=func.dotted,
            )


def _running(func: Func, index: int) -> Fix:
    edit = ReplaceExpression(func.span(index), "{@asyncio.get_running_loop}()")
    return Fix(Applicability.SAFE, "use `asyncio.get_running_loop`", (edit,))


def _without_loop(func: Func, index: int, call: Call) -> Fix | None:
    span = func.span(index)
    slots = [Slot("func", span, "func")]
    pieces = []
    for position, _ in enumerate(call.args):
        slots.append(Slot(f"a{position}", span, f"args.{position}"))
        pieces.append(f"{{a{position}}}")
    for word, _ in call.keywords:
        if not word:
            return None
        if word != "loop":
            slots.append(Slot(f"k{word}", span, f"args.{word}"))
            pieces.append(f"{word}={{k{word}}}")
    edit = ReplaceExpression(span, f"{{func}}({', '.join(pieces)})", tuple(slots))
    return Fix(Applicability.SAFE, "leave `loop` out", (edit,))


def _finding(
    func: Func,
    index: int,
    message: str,
    advice: str,
    severity: Severity,
    *,
    fix: Fix | None = None,
    related: tuple[Related, ...] = (),
) -> Finding:
    return Finding(
        RULE.code,
        RULE.name,
        message,
        func.at(index),
        severity,
        Confidence.CERTAIN,
        related=related,
        help=advice,
        fix=fix,
        root=func.dotted,
    )


RULE = Rule(
    code="CON220",
    name="stale-loop-access",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="Loop API of older Pythons: removed functions, `loop=` arguments, `get_event_loop` where no loop runs.",
    why=(
        "asyncio once passed event loops around by hand. Python 3.10 took the `loop` parameter from most of its "
        "functions, 3.11 removed `asyncio.coroutine`, 3.14 the child watchers. `get_event_loop` outside of a coroutine "
        "used to make a loop: 3.12 warns about that, and 3.14 raises `RuntimeError`."
    ),
    use_instead=(
        "Start the program with `asyncio.run`, and inside of coroutines use `asyncio.get_running_loop`. Leave `loop` "
        "out: the running one is used."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe: a `loop` argument that raises is left out, and in a coroutine `get_event_loop` gives the running loop "
        "as `get_running_loop` does. How a program is started is left to you."
    ),
    bad="""\
import asyncio


async def main():
    try:
        await work()
    except TypeError as error:
        print(error)


async def work():
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0.01, loop=loop)  # CON220
    print("done")


asyncio.run(main())
""",
    good="""\
import asyncio


async def main():
    try:
        await work()
    except TypeError as error:
        print(error)


async def work():
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0.01)
    print("done")


asyncio.run(main())
""",
    cases=(
        """\
import asyncio


@asyncio.coroutine
def old():  # CON220
    yield from asyncio.sleep(1)


async def work(loop, jobs):
    lock = asyncio.Lock(loop=loop)  # CON220
    await asyncio.gather(*jobs, loop=loop, return_exceptions=True)  # CON220
    print(lock, asyncio.Task.all_tasks())  # CON220


def main():
    loop = asyncio.get_event_loop()  # CON220
    loop.run_until_complete(work(loop, []))


asyncio.get_event_loop().run_until_complete(work(None, []))  # CON220
""",
    ),
    near_misses=(
        NearMiss(
            "a loop runs, or one was made",
            """\
import asyncio


async def work():
    pass


def schedule():
    loop = asyncio.get_event_loop()
    loop.create_task(work())


def main():
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    asyncio.get_event_loop().run_until_complete(work())
""",
        ),
        NearMiss(
            "the code is ready for the error",
            """\
import asyncio


async def work():
    pass


def main():
    try:
        loop = asyncio.get_event_loop()
        loop.run_until_complete(work())
    except RuntimeError:
        asyncio.run(work())
""",
        ),
        NearMiss(
            "old versions alone come there",
            """\
import asyncio
import sys

if sys.version_info < (3, 11):

    @asyncio.coroutine
    def work():
        yield from asyncio.sleep(1)


def test():
    if sys.version_info < (3, 11):

        @asyncio.coroutine
        def work():
            yield from asyncio.sleep(1)
""",
        ),
        NearMiss(
            "a loop argument that is taken",
            """\
import asyncio


async def main(loop, client):
    asyncio.run_coroutine_threadsafe(asyncio.sleep(1), loop=loop)
    asyncio.ensure_future(asyncio.sleep(1), loop=loop)
    asyncio.Future(loop=loop)
    client.wait(loop=loop)
""",
        ),
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.get_event_loop",
        "https://docs.python.org/3/whatsnew/3.10.html#changes-in-the-python-api",
        "https://docs.python.org/3/whatsnew/3.14.html#asyncio",
    ),
    since="0.1",
    witness="exc",
)
