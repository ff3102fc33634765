"""CON104: files that are opened, read or written on an event loop."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.finding import Applicability, Finding, Severity
from conclint.program.effects import Path
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.event_loop.offloading import offload
from conclint_rules.event_loop.stall import stalls


def check(program: Program) -> Iterator[Finding]:
    """Each access to a file that is reached on an event loop."""
    yield from stalls(
        program,
        program.effects.blocking(["file"]),
        RULE,
        describe=_describe,
        mend=offload,
        help_text=_help,
    )


def _describe(path: Path) -> str:
    if path.edges:
        return (
            f"`{path.label}` reaches `{path.primitive.label}`: every task of the event loop waits for the disk with it"
        )
    return f"`{path.label}` uses the disk on the event loop: every task of the loop waits for it"


def _help(path: Path) -> str:
    if path.edges:
        return "run the call in a thread, or use an async file library down there"
    return "run it in a thread, or use an async file library such as `anyio.Path` or `aiofiles`"


RULE = Rule(
    code="CON104",
    name="blocking-file",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    default=False,
    summary="A file is opened, read or written, or a folder walked, on an event loop.",
    why=(
        "Operating systems have no asynchronous access to ordinary files that asyncio could use: a read returns when "
        "the data is there, and until then the loop stands still. On a local disk with a warm cache that takes "
        "microseconds; on a network file system, a sleeping disk, a large folder or a named pipe it takes as long as "
        "it takes, and every other task pays for it."
    ),
    use_instead=(
        "Put the whole access (open, read, parse) in one function and run it with `asyncio.to_thread`, or use a "
        "library that does so (`anyio.Path`, `trio.Path`, `aiofiles`). Small files that are read once at start-up may "
        "stay."
    ),
    fix=Applicability.UNSAFE,
    fix_safety=(
        "Unsafe: the coroutine suspends there, so that other tasks may run between two accesses that used to follow on "
        "each other, and cancelling it no longer stops the access. Offered for single calls, not for `with open(…)`."
    ),
    bad="""\
import asyncio
import tempfile
from pathlib import Path

STORE = Path(tempfile.mkdtemp()) / "report.txt"
STORE.write_text("all is well")


async def report():
    text = STORE.read_text()  # CON104
    return text.upper()


async def main():
    print(await report())


asyncio.run(main())
""",
    good="""\
import asyncio
import tempfile
from pathlib import Path

STORE = Path(tempfile.mkdtemp()) / "report.txt"
STORE.write_text("all is well")


async def report():
    text = await asyncio.to_thread(STORE.read_text)
    return text.upper()


async def main():
    print(await report())


asyncio.run(main())
""",
    cases=(
        """\
# file: files.py
import json


def load(path):
    with open(path) as stream:
        return json.load(stream)


class Settings:
    def __init__(self, path):
        self.path = path

    @property
    def values(self):
        return self._read()

    def _read(self):
        return load(self.path)
# file: service.py
from files import Settings


async def handle(settings: Settings):
    return settings.values  # CON104
""",
        """\
import os
import shutil


async def clean(folder):
    for name in os.listdir(folder):  # CON104
        os.remove(name)  # CON104
    shutil.rmtree(folder)  # CON104
""",
    ),
    near_misses=(
        NearMiss(
            "the access runs in a thread",
            """\
import asyncio
from pathlib import Path


def load(path):
    return Path(path).read_text()


async def main(loop):
    await asyncio.to_thread(load, "a")
    await asyncio.to_thread(Path("a").read_text)
    await loop.run_in_executor(None, load, "b")
""",
        ),
        NearMiss(
            "paths are only put together",
            """\
import os
from pathlib import Path


async def name(folder):
    return os.path.join(folder, "x"), Path(folder) / "y", Path(folder).suffix
""",
        ),
        NearMiss(
            "an async file library",
            """\
import anyio
import aiofiles


async def read(path):
    async with aiofiles.open(path) as stream:
        await stream.read()
    return await anyio.Path(path).read_text()
""",
        ),
        NearMiss(
            "no event loop runs there",
            """\
def main():
    with open("x") as stream:
        return stream.read()
""",
        ),
    ),
    known_problems=(
        "Off by default: most of what it finds takes microseconds. Select it where files lie on a network, or where "
        "every millisecond of the loop counts."
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
        "https://anyio.readthedocs.io/en/stable/fileio.html",
    ),
    since="0.1",
    witness="stall",
)
