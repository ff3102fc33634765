"""CON250: an await in a `finally` or a handler of cancellations, where trio and anyio cancel it again."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Await, Call, Const, Seq
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


def check(program: Program) -> Iterator[Finding]:
    """Each await in such a block that no shield protects, in files that use trio or anyio and not asyncio."""
    for func in program.functions():
        packages = func.module.facts.packages
        if not func.is_async or not func.module.reported or not packages & _LIBRARIES or "asyncio" in packages:
            continue
        for number, block in enumerate(func.body.blocks):
            word = _cleans_up(block.kind, block.value)
            if word and not guards.is_dead(func, number):
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


def _unshielded(program: Program, func: Func, number: int, depth: int = _DEPTH) -> int | None:
    """The first await in a block that is not in a shielded scope, nor a closing that is made for it."""
    for at, op in enumerate(func.ops):
        if not isinstance(op, Await) or op.value is None or not func.encloses(number, op.block):
            continue
        if any(_is_shield(func, around.value) for _, around in func.block_path(op.block)):
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
    if (name in ("aclose", "aclose_forcefully") and not call.keywords) or "shielded" in name:
        return True
    targets = program.calls.targets(func, at)
    return (
        bool(targets)
        and depth > 0
        and all(target.func.is_async and _unshielded(program, target.func, 0, depth - 1) is None for target in targets)
    )


def _is_shield(func: Func, manager: object) -> bool:
    call = func.ops[manager] if isinstance(manager, int) else None
    if not isinstance(call, Call) or last_name(call.func) not in _SCOPES:
        return False
    shield = argument_of(call, "shield")
    return shield is not None and shield != Const(False)


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
    witness="lost",
)
