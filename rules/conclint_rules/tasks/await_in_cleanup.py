"""CON250: an await in a `finally` or a handler of cancellations, where trio and anyio cancel it again."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Assign, Await, Call, Const, Expr, Seq
from conclint.finding import Confidence, Finding, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.contexts import Phase
from conclint.program.model import Func, argument_of, chains, last_name
from conclint.program.program import Program
from conclint.program.suspends import may_suspend
from conclint.rule import NearMiss, Rule

_LIBRARIES = frozenset(("trio", "anyio"))
_DEPTH = 3
_SCOPES = ("CancelScope", "move_on_after", "move_on_at", "fail_after", "fail_at")
_QUIET = (Phase.TEST, Phase.BENCHMARK)
# What starts the event loop: no scope is around the function that is given to it.
_RUNS = frozenset(("trio.run", "anyio.run"))
_NURSERIES = ("open_nursery", "create_task_group")


# Closing, and leaving a scope, are made for cancelled tasks; `acapture` keeps what is raised, `athrow` hands it on.
_CLOSES = frozenset(("aclose", "aclose_forcefully", "__aexit__", "acapture", "athrow"))


def check(program: Program) -> Iterator[Finding]:
    """Each await in such a block that no shield protects, in files that use trio or anyio and not asyncio."""
    for func in program.functions():
        packages = func.module.facts.packages
        if not func.is_async or not func.module.reported or not packages & _LIBRARIES or "asyncio" in packages:
            continue
        for number, block in enumerate(func.body.blocks):
            word = _cleans_up(block.kind, block.value)
            if not word or _is_taken_before(func, number) or guards.is_dead(func, number):
                continue
            if not _is_outermost(program, func, number):
                at = _unshielded(program, func, number)
                if at is not None:
                    yield _finding(program, func, number, at, word)


def _cleans_up(kind: str, types: object) -> str:
    if kind == "finally":
        return "finally"
    if kind != "except":
        return ""
    if types is None:
        return "except"
    named = types.items if isinstance(types, Seq) else (types,)
    names = {last_name(one) for item in named for one in chains(item)}  # type: ignore[arg-type]  # types are expressions
    return "except" if names & {"BaseException", "Cancelled"} else ""


def _is_taken_before(func: Func, number: int) -> bool:
    """Whether a handler above takes cancellations, so that none comes by here."""
    blocks = func.body.blocks
    partner = blocks[number].partner
    if blocks[number].kind != "except":
        return False
    return any(one.partner == partner and _takes_all(func, one.kind, one.value) for one in blocks[:number])


def _unshielded(program: Program, func: Func, number: int, depth: int = _DEPTH) -> int | None:
    """The first await in a block that is not in a shielded scope, nor a closing that is made for it."""
    for at, op in enumerate(func.ops):
        if not isinstance(op, Await) or op.value is None or not func.encloses(number, op.block):
            continue
        if any(_is_shield(func, around.value) for _, around in func.block_path(op.block)):
            continue
        if _is_shielded_since(func, number, at) or _is_foreseen(func, number, op.block):
            continue
        call = func.ops[op.value] if isinstance(op.value, int) else None
        if (
            isinstance(call, Call)
            and isinstance(op.value, int)
            and _is_meant_for_it(program, func, op.value, call, depth)
        ):
            continue
        if may_suspend(program, func, at):
            return at
    return None


def _is_meant_for_it(program: Program, func: Func, at: int, call: Call, depth: int) -> bool:
    """Whether what is called closes a resource, is shielded, or does nothing that is not."""
    name = last_name(call.func)
    if (name in _CLOSES and not call.keywords) or "shielded" in name:
        return True
    callees = [target.func for target in program.calls.targets(func, at)]
    if not callees:
        # Of an unknown receiver the methods of that name in the module are meant, if it has any.
        callees = [one for one in func.module.functions if one.is_method and one.name == name]
    return (
        bool(callees)
        and depth > 0
        and all(callee.is_async and _unshielded(program, callee, 0, depth - 1) is None for callee in callees)
    )


def _is_shield(func: Func, manager: object) -> bool:
    call = func.ops[manager] if isinstance(manager, int) else None
    if not isinstance(call, Call) or last_name(call.func) not in _SCOPES:
        return False
    shield = argument_of(call, "shield")
    return shield is not None and shield != Const(False)


def _is_shielded_since(func: Func, number: int, at: int) -> bool:
    """Whether the shield of a scope was put up in the same clean-up before: `scope.shield = True`."""
    return any(
        isinstance(op, Assign) and last_name(op.target) == "shield" and func.encloses(number, op.block)
        for op in func.ops[:at]
    )


def _is_foreseen(func: Func, number: int, block: int) -> bool:
    """Whether a `try` inside of the clean-up takes the second cancellation, or closes what is left in its `finally`."""
    for inner, around in func.block_path(block):
        if inner == number:
            return False
        if around.kind == "try":
            for other, after in enumerate(func.body.blocks):
                if after.partner == inner and _takes_all(func, after.kind, after.value):
                    return True
                if after.partner == inner and after.kind == "finally" and _closes(func, other):
                    return True
    return False


def _takes_all(func: Func, kind: str, types: Expr) -> bool:
    named = types.items if isinstance(types, Seq) else (types,)
    calls = [func.ops[item] for item in named if isinstance(item, int)]
    asked = any(isinstance(call, Call) and last_name(call.func) == "get_cancelled_exc_class" for call in calls)
    return kind == "except" and (asked or _cleans_up(kind, types) == "except")


def _closes(func: Func, block: int) -> bool:
    return any(last_name(call.func) in _CLOSES and func.encloses(block, call.block) for _, call in func.calls)


def _is_outermost(program: Program, func: Func, number: int) -> bool:
    """Whether a coroutine is what a loop is started with, and nothing that cancels is around the block in it."""
    users = program.users(func.name)
    calls = [user.ops[index] for user in users for index in user.given.get(func.name, ())]
    takers = {call.func if isinstance(call.func, str) else "" for call in calls if isinstance(call, Call)}
    if not takers or takers - _RUNS or any(user.calls_by_name.get(func.name) for user in users):
        return False
    around = [func.ops[one.value] for _, one in func.block_path(number) if isinstance(one.value, int)]
    scopes = (*_SCOPES, *_NURSERIES)
    return not any(isinstance(call, Call) and last_name(call.func) in scopes for call in around)


def _finding(program: Program, func: Func, number: int, at: int, word: str) -> Finding:
    block = func.body.blocks[number]
    quiet = program.contexts.phase(func) in _QUIET
    span = Span(block.row, block.column, block.row, block.column + 1)
    return Finding(
        RULE.code,
        RULE.name,
        f"this `await` in the `{word}` is cancelled again after a cancellation: the clean-up breaks off here",
        func.at(at),
        Severity.NOTE if quiet else RULE.severity,
        Confidence.LIKELY,
        related=(Related(Place(func.module.path, span), "a cancellation comes by here"),),
        help="put it into a `CancelScope(shield=True)`, with a deadline of its own",
        root=func.dotted,
    )


RULE = Rule(
    code="CON250",
    name="await-in-cleanup",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="Under trio or anyio a `finally`, or a handler that takes cancellations, awaits without a shield.",
    why=(
        "Cancellation in trio and anyio is a state, not an event: once its scope is cancelled every further `await` of "
        "the task raises at once. Clean-up that awaits, such as saying goodbye on a connection, breaks off at its "
        "first `await`, and what stands behind it is never done. (asyncio raises once, so there it works.)"
    ),
    use_instead=(
        "Await inside `with CancelScope(shield=True):`, better with a deadline (`move_on_after(5, shield=True)`), so "
        "that clean-up cannot hang for ever. `aclose()` of a resource is made for the purpose and may stand alone."
    ),
    bad="""\
