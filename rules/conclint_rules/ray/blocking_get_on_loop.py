"""CON601: `ray.get` or `ray.wait` that stops an event loop."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call, Gather, Mix, Seq
from conclint.finding import Applicability, Finding, Fix, ReplaceExpression, Severity, Slot
from conclint.program.effects import Path, Primitive
from conclint.program.program import Program
from conclint.program.values import Instance
from conclint.rule import NearMiss, Rule
from conclint_rules.event_loop.stall import stalls
from conclint_rules.mending import in_coroutine, under_thread_lock
from conclint_rules.ray.ready import is_ready


def check(program: Program) -> Iterator[Finding]:
    """Each blocking fetch that is reached on an event loop."""
    yield from stalls(
        program,
        [one for one in program.effects.blocking(["wait"]) if is_ray_wait(one)],
        RULE,
        describe=_describe,
        mend=_mend,
        help_text=_help,
    )


def is_ray_wait(one: Primitive) -> bool:
    """Whether a wait is one of Ray's, for something that is not known to be there."""
    return one.name.startswith("ray.") and not (one.name == "ray.get" and is_ready(one.func, one.call))


def _describe(path: Path) -> str:
    if path.edges:
        return f"`{path.label}` reaches `{path.primitive.label}`: every task of the event loop stops while it waits"
    return f"`{path.label}` waits on the event loop: every task of the loop stops until the remote work is done"


def _help(path: Path) -> str:
    if path.edges or not path.root.is_async:
        return "make the method `async def` and await the reference, or run the call in a thread"
    if path.primitive.name == "ray.wait":
        return "await `asyncio.wait` over `asyncio.wrap_future(ref.future())` of each reference"
    if path.primitive.name == "ray.get":
        return "await the reference, or `asyncio.gather` of several"
    return "await its async form, or run the call in a thread"


def _mend(program: Program, path: Path) -> Fix | None:
    call = path.primitive.call
    if path.edges or call is None or path.primitive.name != "ray.get":
        return None
    if not in_coroutine(path.root, path.at) or under_thread_lock(program, path.root, path.block):
        return None
    if len(call.args) != 1 or call.keywords or (isinstance(call.args[0], Mix) and call.args[0].kind == "star"):
        return None
    several = _is_list(program, path, call)
    if several is None:
        return None
    span = path.root.span(path.at)
    slots = (Slot("refs", span, "args.0"),)
    if several:
        edit = ReplaceExpression(span, "await {@asyncio.gather}(*{refs})", slots)
        return Fix(Applicability.SAFE, "await all of them with `asyncio.gather`", (edit,))
    return Fix(Applicability.SAFE, "await the reference", (ReplaceExpression(span, "await {refs}", slots),))


def _is_list(program: Program, path: Path, call: Call) -> bool | None:
    """Whether what is fetched is a list, or one reference; None where neither is known."""
    argument = call.args[0]
    if isinstance(argument, Seq):
        return True if argument.kind == "list" else None
    if isinstance(argument, int):
        made = path.root.ops[argument]
        if isinstance(made, Gather):
            return True if made.kind == "list" else None
    values = program.evaluator.of(argument, path.root, path.at)
    kinds = {value.type for value in values if isinstance(value, Instance)}
    if len(kinds) != 1 or not all(isinstance(value, Instance) for value in values):
        return None
    return {"list": True, "ray.ObjectRef": False}.get(str(kinds.pop()))


