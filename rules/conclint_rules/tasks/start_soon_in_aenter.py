"""CON256: a task that `__aenter__` starts and does not wait for."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call, Yield
from conclint.finding import Confidence, Finding, Related, Severity
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.contexts import Phase
from conclint.program.model import Func
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule

_STARTS = frozenset(("trio.Nursery.start_soon", "anyio.abc.TaskGroup.start_soon"))
# Started so they are known to serve others, who must not come too early.
_SERVES = ("serve", "listen", "accept")
_QUIET = (Phase.TEST, Phase.BENCHMARK)


def check(program: Program) -> Iterator[Finding]:
    """Each `start_soon` of something that serves, in an `__aenter__` or before the `yield` of a context manager."""
    for func in program.users("start_soon"):
        if not func.module.reported or not _opens(func):
            continue
        for index in func.calls_by_name.get("start_soon", ()):
            call = func.ops[index]
            if not isinstance(call, Call) or not call.args or guards.is_dead(func, call.block):
                continue
            named = [one.dotted for one in program.calls.library(func, index)]
            started = call.args[0] if isinstance(call.args[0], str) else ""
            name = started.rpartition(".")[2].rpartition(":")[2].lstrip("$_")
            if len(named) == 1 and named[0] in _STARTS and name.startswith(_SERVES) and _is_before_yield(func, index):
                quiet = program.contexts.phase(func) in _QUIET
                yield Finding(
                    RULE.code,
                    RULE.name,
                    f"`{spell(started, func)}` is only scheduled when the block is entered: who connects at once finds "
                    "nobody there",
                    func.at(index),
                    Severity.NOTE if quiet else RULE.severity,
                    Confidence.LIKELY,
                    related=(Related(func.place, "whoever enters goes on before the task has had its first turn"),),
                    help="`await` its start: `await group.start(…)` returns when the task says that it is ready",
                    root=func.dotted,
                )


def _opens(func: Func) -> bool:
    if func.name == "__aenter__":
        return True
    return any(name.rpartition(".")[2] == "asynccontextmanager" for name in func.decorator_names)


def _is_before_yield(func: Func, index: int) -> bool:
    if func.name == "__aenter__":
        return True
    return any(isinstance(op, Yield) for op in func.ops[index:])


RULE = Rule(
    code="CON256",
    name="start-soon-in-aenter",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="A server is started with `start_soon` in an `__aenter__`, which does not wait until it listens.",
    why=(
        "`start_soon` puts a task on the list and returns. An `async with` whose `__aenter__` does only that lets its "
        "body run before the server has opened its socket: the first connection is refused, now and then, depending on "
        "who is quicker."
    ),
    use_instead=(
        "`await group.start(serve)`: it returns when the task has called `task_status.started()`. `serve_tcp` and its "
        "relatives do so by themselves."
    ),
    bad="""\
import anyio


class Server:
    async def serve(self):
        self.ready = True
        await anyio.sleep(0.01)

    async def __aenter__(self):
        self.ready = False
        self.group = anyio.create_task_group()
        await self.group.__aenter__()
        self.group.start_soon(self.serve)  # CON256
        return self

    async def __aexit__(self, *error):
        return await self.group.__aexit__(*error)


async def main():
    async with Server() as server:
        print(server.ready)


anyio.run(main)
""",
    good="""\
import anyio


class Server:
    async def serve(self, *, task_status):
        self.ready = True
        task_status.started()
        await anyio.sleep(0.01)

    async def __aenter__(self):
        self.ready = False
        self.group = anyio.create_task_group()
        await self.group.__aenter__()
        await self.group.start(self.serve)
        return self

    async def __aexit__(self, *error):
        return await self.group.__aexit__(*error)


async def main():
    async with Server() as server:
        print(server.ready)


anyio.run(main)
""",
    cases=(
        """\
from contextlib import asynccontextmanager
import trio


@asynccontextmanager
async def served(handler):
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_tcp, handler, 8000)  # CON256
        yield
        nursery.cancel_scope.cancel()
""",
    ),
    near_misses=(
        NearMiss(
            "the start is awaited, or nobody connects",
            """\
from contextlib import asynccontextmanager
import trio


@asynccontextmanager
async def served(handler, watch):
    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_tcp, handler, 8000)
        nursery.start_soon(watch)
        yield


async def main(handler):
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_tcp, handler, 8000)
""",
        ),
    ),
    references=(
        "https://trio.readthedocs.io/en/stable/reference-core.html#trio.Nursery.start",
        "https://anyio.readthedocs.io/en/stable/tasks.html#starting-and-initializing-tasks",
    ),
    since="0.1",
    no_witness="which of the two comes first is decided by the loop, which no run can be made to change",
)