import anyio


async def goodbye():
    await anyio.sleep(0.01)
    print("goodbye said")


async def talk():
    try:
        await anyio.sleep(60)
    finally:
        await goodbye()  # CON250


async def main():
    with anyio.move_on_after(0.01):
        await talk()


anyio.run(main)
""",
    good="""\
import anyio


async def goodbye():
    await anyio.sleep(0.01)
    print("goodbye said")


async def talk():
    try:
        await anyio.sleep(60)
    finally:
        with anyio.move_on_after(5, shield=True):
            await goodbye()


async def main():
    with anyio.move_on_after(0.01):
        await talk()


anyio.run(main)
""",
    cases=(
        """\
import trio


async def serve(stream, log):
    try:
        await stream.send_all(b"x")
    except trio.Cancelled:
        await log.write("cancelled")  # CON250
        raise
    try:
        await stream.send_all(b"x")
    except BaseException:
        await log.write("failed")  # CON250
        raise
""",
    ),
    near_misses=(
        NearMiss(
            "a shield protects it",
            """\
import trio


async def serve(stream):
    try:
        await stream.send_all(b"x")
    finally:
        with trio.CancelScope(shield=True):
            await stream.send_all(b"bye")
        with trio.move_on_after(1, shield=True):
            await stream.send_all(b"bye")