RULE = Rule(
    code="CON601",
    name="blocking-get-on-loop",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary=(
        "`ray.get`, `ray.wait` or another wait of Ray is reached on an event loop: in a coroutine, or in any method of "
        "an async actor."
    ),
    why=(
        "Both wait with the thread. On an event loop that thread runs everything else too: the other calls of an async "
        "actor, sent to it at the same time, are not served until the value is there, and where the value needs one of "
        "them it never comes. Queues, actor pools and placement groups of `ray.util` wait in the same way. Ray warns "
        "about `ray.get` once for each worker, about `ray.wait` not at all. Plain methods of an async actor run on its "
        "loop as well."
    ),
    use_instead=(
        "Await the reference; a list of them with `asyncio.gather`. For `ray.wait`, await `asyncio.wait` over "
        "`asyncio.wrap_future(ref.future())`. Where the code has to stay synchronous, hand it to `asyncio.to_thread`."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe for a call without `timeout` in the coroutine itself, when the argument is known to be one reference or "
        "a list: the value, and the class of an exception, are the same. There is no fix with a `timeout`, whose "
        "exception would be another, in plain methods, while a thread's lock is held, and for `ray.wait`."
    ),
    bad="""\
import asyncio

import ray


@ray.remote
def square(x):
    return x * x


@ray.remote
class Summary:
    async def one(self, x):
        return ray.get(square.remote(x))  # CON601

    async def several(self, numbers):
        return sum(ray.get([square.remote(x) for x in numbers]))  # CON601


async def main():
    summary = Summary.remote()
    print(await asyncio.gather(summary.one.remote(2), summary.several.remote([1, 2])))


asyncio.run(main())
""",
    good="""\
import asyncio

import ray


@ray.remote
def square(x):
    return x * x


@ray.remote
class Summary:
    async def one(self, x):
        return await square.remote(x)

    async def several(self, numbers):
        return sum(await asyncio.gather(*[square.remote(x) for x in numbers]))


async def main():
    summary = Summary.remote()
    print(await asyncio.gather(summary.one.remote(2), summary.several.remote([1, 2])))


asyncio.run(main())
""",
    cases=(
        """\
import ray


@ray.remote
def square(x):
    return x * x


@ray.remote
class Summary:
    def __init__(self):
        self.total = 0

    async def run(self):
        return self.total

    def add(self, x):
        self.total += ray.get(square.remote(x))  # CON601

    def first(self, refs):
        return ray.wait(refs)  # CON601
""",
        """\
# file: results.py
from ray import get


class Results:
    def __init__(self, refs):
        self.refs = refs

    def all(self):
        return self._fetch()

    def _fetch(self):
        return fetch(self.refs)


def fetch(refs):
    return get(refs, timeout=10)
# file: service.py
import asyncio

from results import Results


async def serve(refs):
    return Results(refs).all()  # CON601


async def main(refs):
    await asyncio.gather(serve(refs), serve(refs))
""",
        """\
from ray.util import ActorPool
from ray.util.queue import Queue


async def work(workers, items):
    pool = ActorPool(workers)
    queue = Queue(maxsize=2)
    pool.submit(lambda worker, item: worker.run.remote(item), items[0])
    queue.put(pool.get_next())  # CON601
    return await queue.get_async()
""",
        """\
import conclint_runtime as ray


@ray.remote(num_cpus=1)
class Cache:
    async def read(self, ref):
        return ray.get(ref)  # CON601
""",
    ),
    near_misses=(
        NearMiss(
            "with a timeout of zero it only looks",
            """\
import ray


async def poll(refs):
    ready, rest = ray.wait(refs, timeout=0)
    return ray.get(ready[0], timeout=0)
""",
        ),
        NearMiss(
            "what a look with a timeout of zero gave is there",
            """\
import ray


async def watch(ping, refs):
    ready, _ = ray.wait([ping], timeout=0)
    if ready:
        ray.get(ping)
    done, _ = ray.wait(refs, timeout=0)
    for ref in done:
        ray.get(ref)
    return ray.get(done[0]) if done else None
""",
        ),
        NearMiss(
            "a streaming generator gives each reference when its value is there",
            """\
import ray


async def read(generator):
    async for ref in generator:
        print(ray.get(ref))
""",
        ),
        NearMiss(
            "it has been awaited before",
            """\
import asyncio

import ray


async def read(refs, ref):
    await asyncio.gather(*refs)
    await ref
    return ray.get(refs), ray.get(ref)
""",
        ),
        NearMiss(
            "it is handed to a thread",
            """\
import asyncio

import ray


async def fetch(ref):
    def wait():
        return ray.get(ref)

    await asyncio.to_thread(wait)
    return await asyncio.to_thread(ray.get, ref)
""",
        ),
        NearMiss(
            "an actor without a coroutine member has no event loop",
            """\
import ray


@ray.remote(max_concurrency=4)
class Worker:
    def run(self, ref):
        async def later():
            return 1

        return ray.get(ref)
""",
        ),
        NearMiss(
            "a coroutine that is overridden by a plain method makes no async actor",
            """\
import ray


class Base:
    async def run(self, ref):
        raise NotImplementedError


@ray.remote
class Worker(Base):
    def run(self, ref):
        return ray.get(ref)
""",
        ),
        NearMiss(
            "the helper of an async actor runs in a thread",
            """\
import asyncio

import ray


@ray.remote
class Worker:
    async def run(self, ref):
        return await asyncio.to_thread(self._run, ref)

    def _run(self, ref):
        return ray.get(ref)
""",
        ),
        NearMiss(
            "an actor that is async unawares is the concern of CON616",
            """\
import ray


@ray.remote(max_concurrency=4)
class Worker:
    def run(self, ref):
        return ray.get(ref)

    async def _ping(self):
        return True
""",
        ),
        NearMiss(
            "a driver has no event loop",
            """\
import ray


def main(refs):
    return ray.get(refs)


main([])
""",
        ),
    ),
    known_problems=(
        "Whether the value is there already is known only where the same function has waited for it: a fetch of what "
        "another function has waited for is reported."
    ),
    references=(
        "https://docs.ray.io/en/latest/ray-core/actors/async_api.html",
        "https://docs.ray.io/en/latest/ray-core/api/doc/ray.get.html",
        "https://docs.ray.io/en/latest/ray-core/api/doc/ray.wait.html",
    ),
    since="0.1",
    witness="stall",
)
