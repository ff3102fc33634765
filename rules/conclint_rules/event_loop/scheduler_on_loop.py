"""CON112: a `sched.scheduler` that is run on an event loop."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.finding import Applicability, Finding, Severity
from conclint.program.effects import Path
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.event_loop.offloading import offload
from conclint_rules.event_loop.stall import stalls


def check(program: Program) -> Iterator[Finding]:
    """Each run of a scheduler that is reached on an event loop."""
    yield from stalls(
        program,
        program.effects.blocking(["scheduler"]),
        RULE,
        describe=_describe,
        mend=offload,
        help_text=_help,
    )


def _describe(path: Path) -> str:
    if path.edges:
        return (
            f"`{path.label}` reaches `{path.primitive.label}`: every task of the event loop stops "
            "until the last event of the scheduler has run"
        )
    return (
        f"`{path.label}` runs a scheduler on the event loop: every task of the loop stops until its last event has run"
    )


def _help(path: Path) -> str:
    if path.edges:
        return "let the loop keep the time (`loop.call_later`, `asyncio.sleep`), or run the call in a thread"
    return "schedule with `loop.call_later` or a task that awaits `asyncio.sleep`, or run the scheduler in a thread"


RULE = Rule(
    code="CON112",
    name="scheduler-on-loop",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="`sched.scheduler.run` is reached on an event loop.",
    why=(
        "`run` sleeps from event to event, and runs their actions, on the thread that calls it, until none is left. On "
        "an event loop no task makes progress in all that time. An event that waits an hour stops the program for an "
        "hour."
    ),
    use_instead=(
        "An event loop is a scheduler itself: `loop.call_later`, or a task that awaits `asyncio.sleep` and then acts. "
        "`conclint_runtime.timers.AsyncScheduler` has the interface of `sched.scheduler` on a loop. A scheduler that "
        "must stay runs in a thread."
    ),
    fix=Applicability.UNSAFE,
    fix_safety=(
        "Unsafe: the actions then run on another thread than the loop's, which what they touch may not be made for, "
        "and cancelling the coroutine no longer stops the scheduler. Not offered while a `threading` lock is held."
    ),
    bad="""\
import asyncio
import sched
import time


async def remind(text):
    timers = sched.scheduler(time.monotonic, time.sleep)
    timers.enter(0.2, 1, print, (text,))
    timers.run()  # CON112


async def main():
    await asyncio.gather(remind("tea"), remind("cake"))


asyncio.run(main())
""",
    good="""\
import asyncio
import sched
import time


async def remind(text):
    timers = sched.scheduler(time.monotonic, time.sleep)
    timers.enter(0.2, 1, print, (text,))
    await asyncio.to_thread(timers.run)


async def main():
    await asyncio.gather(remind("tea"), remind("cake"))


asyncio.run(main())
""",
    cases=(
        """\
# file: timers.py
import sched


class Reminders:
    def __init__(self):
        self._timers = sched.scheduler()

    def add(self, delay, action):
        self._timers.enter(delay, 1, action)

    def _drain(self):
        self._timers.run()

    def wait(self):
        self._drain()
# file: service.py
from timers import Reminders


def settle(reminders: Reminders):
    reminders.wait()


async def handle(reminders: Reminders):
    settle(reminders)  # CON112
""",
    ),
    near_misses=(
        NearMiss(
            "it only runs what is due, and does not wait",
            """\
import sched


async def tick(timers: sched.scheduler):
    timers.run(blocking=False)
    return timers.run(False)
""",
        ),
        NearMiss(
            "the scheduler runs in a thread",
            """\
import asyncio
import sched
import threading


async def main(timers: sched.scheduler):
    threading.Thread(target=timers.run, daemon=True).start()
    await asyncio.to_thread(timers.run)
""",
        ),
        NearMiss(
            "another kind of scheduler",
            """\
import asyncio


class Scheduler:
    def run(self):
        return 1


async def main():
    Scheduler().run()
""",
        ),
        NearMiss(
            "no event loop runs there",
            """\
import sched


def main():
    timers = sched.scheduler()
    timers.enter(1, 1, print)
    timers.run()


main()
""",
        ),
    ),
    known_problems="An empty scheduler returns at once; whether it is empty is not asked.",
    references=(
        "https://docs.python.org/3/library/sched.html#sched.scheduler.run",
        "https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
    ),
    since="0.1",
    witness="stall",
)
