"""CON251: a handler that keeps trio's or anyio's cancellation to itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conclint.facts import Assign, Await, Block, Call, Leave, Seq
from conclint.finding import AppendToBlock, Applicability, Confidence, Finding, Fix, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.contexts import Phase
from conclint.program.model import Func, chains, last_name
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule

_LIBRARIES = frozenset(("trio", "anyio"))
_KEEPS = re.compile(r"^_*(append|add|put|store|keep|record|set_exception|send|athrow|throw)(_|$)")
_QUIET = (Phase.TEST, Phase.BENCHMARK)


def check(program: Program) -> Iterator[Finding]:
    """Each handler that takes cancellations at an await and does not raise them again, in files without asyncio."""
    for func in program.functions():
        packages = func.module.facts.packages
        if not func.is_async or not func.module.reported or not packages & _LIBRARIES or "asyncio" in packages:
            continue
        for number, block in enumerate(func.body.blocks):
            caught = _caught(func, block)
            if _is_on_the_way_out(func, number):
                continue
            if caught and not _handled_before(func, number) and not guards.is_dead(func, number):
                at = _awaited(func, block.partner)
                if at is not None and not _passes_on(func, number) and not _hands_on(program, func, number):
                    yield _finding(program, func, block, at, caught)


def _caught(func: Func, block: Block) -> str:
    """How a handler names what it takes, if cancellations are among it."""
    if block.kind != "except":
        return ""
    if block.value is None:
        return "except:"
    types = block.value.items if isinstance(block.value, Seq) else (block.value,)
    for item in types:
        for one in chains(item):
            if one in ("builtins.BaseException", "trio.Cancelled"):
                return f"except {last_name(one)}"
        made = func.ops[item] if isinstance(item, int) else None
        if isinstance(made, Call) and last_name(made.func) == "get_cancelled_exc_class":
            return "except get_cancelled_exc_class()"
    return ""


def _is_on_the_way_out(func: Func, number: int) -> bool:
    """Whether a handler stands in a `finally`: a cancellation that led there goes on behind it."""
    return any(around.kind == "finally" for _, around in func.block_path(number))


def _handled_before(func: Func, number: int) -> bool:
    blocks = func.body.blocks
    return any(
        blocks[other].partner == blocks[number].partner and _caught(func, blocks[other]) for other in range(number)
    )


def _awaited(func: Func, tried: int) -> int | None:
    return next(
        (at for at, op in enumerate(func.ops) if isinstance(op, Await) and func.encloses(tried, op.block)), None
    )


def _passes_on(func: Func, number: int) -> bool:
    """Whether every way through the handler raises; a raise under a condition may be the one for others."""
    block = func.body.blocks[number]
    if block.exits == "raise":
        return True
    leaves = [op for op in func.ops if isinstance(op, Leave) and func.encloses(number, op.block)]
    exits = any(call.func in ("os._exit", "sys.exit") and func.encloses(number, call.block) for _, call in func.calls)
    return exits or any(op.how == "raise" for op in leaves)


def _hands_on(program: Program, func: Func, number: int) -> bool:
    """Whether a handler gives what it caught to something that raises it, or keeps it for somebody else."""
    block = func.body.blocks[number]
    name = block.target
    if not isinstance(name, str):
        return False
    raised_later = {op.value for op in func.ops if isinstance(op, Leave) and op.how == "raise"}
    for index, op in enumerate(func.ops):
        if isinstance(op, Leave) and func.encloses(number, op.block) and op.how == "return" and op.value == name:
            return True
        if isinstance(op, Assign) and func.encloses(number, op.block) and op.value == name and op.how == "":
            if isinstance(op.target, str) and ("." in op.target or op.target in raised_later):
                return True
        if isinstance(op, Call) and func.encloses(number, op.block) and name in op.args:
            called = last_name(op.func)
            callees = [target.func for target in program.calls.targets(func, index)] or _named(func, called)
            raised = bool(callees) and all(_never_returns(callee) or _keeps(callee) for callee in callees)
            if raised or _KEEPS.match(called) or called[:1].isupper():
                return True
    return False


def _named(func: Func, name: str) -> list[Func]:
    """What a call of unknown receiver may mean in the same module."""
    return [one for one in func.module.functions if one.is_method and one.name == name]


def _keeps(callee: Func) -> bool:
    """Whether a function puts one of its parameters somewhere: `self.errors.append(error)`."""
    given = {f"${param.name}" for param in callee.fact.params[1:]}
    return any(
        isinstance(op, Call) and _KEEPS.match(last_name(op.func)) is not None and not given.isdisjoint(op.args)
        for op in callee.ops
    )


def _never_returns(callee: Func) -> bool:
    """Whether a function ends by raising: on the way that is left when all its tests fail, and nowhere else."""
    leaves = [op for op in callee.ops if isinstance(op, Leave)]
    last = any(
        op.how == "raise" and all(block.kind in ("else", "body") for _, block in callee.block_path(op.block))
        for op in leaves
    )
    return last and not any(op.how == "return" for op in leaves)


def _finding(program: Program, func: Func, block: Block, at: int, caught: str) -> Finding:
    quiet = program.contexts.phase(func) in _QUIET
    span = Span(block.row, block.column, block.end_row, block.end_column)
    alone = "Cancelled" in caught or "cancelled" in caught
    fix = (
        Fix(Applicability.SAFE, "raise it again", (AppendToBlock(span, "raise"),))
        if alone and not block.exits
        else None
    )
    return Finding(
        RULE.code,
        RULE.name,
        f"`{caught}` keeps the cancellation: the scope that cancelled waits for it, and the task goes on",
        Place(func.module.path, Span(block.row, block.column, block.row, block.column + len("except"))),
        Severity.NOTE if quiet else RULE.severity,
        Confidence.LIKELY,
        related=(Related(func.at(at), "the cancellation is raised here"),),
        help="`raise` it again after cleaning up, or catch `Exception`",
        fix=fix,
        root=func.dotted,
    )


RULE = Rule(
    code="CON251",
    name="cancelled-swallowed",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="Under trio or anyio a handler takes `Cancelled` (or everything) and does not raise it again.",
    why=(
        "A cancelled task must get back to the scope that cancelled it, and the exception is what takes it there. trio "
        "and anyio keep raising at every further `await` until it arrives; a handler that keeps it makes the task fail "
        "again and again, go on with half of its work, or break the nursery with an internal error."
    ),
    use_instead="Clean up and `raise`. To survive ordinary errors catch `Exception`, which cancellations are not.",
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe where the handler is for cancellations alone and goes on after it: the exception then reaches its scope. "
        "Not offered for handlers that take other errors too."
    ),
    bad="""\
