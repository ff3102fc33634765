"""CON108: an event loop that is started where one is running."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call, Expr, Mix, Seq
from conclint.finding import Applicability, Confidence, Finding, Fix, ReplaceExpression, Severity, Slot
from conclint.program.contexts import Phase
from conclint.program.effects import Path
from conclint.program.model import Func, last_name
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.event_loop.asked import asked
from conclint_rules.event_loop.stall import evidence
from conclint_rules.mending import in_coroutine, loop_library, under_thread_lock

# These take what they run as their only argument.
_TAKES_COROUTINE = (
    "asyncio.run",
    "uvloop.run",
    "asyncio.Runner.run",
    "asyncio.AbstractEventLoop.run_until_complete",
)
_EXPECTED = ("RuntimeError",)


def check(program: Program) -> Iterator[Finding]:
    """Each call that runs a loop until something is done, reached on a running loop."""
    patched = "nest_asyncio" in program.packages
    for primitive in program.effects.running_loops():
        for path in program.effects.reach(primitive, program.contexts.on_loop):
            if path.root.module.reported and not _allowed(program, path):
                yield _finding(program, path, patched=patched)


def _allowed(program: Program, path: Path) -> bool:
    """Whether the loop may run within the other, or the way there asks for a running one or expects the error."""
    if path.primitive.name == "trio.run" and loop_library(path.root) != "trio":
        return True
    places = [(path.primitive.func, path.primitive.block), *((edge.caller, edge.block) for edge in path.edges)]
    return any(_expects_error(func, block) or asked(program, func, block) for func, block in places)


def _expects_error(func: Func, block: int) -> bool:
    for number, around in func.block_path(block):
        if around.kind == "with" and isinstance(around.value, int):
            manager = func.ops[around.value]
            if isinstance(manager, Call) and last_name(manager.func) in ("raises", "assertRaises", "assertRaisesRegex"):
                return True
        if around.kind == "try" and any(
            other.kind == "except" and other.partner == number and _names_error(other.value)
            for other in func.body.blocks
        ):
            return True
    return False


def _is_caught(path: Path) -> bool:
    """Whether a handler for every exception stands between the loop and the coroutine, and does not raise again."""
    places = [(path.primitive.func, path.primitive.block), *((edge.caller, edge.block) for edge in path.edges[1:])]
    return any(
        around.kind == "try"
        and any(
            other.kind == "except"
            and other.partner == number
            and other.exits != "raise"
            and other.value in (None, "builtins.Exception", "builtins.BaseException")
            for other in func.body.blocks
        )
        for func, block in places
        for number, around in func.block_path(block)
    )


def _names_error(types: Expr) -> bool:
    if isinstance(types, Seq | Mix):
        return any(_names_error(item) for item in types.items)
    return isinstance(types, str) and types.rpartition(".")[2] in _EXPECTED


def _finding(program: Program, path: Path, *, patched: bool) -> Finding:
    # Far from the coroutine the error may be expected by a handler for all of them.
    quiet = program.contexts.phase(path.root) is Phase.TEST or (bool(path.edges) and _is_caught(path))
    return Finding(
        RULE.code,
        RULE.name,
        _describe(path),
        path.place,
        Severity.NOTE if quiet else RULE.severity,
        Confidence.POSSIBLE if patched else path.confidence,
        related=evidence(program, path),
        help="await the coroutine"
        if not path.edges
        else "await the coroutine in an `async def`, or call from a thread",
        fix=_mend(program, path),
        root=path.root.dotted,
        primitive=path.primitive.place,
    )


def _describe(path: Path) -> str:
    if path.edges:
        return (
            f"`{path.label}` reaches `{path.primitive.label}`, which starts an event loop where one is running: "
            "it raises `RuntimeError`"
        )
    return f"`{path.label}` starts an event loop where one is running: it raises `RuntimeError`"


def _mend(program: Program, path: Path) -> Fix | None:
    call = path.primitive.call
    if path.edges or call is None or len(call.args) != 1 or call.keywords:
        return None
    if isinstance(call.args[0], Mix) and call.args[0].kind == "star":
        return None
    if not in_coroutine(path.root, path.at) or under_thread_lock(program, path.root, path.block):
        return None
    span = path.root.span(path.at)
    slots = (Slot("wanted", span, "args.0"),)
    if path.primitive.name in _TAKES_COROUTINE:
        template = "await {wanted}"
    elif path.primitive.name in ("anyio.run", "trio.run"):
        template = "await {wanted}()"
    else:
        return None
    return Fix(Applicability.SAFE, "await it on the running loop", (ReplaceExpression(span, template, slots),))


RULE = Rule(
    code="CON108",
    name="nested-event-loop",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary=(
        "`asyncio.run`, `run_until_complete` or another call that runs an event loop until something is done is "
        "reached on a running loop."
    ),
    why=(
        "A thread runs one event loop at a time. The call raises `RuntimeError`, and the coroutine it was given is "
        "never awaited. The mistake often sits in a synchronous helper that works in a script and fails as soon as a "
        "coroutine, or any method of an async actor, calls it."
    ),
    use_instead=(
        "Await the coroutine. Where synchronous code in between cannot be made `async`, run that code in a thread "
        "with `asyncio.to_thread`: the loop that it starts there is its own."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe: what is replaced always raised. The coroutine runs in the task and context of its caller then, not in "
        "a new one. It is offered for calls that stand in the coroutine itself."
    ),
    bad="""\
