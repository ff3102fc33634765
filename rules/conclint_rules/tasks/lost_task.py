"""CON202: a task that nobody keeps."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Assign, Call, Expr, Leave, Mix, Use
from conclint.finding import (
    AddModuleStatement,
    Applicability,
    Confidence,
    Edit,
    Finding,
    Fix,
    ReplaceStatements,
    Severity,
    Slot,
    Span,
)
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.contexts import Phase
from conclint.program.evaluate import argument_of
from conclint.program.model import Func, last_name
from conclint.program.program import Program
from conclint.program.suspends import call_may_suspend, waits_for_timers_alone
from conclint.program.values import Coroutine, External, Function, Instance, Method, Value
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.dropped import Dropped, dropped_calls, fresh_name, is_expected

_MAKERS = frozenset(("create_task", "ensure_future", "Task"))
_SET = "_background_tasks"
# Who calls back and throws away what the callback returns.
_CALLBACKS = {
    "call_soon": "0:callback",
    "call_soon_threadsafe": "0:callback",
    "call_later": "1:callback",
    "call_at": "1:callback",
    "add_signal_handler": "1:callback",
    "add_reader": "1:callback",
    "add_writer": "1:callback",
    "add_done_callback": "0:fn",
}
_STATEMENTS = (Use.DISCARDED, Use.ASSIGNED)
# A coroutine of so few lines is a sketch of one that will do more.
_SKETCH = 4
_QUIET = (Phase.TEST, Phase.BENCHMARK)


def check(program: Program) -> Iterator[Finding]:
    """Each task whose only reference is thrown away."""
    for lost in dropped_calls(program, set(_MAKERS)):
        found = _made(program, lost.func, lost.at)
        if found is None or _is_spared(program, lost.func, lost.at) or _is_kept_already(program, lost):
            continue
        yield _finding(program, lost.func, lost.at, found, fix=_mend(lost), name=lost.name)
    yield from _callbacks(program)


def _made(program: Program, func: Func, index: int) -> Confidence | None:
    """How sure it is that a call makes a task that its event loop does not keep."""
    op = func.ops[index]
    values = program.evaluator.callee(func, index)
    if not values:
        return _by_name(op.func, func) if isinstance(op, Call) else None
    return _shared([_makes(program, value) for value in values])


def _shared(answers: list[Confidence | None]) -> Confidence | None:
    found = [answer for answer in answers if answer is not None]
    return min(found) if len(found) == len(answers) else None


def _makes(program: Program, value: Value) -> Confidence | None:
    if isinstance(value, External):
        known = value.dotted in ("asyncio.create_task", "asyncio.ensure_future", "asyncio.Task")
        return Confidence.CERTAIN if known else None
    if isinstance(value, Method):
        owner, _, method = value.dotted.rpartition(".")
        on_loop = method == "create_task" and program.knowledge.role(owner) == "loop"
        return Confidence.CERTAIN if on_loop else None
    return None


def _by_name(callee: Expr, func: Func) -> Confidence | None:
    """`loop.create_task` on a loop whose type nobody wrote down, in a file that uses asyncio."""
    if not isinstance(callee, str) or "asyncio" not in func.module.facts.packages:
        return None
    owner, _, method = callee.rpartition(".")
    named = owner.lstrip("$:&").rpartition(".")[2].rpartition(":")[2]
    is_loop = named in ("loop", "_loop", "event_loop", "_event_loop")
    return Confidence.LIKELY if is_loop and method == "create_task" else None


def _is_spared(program: Program, func: Func, index: int) -> bool:
    op = func.ops[index]
    assert isinstance(op, Call)
    if guards.is_dead(func, op.block) or is_expected(func, op.block) or _keeps_itself(program, func, op):
        return True
    return bool(op.args) and isinstance(op.args[0], int) and _ends_at_once(program, func, op.args[0])


def _ends_at_once(program: Program, func: Func, index: int) -> bool:
    """Whether the coroutine never suspends: it has ended before anything could collect the task."""
    made = func.ops[index]
    if not isinstance(made, Call) or call_may_suspend(program, func, index):
        return False
    started = [target.func for target in program.calls.targets(func, index)]
    return all(_ends_the_process(one) or (one.calls and not _is_sketch(one)) for one in started)


def _is_sketch(func: Func) -> bool:
    return func.fact.end_row - func.fact.row <= _SKETCH


def _ends_the_process(func: Func) -> bool:
    return any(call.func in ("os._exit", "os.abort", "sys.exit") for _, call in func.calls)


def _keeps_itself(program: Program, func: Func, op: Call) -> bool:
    """Whether the coroutine looks up its own task, as those do that enter themselves in a list."""
    for argument in op.args[:1]:
        for value in program.evaluator.of(argument, func, func.ops.index(op)):
            if isinstance(value, Coroutine) and "current_task" in value.func.fact.names:
                return True
    return False


def _is_kept_already(program: Program, lost: Dropped) -> bool:
    """`ensure_future` of what may be a future gives that future, and somebody has it."""
    if last_name(lost.call.func) != "ensure_future" or not lost.call.args:
        return False
    given = lost.call.args[0]
    made = lost.func.ops[given] if isinstance(given, int) else None
    return not isinstance(made, Call) or any(
        isinstance(value, Instance)
        and value.type in ("asyncio.Future", "asyncio.Task")
        and made.func != "asyncio.gather"
        for value in program.evaluator.of(given, lost.func, lost.at)
    )


def _callbacks(program: Program) -> Iterator[Finding]:
    """Tasks made by callbacks of the loop: `call_soon(lambda: create_task(…))`, `call_soon(create_task, …)`."""
    for taker, which in sorted(_CALLBACKS.items()):
        for user in program.users(taker):
            if not user.module.reported:
                continue
            for index in user.calls_by_name.get(taker, ()):
                op = user.ops[index]
                argument = argument_of(op, which) if isinstance(op, Call) else None
                if argument is not None:
                    yield from _called_back(program, user, index, argument)


def _called_back(program: Program, user: Func, index: int, argument: Expr) -> Iterator[Finding]:
    for value in program.evaluator.of(argument, user, index):
        if isinstance(value, Function) and value.func.name == "<lambda>":
            inner = value.func
            for op in inner.ops:
                if isinstance(op, Leave) and isinstance(op.value, int):
                    confidence = (
                        _made(program, inner, op.value) if last_name(_callee(inner, op.value)) in _MAKERS else None
                    )
                    if confidence is not None and not _is_spared(program, inner, op.value):
                        yield _finding(program, inner, op.value, confidence)
        elif _makes(program, value) is not None and not _is_spared(program, user, index):
            yield _finding(program, user, index, Confidence.LIKELY, label=spell(argument, user))


def _callee(func: Func, index: int) -> Expr:
    op = func.ops[index]
    return op.func if isinstance(op, Call) else None


def _finding(
    program: Program,
    func: Func,
    index: int,
    confidence: Confidence,
    *,
    fix: Fix | None = None,
    name: str = "",
    label: str = "",
) -> Finding:
    label = label or spell(_callee(func, index), func)
    kept = f"bound to `{name}`, which nothing reads" if name else "not kept"
    severity = Severity.NOTE if _is_harmless(program, func, index) else RULE.severity
    return Finding(
        RULE.code,
        RULE.name,
        f"the task of `{label}` is {kept}: it can be collected before it has ended, and its errors are only logged",
        func.at(index),
        severity,
        confidence,
        help="keep the task where it lives as long as it runs, and look at its result, or use a task group",
        fix=fix,
        root=func.dotted,
    )


def _is_harmless(program: Program, func: Func, index: int) -> bool:
    """Whether little is lost with the task, or it cannot be: its loop keeps who waits for one of its timers."""
    op = func.ops[index]
    started = op.args[0] if isinstance(op, Call) and op.args else None
    timed = (
        isinstance(started, int)
        and waits_for_timers_alone(program, func, started)
        and not any(_is_sketch(target.func) for target in program.calls.targets(func, started))
    )
    return timed or func.name == "__del__" or program.contexts.phase(func) in _QUIET


def _mend(lost: Dropped) -> Fix | None:
    """Keep the task in a set of the module until it is done."""
    func = lost.func
    statement = func.statement(lost.at)
    if statement is None or func.name in ("<module>", "<class>", "<lambda>") or lost.call.use not in _STATEMENTS:
        return None
    taker = func.ops[func.consumers[lost.at]] if lost.at in func.consumers else None
    if isinstance(taker, Assign) and taker.value != lost.at:
        return None
    span = Span(statement.row, statement.column, statement.end_row, statement.end_column)
    call = func.span(lost.at)
    if taker is None and call != span:
        return None
    name = lost.name if lost.name.strip("_") else fresh_name(func, "task")
    known = _existing_set(func)
    keeper = known or _SET
    edits: tuple[Edit, ...] = (
        ReplaceStatements(
            span,
            f"{name} = {{call}}\n{keeper}.add({name})\n{name}.add_done_callback({keeper}.discard)",
            (Slot("call", call),),
        ),
    )
    if not known:
        edits += (AddModuleStatement(f"{_SET}: set[{{@asyncio.Task}}[object]] = set()"),)
    return Fix(Applicability.SAFE, f"keep it in `{keeper}` until it is done", edits)


def _existing_set(func: Func) -> str:
    """A set of the module that tasks are kept in already: made by `set()`, told to discard them when they are done."""
    module = func.module
    for name, bindings in sorted(module.bindings.items()):
        made = bindings[0].value if len(bindings) == 1 and bindings[0].how == "value" else None
        if isinstance(made, Mix) and made.kind == "typed":
            made = made.items[-1]
        if isinstance(made, int):
            op = module.functions[bindings[0].function].ops[made]
            if isinstance(op, Call) and op.func == "builtins.set" and not op.args and _keeps_tasks(func, name):
                return name
    return ""


def _keeps_tasks(func: Func, name: str) -> bool:
    discard = f":{name}.discard"
    return any(
        discard in op.args
        for user in func.module.functions
        if "add_done_callback" in user.fact.names
        for _, op in user.calls
    )


RULE = Rule(
    code="CON202",
    name="lost-task",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="The result of `create_task` or `ensure_future` is thrown away.",
    why=(
        "An event loop only holds weak references to its tasks. A task that waits for something which nothing else "
        "refers to can be collected in the middle of its work: what it was to do never happens, and all that is seen "
        "is `Task was destroyed but it is pending!`. What such a task raises is not seen by anyone either, until the "
        "task is collected and the loop logs it."
    ),
    use_instead=(
        "Keep the task in a place that lives as long as it runs (an attribute, a set that it leaves when it is done), "
        "and look at its result. Where it belongs to a block of code, start it in an `asyncio.TaskGroup`, which waits "
        "for it and passes its errors on."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe: the task is put into a set of the module and leaves it when it is done, so it only lives longer. "
        "Errors of the task are still only logged; whether they should end something is for you to say. A set that "
        "the file already keeps its tasks in is used where there is one. Not offered in lambdas and at module level."
    ),
    bad="""\
