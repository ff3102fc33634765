"""CON218: an object of the event loop that is touched from another thread."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call, Expr, Use
from conclint.finding import Applicability, Confidence, Finding, Fix, Related, ReplaceExpression, Severity, Slot
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.model import Func, last_name
from conclint.program.program import Program
from conclint.program.values import Instance, Method
from conclint.rule import NearMiss, Rule

_LOOP = "asyncio.AbstractEventLoop"
# What of each may only be called on the thread of its loop, and what happens otherwise.
_LATE = "the loop is not woken, and acts on it late or never"
_BOUND = {
    "asyncio.Queue": ("put_nowait", "get_nowait", "task_done"),
    "asyncio.Event": ("set",),
    "asyncio.Future": ("set_result", "set_exception", "cancel"),
    "asyncio.Lock": ("release",),
    "asyncio.Semaphore": ("release",),
    "asyncio.Condition": ("notify", "notify_all", "release"),
    _LOOP: ("call_soon", "call_later", "call_at", "create_task", "add_reader", "add_writer", "stop"),
}
_METHODS = sorted({method for methods in _BOUND.values() for method in methods})


def check(program: Program) -> Iterator[Finding]:
    """Each such call in a function that is only ever run by threads."""
    for method in _METHODS:
        for func in program.users(method):
            if func.is_async or not func.module.reported:
                continue
            for index in func.calls_by_name.get(method, ()):
                kind = _kind(program, func, index, method)
                if kind and not guards.is_dead(func, func.ops[index].block) and _runs_in_thread(program, func):
                    yield _finding(program, func, index, kind)


def _kind(program: Program, func: Func, index: int, method: str) -> str:
    """The type of the receiver, if all that it may be is one of asyncio that was not made by this thread."""
    call = func.ops[index]
    if not isinstance(call, Call):
        return ""
    values = program.evaluator.callee(func, index)
    if not values:
        return _LOOP if method in _BOUND[_LOOP] and _is_called_loop(func, call.func) else ""
    found = ""
    for value in values:
        if not isinstance(value, Method) or not isinstance(value.receiver, Instance):
            return ""
        owner = value.dotted.rpartition(".")[0]
        base = next((one for one in (owner, *program.knowledge.mro(owner)) if method in _BOUND.get(one, ())), "")
        site = value.receiver.site
        if not base or (site is not None and site[0] is func):
            return ""
        found = base
    return found


def _is_called_loop(func: Func, callee: Expr) -> bool:
    """Whether the receiver, of which nobody says what it is, has the name of a loop in a file that uses asyncio."""
    if not isinstance(callee, str) or "asyncio" not in func.module.facts.packages:
        return False
    owner = callee.rpartition(".")[0]
    return last_name(owner) in ("loop", "_loop", "event_loop") if owner else False


def _runs_in_thread(program: Program, func: Func) -> bool:
    # A thread that runs a loop itself may do with it what it likes.
    if not func.fact.names.isdisjoint(("get_running_loop", "run_until_complete", "run_forever", "run")):
        return False
    return program.contexts.loops.in_thread(func)


def _finding(program: Program, func: Func, index: int, kind: str) -> Finding:
    call = func.ops[index]
    assert isinstance(call, Call)
    label = spell(call.func, func)
    related = [
        Related(one.user.at(one.at), f"`{func.qualname}` runs in a thread: `{one.taker.rpartition('.')[2]}`")
        for one in program.contexts.handoffs.get(func)
        if one.at >= 0
    ]
    return Finding(
        RULE.code,
        RULE.name,
        f"`{label}` is called in a thread, and {_owned(kind)}: {_LATE}",
        func.at(index),
        RULE.severity,
        Confidence.LIKELY,
        related=tuple(related[:1]),
        help="hand it to the loop: `loop.call_soon_threadsafe`, or `asyncio.run_coroutine_threadsafe` for a coroutine",
        fix=_mend(func, index, call, kind),
        root=func.dotted,
    )


def _owned(kind: str) -> str:
    return "the loop runs in another" if kind == _LOOP else f"an `{kind}` belongs to the thread of its event loop"


def _mend(func: Func, index: int, call: Call, kind: str) -> Fix | None:
    """`loop.call_soon(f)` becomes `loop.call_soon_threadsafe(f)`, where nobody needs the handle."""
    if kind != _LOOP or not isinstance(call.func, str) or not call.func.endswith(".call_soon"):
        return None
    if call.use != Use.DISCARDED:
        return None
    span = func.span(index)
    slots = (Slot("loop", span, "func.value"), Slot("args", span, "args"))
    edit = ReplaceExpression(span, "{loop}.call_soon_threadsafe({args})", slots)
    return Fix(Applicability.SAFE, "use `call_soon_threadsafe`", (edit,))


RULE = Rule(
    code="CON218",
    name="loop-object-from-thread",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="A queue, event, future or the loop of asyncio is used from another thread.",
    why=(
        "The objects of asyncio are not safe for threads: they change the state of the loop and count on running on "
        "its thread. Called from another one they do not wake the loop, which sleeps in the operating system until "
        "something else happens: an item that was put into a queue is seen a minute later, or never. Now and then a "
        "callback is lost altogether."
    ),
    use_instead=(
        "`loop.call_soon_threadsafe(queue.put_nowait, item)` hands the call to the loop and wakes it; "
        "`asyncio.run_coroutine_threadsafe` does so for coroutines. To hand data from threads to threads use a "
        "`queue.Queue`."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe for `call_soon`, whose twin for threads takes the same arguments. For the others the loop must be at "
        "hand, which is for you to see to."
    ),
    bad="""\
