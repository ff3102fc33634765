"""CON105: waiting with the thread for a future, thread, event or queue, which stops the event loop."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Attr, Call
from conclint.finding import Applicability, Finding, Fix, ReplaceExpression, Severity, Slot
from conclint.program.effects import Path, Primitive
from conclint.program.model import Func
from conclint.program.program import Program
from conclint.program.values import Instance
from conclint.rule import NearMiss, Rule
from conclint_rules.event_loop.finished import RESULTS, after_pool, in_callback, waited_in_body
from conclint_rules.event_loop.offloading import offload
from conclint_rules.event_loop.stall import stalls
from conclint_rules.event_loop.threadsafe import is_threadsafe_future
from conclint_rules.mending import in_coroutine, loop_library, under_thread_lock

# Waits that are other rules' (fetching from Ray, CON601), calls that refuse to run on the loop's own thread, the work
# of a device, which is short as computing goes, and sending, which waits only once a pipe is full.
_OTHERS = (
    "ray.",
    "anyio.from_thread.",
    "trio.from_thread.",
    "torch.",
    "multiprocessing.connection.Connection.send",
    "multiprocessing.SimpleQueue.put",
)
_RESULT = RESULTS[0]
# How something that has been started is ended.
_LEAVING = ("__exit__", "shutdown", "join", "join_thread", "close")
_WHAT = (
    ("concurrent.futures", "results of other threads or processes"),
    ("multiprocessing.Pool", "the jobs of the pool"),
    ("multiprocessing.pool", "results of other processes"),
    ("multiprocessing.connection", "the other end of the pipe"),
    ("multiprocessing.managers", "the manager's process"),
    ("multiprocessing.Manager", "the manager's process"),
    ("multiprocessing.context", "the manager's process"),
    ("select", "descriptors to become ready"),
    ("signal", "a signal"),
    ("serial", "the serial line"),
)
_WHAT_METHOD = {
    ("Thread", "join"): "the other thread to end",
    ("Process", "join"): "the other process to end",
    ("Event", "wait"): "the event",
    ("Condition", "wait"): "a notification",
    ("Condition", "wait_for"): "a notification",
    ("Barrier", "wait"): "the other parties",
    ("Queue", "get"): "an item",
    ("Queue", "put"): "room in the queue",
    ("Queue", "join"): "the queue to be worked off",
    ("Queue", "join_thread"): "the queue's thread to end",
    ("JoinableQueue", "join"): "the queue to be worked off",
    ("SimpleQueue", "get"): "an item",
}


def check(program: Program) -> Iterator[Finding]:
    """Each wait with the thread that is reached on an event loop."""
    yield from stalls(
        program,
        [one for one in program.effects.blocking(["wait"]) if is_thread_wait(program, one)],
        RULE,
        describe=_describe,
        mend=_mend,
        help_text=_help,
        harmless=_ends_it,
    )


def _ends_it(program: Program, path: Path) -> bool:
    """Whether a coroutine, being left, waits for what it has started to end."""
    del program
    leaving = path.primitive.name.rpartition(".")[2] in _LEAVING
    return leaving and any(block.kind == "finally" for _, block in path.root.block_path(path.block))


def is_thread_wait(program: Program, primitive: Primitive) -> bool:
    """Whether a wait stops the thread that it is on, and is this rule's concern and not that of Ray's rules."""
    if primitive.name.startswith(_OTHERS) or primitive.row.runs_loop:
        return False
    if primitive.name in RESULTS:
        known = is_threadsafe_future(primitive.receiver) or in_callback(program, primitive)
        if known or after_pool(program, primitive):
            return False
    return not (primitive.name.endswith(".__exit__") and waited_in_body(program, primitive))


def _describe(path: Path) -> str:
    what = _what(path.primitive.name)
    if path.edges:
        reached = f"`{path.label}` reaches `{path.primitive.label}`"
        return f"{reached}: every task of the event loop stops while it waits for {what}"
    return f"`{path.label}` waits on the event loop for {what}: every task of the loop waits with it"


def _what(name: str) -> str:
    owner, _, method = name.rpartition(".")
    if name.startswith("concurrent.futures.") and method in _LEAVING:
        return "the jobs of the pool"
    exact = _WHAT_METHOD.get((owner.rpartition(".")[2].removesuffix("Proxy"), method))
    if exact:
        return exact
    return next((what for prefix, what in _WHAT if name.startswith(prefix)), "its result")


def _help(path: Path) -> str:
    if path.edges:
        return "await in a coroutine, or run the call in a thread"
    if path.primitive.name in RESULTS:
        return "await `asyncio.wrap_future` of the future, or `loop.run_in_executor` instead of `submit`"
    if "Queue" in path.primitive.name:
        return "use an `asyncio.Queue` where both ends are coroutines, or run the call in a thread"
    return "await an asyncio counterpart, or run the call in a thread"


def _mend(program: Program, path: Path) -> Fix | None:
    call = path.primitive.call
    if path.primitive.name == _RESULT and call is not None and not call.args and not call.keywords:
        return _await_future(program, path, call)
    return offload(program, path)


def _await_future(program: Program, path: Path, call: Call) -> Fix | None:
    """Await the future itself: no thread is needed for that."""
    root = path.root
    if path.edges or not in_coroutine(root, path.at) or under_thread_lock(program, root, path.block):
        return None
    if loop_library(root) != "asyncio":
        return offload(program, path)
    # A future that others may hold too would be cancelled with the task that awaits it.
    safe = Applicability.SAFE if _is_submitted_here(program, root, call) else Applicability.UNSAFE
    span = root.span(path.at)
    slots = (Slot("future", span, "func.value"),)
    return Fix(
        safe,
        "await the future with `asyncio.wrap_future`",
        (ReplaceExpression(span, "await {@asyncio.wrap_future}({future})", slots),),
    )


def _is_submitted_here(program: Program, func: Func, call: Call) -> bool:
    """`pool.submit(f).result()`, in one expression."""
    if not isinstance(call.func, Attr) or not isinstance(call.func.base, int):
        return False
    made = program.calls.library(func, call.func.base)
    return any(value.dotted.endswith(".submit") for value in made) and all(
        isinstance(value, Instance) and value.type == "concurrent.futures.Future"
        for value in program.evaluator.result(func, call.func.base)
    )


RULE = Rule(
    code="CON105",
    name="blocking-wait",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary=(
        "A wait with the thread is reached on an event loop: `Future.result`, `concurrent.futures.wait`, "
        "`as_completed`, `Thread.join`, `Process.join`, `Event.wait`, `Barrier.wait`, `get`, `put` or `join` of a "
        "thread's or process's queue, leaving or shutting down an executor, `Pool.map`, …"
    ),
    why=(
        "An event loop runs all its tasks on one thread. While that thread waits no other task makes progress. Where "
        "what it waits for is to be done by one of those tasks (a coroutine that sets the event or puts the item) it "
        "waits for ever."
    ),
    use_instead=(
        "Await: `asyncio.wrap_future` for a future of an executor, `loop.run_in_executor` instead of `submit`, "
        "`asyncio.Queue` and `asyncio.Event` between coroutines. What only waits with the thread is run in a thread "
        "with `asyncio.to_thread`."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe for `pool.submit(f).result()` in the coroutine itself, which becomes an `await` of the same future. "
        "Unsafe for another future, which is cancelled with the task that awaits it, and for what is moved to a "
        "thread, where cancelling no longer stops the wait. None is offered for `with` and `for`, for paths through "
        "other functions, nor while a `threading` lock is held."
    ),
    bad="""\
