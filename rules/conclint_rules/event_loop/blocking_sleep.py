"""CON101: a sleep that stops the event loop."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.finding import Applicability, Finding, Fix, Severity
from conclint.program.effects import Path
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.event_loop.stall import stalls
from conclint_rules.mending import await_twin, in_coroutine, loop_library, under_thread_lock


def check(program: Program) -> Iterator[Finding]:
    """Each sleep of a thread that is reached on an event loop."""
    yield from stalls(
        program,
        program.effects.blocking(["sleep"]),
        RULE,
        describe=_describe,
        mend=_mend,
        help_text=_help,
    )


def _describe(path: Path) -> str:
    if path.edges:
        return f"`{path.label}` reaches `{path.primitive.label}`: every task of the event loop stops while it sleeps"
    return f"`{path.label}` sleeps on the event loop: every task of the loop stops with it"


def _help(path: Path) -> str:
    if path.edges:
        return "await an async sleep in a coroutine, or run the call in a thread"
    return f"await `{_twin(path)}`"


def _twin(path: Path) -> str:
    return path.primitive.row.twin.get(loop_library(path.root), "asyncio.sleep")


def _mend(program: Program, path: Path) -> Fix | None:
    if path.edges or not in_coroutine(path.root, path.at) or under_thread_lock(program, path.root, path.block):
        return None
    return await_twin(path.root, path.at, _twin(path), Applicability.SAFE)


RULE = Rule(
    code="CON101",
    name="blocking-sleep",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="A sleep of the thread, such as `time.sleep`, is reached on an event loop.",
    why=(
        "An event loop runs all its tasks on one thread. While that thread sleeps no other task makes progress: no "
        "request is answered, no timeout fires, no heartbeat is sent, however short the coroutine that sleeps may "
        "look."
    ),
    use_instead=(
        "Await the sleep of the library whose loop it is: `asyncio.sleep`, `anyio.sleep`, `trio.sleep`. Where the "
        "sleep is deep in synchronous code, run that code in a thread with `asyncio.to_thread`."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe for a call that stands in the coroutine itself. The fix makes the coroutine suspend there, which is "
        "the point; it is not offered while a `threading` lock is held, where the suspension would keep the lock "
        "from other threads, nor for sleeps that are reached through other functions."
    ),
    bad="""\
import asyncio
import time


async def poll(name):
    time.sleep(0.2)  # CON101
    return name


async def main():
    print(await asyncio.gather(poll("a"), poll("b")))


asyncio.run(main())
""",
    good="""\
import asyncio
import time


async def poll(name):
    await asyncio.sleep(0.2)
    return name


async def main():
    print(await asyncio.gather(poll("a"), poll("b")))


asyncio.run(main())
""",
    cases=(
        """\
# file: retries.py
from time import sleep


class Retries:
    def __init__(self, pause):
        self.pause = pause

    def wait(self):
        sleep(self.pause)


def attempt(retries):
    return Retries(2).wait()
# file: service.py
from retries import Retries, attempt


class Service:
    def __init__(self):
        self.retries = Retries(1)

    async def handle(self):
        self._again()  # CON101

    def _again(self):
        self.retries.wait()


async def serve():
    attempt(3)  # CON101
""",
    ),
    near_misses=(
        NearMiss(
            "the function that sleeps is handed to a thread",
            """\
import asyncio
import time


def pause():
    time.sleep(1)


async def main():
    await asyncio.to_thread(pause)
    await asyncio.get_running_loop().run_in_executor(None, pause)
""",
        ),
        NearMiss(
            "sleeping for no time only gives up the processor",
            """\
import time


async def main():
    time.sleep(0)
""",
        ),
        NearMiss(
            "the caller's constant switches the sleep off",
            """\
import time


def ask(retry=True):
    if retry:
        time.sleep(1)


async def main():
    ask(retry=False)
""",
        ),
        NearMiss(
            "a nested function that nobody calls on the loop",
            """\
import threading
import time


async def main():
    def worker():
        time.sleep(1)

    threading.Thread(target=worker).start()
""",
        ),
        NearMiss(
            "the branch is for code that has no event loop",
            """\
import asyncio
import time


def wait():
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        time.sleep(1)


async def main():
    wait()
""",
        ),
    ),
    known_problems="A sleep behind a function that is only known at run time is not seen.",
    references=(
        "https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
        "https://docs.python.org/3/library/asyncio-task.html#asyncio.sleep",
    ),
    since="0.1",
    witness="stall",
)
