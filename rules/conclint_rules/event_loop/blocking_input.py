"""CON110: waiting for somebody to type, which stops the event loop."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conclint.facts import Call, Load
from conclint.finding import Applicability, Finding, Fix, Severity
from conclint.program.contexts import Phase
from conclint.program.effects import Path
from conclint.program.guards import conditions
from conclint.program.model import Func, chains, operands
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.event_loop.offloading import offload
from conclint_rules.event_loop.stall import stalls

# These read the terminal and touch nothing else. Prompts of libraries keep state in their thread.
_PLAIN = ("builtins.input", "sys.stdin.")
_PROMPTS = ("rich.", "click.", "questionary.")
_INTERACTIVE = re.compile(r"interactive|isatty|is_terminal|is_a_tty")


def check(program: Program) -> Iterator[Finding]:
    """Each wait for the user that is reached on an event loop."""
    yield from stalls(
        program,
        program.effects.blocking(["user-input"]),
        RULE,
        describe=_describe,
        mend=_mend,
        help_text=_help,
        harmless=_in_a_dialog,
    )


def _in_a_dialog(program: Program, path: Path) -> bool:
    """A command of a command-line tool asks its user and has nothing else to do meanwhile.

    Such are functions that use a library of prompts, and those that first make sure that somebody sits there.
    """
    if path.primitive.name.startswith(_PROMPTS) or program.contexts.phase(path.root) is Phase.COMMAND:
        return True
    places = [(path.primitive.func, path.primitive.block), *((edge.caller, edge.block) for edge in path.edges)]
    return any(_asks_for_somebody(func, block) for func, block in places)


def _asks_for_somebody(func: Func, block: int) -> bool:
    for condition in conditions(func, block):
        read = [*chains(condition.test)]
        for number in operands(condition.test):
            op = func.ops[number]
            part = op.func if isinstance(op, Call) else op.value if isinstance(op, Load) else None
            read.extend(chains(part))
        if any(_INTERACTIVE.search(chain) for chain in read):
            return True
    return False


def _describe(path: Path) -> str:
    if path.edges:
        return (
            f"`{path.label}` reaches `{path.primitive.label}`: every task of the event loop stops "
            "until the user has answered"
        )
    return (
        f"`{path.label}` waits for the user on the event loop: every task of the loop stops until the answer is there"
    )


def _help(path: Path) -> str:
    return "run the call in a thread" if path.edges else f"await `{path.label}` in a thread"


def _mend(program: Program, path: Path) -> Fix | None:
    if not path.primitive.name.startswith(_PLAIN):
        return None
    return offload(program, path, Applicability.SAFE)


RULE = Rule(
    code="CON110",
    name="blocking-input",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="A call that waits for the user, such as `input()` or reading `sys.stdin`, is reached on an event loop.",
    why=(
        "An event loop runs all its tasks on one thread. Until somebody presses Enter no other task makes progress: "
        "messages are not received, timeouts do not fire, connections are dropped for want of a heartbeat."
    ),
    use_instead="Run the call in a thread with `asyncio.to_thread`, and await the answer.",
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe for `input` and `sys.stdin`, called in the coroutine itself: the answer is the same. Other tasks run "
        "meanwhile, which is the point. After an interrupt the thread still waits for its line. Prompts of other "
        "libraries are left alone, as is a call under a `threading` lock."
    ),
    bad="""\
import asyncio


async def heartbeat():
    for beat in range(3):
        print("beat", beat)
        await asyncio.sleep(0.05)


async def ask():
    name = input("name: ")  # CON110
    print("hello", name)


async def main():
    await asyncio.gather(heartbeat(), ask())


asyncio.run(main())
""",
    good="""\
import asyncio


async def heartbeat():
    for beat in range(3):
        print("beat", beat)
        await asyncio.sleep(0.05)


async def ask():
    name = await asyncio.to_thread(input, "name: ")
    print("hello", name)


async def main():
    await asyncio.gather(heartbeat(), ask())


asyncio.run(main())
""",
    cases=(
        """\
# file: dialog.py
import getpass
import sys


def line():
    return sys.stdin.readline().strip()


def choose(options):
    print(*options)
    return options[int(line())]


def account(options):
    return choose(options), getpass.getpass()
# file: shell.py
from dialog import account


async def session(reader):
    while await reader.read():
        login(["a", "b"])  # CON110


def login(names):
    return account(names)
""",
        """\
import sys


async def chat(send):
    while True:
        await send(sys.stdin.readline())  # CON110
""",
    ),
    near_misses=(
        NearMiss(
            "the question is asked in a thread",
            """\
import asyncio
import sys


async def main():
    name = await asyncio.to_thread(input, "name: ")
    line = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    return name, line
""",
        ),
        NearMiss(
            "the question is asked before the loop runs",
            """\
import asyncio


async def greet(name):
    print("hello", name)


asyncio.run(greet(input("name: ")))
""",
        ),
        NearMiss(
            "a function of the program's own that is called input",
            """\
def input(prompt):
    return prompt


async def main():
    return input("name")
""",
        ),
    ),
    known_problems=(
        "A program whose only task is to ask is reported too: nothing waits there until a second task is added. In "
        "the commands of a command-line tool (`cli.py`, `__main__.py`, a folder `cli`), for the prompts of libraries "
        "such as `click` and `rich`, and under a test for a terminal the finding is a note."
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
        "https://docs.python.org/3/library/asyncio-task.html#asyncio.to_thread",
    ),
    since="0.1",
    witness="stall",
)