""",
        ),
        NearMiss(
            "the scope that is left was shielded before",
            """\
import anyio


class Session:
    async def __aenter__(self):
        self.group = anyio.create_task_group()
        await self.group.__aenter__()
        try:
            await self.group.start(self.serve)
        except BaseException:
            self.group.cancel_scope.cancel()
            self.group.cancel_scope.shield = True
            await self.finish()
            raise
        return self

    async def finish(self):
        await anyio.sleep(1)
        await self.group.__aexit__(None, None, None)

    async def serve(self, *, task_status):
        task_status.started()
""",
        ),
        NearMiss(
            "another handler takes the cancellation before",
            """\
import anyio


async def work(job, release):
    try:
        await job()
    except anyio.get_cancelled_exc_class():
        with anyio.CancelScope(shield=True):
            await release("cancelled")
        raise
    except BaseException:
        await release("failed")
        raise
""",
        ),
        NearMiss(
            "a nursery is left, which is made for it",
            """\
import trio


class Client:
    async def __aexit__(self, kind, error, trace):
        try:
            await self.stream.send_all(b"x")
        finally:
            await self.leave(kind, error, trace)

    async def leave(self, kind, error, trace):
        await self.manager.__aexit__(kind, error, trace)
""",
        ),
        NearMiss(
            "the second cancellation is expected, or closing stands in a `finally` of its own",
            """\
import anyio


async def talk(stream, release, later):
    try:
        await stream.receive()
    finally:
        try:
            await release()
        except anyio.get_cancelled_exc_class():
            later.append(release)


async def serve(stream):
    try:
        await stream.receive()
    finally:
        await close(stream)


async def close(stream):
    try:
        await stream.send_eof()
    finally:
        await stream.aclose()
""",
        ),
        NearMiss(
            "it is the outermost coroutine, which no scope is around",
            """\
import anyio


async def work():
    try:
        await anyio.sleep(1)
    finally:
        await anyio.sleep(0.1)


def main():
    anyio.run(work)
""",
        ),
        NearMiss(
            "what is called shields itself, as far as the module tells",
            """\
import trio


class Context:
    async def finish(self):
        with trio.CancelScope(shield=True):
            await trio.sleep(1)


async def use(make):
    context = make()
    try:
        await trio.sleep(1)
    finally:
        await context.finish()
""",
        ),
        NearMiss(
            "resources are closed, errors handled",
            """\
import trio


async def serve(stream, log):
    try:
        await stream.send_all(b"x")
    except OSError:
        await log.write("failed")
    finally:
        await stream.aclose()
        await trio.aclose_forcefully(stream)
""",
        ),
        NearMiss(
            "asyncio cancels once",
            """\
import asyncio


async def serve(stream):
    try:
        await stream.write(b"x")
    finally:
        await stream.write(b"bye")
""",
        ),
    ),
    references=(
        "https://trio.readthedocs.io/en/stable/reference-core.html#cancellation-semantics",
        "https://anyio.readthedocs.io/en/stable/cancellation.html#shielding",
    ),
    since="0.1",
    no_witness="the clean-up that is cancelled again looks to the guard as one that was meant to end there",
)
