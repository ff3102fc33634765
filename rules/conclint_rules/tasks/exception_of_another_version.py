"""CON233: an exception class that is another one in a Python that the project supports."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call, Expr, Seq
from conclint.finding import Confidence, Finding, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.model import Func
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule

_ONE_CLASS = (3, 11)
_BUILTIN = "builtins.TimeoutError"
# What raises a `TimeoutError` of its own library until the classes became one, and which.
_RAISERS = {
    "asyncio.wait_for": "asyncio.TimeoutError",
    "concurrent.futures.Future.result": "concurrent.futures.TimeoutError",
    "concurrent.futures.Future.exception": "concurrent.futures.TimeoutError",
}
_NAMES = sorted({name.rpartition(".")[2] for name in _RAISERS})


def check(program: Program) -> Iterator[Finding]:
    """Each `except TimeoutError` around what raises another class of that name in the oldest supported Python."""
    if program.options.target_version >= _ONE_CLASS or not program.options.version_is_declared:
        return
    for name in _NAMES:
        for func in program.users(name):
            if not func.module.reported:
                continue
            for index in func.calls_by_name.get(name, ()):
                raised = _raised(program, func, index)
                handler = _handler(func, func.ops[index].block) if raised else None
                if handler is not None and not guards.is_dead(func, handler):
                    yield _finding(program, func, index, handler, raised)


def _raised(program: Program, func: Func, index: int) -> str:
    call = func.ops[index]
    named = [one.dotted for one in program.calls.library(func, index)]
    if len(named) != 1 or not isinstance(call, Call) or not (call.args or call.keywords):
        return ""
    owner, _, method = named[0].rpartition(".")
    for base in (owner, *program.knowledge.mro(owner)):
        if f"{base}.{method}" in _RAISERS:
            return _RAISERS[f"{base}.{method}"]
    return ""


def _handler(func: Func, block: int) -> int | None:
    """The handler around a block that takes the builtin class, where none takes the library's."""
    blocks = func.body.blocks
    for number, around in func.block_path(block):
        if around.kind != "try":
            continue
        handlers = [at for at, other in enumerate(blocks) if other.kind == "except" and other.partner == number]
        if any(_takes_all(one) for at in handlers for one in _classes(blocks[at].value)):
            return None
        for at in handlers:
            if _BUILTIN in _classes(blocks[at].value):
                return at
    return None


def _classes(types: Expr) -> tuple[Expr, ...]:
    return types.items if isinstance(types, Seq) else (types,)


def _takes_all(one: Expr) -> bool:
    """Whether a class of a handler takes the library's error too, or is not known."""
    if not isinstance(one, str) or one[0] in "$:?&@":
        return True
    return one in ("builtins.Exception", "builtins.BaseException") or (one != _BUILTIN and one.endswith("TimeoutError"))


def _finding(program: Program, func: Func, index: int, handler: int, raised: str) -> Finding:
    block = func.body.blocks[handler]
    oldest = ".".join(map(str, program.options.target_version))
    return Finding(
        RULE.code,
        RULE.name,
        f"this takes the builtin `TimeoutError`, and Python {oldest} raises `{raised}` here: the error passes it by",
        Place(func.module.path, Span(block.row, block.column, block.row, block.column + len("except"))),
        RULE.severity,
        Confidence.LIKELY if guards.is_conditional(func, func.ops[index].block) else Confidence.CERTAIN,
        related=(Related(func.at(index), "it is raised here"),),
        help=f"catch `{raised}`: from Python 3.11 on it is the same class",
        root=func.dotted,
    )


RULE = Rule(
    code="CON233",
    name="exception-of-another-version",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="`except TimeoutError` misses what asyncio raises in a Python before 3.11 that the project supports.",
    why=(
        "Until Python 3.10 `asyncio.TimeoutError`, `concurrent.futures.TimeoutError` and the builtin `TimeoutError` "
        "were three classes; since 3.11 they are one. Code that is written and tested on a newer Python catches the "
        "builtin one, and on the oldest Python that the project promises to support the error passes the handler by."
    ),
    use_instead="Catch `asyncio.TimeoutError` (or that of `concurrent.futures`), which is right in all versions.",
    bad="""\
import asyncio


async def main():
    try:
        await asyncio.wait_for(asyncio.sleep(60), 0.01)
    except TimeoutError:  # CON233
        print("too slow")


asyncio.run(main())
""",
    good="""\
import asyncio


async def main():
    try:
        await asyncio.wait_for(asyncio.sleep(60), 0.01)
    except asyncio.TimeoutError:
        print("too slow")


asyncio.run(main())
""",
    cases=(
        """\
import asyncio
from concurrent.futures import ThreadPoolExecutor


def fetch(pool: ThreadPoolExecutor, work):
    try:
        return pool.submit(work).result(timeout=5)
    except (KeyError, TimeoutError):  # CON233
        return None


async def poll(read):
    while True:
        try:
            if read:
                await asyncio.wait_for(read(), timeout=1)
        except TimeoutError:  # CON233
            continue
""",
    ),
    near_misses=(
        NearMiss(
            "the library's own class is caught too",
            """\
import asyncio
import concurrent.futures


async def main(read):
    try:
        await asyncio.wait_for(read(), 1)
    except asyncio.TimeoutError:
        print("too slow")
    try:
        await asyncio.wait_for(read(), 1)
    except (TimeoutError, asyncio.TimeoutError):
        print("too slow")
    try:
        await asyncio.wait_for(read(), 1)
    except TimeoutError:
        print("too slow")
    except Exception:
        print("failed")
""",
        ),
        NearMiss(
            "another timeout is meant",
            """\
import socket


def main(connection: socket.socket):
    try:
        connection.recv(1)
    except TimeoutError:
        print("too slow")
""",
        ),
        NearMiss(
            "it waits without a limit",
            """\
def main(pool, work):
    try:
        return pool.submit(work).result()
    except TimeoutError:
        return None
""",
        ),
        NearMiss(
            "the class was chosen for the version before",
            """\
import asyncio

try:
    from asyncio import TimeoutError
except ImportError:
    pass


async def main(read):
    try:
        await asyncio.wait_for(read(), 1)
    except TimeoutError:
        print("too slow")
""",
        ),
    ),
    known_problems=(
        "Nothing is reported where the project does not say which Pythons it supports (`requires-python`, or "
        "`target-version` in the configuration), or where the oldest is 3.11 or newer."
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-exceptions.html#asyncio.TimeoutError",
        "https://docs.python.org/3/whatsnew/3.11.html",
    ),
    since="0.1",
    no_witness="it shows only when the program runs on the older Python",
)
