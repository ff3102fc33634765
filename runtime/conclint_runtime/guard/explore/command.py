"""The command `python -m conclint_runtime.guard explore`: a script under many seeds, each in an interpreter of its own.

A fresh interpreter makes each schedule independent of those before it, so that the failing seed fails alone, too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import NoReturn

from conclint_runtime.guard.explore.exploration import gathered
from conclint_runtime.guard.explore.modes import Mode
from conclint_runtime.guard.explore.one_run import run_seed
from conclint_runtime.guard.explore.outcome import Failure, Trouble
from conclint_runtime.guard.program import Program, ProgramError

FAILED, USAGE = 1, 2
_ONE = "CONCLINT_EXPLORE_ONE"


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line says."""

    program: Program
    seeds: range
    mode: Mode
    keep_going: bool
    timeout: float
    quiet: bool


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m conclint_runtime.guard explore",
        usage="%(prog)s [options] (-m MODULE | SCRIPT) [ARGUMENT ...]",
        description="Run a program under many schedules and name the first that fails.",
        epilog="The exit code is 0 where all schedules ended well, 1 where one failed, 2 for a mistake in the call.",
    )
    parser.add_argument("--seeds", type=int, default=100, metavar="N", help="how many schedules to try (100)")
    parser.add_argument("--seed", type=int, default=None, metavar="S", help="run only this one")
    parser.add_argument(
        "--mode",
        choices=[mode.value for mode in Mode],
        default=Mode.GIL.value,
        help="where threads switch: as this interpreter can (gil, the default) or between any two instructions (free)",
    )
    parser.add_argument("--keep-going", action="store_true", help="go on after the first failing seed")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="S", help="seconds for one schedule (60)")
    parser.add_argument("--quiet", action="store_true", help="show nothing of what the program prints")
    parser.add_argument("-m", dest="module", action="store_true", help="run a module as a script")
    parser.add_argument("program", metavar="PROGRAM", help="a script, or with -m a module")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENT", help="what the program gets")
    return parser


def request(arguments: list[str]) -> Request:
    """Read the command line.

    Raises:
        SystemExit: it is not understood (2), or asks for help (0).
    """
    parser = _parser()
    known = parser.parse_args(arguments)
    if known.seeds < 1 or known.timeout <= 0:
        parser.error("--seeds must be 1 at least, --timeout more than 0 seconds")
    seeds = range(known.seeds) if known.seed is None else range(known.seed, known.seed + 1)
    program = Program(known.program, known.module, tuple(known.arguments))
    return Request(program, seeds, Mode(known.mode), known.keep_going, known.timeout, known.quiet)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command.

    Raises:
        SystemExit: always, with the exit code.
    """
    given = sys.argv[1:] if arguments is None else arguments
    asked = request(given)
    answer = os.environ.pop(_ONE, "")
    if answer:
        sys.exit(_run_one(asked, answer))
    try:
        asked.program.folder()
    except ProgramError as error:
        print(f"explore: {error}", file=sys.stderr)
        sys.exit(USAGE)
    exploration = gathered(asked.mode, asked.seeds, lambda seed: _in_fresh_interpreter(asked, seed), asked.keep_going)
    print(exploration, file=sys.stderr)
    for failure in exploration.failures:
        print(f"\n{failure.traceback}run it again: {_again(asked, failure.seed)}", file=sys.stderr)
    sys.exit(FAILED if exploration.failed else 0)


def _words(asked: Request, seed: int) -> list[str]:
    module = ["-m"] if asked.program.module else []
    options = ["--seed", str(seed), "--mode", asked.mode.value]
    return [*options, *module, asked.program.name, *asked.program.arguments]


def _again(asked: Request, seed: int) -> str:
    return " ".join(["python -m conclint_runtime.guard explore", *_words(asked, seed)])


def _in_fresh_interpreter(asked: Request, seed: int) -> Failure | None:
    handle, answer = tempfile.mkstemp(prefix="explore-", suffix=".json")
    os.close(handle)
    # The order of sets of strings must not differ from one run of a seed to the next.
    environment = {"PYTHONHASHSEED": "0", **os.environ, _ONE: answer}
    command = [sys.executable, "-m", "conclint_runtime.guard.explore", *_words(asked, seed)]
    output = subprocess.DEVNULL if asked.quiet else None
    try:
        try:
            subprocess.run(command, env=environment, timeout=asked.timeout, check=False, stdout=output, stderr=output)
        except subprocess.TimeoutExpired:
            return Failure(seed, asked.mode, Trouble.ENDLESS, f"it runs for more than {asked.timeout:g} s")
        return _read(answer, seed, asked.mode)
    finally:
        os.unlink(answer)


def _read(answer: str, seed: int, mode: Mode) -> Failure | None:
    with open(answer, encoding="utf-8") as file:
        text = file.read()
    if not text:
        return Failure(seed, mode, Trouble.RAISED, "the interpreter ended before the schedule did")
    entry: dict[str, str] | None = json.loads(text)
    if entry is None:
        return None
    return Failure(seed, mode, Trouble(entry["trouble"]), entry["text"], entry["traceback"])


def _run_one(asked: Request, answer: str) -> int:
    try:
        main_module, code = asked.program.load()
    except (ProgramError, SyntaxError) as error:
        failure: Failure | None = Failure(asked.seeds[0], asked.mode, Trouble.RAISED, f"cannot be run: {error}")
    else:
        sys.modules["__main__"] = main_module
        failure = run_seed(lambda: exec(code, vars(main_module)), asked.seeds[0], asked.mode)
    entry = None
    if failure is not None:
        entry = {"trouble": failure.trouble.value, "text": failure.text, "traceback": failure.traceback}
    with open(answer, "w", encoding="utf-8") as file:
        json.dump(entry, file)
    return 0 if failure is None else FAILED