import asyncio


async def audit(event):
    await asyncio.sleep(0.01)
    print("audited", event)


async def handle(event):
    asyncio.create_task(audit(event))  # CON202
    return "accepted"


async def main():
    print(await handle("login"))
    await asyncio.sleep(0.05)


asyncio.run(main())
""",
    good="""\
import asyncio

_background_tasks: set[asyncio.Task[object]] = set()


async def audit(event):
    await asyncio.sleep(0.01)
    print("audited", event)


async def handle(event):
    task = asyncio.create_task(audit(event))
    _background_tasks.add(task)
    task.add_done_callback(_background_tasks.discard)
    return "accepted"


async def main():
    print(await handle("login"))
    await asyncio.sleep(0.05)


asyncio.run(main())
""",
    cases=(
        """\
import asyncio
from asyncio import ensure_future, get_running_loop


class Service:
    def __init__(self, loop=None):
        self.loop = loop or asyncio.get_event_loop()

    async def run(self):
        print("running")

    def start(self):
        self.loop.create_task(self.run())  # CON202
        _ = ensure_future(self.run())  # CON202
        started = get_running_loop().create_task(self.run())  # CON202
        self.loop.call_later(1, lambda: asyncio.create_task(self.run()))  # CON202
        self.loop.call_soon(asyncio.ensure_future, self.run())  # CON202


