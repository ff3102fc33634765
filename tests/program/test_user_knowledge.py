"""What the user's configuration says of their own code is believed."""

from __future__ import annotations

from conclint.facts import Facts
from conclint.finding import Finding
from conclint.judge import judge
from conclint.knowledge import load
from conclint.knowledge.user import extend
from conclint.program.program import Options, Program
from conclint.testing import link_text, split
from conclint_rules.catalogue import RULES

PROGRAM = """\
# file: ours/__init__.py
# file: ours/rpc.py
def call(name):
    return name


class Client:
    def fetch(self):
        return 1


def on_loop(function):
    return function


def in_thread(function):
    return function
# file: app.py
import time

from ours.rpc import Client, call, in_thread, on_loop


async def handle():
    call("a")


async def fetch():
    Client().fetch()


@on_loop
def callback():
    time.sleep(1)


@in_thread
def job():
    time.sleep(2)


async def start_job():
    job()


def pause():
    time.sleep(3)


async def waits():
    pause()
"""


def lint(blocking: tuple[str, ...] = (), options: Options | None = None) -> dict[str, tuple[int, ...]]:
    """The rows found in app.py by code."""
    files: list[tuple[str, Facts]] = [(module.path, module.facts) for module in link_text(split(PROGRAM)).modules]
    knowledge = load(())
    extend(knowledge, blocking, ())
    found: tuple[Finding, ...] = judge(Program(files, knowledge, options), RULES)[0]
    codes = sorted({one.code for one in found})
    places = {code: tuple(one.place.span.row for one in found if one.code == code) for code in codes}
    return {code: rows for code, rows in places.items() if code in ("CON101", "CON102")}


def test_without_it_a_decorator_that_gives_the_function_back_changes_nothing() -> None:
    assert lint() == {"CON101": (25, 33)}


def test_a_function_of_the_program_that_is_said_to_block_blocks() -> None:
    assert lint(("ours.rpc.call",))["CON102"] == (7,)


def test_a_method_of_the_program_that_is_said_to_block_blocks() -> None:
    assert lint(("ours.rpc.Client.fetch",))["CON102"] == (11,)


def test_what_is_said_to_be_safe_is_not_followed() -> None:
    assert lint(options=Options(safe=("app.pause",))) == {"CON101": (25,)}


def test_a_decorator_that_is_said_to_run_on_the_loop_puts_its_function_there() -> None:
    assert 16 in lint(options=Options(contexts=(("ours.rpc.on_loop", "loop"),)))["CON101"]


def test_a_decorator_that_is_said_to_run_in_a_thread_takes_its_function_away() -> None:
    assert lint(options=Options(contexts=(("ours.rpc.in_thread", "thread"),))) == {"CON101": (33,)}
