"""The command `python -m conclint_runtime.guard`: its options, the run, and the report at the end, however it ends."""

from __future__ import annotations

import _thread
import argparse
import atexit
import importlib
import os
import sys
import time
from dataclasses import dataclass
from typing import NoReturn

from conclint_runtime.guard.monitor import on_monitor
from conclint_runtime.guard.observer import GuardError
from conclint_runtime.guard.places import Scope
from conclint_runtime.guard.program import Program, ProgramError
from conclint_runtime.guard.session import Session
from conclint_runtime.guard.settings import Settings

USAGE, TIMED_OUT, DEADLOCKED = 2, 124, 125
_EMBEDDED = ("ray", "xoscar")


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line says."""

    program: Program
    evidence: str
    embed: tuple[str, ...]
    threshold: float
    timeout: float
    observers: tuple[str, ...]
    quiet: bool
    go_on: bool


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m conclint_runtime.guard",
        usage="%(prog)s [options] (-m MODULE | SCRIPT) [ARGUMENT ...]",
        description="Run a program and report what goes wrong with its concurrency, by the codes of conclint's rules.",
        epilog="The exit code is the program's; 124 where --timeout ended it, 125 where a deadlock did, "
        "2 for a mistake in the call. `explore` in the place of the program runs one under many schedules.",
    )
    parser.add_argument(
        "--evidence", default="", metavar="FILE", help="write the report as JSON for `conclint --evidence`"
    )
    parser.add_argument("--embed", default="", metavar="NAMES", help="run programs that import ray or xoscar embedded")
    parser.add_argument("--threshold", type=float, default=100.0, metavar="MS", help="report loops that stand so long")
    parser.add_argument("--timeout", type=float, default=0.0, metavar="S", help="end a program that runs longer")
    parser.add_argument("--observers", default="", metavar="NAMES", help="watch only with these")
    parser.add_argument("--go-on", action="store_true", help="do not end a program that is certainly deadlocked")
    parser.add_argument("--quiet", action="store_true", help="print no report")
    parser.add_argument("-m", dest="module", action="store_true", help="run a module as a script")
    parser.add_argument("program", metavar="PROGRAM", help="a script, or with -m a module")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENT", help="what the program gets")
    return parser


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.replace(",", " ").split() if word)


def request(arguments: list[str]) -> Request:
    """Read the command line.

    Raises:
        SystemExit: it is not understood (2), or asks for help (0).
    """
    parser = _parser()
    # What follows the program is the program's, options too.
    known = parser.parse_args(arguments)
    embed = _words(known.embed)
    if unknown := [name for name in embed if name not in _EMBEDDED]:
        parser.error(f"--embed knows {' and '.join(_EMBEDDED)}, not {unknown[0]!r}")
    if known.threshold <= 0 or known.timeout < 0:
        parser.error("--threshold must be more than 0 milliseconds, --timeout not less than 0 seconds")
    program = Program(known.program, known.module, tuple(known.arguments))
    seconds = known.threshold / 1000
    observers = _words(known.observers)
    return Request(program, known.evidence, embed, seconds, known.timeout, observers, known.quiet, known.go_on)


class Run:
    """One program under the guard, whose report is written once: at its exit, at `os._exit`, or when its time is
    over."""

    def __init__(self, asked: Request) -> None:
        self.asked = asked
        scope = Scope(asked.program.folder())
        self.session = Session(Settings(asked.threshold, asked.observers, scope))
        self._leave = os._exit
        self._process = os.getpid()
        self._ending = _thread.allocate_lock()
        self._ended_by = 0
        if not asked.go_on:
            self.session.settings.shared.on_deadlock = self._deadlocked

    def start(self) -> int:
        """Run the program; its exit code. The report is written when the interpreter exits."""
        # First, so that the guard meets the embedded engine.
        embed(self.asked.embed)
        self.session.begin()
        # Registered before the program registers anything, so that it runs after all of that.
        atexit.register(self.finish)
        os._exit = self._exit_at_once
        if self.asked.timeout:
            _thread.start_new_thread(self._watch, (time.monotonic() + self.asked.timeout,))
        return self.asked.program.run()

    def finish(self) -> None:
        """End the guard and write the report, unless that was done."""
        try:
            ended = self.session.end()
        except GuardError as error:
            print(f"guard: {error}", file=sys.stderr)
            ended = True
        if ended:
            os._exit = self._leave
            self._write()

    def _write(self) -> None:
        report = self.session.report
        if not self.asked.quiet:
            sys.stderr.write(report.text())
            sys.stderr.flush()
        if self.asked.evidence:
            try:
                with open(self.asked.evidence, "w", encoding="utf-8") as file:
                    file.write(report.json())
            except OSError as error:
                print(f"guard: cannot write {self.asked.evidence!r}: {error.strerror}", file=sys.stderr)

    def _exit_at_once(self, status: int) -> NoReturn:
        # A program that leaves by `os._exit` runs no exit handlers.
        self.finish()
        self._leave(status)

    def _watch(self, until: float) -> None:
        """End the program when its time is over, though all its threads may be waiting for each other."""
        process = os.getpid()
        while (left := until - time.monotonic()) > 0:
            _sleep(left)
        if os.getpid() != process:
            return
        print(f"guard: the program did not end within {self.asked.timeout:g} s", file=sys.stderr)
        self._end(TIMED_OUT)

    def _deadlocked(self) -> None:
        """End a program that can never go on; called by whichever thread found it out. A second one waits here for the
        end, lest it goes on and leaves before the report is written.

        Raises:
            GuardError: to a monitor that found it second: its look is over, for the end waits for that.
        """
        if os.getpid() != self._process or self._ended_by == _thread.get_ident():
            return
        if not self._ending.acquire(False):
            if on_monitor():
                raise GuardError("the program is being ended")
            self._ending.acquire()
        try:
            self._ended_by = _thread.get_ident()
            if not self.session.ended:
                print("guard: the program is deadlocked, and is ended", file=sys.stderr)
                self._end(DEADLOCKED)
        finally:
            self._ending.release()

    def _end(self, status: int) -> NoReturn:
        self.finish()
        _end_children()
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                pass
        self._leave(status)


# The program may replace it, and the guard does.
_sleep = time.sleep


def _end_children() -> None:
    """Kill the children that `multiprocessing` knows: nobody is left to wait for them."""
    multiprocessing = sys.modules.get("multiprocessing")
    if multiprocessing is not None:
        for child in multiprocessing.active_children():
            child.kill()


def embed(names: tuple[str, ...]) -> None:
    """Let `import ray` and `import xoscar` give the embedded ones.

    Raises:
        GuardError: this version cannot embed one of them.
    """
    import conclint_runtime

    for name in names:
        try:
            if name == "ray":
                conclint_runtime.install_as("ray")
            else:
                sys.modules["xoscar"] = importlib.import_module("conclint_runtime.xo")
        except (ImportError, AttributeError) as error:
            raise GuardError(f"{name} cannot be embedded: {error}") from error


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command and exit with the program's code.

    Raises:
        SystemExit: always.
    """
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["explore"]:
        from conclint_runtime.guard.explore.command import main as explore

        explore(given[1:])
    asked = request(given)
    try:
        code = Run(asked).start()
    except (ProgramError, GuardError) as error:
        print(f"guard: {error}", file=sys.stderr)
        code = USAGE
    sys.exit(code)
