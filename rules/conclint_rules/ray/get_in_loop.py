"""CON603: one remote call at a time, each fetched before the next is sent."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Assign, Await, Block, Call, Gather
from conclint.finding import Applicability, Confidence, Finding, Fix, Related, ReplaceExpression, Severity, Slot
from conclint.program.calls import spell
from conclint.program.contexts import Phase
from conclint.program.model import Func
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.ray.loop_fetch import LOOPS, Fetch, fetches, gathered, is_independent, is_remote, parallel


def check(program: Program) -> Iterator[Finding]:
    """Each fetch of a remote call in a loop whose turns do not need each other."""
    for user in program.users("remote"):
        if not user.module.reported:
            continue
        for fetch in fetches(program, user):
            if isinstance(user.ops[fetch.at], Call) and program.contexts.on_loop(user):
                # That it stops the event loop comes first (CON601); once it is awaited its turn comes.
                continue
            confidence = parallel(program, fetch)
            if confidence is not None and is_independent(program, fetch):
                yield _finding(program, fetch, confidence)


def _finding(program: Program, fetch: Fetch, confidence: Confidence) -> Finding:
    user = fetch.func
    op = user.ops[fetch.at]
    call = user.ops[fetch.call]
    assert isinstance(call, Call)
    said = f"`{spell(call.func, user)}`"
    how = "awaited" if isinstance(op, Await) else "fetched"
    phase = program.contexts.phase(user)
    inner = fetch.loop
    if any(found.kind not in LOOPS and found.kind != "with" for _, found in _between(user, op.block, inner)):
        confidence = min(confidence, Confidence.LIKELY)
    return Finding(
        RULE.code,
        RULE.name,
        f"the result of {said} is {how} before the next turn of the loop sends its call: the calls run one at a time",
        user.at(fetch.at),
        Severity.NOTE if phase in (Phase.TEST, Phase.BENCHMARK) else RULE.severity,
        confidence,
        related=(Related(user.at(fetch.call), "the call is sent here"),) if _apart(user, fetch) else (),
        help="send all calls first, then get the list of their references at once",
        fix=_mend(program, fetch),
        root="" if user.name == "<module>" else user.dotted,
    )


def _between(user: Func, block: int, loop: int) -> Iterator[tuple[int, Block]]:
    for number, found in user.block_path(block):
        if number == loop:
            return
        yield number, found


def _apart(user: Func, fetch: Fetch) -> bool:
    return user.span(fetch.call).row != user.span(fetch.at).row


def _mend(program: Program, fetch: Fetch) -> Fix | None:
    """For a list comprehension of nothing but the fetch."""
    user = fetch.func
    number = gathered(user, fetch.loop)
    if number is None or not isinstance(made := user.ops[number], Gather):
        return None
    op = user.ops[fetch.at]
    if made.kind != "list" or made.element != fetch.at or op.block != fetch.loop or made.inner != fetch.loop:
        return None
    if isinstance(op, Call) and op.keywords:
        return None
    if any(
        isinstance(one, Assign) and one.how == "walrus" and user.encloses(fetch.loop, one.block) for one in user.ops
    ):
        return None
    known = is_remote(program, user, fetch.call)
    applicability = Applicability.SAFE if known else Applicability.UNSAFE
    slots: tuple[Slot, ...] = (Slot("call", user.span(fetch.call)), Slot("clauses", user.span(number), "clauses"))
    template = "await {@asyncio.gather}(*[{call} {clauses}])"
    if isinstance(op, Call):
        slots = (*slots, Slot("get", user.span(fetch.at), "func"))
        template = "{get}([{call} {clauses}])"
    return Fix(
        applicability,
        "send all calls, then get their results",
        (ReplaceExpression(user.span(number), template, slots),),
    )


RULE = Rule(
    code="CON603",
    name="get-in-loop",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="A loop fetches the result of each remote call before it sends the next one.",
    why=(
        "Sending a call costs next to nothing, waiting for its value takes as long as the call runs. A loop that does "
        "both for one item after another uses one worker at a time, however many there are. Awaiting each call in a "
        "loop does not stop the event loop, but the calls are as sequential."
    ),
    use_instead=(
        "`ray.get` of the list of references, which is built first; in a coroutine `asyncio.gather`. Where there are "
        "many items, a bounded number at a time, with `ray.wait`."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe for a list comprehension of nothing but the fetch, over a function or handle that is known: the list is "
        "the same. When a call fails the others have been sent already. Unsafe where what is called is not known. "
        "Loops of statements are not rewritten."
    ),
    bad="""\
import ray


@ray.remote
def square(x):
    return x * x


def main(numbers):
    return [ray.get(square.remote(x)) for x in numbers]  # CON603


print(main(range(4)))
""",
    good="""\
import ray


@ray.remote
def square(x):
    return x * x


def main(numbers):
    return ray.get([square.remote(x) for x in numbers])


print(main(range(4)))
""",
    cases=(
        """\
import ray


@ray.remote
def square(x):
    return x * x


@ray.remote
class Worker:
    def load(self, path):
        return path

    def stop(self):
        return True


def collect(numbers):
    found = []
    for x in numbers:
        if x:
            ref = square.options(num_cpus=1).remote(x)
            found.append(ray.get(ref))  # CON603
    return found


