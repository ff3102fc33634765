"""CON616: an actor that is async unawares, whose plain methods block its event loop."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.finding import Finding, Fix, Severity
from conclint.program.effects import Path, Primitive
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.event_loop.blocking_wait import is_thread_wait
from conclint_rules.event_loop.stall import stalls
from conclint_rules.ray.blocking_get_on_loop import is_ray_wait

_KINDS = ("sleep", "network", "subprocess", "database", "user-input")


def check(program: Program) -> Iterator[Finding]:
    """Each blocking call that a plain method of such an actor reaches."""
    actors = program.contexts.actors

    def describe(path: Path) -> str:
        cls = actors.on_loop_of(path.root)
        name = cls.name if cls is not None else ""
        member = actors.async_members(cls)[0].name if cls is not None else ""
        does = f"`{path.label}` reaches `{path.primitive.label}`" if path.edges else f"`{path.label}` blocks"
        return (
            f"{does} in a plain method of `{name}`, an async actor because of `{member}`: all its methods share one "
            "event loop, so every other call waits"
        )

    yield from stalls(
        program,
        _stops(program),
        RULE,
        describe=describe,
        mend=_no_fix,
        help_text=_help,
        hidden=True,
        harmless=_in_constructor,
    )


def _stops(program: Program) -> Iterator[Primitive]:
    """What stops an event loop by the rules for actors that are async in plain sight."""
    yield from program.effects.blocking(_KINDS)
    for one in program.effects.blocking(["wait"]):
        if is_ray_wait(one) or is_thread_wait(program, one):
            yield one


def _in_constructor(program: Program, path: Path) -> bool:
    """Whether it happens before the actor serves any call."""
    del program
    return path.root.name == "__init__"


def _help(path: Path) -> str:
    del path
    return "move the async member to an actor of its own, or make this method `async def` and offload what blocks"


def _no_fix(program: Program, path: Path) -> Fix | None:
    del program, path
    return None


RULE = Rule(
    code="CON616",
    name="hidden-async-actor",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="A plain method that blocks, in an actor class that a single async member turns into an async actor.",
    why=(
        "Ray looks at the members of the class: one coroutine function or asynchronous generator among them, private, "
        "static or inherited, and the actor gets one event loop in place of its threads. `max_concurrency` then counts "
        "coroutines. Plain methods run on the loop too, one after another, and each call that blocks keeps all others "
        "waiting, though the class was written for threads."
    ),
    use_instead=(
        "Two classes, one for the threads and one for the coroutines; or async methods throughout, which hand what "
        "blocks to `asyncio.to_thread`. A helper that is only `async def` by habit becomes a plain method."
    ),
    bad="""\
import time

import ray


@ray.remote(max_concurrency=4)
class Renderer:
    def render(self, page):
        time.sleep(0.2)  # CON616
        return page

    async def _later(self, page):
        return self.render(page)


renderer = Renderer.remote()
print(ray.get([renderer.render.remote(page) for page in range(4)]))
""",
    good="""\
import time

import ray


@ray.remote(max_concurrency=4)
class Renderer:
    def render(self, page):
        time.sleep(0.2)
        return page


renderer = Renderer.remote()
print(ray.get([renderer.render.remote(page) for page in range(4)]))
""",
    cases=(
        """\
# file: pages.py
import requests


class Pages:
    def read(self, name):
        return self._get(name)

    def _get(self, name):
        return load(name)

    async def stream(self):
        yield 1


def load(name):
    return requests.get(name).text
# file: actors.py
import ray

from pages import Pages


@ray.remote
class Reader(Pages):
    def title(self, name):
        return self.read(name).partition("\\n")[0]  # CON616
""",
        """\
import time

import ray


class Clock:
    def wait(self):
        time.sleep(1)  # CON616

    @staticmethod
    async def now():
        return time.time()


actor = ray.remote(num_cpus=1)(Clock).remote()
""",
        """\
import ray


@ray.remote(concurrency_groups={"io": 2})
class Store:
    @ray.method(concurrency_group="io")
    async def read(self, ref):
        return await ref

    def write(self, ref):
        return ray.get(ref)  # CON616
""",
        """\
import time

import ray


@ray.remote
class Worker:
    async def ping(self):
        return True

    def run(self):
        time.sleep(1)  # CON616


worker = Worker.options(max_concurrency=8).remote()
""",
    ),
    near_misses=(
        NearMiss(
            "plain methods that do not block may share the loop",
            """\
import ray


@ray.remote(max_concurrency=4)
class Counter:
    def __init__(self):
        self.count = 0

    def value(self):
        return self.count

    async def add(self):
        self.count += 1
""",
        ),
        NearMiss(
            "an actor without an async member has its threads",
            """\
import time

import ray


@ray.remote(max_concurrency=4)
class Renderer:
    def render(self, page):
        async def later():
            return page

        time.sleep(1)
        return later
""",
        ),
        NearMiss(
            "an asynchronous context manager is a plain function for Ray",
            """\
import contextlib
import time

import ray


@ray.remote(max_concurrency=4)
class Renderer:
    def render(self, page):
        time.sleep(1)

    @contextlib.asynccontextmanager
    async def _session(self):
        yield self
""",
        ),
        NearMiss(
            "the blocking helper is handed to a thread",
            """\
import asyncio
import time

import ray


@ray.remote(max_concurrency=4)
class Renderer:
    async def render(self, page):
        return await asyncio.to_thread(self.work, page)

    def work(self, page):
        time.sleep(1)
""",
        ),
        NearMiss(
            "where the class shows that it is async, the other rules speak",
            """\
import time

import ray


@ray.remote
class Renderer:
    async def render(self, page):
        return page

    def pause(self):
        time.sleep(1)
""",
        ),
        NearMiss(
            "the class is no actor",
            """\
import time


class Renderer:
    async def _later(self, page):
        return page

    def render(self, page):
        time.sleep(1)
""",
        ),
    ),
    known_problems=(
        "It speaks where the class asks for threads (`max_concurrency` above 1, `concurrency_groups`) or has no public "
        "async method of its own; in other async actors the blocking call itself is reported (CON101, CON102, CON601 "
        "and their like). Plain methods that an actor calls itself, and that no handle in the program calls, are "
        "followed from their callers only."
    ),
    references=(
        "https://docs.ray.io/en/latest/ray-core/actors/async_api.html",
        "https://docs.ray.io/en/latest/ray-core/actors/concurrency_group_api.html",
    ),
    since="0.1",
    witness="stall",
)