import asyncio
import threading


def work(loop, done):
    loop.call_soon(done.set)  # CON218


async def main():
    done = asyncio.Event()
    loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
    threading.Thread(target=work, args=(loop, done)).start()
    await asyncio.wait_for(done.wait(), 5)
    print("done")


asyncio.run(main())
""",
    good="""\
import asyncio
import threading


def work(loop, done):
    loop.call_soon_threadsafe(done.set)


async def main():
    done = asyncio.Event()
    loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
    threading.Thread(target=work, args=(loop, done)).start()
    await asyncio.wait_for(done.wait(), 5)
    print("done")


asyncio.run(main())
""",
    cases=(
        """\
import asyncio
import threading


class Reader:
    def __init__(self):
        self.lines = asyncio.Queue()
        self.stopped = asyncio.Event()

    def start(self):
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in open("/dev/stdin"):
            self._take(line)
        self.stopped.set()  # CON218

    def _take(self, line):
        self.lines.put_nowait(line)  # CON218
""",
    ),
    near_misses=(
        NearMiss(
            "the call is handed to the loop",
            """\
import asyncio
import threading


class Reader:
    def __init__(self, loop: asyncio.AbstractEventLoop):
        self.loop = loop
        self.lines = asyncio.Queue()

    def start(self):
        threading.Thread(target=self._read).start()

    def _read(self):
        self.loop.call_soon_threadsafe(self.lines.put_nowait, "x")
        asyncio.run_coroutine_threadsafe(self.lines.put("y"), self.loop)
""",
        ),
        NearMiss(
            "the function is used on the loop too, or only there",
            """\
import asyncio
import threading


class Reader:
    def __init__(self):
        self.lines = asyncio.Queue()

    def take(self, line):
        self.lines.put_nowait(line)

    async def feed(self):
        self.take("x")

    def start(self):
        threading.Thread(target=self.take, args=("y",)).start()
""",
        ),
        NearMiss(
            "the thread has a loop of its own",
            """\
import asyncio
import threading


def work():
    loop = asyncio.new_event_loop()
    loop.call_soon(loop.stop)
    loop.run_forever()


threading.Thread(target=work).start()
""",
        ),
        NearMiss(
            "the thread is the one that runs the loop",
            """\
import asyncio
import threading


def serve(loop):
    try:
        loop.run_forever()
    finally:
        loop.stop()


threading.Thread(target=serve, args=(asyncio.new_event_loop(),)).start()
""",
        ),
        NearMiss(
            "objects that are made for threads",
            """\
import queue
import threading


class Reader:
    def __init__(self):
        self.lines = queue.Queue()
        self.stopped = threading.Event()

    def start(self):
        threading.Thread(target=self._read).start()

    def _read(self):
        self.lines.put_nowait("x")
        self.stopped.set()
""",
        ),
    ),
    known_problems="A function that both threads and the loop run is passed over.",
    references=(
        "https://docs.python.org/3/library/asyncio-dev.html#concurrency-and-multithreading",
        "https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.call_soon_threadsafe",
    ),
    since="0.1",
    witness="dead",
)