import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(2)


def render(page):
    time.sleep(0.3)
    return f"page {page}"


async def serve(page):
    return pool.submit(render, page).result()  # CON105


async def main():
    print(await asyncio.gather(serve(1), serve(2)))
    pool.shutdown(wait=False)


asyncio.run(main())
""",
    good="""\
import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(2)


def render(page):
    time.sleep(0.3)
    return f"page {page}"


async def serve(page):
    return await asyncio.wrap_future(pool.submit(render, page))


async def main():
    print(await asyncio.gather(serve(1), serve(2)))
    pool.shutdown(wait=False)


asyncio.run(main())
""",
    cases=(
        """\
# file: jobs.py
import queue
import threading


class Jobs:
    def __init__(self):
        self.results = queue.Queue()
        self.worker = threading.Thread(target=self.work)

    def work(self):
        self.results.put(1)

    def _take(self):
        return self.results.get()

    def _next(self):
        return self._take()

    def next(self):
        return self._next()
# file: service.py
from jobs import Jobs


class Service:
    def __init__(self):
        self.jobs = Jobs()

    async def handle(self):
        return self.jobs.next()  # CON105

    async def drain(self):
        self.jobs.worker.join()  # CON105
""",
        """\
import concurrent.futures
import multiprocessing
import queue
import threading
from concurrent.futures import ThreadPoolExecutor


async def collect(pool: ThreadPoolExecutor, jobs):
    futures = [pool.submit(job) for job in jobs]
    concurrent.futures.wait(futures)  # CON105
    for future in concurrent.futures.as_completed(futures):  # CON105
        print(future.result())


