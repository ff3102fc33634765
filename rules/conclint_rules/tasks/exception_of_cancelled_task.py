"""CON240: a done callback that asks a cancelled task for its exception."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Assign, Call, Leave, Seq, Use
from conclint.finding import (
    Applicability,
    Confidence,
    Finding,
    Fix,
    Related,
    ReplaceExpression,
    ReplaceStatements,
    Severity,
    Slot,
    Span,
)
from conclint.program import guards
from conclint.program.contexts import Handoff, Phase
from conclint.program.model import Func, chains, last_name
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule

_CALLBACK = ".add_done_callback"
_ASKED = ("exception", "result")
_CATCHES = frozenset(("CancelledError", "BaseException"))
_QUIET = (Phase.TEST, Phase.BENCHMARK)


def check(program: Program) -> Iterator[Finding]:
    """Each callback of an asyncio task that asks for its result or exception and does not expect a cancellation."""
    asked = {func for name in _ASKED for func in program.users(name)}
    for func in sorted(asked, key=lambda one: (one.module.path, one.index)):
        handoffs = program.contexts.handoffs.get(func)
        given = [one for one in handoffs if one.taker.endswith(_CALLBACK) and one.taker.startswith("asyncio.")]
        given = [one for one in given if not _is_nobodys(one)]
        if not given or len(given) != len(handoffs) or not func.module.reported or func.is_async:
            continue
        name = _parameter(func, given[0])
        if name and not _asks_first(func, name):
            for index, call in func.calls:
                named = call.func in (f"${name}.exception", f"${name}.result")
                if named and not _is_caught(func, call.block) and not _ends_the_process(func, call.block):
                    yield _finding(program, func, index, call, name, given[0])


def _parameter(func: Func, handoff: Handoff) -> str:
    """The name under which the callback has its task; "" where something else is bound to come first."""
    call = handoff.user.ops[handoff.at] if handoff.at >= 0 else None
    if not isinstance(call, Call) or not call.args or isinstance(call.args[0], int):
        return ""
    params = [param for param in func.fact.params if param.kind in ("", "/")]
    position = 1 if handoff.bound or (func.is_method and not func.is_static and func.name != "<lambda>") else 0
    return params[position].name if position < len(params) else ""


def _is_nobodys(handoff: Handoff) -> bool:
    """Whether the callback is added in a handler that raises: the task is handed to nobody who could cancel it."""
    at = handoff.user.ops[handoff.at] if handoff.at >= 0 else None
    blocks = handoff.user.block_path(at.block) if isinstance(at, Call) else ()
    return any(block.kind == "except" and block.exits == "raise" for _, block in blocks)


def _ends_the_process(func: Func, block: int) -> bool:
    """Whether a `finally` around ends the process, so that nothing is logged any more."""
    for number, around in func.block_path(block):
        if around.kind == "try":
            for other, after in enumerate(func.body.blocks):
                if after.kind == "finally" and after.partner == number:
                    return any(call.func == "os._exit" and func.encloses(other, call.block) for _, call in func.calls)
    return False


def _asks_first(func: Func, name: str) -> bool:
    return any(call.func == f"${name}.cancelled" for _, call in func.calls) or name in func.assignments


def _is_caught(func: Func, block: int) -> bool:
    """Whether a cancellation that is raised there is expected: by a handler, or by `suppress`."""
    if guards.is_dead(func, block):
        return True
    for number, around in func.block_path(block):
        if around.kind == "with" and isinstance(around.value, int):
            made = func.ops[around.value]
            if isinstance(made, Call) and last_name(made.func) == "suppress":
                return True
        if around.kind == "try":
            for other in func.body.blocks:
                if other.kind == "except" and other.partner == number and _takes(other.value):
                    return True
    return False


def _takes(types: object) -> bool:
    if types is None:
        return True
    named = types.items if isinstance(types, Seq) else (types,)
    return any(last_name(one) in _CATCHES for item in named for one in chains(item))  # type: ignore[arg-type]  # types are expressions


def _finding(program: Program, func: Func, index: int, call: Call, name: str, handoff: Handoff) -> Finding:
    asked = last_name(call.func)
    quiet = program.contexts.phase(handoff.user) in _QUIET or _is_last(func, index)
    return Finding(
        RULE.code,
        RULE.name,
        f"`{name}.{asked}()` raises `CancelledError` when the task was cancelled: the callback ends there, and the "
        "event loop logs an error",
        func.at(index),
        Severity.NOTE if quiet else RULE.severity,
        Confidence.CERTAIN,
        related=(Related(handoff.user.at(handoff.at), "called with the task when it is done, also by cancellation"),),
        help=f"ask `{name}.cancelled()` first",
        fix=_mend(func, index, call, name),
        root=func.dotted,
    )


def _is_last(func: Func, index: int) -> bool:
    """Whether the callback has nothing left to do after the call: then a line in the log is all that comes of it."""
    taker = func.consumers.get(index)
    later = [op for at, op in enumerate(func.ops) if at > index and at != taker and not isinstance(op, Leave)]
    return all(any(block.kind == "except" for _, block in func.block_path(op.block)) for op in later)


def _mend(func: Func, index: int, call: Call, name: str) -> Fix | None:
    span = func.span(index)
    title = "leave cancelled tasks out"
    if call.use == Use.TESTED:
        edit = ReplaceExpression(span, f"not {name}.cancelled() and {{call}}", (Slot("call", span),))
        return Fix(Applicability.SAFE, title, (edit,))
    statement = func.statement(index)
    if statement is None or func.name == "<lambda>":
        return None
    whole = Span(statement.row, statement.column, statement.end_row, statement.end_column)
    taker = func.ops[func.consumers[index]] if index in func.consumers else None
    guard = f"if {name}.cancelled():\n    return\n"
    if call.use == Use.DISCARDED and whole == span:
        template = f"{guard}{{call}}"
    elif isinstance(taker, Assign) and taker.value == index and isinstance(taker.target, str) and not taker.how:
        target = taker.target[1:] if taker.target[0] == "$" else ""
        if not target or "." in target:
            return None
        template = f"{guard}{target} = {{call}}"
    else:
        return None
    return Fix(Applicability.SAFE, title, (ReplaceStatements(whole, template, (Slot("call", span),)),))


RULE = Rule(
    code="CON240",
    name="exception-of-cancelled-task",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="A done callback calls `exception()` or `result()` of its task without asking whether it was cancelled.",
    why=(
        "Callbacks are called however a task ends. For one that was cancelled `exception()` does not return the "
        "cancellation: like `result()` it raises `CancelledError`. That is no `Exception`, so common handlers let it "
        "pass; the callback breaks off in the middle, and the event loop logs `Exception in callback` at every "
        "cancellation, shut-down included."
    ),
    use_instead="Ask `task.cancelled()` first, and leave the callback where it is true.",
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe: for a cancelled task the callback leaves where it would have raised; for others nothing changes. "
        "Offered where the call is tested, stands alone or is assigned to a name."
    ),
    bad="""\
