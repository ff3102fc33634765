"""CON103: waiting for another process, which stops the event loop."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.finding import Applicability, Finding, Severity
from conclint.program.effects import Path
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.event_loop.offloading import offload
from conclint_rules.event_loop.stall import stalls


def check(program: Program) -> Iterator[Finding]:
    """Each wait for another process that is reached on an event loop."""
    yield from stalls(
        program,
        program.effects.blocking(["subprocess"]),
        RULE,
        describe=_describe,
        mend=offload,
        help_text=_help,
    )


def _describe(path: Path) -> str:
    if path.edges:
        return (
            f"`{path.label}` reaches `{path.primitive.label}`: every task of the event loop stops "
            "while it waits for the other process"
        )
    return f"`{path.label}` waits for another process on the event loop: every task of the loop waits with it"


def _help(path: Path) -> str:
    if path.edges:
        return "await an async subprocess in a coroutine, or run the call in a thread"
    return "await `asyncio.create_subprocess_exec` and its `communicate`, or run the call in a thread"


RULE = Rule(
    code="CON103",
    name="blocking-subprocess",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary=(
        "A wait for another process (`subprocess.run`, `check_output`, `os.system`, `Popen.wait`, `communicate`, …) "
        "is reached on an event loop."
    ),
    why=(
        "An event loop runs all its tasks on one thread. Until the other process ends no other task makes progress: "
        "no request is served, no timeout fires, no heartbeat is sent. If that process itself waits for this one to "
        "answer, both wait for ever."
    ),
    use_instead=(
        "Start it with `asyncio.create_subprocess_exec` and await it, or run the synchronous call in a thread with "
        "`asyncio.to_thread`, which keeps its result as it is."
    ),
    fix=Applicability.UNSAFE,
    fix_safety=(
        "Unsafe: the coroutine suspends there, and cancelling it no longer stops the call. It is offered for a call "
        "that stands in the coroutine itself, not for one that is entered by `with` or iterated, nor while a "
        "`threading` lock is held."
    ),
    bad="""\
import asyncio
import subprocess
import sys


async def compress(seconds):
    command = [sys.executable, "-c", f"import time; time.sleep({seconds})"]
    done = subprocess.run(command, check=True)  # CON103
    return done.returncode


async def main():
    print(await asyncio.gather(compress(0.3), compress(0.3)))


asyncio.run(main())
""",
    good="""\
import asyncio
import subprocess
import sys


async def compress(seconds):
    command = [sys.executable, "-c", f"import time; time.sleep({seconds})"]
    done = await asyncio.to_thread(subprocess.run, command, check=True)
    return done.returncode


async def main():
    print(await asyncio.gather(compress(0.3), compress(0.3)))


asyncio.run(main())
""",
    cases=(
        """\
# file: shell.py
import subprocess


def output(*command):
    return subprocess.check_output(command, text=True)


class Git:
    def __init__(self, folder):
        self.folder = folder

    def _run(self, *arguments):
        return output("git", "-C", self.folder, *arguments)

    @property
    def head(self):
        return self._run("rev-parse", "HEAD").strip()
# file: service.py
from shell import Git


class Deployments:
    def __init__(self):
        self.git = Git("/srv/app")

    async def version(self):
        return self.git.head  # CON103
""",
        """\
import os
import subprocess


async def restart(unit):
    os.system(f"systemctl restart {unit}")  # CON103


async def convert(path):
    process = subprocess.Popen(["convert", path], stdout=subprocess.PIPE)
    out, _ = process.communicate()  # CON103
    return out


async def drain(command):
    with subprocess.Popen(command) as process:  # CON103
        return process.pid
""",
    ),
    near_misses=(
        NearMiss(
            "starting a process without waiting for it takes no time",
            """\
import subprocess


async def launch():
    process = subprocess.Popen(["worker"])
    return process.pid
""",
        ),
        NearMiss(
            "asking whether it has ended does not wait",
            """\
import os
import subprocess


async def ended(process: subprocess.Popen):
    os.waitpid(process.pid, os.WNOHANG)
    return process.poll() is not None
""",
        ),
        NearMiss(
            "an async subprocess",
            """\
import asyncio


async def run():
    process = await asyncio.create_subprocess_exec("ls")
    await process.communicate()
    return await process.wait()
""",
        ),
        NearMiss(
            "the function is handed to a thread",
            """\
import asyncio
import subprocess


def build():
    subprocess.run(["make"], check=True)


async def main():
    await asyncio.to_thread(build)
    await asyncio.to_thread(subprocess.run, ["make"], check=True)
    await asyncio.get_running_loop().run_in_executor(None, build)
""",
        ),
        NearMiss(
            "the command runs after the loop has finished",
            """\
import asyncio
import subprocess


async def work():
    await asyncio.sleep(1)


def main():
    asyncio.run(work())
    subprocess.run(["sync"])


main()
""",
        ),
    ),
    known_problems=(
        "A command that ends within a millisecond is reported like one that takes an hour: which it is cannot be "
        "told from the code."
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-subprocess.html",
        "https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
    ),
    since="0.1",
    witness="stall",
)
