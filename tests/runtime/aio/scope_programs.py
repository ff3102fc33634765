"""Random nested programs of timeouts, groups, tasks and cleanups, and what each of them does.

`python tests/runtime/aio/scope_programs.py SEED COUNT` prints one line of JSON for each: what happened when, and how
it ended. The lines of two Python versions can be compared: the programs are the same, the clock is virtual, and no
two times are equal.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from dataclasses import dataclass, field

from conclint_runtime.aio import BaseExceptionGroup, TaskGroup, py310_cancellation, timeout
from tests.runtime.aio.virtual_time import VirtualTimeLoop

LEAVES = ("sleep", "sleep", "fail")
NODES = ("timeout", "timeout", "group", "task", "gather", "cleanup", "swallow", "two")


@dataclass
class Step:
    """One step of a program: what kind, with which time, and the steps inside it."""

    kind: str
    label: str
    time: float
    inside: list[Step] = field(default_factory=list)


def program(chance: random.Random, depth: int, label: str = "p") -> Step:
    """A random program of at most `depth` levels below this one."""
    kind = chance.choice(NODES if depth and chance.random() < 0.85 else LEAVES)
    step = Step(kind, label, chance.uniform(0.1, 10))
    many = 0 if kind in LEAVES else 2 if kind in ("group", "gather", "cleanup", "two") else 1
    step.inside = [program(chance, depth - 1, f"{label}{number}") for number in range(many)]
    return step


class Run:
    """One run of a program, with the trace of what happened."""

    def __init__(self) -> None:
        self.trace: list[str] = []

    def say(self, what: str) -> None:
        self.trace.append(f"{asyncio.get_running_loop().time():.6f} {what}")

    async def step(self, step: Step) -> None:
        await getattr(self, step.kind)(step)

    async def sleep(self, step: Step) -> None:
        await asyncio.sleep(step.time)
        self.say(f"{step.label} slept")

    async def fail(self, step: Step) -> None:
        await asyncio.sleep(step.time)
        raise KeyError(step.label)

    async def two(self, step: Step) -> None:
        for inner in step.inside:
            await self.step(inner)

    async def timeout(self, step: Step) -> None:
        try:
            async with timeout(step.time):
                await self.step(step.inside[0])
        except TimeoutError:
            self.say(f"{step.label} timed out")

    async def group(self, step: Step) -> None:
        try:
            async with TaskGroup() as group:
                group.create_task(self.step(step.inside[0]))
                await self.step(step.inside[1])
        except BaseExceptionGroup as errors:
            self.say(f"{step.label} failed with {sorted(type(error).__name__ for error in errors.exceptions)}")

    async def task(self, step: Step) -> None:
        await asyncio.create_task(self.step(step.inside[0]))

    async def gather(self, step: Step) -> None:
        await asyncio.gather(*map(self.step, step.inside), return_exceptions=True)

    async def cleanup(self, step: Step) -> None:
        try:
            await self.step(step.inside[0])
        finally:
            await self.step(step.inside[1])
            self.say(f"{step.label} cleaned up")

    async def swallow(self, step: Step) -> None:
        try:
            await self.step(step.inside[0])
        except asyncio.CancelledError:
            self.say(f"{step.label} swallowed")


def outcome(number: int) -> dict[str, object]:
    """What program `number` does: half of them are cancelled from outside once."""
    chance = random.Random(number)
    root = program(chance, 4)
    cancelled_at = chance.uniform(0.1, 10) if chance.random() < 0.5 else None
    run = Run()

    async def main() -> str:
        task = asyncio.ensure_future(run.step(root))
        if cancelled_at is not None:
            asyncio.get_running_loop().call_at(cancelled_at, task.cancel)
        await asyncio.wait([task])
        if task.cancelled():
            return "cancelled"
        return "returned" if task.exception() is None else repr(task.exception())

    loop = VirtualTimeLoop()
    if sys.version_info < (3, 11):  # else the first task would be one that does not count
        py310_cancellation.count_on(loop)
    try:
        end = loop.run_until_complete(main())
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left))
    finally:
        loop.close()
    return {"program": number, "end": end, "trace": run.trace}


if __name__ == "__main__":
    first, count = map(int, sys.argv[1:])
    for number in range(first, first + count):
        print(json.dumps(outcome(number)))