import asyncio


def report(task):
    error = task.exception()  # CON240
    if error is not None:
        print("failed:", error)


async def main():
    task = asyncio.create_task(asyncio.sleep(60))
    task.add_done_callback(report)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])


asyncio.run(main())
""",
    good="""\
import asyncio


def report(task):
    if task.cancelled():
        return
    error = task.exception()
    if error is not None:
        print("failed:", error)


async def main():
    task = asyncio.create_task(asyncio.sleep(60))
    task.add_done_callback(report)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])


asyncio.run(main())
""",
    cases=(
        """\
import asyncio
import logging


class Worker:
    def start(self, work):
        self.task = asyncio.create_task(work())
        self.task.add_done_callback(self._done)

    def _done(self, task):
        if task.exception():  # CON240
            logging.error("worker failed")


async def main(work):
    task = asyncio.create_task(work())
    task.add_done_callback(lambda done: print(done.result()))  # CON240
    await task


def broad(task):
    try:
        task.result()  # CON240
    except Exception:
        logging.exception("failed")


async def other(work):
    asyncio.ensure_future(work()).add_done_callback(broad)
""",
    ),
    near_misses=(
        NearMiss(
            "it is asked first",
            """\
import asyncio


def report(task):
    if not task.cancelled() and task.exception():
        print("failed")


async def main(work):
    task = asyncio.create_task(work())
    task.add_done_callback(report)
    await task
""",
        ),
        NearMiss(
            "the cancellation is expected",
            """\
import asyncio
from contextlib import suppress


def caught(task):
    try:
        task.result()
    except asyncio.CancelledError:
        pass
    except Exception:
        print("failed")


def suppressed(task):
    with suppress(asyncio.CancelledError):
        print(task.exception())


async def main(work):
    task = asyncio.create_task(work())
    task.add_done_callback(caught)
    task.add_done_callback(suppressed)
    await task
""",
        ),
        NearMiss(
            "no callback, or not one of an asyncio task",
            """\
import asyncio
from concurrent.futures import ThreadPoolExecutor


def report(future):
    print(future.exception())


def check(task):
    print(task.exception())


async def main(work, pool: ThreadPoolExecutor):
    pool.submit(work).add_done_callback(report)
    task = asyncio.create_task(work())
    await asyncio.wait([task])
    check(task)
""",
        ),
        NearMiss(
            "nobody gets the task, or the process ends with the callback",
            """\
import asyncio
import os


def read(stream):
    future = asyncio.get_running_loop().create_future()
    try:
        stream.read_into(future)
    except OSError:
        future.add_done_callback(lambda one: one.exception())
        raise
    return future


def stop(task):
    try:
        print(task.exception())
    except Exception:
        print("failed")
    finally:
        os._exit(1)


async def main():
    task = asyncio.create_task(asyncio.sleep(1))
    task.add_done_callback(stop)
    await task
""",
        ),
        NearMiss(
            "something else is bound to come first",
            """\
import asyncio
import functools


def report(registry, task):
    print(registry.exception())


async def main(work, registry):
    task = asyncio.create_task(work())
    task.add_done_callback(functools.partial(report, registry))
    await task
""",
        ),
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-task.html#asyncio.Task.exception",
        "https://docs.python.org/3/library/asyncio-task.html#asyncio.Task.add_done_callback",
    ),
    since="0.1",
    witness="exc",
)
