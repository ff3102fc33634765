"""CON259: an exception group that is used as if it were the exception in it."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Block, Expr, Seq
from conclint.finding import Confidence, Finding, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.model import Func, chains, parts
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule

# What every exception has, groups too.
_SHARED = frozenset(("exceptions", "message", "split", "subgroup", "derive", "args", "add_note", "with_traceback")) | {
    "__cause__",
    "__context__",
    "__traceback__",
    "__notes__",
    "__suppress_context__",
    "__class__",
}


def check(program: Program) -> Iterator[Finding]:
    """Each attribute of the caught exception that a handler with `except*` reads from the group."""
    for func in program.functions():
        if not func.module.reported:
            continue
        for number, block in enumerate(func.body.blocks):
            if block.kind == "except-star" and isinstance(block.target, str) and not guards.is_dead(func, number):
                name = block.target
                read = _read(func, number, name)
                if read is not None:
                    yield _finding(func, block, name, *read)


def _read(func: Func, number: int, name: str) -> tuple[int, str] | None:
    for at, op in enumerate(func.ops):
        if func.encloses(number, op.block):
            for chain in (one for part in parts(op) for one in chains(part)):
                rest = chain[len(name) + 1 :] if chain.startswith(f"{name}.") else ""
                attribute = rest.partition(".")[0]
                if attribute and attribute not in _SHARED:
                    return at, attribute
    return None


def _finding(func: Func, block: Block, name: str, at: int, attribute: str) -> Finding:
    types: Expr = block.value
    caught = types.items[0] if isinstance(types, Seq) and types.items else types
    label = caught.rpartition(".")[2] if isinstance(caught, str) else "the exception"
    written = name.lstrip("$:")
    span = Span(block.row, block.column, block.row, block.column + len("except"))
    return Finding(
        RULE.code,
        RULE.name,
        f"`{written}` is an exception group, not the `{label}` in it: `{written}.{attribute}` raises `AttributeError`",
        func.at(at),
        RULE.severity,
        Confidence.CERTAIN,
        related=(Related(Place(func.module.path, span), "`except*` binds a group, even of one"),),
        help=f"go through `{written}.exceptions`",
        root=func.dotted,
    )


RULE = Rule(
    code="CON259",
    name="exception-group-as-one",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="The name that `except*` binds is used as if it were the exception, not a group of them.",
    why=(
        "`except* OSError as error` binds an `ExceptionGroup`, also when a single `OSError` was raised. `error.errno` "
        "raises `AttributeError` inside of the handler, which hides what went wrong, in the branch that tests reach "
        "least."
    ),
    use_instead="Loop over `error.exceptions`, which may hold groups again.",
    bad="""\
import asyncio


async def work():
    raise OSError(28, "disk full")


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work())
    except* OSError as error:
        print(error.errno)  # CON259


asyncio.run(main())
""",
    good="""\
import asyncio


async def work():
    raise OSError(28, "disk full")


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work())
    except* OSError as error:
        print([one.errno for one in error.exceptions])


asyncio.run(main())
""",
    near_misses=(
        NearMiss(
            "what a group has itself",
            """\
def main(work):
    try:
        work()
    except* OSError as error:
        print(error.exceptions, error.message, error.args, error)
        error.add_note("here")
    except* ValueError:
        print("bad value")
""",
        ),
        NearMiss(
            "a plain handler",
            """\
def main(work):
    try:
        work()
    except OSError as error:
        print(error.errno)
""",
        ),
    ),
    references=(
        "https://docs.python.org/3/reference/compound_stmts.html#except-star",
        "https://docs.python.org/3/library/exceptions.html#exception-groups",
    ),
    since="0.1",
    witness="exc",
)
