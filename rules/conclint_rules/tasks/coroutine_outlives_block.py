"""CON224: a coroutine that is returned out of the `with` or `try` it was made for."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Block, Call, Leave, Seq
from conclint.finding import Confidence, Finding, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.colour import Colour
from conclint.program.model import Func, chains, last_name
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.dropped import is_expected

# What the making of a coroutine can raise itself: such a handler is there for the call.
_OF_THE_CALL = frozenset(
    (
        *("AttributeError", "TypeError", "KeyError", "IndexError", "ImportError", "ModuleNotFoundError"),
        *("LookupError", "NameError", "NotImplementedError", "RuntimeError"),
    )
)
# Managers that are there for the making of something, not for its use.
_OF_THE_MAKING = frozenset(("suppress", "catch_warnings", "start_span", "nullcontext", "ExitStack"))


def check(program: Program) -> Iterator[Finding]:
    """Each coroutine that a plain function returns from inside a `with`, or from a `try` that was to guard it."""
    colours = program.colours
    names = program.definitions.giving_coroutines()
    for func in program.functions():
        if func.is_async or not func.module.reported or func.fact.is_generator or names.isdisjoint(func.fact.names):
            continue
        for op in func.ops:
            if isinstance(op, Leave) and op.how == "return" and isinstance(op.value, int):
                around = _around(func, op.block)
                call = func.ops[op.value]
                if around is None or not isinstance(call, Call) or call.block != op.block:
                    continue
                if colours.of_call(func, op.value) is Colour.COROUTINE and not _is_spared(func, op.block):
                    yield _finding(func, op.value, call, around)


def _is_spared(func: Func, block: int) -> bool:
    return guards.is_dead(func, block) or is_expected(func, block)


def _around(func: Func, block: int) -> Block | None:
    """The innermost `with`, or `try` with handlers or a `finally`, that is left before the coroutine runs.

    A `try` counts where the call is all that it guards: in one that dispatches between forms by a flag, the coroutine
    is one of them, and has handlers of its own.
    """
    dispatched = False
    for number, around in func.block_path(block):
        dispatched = dispatched or around.kind in ("if", "else", "case")
        if around.kind == "with":
            made = func.ops[around.value] if isinstance(around.value, int) else None
            if isinstance(made, Call) and last_name(made.func) in _OF_THE_MAKING:
                continue
            return around
        if around.kind == "try" and not dispatched:
            parts = [other for other in func.body.blocks if other.partner == number]
            if any(other.kind == "finally" for other in parts) or any(_is_for_the_work(other) for other in parts):
                return around
    return None


def _is_for_the_work(block: Block) -> bool:
    """Whether a handler is for what the body of the coroutine raises."""
    if block.kind != "except":
        return False
    types = block.value.items if isinstance(block.value, Seq) else (block.value,)
    named = {last_name(one) for item in types for one in chains(item)}
    return not named or not named <= _OF_THE_CALL


def _finding(func: Func, at: int, call: Call, around: Block) -> Finding:
    label = spell(call.func, func)
    if around.kind == "with":
        happens = "the `with` is left before any of its body runs"
    else:
        happens = "the `try` is left before any of its body runs, and sees none of its errors"
    span = Span(around.row, around.column, around.row, around.column + 1)
    return Finding(
        RULE.code,
        RULE.name,
        f"the coroutine of `{label}` is returned out of the block: {happens}",
        func.at(at),
        RULE.severity,
        Confidence.LIKELY,
        related=(Related(Place(func.module.path, span), "the block that is left"),),
        help="make the function an `async def`, and `return await` the call",
        root=func.dotted,
    )


RULE = Rule(
    code="CON224",
    name="coroutine-outlives-block",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="A plain function returns a coroutine out of a `with` or `try`, which has ended when the coroutine runs.",
    why=(
        "A plain function only makes the coroutine; its body runs when the caller awaits it. By then the `with` has "
        "been left: the file is closed, the lock released, the session gone. A `try` around it catches nothing of what "
        "the body raises, and its `finally` cleans up before the work has begun."
    ),
    use_instead="Make the function an `async def` and await inside the block: `return await work()`.",
    bad="""\
import asyncio
import tempfile


async def count(stream):
    await asyncio.sleep(0)
    return len(stream.read())


def size():
    with tempfile.TemporaryFile() as stream:
        return count(stream)  # CON224


async def main():
    try:
        print(await size())
    except ValueError as error:
        print(error)


asyncio.run(main())
""",
    good="""\
import asyncio
import tempfile


async def count(stream):
    await asyncio.sleep(0)
    return len(stream.read())


async def size():
    with tempfile.TemporaryFile() as stream:
        return await count(stream)


async def main():
    try:
        print(await size())
    except ValueError as error:
        print(error)


asyncio.run(main())
""",
    cases=(
        """\
import logging


class Client:
    async def fetch(self, url):
        return url

    def get(self, url):
        try:
            return self.fetch(url)  # CON224
        except OSError:
            logging.exception("failed")

    def timed(self, url, clock):
        clock.start()
        try:
            return self.fetch(url)  # CON224
        finally:
            clock.stop()
""",
    ),
    near_misses=(
        NearMiss(
            "the coroutine is awaited inside",
            """\
async def fetch(url):
    return url


async def get(url, session):
    with session:
        return await fetch(url)
""",
        ),
        NearMiss(
            "the handler is for the call itself",
            """\
class Client:
    async def fetch(self, url):
        return url

    def get(self, url):
        try:
            return self.fetch(url)
        except (AttributeError, TypeError):
            return None
""",
        ),
        NearMiss(
            "what is returned was made, and may be a coroutine or not",
            """\
def get(client, url):
    with client:
        return client.fetch(url)


def run(work, loop):
    with loop:
        return loop.run_until_complete(work())
""",
        ),
        NearMiss(
            "the block ends before",
            """\
async def fetch(url):
    return url


def get(url):
    with open("log") as log:
        log.read()
    return fetch(url)
""",
        ),
    ),
    known_problems=(
        "A block that only matters while the coroutine is made, such as a span of a tracer under a name of its own, is "
        "reported all the same."
    ),
    references=("https://docs.python.org/3/reference/datamodel.html#coroutine-objects",),
    since="0.1",
    witness="exc",
)
