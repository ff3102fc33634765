"""CON207: a loop that eats its own cancellation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conclint.facts import Assign, Await, Block, Call, Const, Expr, Leave, Seq
from conclint.finding import (
    AppendToBlock,
    Applicability,
    Confidence,
    Edit,
    Finding,
    Fix,
    Place,
    Related,
    ReplaceStatements,
    Severity,
    Span,
)
from conclint.program import guards
from conclint.program.contexts import Phase
from conclint.program.model import Func, chains, last_name, operands, parts
from conclint.program.program import Program
from conclint.program.values import External
from conclint.rule import NearMiss, Rule

_CANCELLED = frozenset(("asyncio.CancelledError", "builtins.BaseException"))
_LEAVES = frozenset(("return", "raise", "break", "exit"))
# What a handler calls that knows what a cancellation is.
_AWARE = frozenset(("uncancel", "cancelling", "cancel", "exit", "_exit", "is_cancelled"))
# Waiting for tasks: the cancellation that arrives may be theirs.
_OTHERS = frozenset(("gather", "wait", "wait_for", "shield", "join", "wrap_future", "result", "run_in_executor"))


@dataclass(frozen=True, slots=True)
class _Swallow:
    """A handler (or a `suppress`), the loop that goes on, and an await in between."""

    func: Func
    block: int
    loop: int
    at: int
    caught: str
    alone: bool
    """Whether it catches cancellations and nothing else."""


def check(program: Program) -> Iterator[Finding]:
    """Each handler in a loop that catches a cancellation of its own task and lets the loop go on."""
    for func in program.functions():
        if not func.is_async or not func.module.reported:
            continue
        for found in _swallows(program, func):
            if not guards.is_dead(func, found.block):
                yield _finding(program, found)


def _swallows(program: Program, func: Func) -> Iterator[_Swallow]:
    for number, block in enumerate(func.body.blocks):
        loop = func.loop_around(number)
        if loop < 0 or func.body.blocks[loop].kind in ("comp", "async-comp"):
            continue
        if block.kind == "except":
            caught, alone, tried = *_caught(program, func, block.value), block.partner
            suits = bool(caught) and not _handled_before(program, func, number) and _goes_on(func, number, loop)
        elif block.kind == "with":
            caught, alone, tried = *_suppressed(program, func, block), number
            suits = bool(caught)
        else:
            continue
        if suits and not _loop_ends_after(func, block, loop):
            at = _awaited(program, func, tried)
            if at is not None:
                yield _Swallow(func, number, loop, at, caught, alone)


def _caught(program: Program, func: Func, types: Expr) -> tuple[str, bool]:
    """How the code names what it catches if cancellations are among it, and whether nothing else is."""
    if types is None:
        return "except:", False
    items = types.items if isinstance(types, Seq) else (types,)
    for item in items:
        if not isinstance(item, str):
            continue
        for value in program.evaluator.of(item, func, -1):
            if isinstance(value, External) and value.dotted in _CANCELLED:
                name = item.rpartition(".")[2].lstrip(":?")
                return name, len(items) == 1 and value.dotted == "asyncio.CancelledError"
    return "", False


def _suppressed(program: Program, func: Func, block: Block) -> tuple[str, bool]:
    made = func.ops[block.value] if isinstance(block.value, int) else None
    if not isinstance(made, Call) or last_name(made.func) != "suppress":
        return "", False
    if not any(value.dotted == "contextlib.suppress" for value in program.calls.library(func, block.value)):  # type: ignore[arg-type]  # an int, as `made` says
        return "", False
    caught, _ = _caught(program, func, Seq("tuple", made.args))
    return caught, False


def _handled_before(program: Program, func: Func, number: int) -> bool:
    """Whether an earlier handler of the same `try` already takes cancellations."""
    blocks = func.body.blocks
    return any(
        blocks[other].kind == "except"
        and blocks[other].partner == blocks[number].partner
        and _caught(program, func, blocks[other].value)[0]
        for other in range(number)
    )


def _goes_on(func: Func, number: int, loop: int) -> bool:
    """Whether a handler certainly lets the loop go on: nothing in it leaves, or sets what the loop asks."""
    if func.body.blocks[number].exits in _LEAVES:
        return False
    asked = _asked(func, loop)
    name = func.body.blocks[number].target
    for op in func.ops:
        if not func.encloses(number, op.block):
            continue
        if isinstance(op, Leave) and op.how in _LEAVES:
            return False
        if isinstance(op, Assign) and isinstance(op.target, str) and op.target != name and op.target in asked:
            return False
        if isinstance(op, Call) and (last_name(op.func) in _AWARE or op.func in asked):
            return False
        if name is not None and any(name in list(chains(part)) for part in parts(op)) and not _is_log(op):
            # It looks at the exception, or gives it to somebody: it may know what it has.
            return False
    return True


def _is_log(op: object) -> bool:
    return isinstance(op, Call) and last_name(op.func) in (
        "debug",
        "info",
        "warning",
        "error",
        "exception",
        "critical",
        "log",
        "print",
        "str",
        "repr",
    )


def _asked(func: Func, loop: int) -> set[str]:
    """The names that tests in a loop, and the loop's own, read."""
    found: set[str] = set()
    for number, block in enumerate(func.body.blocks):
        if block.kind in ("if", "while", "else", "and", "or") and func.encloses(loop, number):
            found.update(chains(block.value))
            for used in operands(block.value):
                for part in parts(func.ops[used]):
                    found.update(chains(part))
    return found


