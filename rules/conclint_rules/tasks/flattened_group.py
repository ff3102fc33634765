"""CON260: one exception taken out of a group, and the others forgotten."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Const, Item, Leave, Seq
from conclint.finding import Confidence, Finding, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.model import Func, chains, last_name
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule

_GROUPS = frozenset(("ExceptionGroup", "BaseExceptionGroup"))


def check(program: Program) -> Iterator[Finding]:
    """Each `raise group.exceptions[0]` in a handler of groups that has not seen to it that there is but one."""
    for func in program.functions():
        if not func.module.reported:
            continue
        for op in func.ops:
            if isinstance(op, Leave) and op.how == "raise" and isinstance(op.value, Item):
                base = op.value.base
                if isinstance(base, str) and base.endswith(".exceptions") and isinstance(op.value.index, Const):
                    name = base.rpartition(".")[0]
                    if _is_group(func, op.block, name) and not guards.is_dead(func, op.block):
                        if not _counts(func, op.block, base):
                            yield _finding(func, op, base)


def _is_group(func: Func, block: int, name: str) -> bool:
    for _, around in func.block_path(block):
        if around.target == name and around.kind in ("except", "except-star"):
            types = around.value.items if isinstance(around.value, Seq) else (around.value,)
            caught = {last_name(one) for item in types for one in chains(item)}
            return around.kind == "except-star" or bool(caught & _GROUPS)
    return False


def _counts(func: Func, block: int, base: str) -> bool:
    """Whether the handler looks how many there are before it takes one."""
    seen = any(base in chains(argument) for _, call in func.calls for argument in call.args)
    return seen or any(around.kind in ("if", "else", "case") for _, around in func.block_path(block))


def _finding(func: Func, op: Leave, base: str) -> Finding:
    written = base.lstrip("$:")
    return Finding(
        RULE.code,
        RULE.name,
        f"only one of `{written}` is raised again: the others are lost, and with them what else went wrong",
        Place(func.module.path, Span(op.row, op.column, op.row, op.column + len("raise"))),
        RULE.severity,
        Confidence.LIKELY,
        related=(Related(func.place, f"in `{func.qualname}`"),),
        help="raise the group, or look first whether it holds but one",
        root=func.dotted,
    )


RULE = Rule(
    code="CON260",
    name="flattened-group",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="`raise group.exceptions[0]`: one exception of a group is raised, the others are lost.",
    why=(
        "A task group raises all errors of its tasks together. Taking the first one out makes the others disappear: "
        "the `KeyboardInterrupt` or the cause of the trouble may be among them, and which comes first is chance."
    ),
    use_instead=(
        "Let the group pass, handle it with `except*`, or take a single exception out only when "
        "`len(group.exceptions) == 1`, and raise the group else."
    ),
    bad="""\
import asyncio


async def fail(error):
    raise error


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail(ValueError("harmless")))
            group.create_task(fail(OSError("disk full")))
    except ExceptionGroup as group:
        raise group.exceptions[0]  # CON260


try:
    asyncio.run(main())
except Exception as error:
    print(error)
""",
    good="""\
import asyncio


async def fail(error):
    raise error


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail(ValueError("harmless")))
            group.create_task(fail(OSError("disk full")))
    except ExceptionGroup as group:
        if len(group.exceptions) == 1:
            raise group.exceptions[0]
        raise


try:
    asyncio.run(main())
except Exception as error:
    print(error)
""",
    near_misses=(
        NearMiss(
            "there is but one, or all are seen",
            """\
import logging


def main(work):
    try:
        work()
    except ExceptionGroup as group:
        if len(group.exceptions) == 1:
            raise group.exceptions[0]
        for error in group.exceptions:
            logging.error(error)
        raise
""",
        ),
        NearMiss(
            "no group of exceptions",
            """\
def main(report):
    raise report.exceptions[0]
""",
        ),
    ),
    references=("https://docs.python.org/3/library/exceptions.html#exception-groups",),
    since="0.1",
    no_witness="an exception that is taken out of its group is raised as any other is",
)
