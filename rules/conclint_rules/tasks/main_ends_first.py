"""CON238: a task that the main coroutine starts and does not outlive."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Assign, Await, Call
from conclint.finding import Confidence, Finding, Related, Severity
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.contexts import Phase
from conclint.program.model import Func, chains, parts
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule

_MAKERS = ("asyncio.create_task", "asyncio.ensure_future")
_QUIET = (Phase.TEST, Phase.BENCHMARK)


def check(program: Program) -> Iterator[Finding]:
    """Each task that a coroutine run by `asyncio.run` makes when nothing more is awaited before it ends."""
    for name in ("create_task", "ensure_future"):
        for func in program.users(name):
            if not func.is_async or not func.module.reported or func.fact.is_generator:
                continue
            made = [index for index in func.calls_by_name.get(name, ()) if _is_left(program, func, index)]
            if made and program.contexts.loops.starters(func):
                for index in made:
                    yield _finding(program, func, index)


def _is_left(program: Program, func: Func, index: int) -> bool:
    """Whether a call makes a task, nothing is awaited after it, and the task goes to nobody."""
    op = func.ops[index]
    if not isinstance(op, Call) or guards.is_dead(func, op.block):
        return False
    if [one.dotted for one in program.calls.library(func, index)] not in [[maker] for maker in _MAKERS]:
        return False
    around = [block.kind for _, block in func.block_path(op.block)]
    if any(kind in ("async-with", "try", "while", "for", "async-for") for kind in around):
        return False
    if any(isinstance(later, Await) for later in func.ops[index:]):
        return False
    taker = func.ops[func.consumers[index]] if index in func.consumers else None
    if taker is None:
        return True
    if (
        not isinstance(taker, Assign)
        or not isinstance(taker.target, str)
        or taker.target[0] != "$"
        or "." in taker.target
    ):
        return False
    return not any(
        taker.target in chains(part) for later in func.ops[index + 1 :] if later is not taker for part in parts(later)
    )


def _finding(program: Program, func: Func, index: int) -> Finding:
    call = func.ops[index]
    assert isinstance(call, Call)
    starters = program.contexts.loops.starters(func)
    quiet = program.contexts.phase(starters[0]) in _QUIET
    return Finding(
        RULE.code,
        RULE.name,
        f"`{func.qualname}` ends without an `await` after this: the task is cancelled before it has begun",
        func.at(index),
        Severity.NOTE if quiet else RULE.severity,
        Confidence.LIKELY if guards.is_conditional(func, call.block) else Confidence.CERTAIN,
        related=(
            Related(starters[0].place, f"`{starters[0].qualname}` runs `{func.qualname}` and then closes the loop"),
        ),
        help=f"await the task, or put `{spell(call.func, func)}` into an `asyncio.TaskGroup`",
        root=func.dotted,
    )


RULE = Rule(
    code="CON238",
    name="main-ends-first",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="The main coroutine makes a task and ends: `asyncio.run` cancels the task before it runs.",
    why=(
        "`asyncio.run` ends when the coroutine ends that it was given, and cancels all tasks that are left. A task "
        "gets its first turn when the coroutine that made it awaits something; where nothing is awaited any more it "
        "never runs at all, and nothing says so."
    ),
    use_instead="Await the task before the end, or start it in an `asyncio.TaskGroup`, which waits for it.",
    bad="""\
import asyncio

saved = []


async def save(name):
    saved.append(name)
    await asyncio.sleep(0.01)


async def main():
    await asyncio.sleep(0)
    task = asyncio.create_task(save("report"))  # CON238
    print("saved")


asyncio.run(main())
print(saved)
""",
    good="""\
import asyncio

saved = []


async def save(name):
    saved.append(name)
    await asyncio.sleep(0.01)


async def main():
    await asyncio.sleep(0)
    task = asyncio.create_task(save("report"))
    await task
    print("saved")


asyncio.run(main())
print(saved)
""",
    near_misses=(
        NearMiss(
            "something is awaited afterwards",
            """\
import asyncio


async def serve():
    await asyncio.sleep(1)


async def main():
    task = asyncio.create_task(serve())
    await asyncio.Event().wait()
    return task


asyncio.run(main())
""",
        ),
        NearMiss(
            "the task goes to somebody who waits for it",
            """\
import asyncio


async def serve():
    await asyncio.sleep(1)


class App:
    async def start(self):
        self.task = asyncio.create_task(serve())

    async def begin(self):
        return asyncio.create_task(serve())


async def main():
    app = App()
    await app.start()
    await app.task


asyncio.run(main())
""",
        ),
        NearMiss(
            "the coroutine is not the one that the loop ends with",
            """\
import asyncio


async def serve():
    await asyncio.sleep(1)


async def start(tasks):
    task = asyncio.create_task(serve())
    task.add_done_callback(tasks.discard)
    tasks.add(task)


async def main():
    tasks = set()
    await start(tasks)
    await asyncio.sleep(5)


asyncio.run(main())
""",
        ),
        NearMiss(
            "the loop runs on",
            """\
import asyncio


async def serve():
    await asyncio.sleep(1)


async def main():
    task = asyncio.create_task(serve())


loop = asyncio.new_event_loop()
loop.create_task(main())
loop.run_forever()
""",
        ),
    ),
    references=("https://docs.python.org/3/library/asyncio-runner.html#asyncio.run",),
    since="0.1",
    witness="lost",
)