import asyncio


async def load(key):
    await asyncio.sleep(0.01)
    return key.upper()


async def handle(key):
    return asyncio.run(load(key))  # CON108


async def main():
    print(await handle("a"))


asyncio.run(main())
""",
    good="""\
import asyncio


async def load(key):
    await asyncio.sleep(0.01)
    return key.upper()


async def handle(key):
    return await load(key)


async def main():
    print(await handle("a"))


asyncio.run(main())
""",
    cases=(
        """\
# file: settings.py
import asyncio


async def fetch(name):
    return name


def setting(name):
    return asyncio.run(fetch(name))


class Settings:
    def __getitem__(self, name):
        return self.get(name)

    def get(self, name):
        return self._read(name)

    def _read(self, name):
        return setting(name)
# file: service.py
from settings import Settings


class Service:
    def __init__(self):
        self.settings = Settings()

    async def handle(self):
        return self.settings.get("size")  # CON108
""",
        """\
import asyncio

import ray


async def fetch():
    return 1


@ray.remote
class Cache:
    async def put(self, value):
        self.value = value

    def refresh(self):
        self.value = asyncio.run(fetch())  # CON108


async def again():
    loop = asyncio.new_event_loop()
    loop.run_until_complete(fetch())  # CON108
    with asyncio.Runner() as runner:
        runner.run(fetch())  # CON108
""",
    ),
    near_misses=(
        NearMiss(
            "the loop is started in a thread, where none is running",
            """\
import asyncio
import threading


async def fetch():
    return 1


def read():
    return asyncio.run(fetch())


async def main():
    await asyncio.to_thread(read)
    await asyncio.to_thread(asyncio.run, fetch())
    await asyncio.get_running_loop().run_in_executor(None, lambda: asyncio.run(fetch()))
    threading.Thread(target=read).start()
""",
        ),
        NearMiss(
            "the helper asks whether a loop is running",
            """\
import asyncio


async def fetch():
    return 1


def read():
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(fetch())
    return loop.create_task(fetch())


def read_idle():
    loop = asyncio.get_event_loop()
    if loop.is_running():
        return asyncio.ensure_future(fetch())
    return loop.run_until_complete(fetch())


async def main():
    await read()
    await read_idle()
""",
        ),
        NearMiss(
            "another function is asked whether a loop is running",
            """\
import asyncio


async def fetch():
    return 1


def loop_of_this_thread():
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def busy():
    return loop_of_this_thread() is not None


def read():
    here = loop_of_this_thread()
    if here is None:
        return asyncio.run(fetch())
    return here.create_task(fetch())


def read_idle():
    idle = None if busy_loop_running() else asyncio.new_event_loop()
    if idle is not None:
        return idle.run_until_complete(fetch())
    return None


def busy_loop_running():
    return busy()


async def main():
    read_idle()
    await read()
""",
        ),
        NearMiss(
            "the error is expected",
            """\
import asyncio


async def fetch():
    return 1


async def main():
    coroutine = fetch()
    try:
        asyncio.run(coroutine)
    except RuntimeError:
        return await coroutine
""",
        ),
        NearMiss(
            "no loop is running yet, or any more",
            """\
import asyncio


async def fetch():
    return 1


def main():
    asyncio.run(fetch())
    asyncio.run(fetch())


main()
""",
        ),
        NearMiss(
            "the plain methods of a threaded actor run in threads",
            """\
import asyncio

import ray


async def fetch():
    return 1


@ray.remote(max_concurrency=4)
class Reader:
    def read(self):
        return asyncio.run(fetch())
""",
        ),
        NearMiss(
            "a function of the program's own that is called run",
            """\
class Job:
    def run(self):
        return 1


async def main():
    return Job().run()
""",
        ),
    ),
    known_problems=(
        "Where any file of the program imports `nest_asyncio`, which lets loops nest, findings are possible only."
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-runner.html#asyncio.run",
        "https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.run_until_complete",
    ),
    since="0.1",
    witness="exc",
)
