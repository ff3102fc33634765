"""CON111: an event loop that waits with its thread for a coroutine that only this loop can run."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Attr, Call, Const, Expr
from conclint.finding import Applicability, Confidence, Finding, Fix, Related, ReplaceExpression, Severity, Slot
from conclint.program.contexts import Phase
from conclint.program.effects import Path, Primitive
from conclint.program.evaluate import argument_of
from conclint.program.guards import arguments
from conclint.program.model import Func, last_name
from conclint.program.program import Program
from conclint.program.values import Instance, Param, Site
from conclint.rule import NearMiss, Rule
from conclint_rules.event_loop.stall import evidence
from conclint_rules.event_loop.threadsafe import threadsafe_site
from conclint_rules.mending import in_coroutine, loop_library, under_thread_lock

_RESULTS = ("concurrent.futures.Future.result", "concurrent.futures.Future.exception")
_RUNNING = ("get_running_loop", "get_event_loop")


def check(program: Program) -> Iterator[Finding]:
    """Each wait on a loop for what `run_coroutine_threadsafe` has handed to the same loop."""
    for primitive in program.effects.blocking(["wait"]):
        site = threadsafe_site(primitive.receiver) if primitive.name in _RESULTS else None
        if site is None:
            continue
        for path in program.effects.reach(primitive, program.contexts.on_loop):
            if path.root.module.reported:
                yield _finding(program, path, site)


def _finding(program: Program, path: Path, site: Site) -> Finding:
    own = _is_own_loop(program, path, site)
    confidence = path.confidence if own else Confidence.POSSIBLE
    testing = program.contexts.phase(path.root) is Phase.TEST
    made_in, number = site
    handed = Related(made_in.at(number), "the coroutine is handed to the loop here")
    return Finding(
        RULE.code,
        RULE.name,
        _describe(path, own=own),
        path.place,
        Severity.NOTE if testing else RULE.severity,
        confidence,
        related=(*evidence(program, path), handed),
        help="await the coroutine"
        if not path.edges
        else "await the coroutine in an `async def`, or call from a thread",
        fix=_mend(program, path, site) if own else None,
        root=path.root.dotted,
        primitive=path.primitive.place,
    )


def _describe(path: Path, *, own: bool) -> str:
    found = f"`{path.label}` waits on the event loop for a coroutine that is handed to "
    if path.edges:
        found = (
            f"`{path.label}` reaches `{path.primitive.label}`, which waits on the event loop for a coroutine that is "
            "handed to "
        )
    if not own:
        return f"{found}a loop: if it is the same one, neither ever goes on"
    ends = "it can only time out" if _is_timed(path.primitive) else "neither ever goes on"
    return f"{found}the same loop: {ends}"


def _is_timed(primitive: Primitive) -> bool:
    timeout = argument_of(primitive.call, "0:timeout") if primitive.call is not None else None
    return timeout is not None and timeout != Const(None)


def _is_own_loop(program: Program, path: Path, site: Site) -> bool:
    """Whether the coroutine is handed to the loop that was asked for, on the way, as the running one.

    A loop that an object or a global holds may be that of another thread.
    """
    func, number = site
    op = func.ops[number]
    if func not in _frames(path) or not isinstance(op, Call):
        return False
    return _is_running(program, path, site, argument_of(op, "1:loop"))


def _frames(path: Path) -> list[Func]:
    """The functions that are on the stack when the wait begins."""
    return [path.root, *(edge.callee for edge in path.edges)]


def _is_running(program: Program, path: Path, site: Site, loop: Expr) -> bool:
    """Whether `loop`, as it stands at `site`, is the one that a function on the stack has asked for."""
    func, at = site
    values = program.evaluator.of(loop, func, at)
    if len(values) != 1:
        return False
    value = values[0]
    if isinstance(value, Param) and value.func is func:
        edge = next((edge for edge in path.edges if edge.callee is func), None)
        if edge is None or edge.call is None:
            return False
        given = arguments(func, edge.call, edge.bound).get(value.name)
        return _is_running(program, path, (edge.caller, edge.at), given)
    if not isinstance(value, Instance) or value.site is None:
        return False
    asked_in, number = value.site
    asked = asked_in.ops[number] if 0 <= number < len(asked_in.ops) else None
    return asked_in in _frames(path) and isinstance(asked, Call) and last_name(asked.func) in _RUNNING


def _mend(program: Program, path: Path, site: Site) -> Fix | None:
    root, call = path.root, path.primitive.call
    if path.edges or call is None or call.args or call.keywords or loop_library(root) != "asyncio":
        return None
    if path.primitive.name != _RESULTS[0] or not in_coroutine(root, path.at):
        return None
    if under_thread_lock(program, root, path.block):
        return None
    span = root.span(path.at)
    func, number = site
    if func is root and isinstance(call.func, Attr) and call.func.base == number:
        made = root.ops[number]
        part = "args.0" if isinstance(made, Call) and made.args else "args.coro"
        edit = ReplaceExpression(span, "await {coroutine}", (Slot("coroutine", root.span(number), part),))
        return Fix(Applicability.SAFE, "await the coroutine", (edit,))
    edit = ReplaceExpression(span, "await {@asyncio.wrap_future}({future})", (Slot("future", span, "func.value"),))
    return Fix(Applicability.SAFE, "await the future with `asyncio.wrap_future`", (edit,))


RULE = Rule(
    code="CON111",
    name="loop-waits-for-itself",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary=(
        "The result of `asyncio.run_coroutine_threadsafe` is waited for on the thread of the very loop that is to "
        "run the coroutine."
    ),
    why=(
        "`run_coroutine_threadsafe` is for other threads: it queues the coroutine on the loop and gives a future "
        "whose `result()` blocks. On the loop's own thread that wait keeps the loop from ever reaching the "
        "coroutine, and the whole program stands still."
    ),
    use_instead="Await the coroutine, or make a task of it.",
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe: what is replaced never returned. It is offered in a coroutine for a wait without a time limit on a "
        "loop that the coroutine itself has asked for."
    ),
    bad="""\
