"""CON228: the result of a task that cannot have ended yet."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Await, Call
from conclint.finding import Applicability, Confidence, Finding, Fix, Related, ReplaceExpression, Severity, Slot
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.model import Func
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.mending import under_thread_lock
from conclint_rules.tasks.dropped import is_expected

_MAKERS = ("asyncio.create_task", "asyncio.ensure_future", "asyncio.Task")
_ASKED = ("result", "exception")


def check(program: Program) -> Iterator[Finding]:
    """Each `result()` or `exception()` of a task that was made without any suspension in between."""
    for method in _ASKED:
        for func in program.users(method):
            if not func.module.reported:
                continue
            for index in func.calls_by_name.get(method, ()):
                call = func.ops[index]
                if isinstance(call, Call) and isinstance(call.func, str) and call.func[0] == "$":
                    made = _made(program, func, call.func[1:].rpartition(".")[0], index)
                    if made is not None and not _is_spared(func, call, made):
                        yield _finding(program, func, index, made)


def _made(program: Program, func: Func, name: str, index: int) -> int | None:
    """The call that made the task a local stands for, if nothing gives up control between it and operation `index`."""
    bound = func.assignments.get(name, ())
    if "." in name or len(bound) != 1 or not func.is_bound_once(name) or bound[0][0] > index:
        return None
    at, assign = bound[0]
    made = assign.value
    if not isinstance(made, int) or assign.how or not _is_maker(program, func, made):
        return None
    pauses = [op for op in func.ops[at:index] if isinstance(op, Await)]
    if pauses or not func.encloses(assign.block, func.ops[index].block):
        return None
    entered = {block.kind for block in func.body.blocks if func.ops[index].row >= block.row > assign.row}
    return made if entered.isdisjoint(("async-for", "async-with", "async-comp")) else None


def _is_maker(program: Program, func: Func, made: int) -> bool:
    named = [one.dotted for one in program.calls.library(func, made)]
    if len(named) != 1:
        return False
    owner, _, method = named[0].rpartition(".")
    on_loop = method == "create_task" and (program.knowledge.role(owner) == "loop" or owner == "asyncio.TaskGroup")
    return named[0] in _MAKERS or on_loop


def _is_spared(func: Func, call: Call, made: int) -> bool:
    """Whether it is asked first, expected to fail, or another loop was run meanwhile."""
    owner = call.func.rpartition(".")[0] if isinstance(call.func, str) else ""
    between = [op for op in func.ops[made:] if isinstance(op, Call) and op.row <= call.row]
    runs = any(isinstance(op.func, str) and op.func.rpartition(".")[2].startswith("run") for op in between)
    asked = any(op.func in (f"{owner}.done", f"{owner}.cancelled", f"{owner}.cancel") for op in between)
    tried = any(around.kind == "try" for _, around in func.block_path(call.block))
    return runs or asked or tried or guards.is_dead(func, call.block) or is_expected(func, call.block)


def _finding(program: Program, func: Func, index: int, made: int) -> Finding:
    call = func.ops[index]
    assert isinstance(call, Call)
    return Finding(
        RULE.code,
        RULE.name,
        f"`{spell(call.func, func)}` is called before the task can have run: it raises `InvalidStateError`",
        func.at(index),
        RULE.severity,
        Confidence.LIKELY if guards.is_conditional(func, call.block) else Confidence.CERTAIN,
        related=(Related(func.at(made), "the task is made here, and nothing is awaited since"),),
        help="await the task: that gives its result, and raises its exception",
        fix=_mend(program, func, index, call),
        root=func.dotted,
    )


def _mend(program: Program, func: Func, index: int, call: Call) -> Fix | None:
    is_result = isinstance(call.func, str) and call.func.endswith(".result")
    if not is_result or not func.is_async or call.args or under_thread_lock(program, func, call.block):
        return None
    span = func.span(index)
    if any(around.kind == "async-with" for _, around in func.block_path(call.block)):
        return None
    edit = ReplaceExpression(span, "await {task}", (Slot("task", span, "func.value"),))
    return Fix(Applicability.SAFE, "await the task", (edit,))


RULE = Rule(
    code="CON228",
    name="result-of-pending-task",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="`result()` or `exception()` of a task is called when nothing has been awaited since the task was made.",
    why=(
        "Making a task only puts it on the list of the event loop: it runs when the code that made it gives up "
        "control. Until then `result()` and `exception()` raise `InvalidStateError`. Inside an `async with "
        "TaskGroup()` nothing is awaited either, before the block ends."
    ),
    use_instead="Await the task, or ask for its result after the `TaskGroup` it belongs to has been left.",
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe: as written the call can only raise. Not offered for `exception()`, inside `async with`, where the "
        "result is to be had after the block, nor while a `threading` lock is held."
    ),
    bad="""\
import asyncio


async def fetch(name):
    await asyncio.sleep(0.01)
    return name


async def main():
    task = asyncio.create_task(fetch("a"))
    print(task.result())  # CON228


asyncio.run(main())
""",
    good="""\
import asyncio


async def fetch(name):
    await asyncio.sleep(0.01)
    return name


async def main():
    task = asyncio.create_task(fetch("a"))
    print(await task)


asyncio.run(main())
""",
    cases=(
        """\
import asyncio


async def fetch(name):
    return name


async def grouped():
    async with asyncio.TaskGroup() as group:
        first = group.create_task(fetch("a"))
        print(first.result())  # CON228


async def asked(loop: asyncio.AbstractEventLoop):
    job = loop.create_task(fetch("a"))
    if job.exception():  # CON228
        print("failed")
""",
    ),
    near_misses=(
        NearMiss(
            "something is awaited in between",
            """\
import asyncio


async def fetch(name):
    return name


async def main():
    task = asyncio.create_task(fetch("a"))
    await asyncio.wait([task])
    print(task.result())
    other = asyncio.create_task(fetch("b"))
    async with asyncio.timeout(1):
        await other
    return other.result()
""",
        ),
        NearMiss(
            "it is asked whether the task is done",
            """\
import asyncio


async def fetch(name):
    return name


async def main():
    task = asyncio.create_task(fetch("a"))
    if task.done():
        print(task.result())
""",
        ),
        NearMiss(
            "after the group has been left",
            """\
import asyncio


async def fetch(name):
    return name


async def main():
    async with asyncio.TaskGroup() as group:
        task = group.create_task(fetch("a"))
    print(task.result())
""",
        ),
        NearMiss(
            "in a callback the task is done",
            """\
import asyncio


async def fetch(name):
    return name


async def main():
    task = asyncio.create_task(fetch("a"))
    task.add_done_callback(lambda done: print(done.result()))
    await task
""",
        ),
        NearMiss(
            "a loop ran it meanwhile",
            """\
import asyncio


async def fetch(name):
    return name


def main(loop: asyncio.AbstractEventLoop):
    task = loop.create_task(fetch("a"))
    loop.run_until_complete(task)
    print(task.result())
""",
        ),
        NearMiss(
            "a test that expects the error",
            """\
import asyncio
import pytest


async def fetch(name):
    return name


async def test_it():
    task = asyncio.create_task(fetch("a"))
    with pytest.raises(asyncio.InvalidStateError):
        task.result()
""",
        ),
    ),
    known_problems="A task factory that runs the first step at once (`asyncio.eager_task_factory`) is not known of.",
    references=(
        "https://docs.python.org/3/library/asyncio-task.html#asyncio.Task.result",
        "https://docs.python.org/3/library/asyncio-exceptions.html#asyncio.InvalidStateError",
    ),
    since="0.1",
    witness="exc",
)