import anyio


async def work():
    try:
        await anyio.sleep(60)
    except anyio.get_cancelled_exc_class():  # CON251
        print("stopping")


async def main():
    with anyio.move_on_after(0.01) as scope:
        await work()
    print(scope.cancelled_caught)


anyio.run(main)
""",
    good="""\
import anyio


async def work():
    try:
        await anyio.sleep(60)
    except anyio.get_cancelled_exc_class():
        print("stopping")
        raise


async def main():
    with anyio.move_on_after(0.01) as scope:
        await work()
    print(scope.cancelled_caught)


anyio.run(main)
""",
    cases=(
        """\
import trio


async def work(log):
    try:
        await trio.sleep(1)
    except BaseException as error:  # CON251
        log(error)
    try:
        await trio.sleep(1)
    except trio.Cancelled:  # CON251
        return
    try:
        await trio.sleep(1)
    except:  # CON251
        pass
""",
    ),
    near_misses=(
        NearMiss(
            "it is raised again, as it is or from another",
            """\
import trio


async def work(log):
    try:
        await trio.sleep(1)
    except BaseException as error:
        log(error)
        raise
    try:
        await trio.sleep(1)
    except trio.Cancelled as error:
        raise KeyboardInterrupt from error
""",
        ),
        NearMiss(
            "it stands in a `finally`, behind which the first cancellation goes on",
            """\
import anyio


async def work(release, later):
    try:
        await anyio.sleep(1)
    finally:
        try:
            await release()
        except anyio.get_cancelled_exc_class():
            later.append(release)
""",
        ),
        NearMiss(
            "something else raises it, or keeps it for somebody",
            """\
import trio


class Stream:
    async def receive(self, done):
        try:
            data = await self.socket.recv(1)
        except BaseException as error:
            self.convert(error)
        try:
            await self.socket.send(data)
        except BaseException as error:
            done.append(error)
        try:
            await self.socket.send(data)
        except BaseException as error:
            self.failed = error
        try:
            await self.socket.send(data)
        except BaseException as error:
            self.crash(error)
        try:
            await self.socket.send(data)
        except BaseException as error:
            failed = error
        try:
            await self.socket.send(data)
        except trio.Cancelled as error:
            return error
        raise failed

    def crash(self, error):
        self.errors.append(error)

    def convert(self, error):
        if isinstance(error, trio.ClosedResourceError):
            raise EOFError from error
        elif isinstance(error, OSError):
            raise ConnectionError from error
        else:
            raise error
""",
        ),
        NearMiss(
            "ordinary errors, or nothing that could be cancelled",
            """\
import trio


async def work(log):
    try:
        await trio.sleep(1)
    except Exception as error:
        log(error)
    try:
        log("x")
    except BaseException:
        pass
""",
        ),
        NearMiss(
            "an earlier handler passes it on",
            """\
import trio


async def work(log):
    try:
        await trio.sleep(1)
    except trio.Cancelled:
        raise
    except BaseException as error:
        log(error)
""",
        ),
        NearMiss(
            "asyncio has its own rule",
            """\
import asyncio


async def work(log):
    try:
        await asyncio.sleep(1)
    except BaseException as error:
        log(error)
""",
        ),
    ),
    references=(
        "https://trio.readthedocs.io/en/stable/reference-core.html#trio.Cancelled",
        "https://anyio.readthedocs.io/en/stable/cancellation.html",
    ),
    since="0.1",
    no_witness="a cancellation that was kept looks to the guard as one that was handled",
)