def _loop_ends_after(func: Func, block: Block, loop: int) -> bool:
    """Whether the loop is left after the `try` in any case, or its test is one that a cancellation comes with."""
    blocks = func.body.blocks
    around = block.parent
    while around > 0:
        if blocks[around].exits in _LEAVES:
            return True
        if around == loop:
            break
        around = blocks[around].parent
    if any(other.kind == "finally" and other.partner == block.partner and other.exits in _LEAVES for other in blocks):
        return True
    return blocks[loop].kind == "while" and not _is_endless(blocks[loop].value)


def _is_endless(test: Expr) -> bool:
    return isinstance(test, Const) and bool(test.value)


def _awaited(program: Program, func: Func, tried: int) -> int | None:
    """An await in the `try` whose cancellation can only be that of this task, and that no inner handler takes."""
    for index, op in enumerate(func.ops):
        if not isinstance(op, Await) or not func.encloses(tried, op.block):
            continue
        if _taken_inside(program, func, op.block, tried):
            continue
        if op.value is None:
            return index if not _cancels(func) else None
        made = func.ops[op.value] if isinstance(op.value, int) else None
        if isinstance(made, Call) and last_name(made.func) not in _OTHERS and not _waits_for_task(program, func, op):
            return index
    return None


def _waits_for_task(program: Program, func: Func, op: Await) -> bool:
    return any(
        getattr(value, "type", "") in ("asyncio.Task", "asyncio.Future") and not getattr(value, "of", ())
        for value in program.evaluator.of(op.value, func, func.ops.index(op))
    ) and _cancels(func)


def _cancels(func: Func) -> bool:
    return "cancel" in func.fact.names


def _taken_inside(program: Program, func: Func, block: int, tried: int) -> bool:
    """Whether a handler further in has the cancellation first."""
    for number, around in func.block_path(block):
        if number == tried:
            return False
        if around.kind == "try" and any(
            other.kind == "except" and other.partner == number and _caught(program, func, other.value)[0]
            for other in func.body.blocks
        ):
            return True
        if around.kind == "with" and _suppressed(program, func, around)[0]:
            return True
    return False


def _finding(program: Program, found: _Swallow) -> Finding:
    func = found.func
    block, loop = func.body.blocks[found.block], func.body.blocks[found.loop]
    head = "except" if block.kind == "except" else "suppress"
    label = found.caught if found.caught == "except:" else f"{head} {found.caught}"
    place = Place(func.module.path, _head(block))
    quiet = program.contexts.phase(func) in (Phase.TEST, Phase.BENCHMARK)
    return Finding(
        RULE.code,
        RULE.name,
        f"`{label}` swallows the cancellation of its own task: the loop goes on and cannot be stopped",
        place,
        Severity.NOTE if quiet else RULE.severity,
        _confidence(loop),
        related=(
            Related(func.at(found.at), "a cancellation arrives at this `await`"),
            Related(Place(func.module.path, _head(loop)), "the loop that goes on"),
        ),
        help="let `CancelledError` pass: `raise` it again after cleaning up",
        fix=_mend(func, found),
        root=func.dotted,
    )


def _confidence(loop: Block) -> Confidence:
    """A `for` over what is there comes to its end soon: what it closes or visits is to be visited all the same."""
    if loop.kind == "for":
        return Confidence.POSSIBLE
    return Confidence.CERTAIN if loop.kind == "while" else Confidence.LIKELY


def _head(block: Block) -> Span:
    return Span(block.row, block.column, block.row, block.column + 6)


def _mend(func: Func, found: _Swallow) -> Fix | None:
    """Raise the cancellation again; a `continue` that ends the handler gives way to it."""
    block = func.body.blocks[found.block]
    if block.kind != "except" or not found.alone:
        return None
    edit: Edit = AppendToBlock(Span(block.row, block.column, block.end_row, block.end_column), "raise")
    leaves = [op for op in func.ops if isinstance(op, Leave) and func.encloses(found.block, op.block)]
    if leaves:
        last = leaves[-1]
        if len(leaves) > 1 or last.block != found.block or last.how != "continue":
            return None
        width = len("continue")
        edit = ReplaceStatements(Span(last.row, last.column, last.row, last.column + width), "raise")
    return Fix(Applicability.SAFE, "raise the cancellation again", (edit,))