import asyncio


async def load(key):
    await asyncio.sleep(0.01)
    return key.upper()


async def handle(key):
    loop = asyncio.get_running_loop()
    return asyncio.run_coroutine_threadsafe(load(key), loop).result()  # CON111


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
    loop = asyncio.get_running_loop()
    return await load(key)


async def main():
    print(await handle("a"))


asyncio.run(main())
""",
    cases=(
        """\
# file: bridge.py
import asyncio


def wait_for(coroutine, loop):
    future = asyncio.run_coroutine_threadsafe(coroutine, loop)
    return future.result()


def call(coroutine):
    return wait_for(coroutine, asyncio.get_event_loop())


class Bridge:
    def __init__(self, source):
        self.source = source

    def read(self):
        return call(self.source.read())
# file: service.py
from bridge import Bridge


class Service:
    def __init__(self, source):
        self.bridge = Bridge(source)

    async def handle(self):
        return self.bridge.read()  # CON111
""",
        """\
import asyncio


async def later(coroutine):
    future = asyncio.run_coroutine_threadsafe(coroutine, asyncio.get_event_loop())
    return future.result(timeout=5)  # CON111
""",
    ),
    near_misses=(
        NearMiss(
            "the wait is in a worker thread",
            """\
import asyncio
import threading


async def load():
    return 1


def worker(loop):
    print(asyncio.run_coroutine_threadsafe(load(), loop).result())


async def main():
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(worker, loop)
    threading.Thread(target=worker, args=(loop,)).start()


async def nested():
    loop = asyncio.get_running_loop()

    def read():
        return asyncio.run_coroutine_threadsafe(load(), loop).result()

    return await loop.run_in_executor(None, read)
""",
        ),
        NearMiss(
            "the future is awaited",
            """\
import asyncio


async def load():
    return 1


async def main(other):
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(load(), other))
""",
        ),
        NearMiss(
            "nobody waits for the result",
            """\
import asyncio


async def load():
    return 1


async def main():
    asyncio.run_coroutine_threadsafe(load(), asyncio.get_running_loop())
""",
        ),
        NearMiss(
            "on the loop's own thread the code takes another way",
            """\
import asyncio


async def load():
    return 1


class Bridge:
    def __init__(self, loop):
        self.loop = loop

    def load(self):
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is self.loop:
            raise RuntimeError("call this from a thread")
        return asyncio.run_coroutine_threadsafe(load(), self.loop).result()


async def main(bridge: Bridge):
    return bridge.load()
""",
        ),
        NearMiss(
            "the future has called back and is done",
            """\
import asyncio


async def load():
    return 1


async def main():
    future = asyncio.run_coroutine_threadsafe(load(), asyncio.get_running_loop())
    future.add_done_callback(lambda done: print(done.result()))
""",
        ),
    ),
    known_problems=(
        "A loop that an attribute or a global holds may be another thread's: such a wait is reported as possible "
        "only, though it stops the loop that it stands on."
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-task.html#asyncio.run_coroutine_threadsafe",
        "https://docs.python.org/3/library/asyncio-dev.html#concurrency-and-multithreading",
    ),
    since="0.1",
    witness="dead",
)