async def spread(jobs):
    with ThreadPoolExecutor() as pool:  # CON105
        for job in jobs:
            pool.submit(job)


async def squares(numbers):
    with multiprocessing.Pool() as pool:
        return pool.map(abs, numbers)  # CON105


async def rendezvous(ready: threading.Event, gate: threading.Barrier):
    ready.wait()  # CON105
    gate.wait()  # CON105


async def push(item):
    bounded = queue.Queue(maxsize=2)
    bounded.put(item)  # CON105
    bounded.join()  # CON105
""",
        """\
from concurrent.futures import ThreadPoolExecutor, as_completed


async def serve(numbers):
    with ThreadPoolExecutor() as pool:  # CON105
        futures = [pool.submit(str, number) for number in numbers]
    return [future.result() for future in as_completed(futures)]
""",
    ),
    near_misses=(
        NearMiss(
            "the future is asked first whether it is done",
            """\
from concurrent.futures import Future


async def poll(future: Future):
    if future.done():
        return future.result()
    return None
""",
        ),
        NearMiss(
            "the futures are those that a wait gave as done",
            """\
import asyncio


async def first(tasks):
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    return [task.result() for task in done]
""",
        ),
        NearMiss(
            "the future has been awaited",
            """\
import asyncio
from concurrent.futures import ThreadPoolExecutor


async def render(pool: ThreadPoolExecutor, page):
    future = pool.submit(str, page)
    await asyncio.wrap_future(future)
    return future.result()
""",
        ),
        NearMiss(
            "the future has called back and is done",
            """\
from concurrent.futures import Future, ThreadPoolExecutor


def report(future: Future):
    print(future.result())


async def start(pool: ThreadPoolExecutor):
    pool.submit(int).add_done_callback(report)
""",
        ),
        NearMiss(
            "a task of the loop does not wait, it raises",
            """\
import asyncio


async def main():
    task = asyncio.create_task(asyncio.sleep(0))
    await task
    return task.result()
""",
        ),
        NearMiss(
            "the call is told not to wait",
            """\
import queue
import threading
from concurrent.futures import Future, ThreadPoolExecutor

items = queue.Queue()


async def take(worker: threading.Thread, pool: ThreadPoolExecutor, future: Future):
    items.get_nowait()
    items.get(block=False)
    items.get(timeout=0)
    worker.join(timeout=0)
    pool.shutdown(wait=False)
    return future.result(timeout=0)
""",
        ),
        NearMiss(
            "a queue without a bound has always room",
            """\
import queue

items = queue.Queue()


async def push(item):
    items.put(item)
""",
        ),
        NearMiss(
            "the queue is asked first whether it has something",
            """\
import queue

items = queue.Queue()


async def drain():
    while not items.empty():
        print(items.get())
""",
        ),
        NearMiss(
            "each job of the pool is awaited before the pool is left",
            """\
import asyncio
from concurrent.futures import ThreadPoolExecutor


async def render(pages):
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor() as pool:
        return await asyncio.gather(*[loop.run_in_executor(pool, str, page) for page in pages])


async def render_one(page):
    with ThreadPoolExecutor() as pool:
        return await asyncio.wrap_future(pool.submit(str, page))


async def render_later(pages):
    with ThreadPoolExecutor() as pool:
        futures = [pool.submit(str, page) for page in pages]
        return await asyncio.gather(*[asyncio.wrap_future(future) for future in futures])
""",
        ),
        NearMiss(
            "the wait is handed to a thread",
            """\
import asyncio
import queue
import threading

items = queue.Queue()


def consume():
    return items.get()


async def main(worker: threading.Thread):
    await asyncio.to_thread(worker.join)
    await asyncio.to_thread(items.get)
    await asyncio.get_running_loop().run_in_executor(None, consume)
    threading.Thread(target=consume).start()
""",
        ),
        NearMiss(
            "the asyncio classes of these names are awaited",
            """\
import asyncio


async def main():
    event = asyncio.Event()
    event.set()
    await event.wait()
    items = asyncio.Queue()
    await items.put(1)
    await items.get()
    items.task_done()
    await items.join()
""",
        ),
    ),
    known_problems=(
        "A wait that is short by construction (a thread that has been told to end and does so at once) is reported "
        "like any other. A queue whose making is not seen counts as one without a bound."
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-future.html#asyncio.wrap_future",
        "https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.run_in_executor",
        "https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
    ),
    since="0.1",
    witness="stall",
)