RULE = Rule(
    code="CON207",
    name="swallowed-cancellation",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="A handler inside a loop catches `CancelledError` and lets the loop go on.",
    why=(
        "A task is cancelled by an exception that is raised at the `await` where it waits. A handler that eats this "
        "exception and goes round the loop again makes the task deaf to `cancel`: whoever cancels it and awaits its "
        "end hangs, timeouts around it do not fire, and the program does not shut down. A bare `except:`, `except "
        "BaseException` and `suppress(BaseException)` catch it as well; `except Exception` does not."
    ),
    use_instead=(
        "Clean up and `raise` again, or leave the loop. Where other errors are to be survived, catch `Exception`."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe where the handler catches `CancelledError` alone and the loop would go on: the exception then ends the "
        "task, as whoever cancelled it expects. Not offered for handlers that catch other exceptions too, which would "
        "then end the loop as well."
    ),
    bad="""\
import asyncio


async def poll(jobs):
    while True:
        try:
            print(await jobs.get())
        except asyncio.CancelledError:  # CON207
            print("not now")


async def main():
    task = asyncio.create_task(poll(asyncio.Queue()))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])


asyncio.run(main())
""",
    good="""\
import asyncio


async def poll(jobs):
    while True:
        try:
            print(await jobs.get())
        except asyncio.CancelledError:
            print("not now")
            raise


async def main():
    task = asyncio.create_task(poll(asyncio.Queue()))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])


asyncio.run(main())
""",
    cases=(
        """\
import asyncio
import contextlib
import logging


async def serve(queue, handle):
    while True:
        try:
            await handle(await queue.get())
        except:  # CON207
            logging.exception("failed")


async def beat(send):
    while True:
        try:
            await send("beat")
        except (asyncio.CancelledError, OSError):  # CON207
            continue


async def watch(check):
    while True:
        with contextlib.suppress(BaseException):  # CON207
            await check()
        await asyncio.sleep(1)


async def relay(source, target):
    async for message in source:
        try:
            async with target.lock:
                await target.send(message)
        except BaseException as error:  # CON207
            logging.error("lost %s", error)
""",
    ),
    near_misses=(
        NearMiss(
            "the cancellation is raised again",
            """\
import asyncio


async def poll(jobs):
    while True:
        try:
            await jobs.get()
        except asyncio.CancelledError:
            print("stopping")
            raise
        except BaseException:
            print("failed")
""",
        ),
        NearMiss(
            "the handler leaves the loop",
            """\
import asyncio


async def poll(jobs):
    while True:
        try:
            await jobs.get()
        except asyncio.CancelledError:
            break


async def again(jobs):
    while True:
        try:
            await jobs.get()
        except BaseException:
            return


async def flagged(jobs):
    stopped = False
    while True:
        try:
            await jobs.get()
        except asyncio.CancelledError:
            stopped = True
        if stopped:
            break
""",
        ),
        NearMiss(
            "`except Exception` lets cancellations pass",
            """\
async def poll(jobs):
    while True:
        try:
            await jobs.get()
        except Exception:
            print("failed")
""",
        ),
        NearMiss(
            "it waits for tasks that it has cancelled itself",
            """\
import asyncio
import contextlib


async def stop(tasks):
    for task in tasks:
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task
""",
        ),
        NearMiss(
            "the handler ends the coroutine: there is no loop around it",
            """\
import asyncio


async def poll(jobs):
    try:
        while True:
            await jobs.get()
    except asyncio.CancelledError:
        print("stopped")
""",
        ),
        NearMiss(
            "the loop asks whether it is to stop",
            """\
import asyncio


class Poller:
    running = True

    async def poll(self, jobs):
        while self.running:
            try:
                await jobs.get()
            except asyncio.CancelledError:
                pass
""",
        ),
        NearMiss(
            "the exception is looked at",
            """\
import asyncio


async def poll(jobs, stop):
    while True:
        try:
            await jobs.get()
        except BaseException as error:
            stop(error)
""",
        ),
        NearMiss(
            "the task takes its cancellation back",
            """\
import asyncio


async def poll(jobs):
    while True:
        try:
            await jobs.get()
        except asyncio.CancelledError:
            asyncio.current_task().uncancel()
""",
        ),
    ),
    known_problems=(
        "Loops with a test of their own (`while self.running:`) are left alone, since many set the flag before they "
        "cancel. So are handlers that look at the exception or hand it on."
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-task.html#task-cancellation",
        "https://docs.python.org/3/library/asyncio-exceptions.html#asyncio.CancelledError",
    ),
    since="0.1",
    witness="dead",
)