def load(paths):
    workers = [Worker.remote() for _ in paths]
    sizes = {path: ray.get(worker.load.remote(path)) for path, worker in zip(paths, workers)}  # CON603
    for worker in workers:
        assert ray.get(worker.stop.remote())  # CON603
    return sizes, sum(ray.get(square.remote(x)) for x in sizes)  # CON603


class Pool:
    def __init__(self, workers):
        self.workers = workers

    def stop(self):
        for number in range(len(self.workers)):
            ray.get(self.workers[number].stop.remote())  # CON603


def plain(x):
    return x


def every(make, numbers):
    task = make(plain)
    for x in numbers:
        print(ray.get(task.remote(x)))  # CON603


def countdown(n):
    while n > 0:
        print(ray.get(square.remote(n)))  # CON603
        n -= 1
""",
        """\
# file: tasks.py
import conclint_runtime as ray


@ray.remote
def square(x):
    return x * x


@ray.remote
class Worker:
    async def run(self, x):
        return x
# file: main.py
from tasks import Worker, square


async def squares(numbers):
    found = [await square.remote(x) for x in numbers]  # CON603
    worker = Worker.remote()
    for x in numbers:
        found.append(await worker.run.remote(x))  # CON603
    return found
""",
    ),
    near_misses=(
        NearMiss(
            "the next call uses the previous result",
            """\
import ray


@ray.remote
def step(state, item):
    return state + item


def fold(items):
    state = 0
    for item in items:
        state = ray.get(step.remote(state, item))
    return state


def walk(todo):
    for item in todo:
        todo.extend(ray.get(step.remote([], item)))
""",
        ),
        NearMiss(
            "the references are fetched at once, or one by one when all are sent",
            """\
import ray


@ray.remote
def square(x):
    return x * x


def main(numbers):
    refs = [square.remote(x) for x in numbers]
    for ref in refs:
        print(ray.get(ref))
    for batch in [numbers, numbers]:
        print(ray.get([square.remote(x) for x in batch]))
""",
        ),
        NearMiss(
            "back-pressure waits for an older call",
            """\
import ray


@ray.remote
def square(x):
    return x * x


def main(numbers):
    pending = []
    for x in numbers:
        if len(pending) > 10:
            done, pending = ray.wait(pending, num_returns=1)
            print(ray.get(done[0]))
        pending.append(square.remote(x))
""",
        ),
        NearMiss(
            "a retry or a search ends when a call has brought what is wanted",
            """\
import ray


@ray.remote
def ask(node):
    return node


def first(nodes):
    for node in nodes:
        if ray.get(ask.remote(node)):
            return node
    for attempt in range(5):
        ray.get(ask.remote(attempt))
    return any(ray.get(ask.remote(node)) for node in nodes)
""",
        ),
        NearMiss(
            "the calls of one actor run one after another in any case",
            """\
import ray


@ray.remote
class Counter:
    def add(self, x):
        return x


def main(numbers):
    counter = Counter.remote()
    return [ray.get(counter.add.remote(x)) for x in numbers]
""",
        ),
        NearMiss(
            "the call needs what the same turn has waited for",
            """\
import ray


@ray.remote
class Server:
    def address(self):
        return "a"


async def start(launch, places):
    for place in places:
        server = await launch(place)
        print(await server.address.remote())
""",
        ),
        NearMiss(
            "what is called may be the method of one actor",
            """\
import ray


def allocate(node, sizes):
    call = node.method("allocate")
    return [ray.get(call.remote(size)) for size in sizes]
""",
        ),
        NearMiss(
            "there are only one or two items",
            """\
import ray


@ray.remote
def square(x):
    return x * x


def main():
    for x in (1, 2):
        print(ray.get(square.remote(x)))
    return [ray.get(square.remote(x)) for x in range(2)]
""",
        ),
        NearMiss(
            "what the loop iterates over is fetched once",
            """\
import ray


@ray.remote
def numbers(n):
    return list(range(n))


def main(n):
    return [x + 1 for x in ray.get(numbers.remote(n))]
""",
        ),
        NearMiss(
            "on an event loop, that it blocks is the first thing to mend",
            """\
import ray


@ray.remote
def square(x):
    return x * x


async def main(numbers):
    return [ray.get(square.remote(x)) for x in numbers]
""",
        ),
        NearMiss(
            "the items of an asynchronous stream arrive one by one",
            """\
import ray


@ray.remote
def square(x):
    return x * x


async def main(stream):
    async for x in stream:
        print(await square.remote(x))
""",
        ),
        NearMiss(
            "the loop polls",
            """\
import time

import ray


@ray.remote
class Job:
    def done(self):
        return True


def main(jobs):
    for job in jobs:
        while not ray.get(job.done.remote()):
            time.sleep(1)
""",
        ),
    ),
    known_problems=(
        "That a loop is sequential on purpose, because of what the calls do elsewhere, cannot be seen; a name such as "
        "`epoch`, `step` or `attempt` for its variable is taken as saying so."
    ),
    references=("https://docs.ray.io/en/latest/ray-core/patterns/ray-get-loop.html",),
    since="0.1",
    witness="time",
)