def begin(loop, service):
    loop.create_task(service.run())  # CON202
""",
    ),
    near_misses=(
        NearMiss(
            "a task group keeps its tasks",
            """\
import asyncio
import anyio
import trio


async def work():
    await asyncio.sleep(0)


async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(work())
    async with anyio.create_task_group() as others:
        others.start_soon(work)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(work)
""",
        ),
        NearMiss(
            "the scheduler is a framework's own",
            """\
import asyncio


class Scheduler:
    def __init__(self):
        self.tasks = set()

    def create_task(self, coro):
        task = asyncio.create_task(coro)
        self.tasks.add(task)
        return task


async def work():
    await asyncio.sleep(0)


def start(scheduler: Scheduler, app):
    scheduler.create_task(work())
    app.create_task(work())
""",
        ),
        NearMiss(
            "the task is kept, handed on, awaited or returned",
            """\
import asyncio


async def work():
    await asyncio.sleep(0)


async def main(tasks, later):
    tasks.append(asyncio.create_task(work()))
    later.task = asyncio.create_task(work())
    first = second = asyncio.create_task(work())
    print(second)
    await asyncio.create_task(work())
    task = asyncio.create_task(work())
    task.add_done_callback(print)
    later.call(lambda: asyncio.create_task(work()))
    return asyncio.create_task(work())
""",
        ),
        NearMiss(
            "the coroutine enters its own task in a list",
            """\
import asyncio

running = set()


async def work():
    running.add(asyncio.current_task())
    await asyncio.sleep(1)


async def main():
    asyncio.create_task(work())
""",
        ),
        NearMiss(
            "what is given to `ensure_future` is a future that somebody has",
            """\
import asyncio


def watch(future):
    asyncio.ensure_future(future)
""",
        ),
        NearMiss(
            "the test is about the error",
            """\
import asyncio
import pytest


async def work():
    await asyncio.sleep(0)


def test_needs_a_loop():
    with pytest.raises(RuntimeError):
        asyncio.create_task(work())
""",
        ),
    ),
    known_problems=(
        "A task that is kept by a task factory of the program is reported all the same. A name that is read only to "
        "add a callback counts as kept, although the callback alone does not keep the task."
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-task.html#asyncio.create_task",
        "https://docs.python.org/3/library/asyncio-task.html#task-groups",
    ),
    since="0.1",
    witness="lost",
)
