"""The arguments of the command, each checked where it is read."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass

from conclint_runtime.life.patterns import NAMES

_DESCRIPTION = "Conway's Game of Life, played by many strategies: measured (the default), printed or watched."


@dataclass(frozen=True, slots=True)
class Arguments:
    """What was asked for. Sizes and places are (rows, columns); times are in seconds."""

    size: tuple[int, int] | None
    steps: int | None
    strategies: tuple[str, ...]
    workload: str
    delay: float
    workers: int | None
    backend: str
    pattern: str | None
    at: tuple[int, int]
    seed: int
    rounds: int
    patience: float
    pause: float
    show: bool
    watch: bool


def parse(words: Sequence[str] | None = None) -> Arguments:
    """The arguments of the command line, or these.

    Raises:
        SystemExit: with code 2, and the reason printed; with code 0 after the help.
    """
    parser = argparse.ArgumentParser("python -m conclint_runtime.life", description=_DESCRIPTION)
    board = parser.add_argument_group("the board")
    board.add_argument("--size", type=_size, metavar="ROWSxCOLUMNS", help="its size [50x90; with --show 5x9]")
    board.add_argument("--pattern", choices=NAMES, metavar="NAME", help=f"a known pattern: {', '.join(NAMES)}")
    board.add_argument("--at", type=_size, default=(0, 2), metavar="ROWxCOLUMN", help="where the pattern begins [0x2]")
    board.add_argument("--seed", type=int, default=1, help="of the random board that is played without a pattern [1]")
    play = parser.add_argument_group("the game")
    play.add_argument("--steps", type=_count, help="generations [100; with --show 4; with --watch without end]")
    play.add_argument("--strategy", type=_names, default=(), metavar="NAME[,...]", help="strategies, or `all` [all]")
    play.add_argument(
        "--workers", type=_count, help="threads, processes or actors [one for each processor, at least 2]"
    )
    play.add_argument(
        "--backend", choices=("embedded", "ray", "xoscar"), default="embedded", help="where actors run [embedded]"
    )
    play.add_argument("--workload", choices=("cpu", "delay", "socket"), default="cpu",
                      help="what the logic of a cell does: the rules alone, a wait, or a question to a server on"
                           " loopback [cpu]")  # fmt: skip
    play.add_argument("--delay", type=_milliseconds, default=0.01, metavar="MS", help="milliseconds of each wait [10]")
    output = parser.add_argument_group("the output")
    kind = output.add_mutually_exclusive_group()
    kind.add_argument("--show", action="store_true", help="print the generations side by side")
    kind.add_argument("--watch", action="store_true", help="animate on this terminal")
    output.add_argument("--rounds", type=_count, default=1, help="how often each strategy is measured, in turn [1]")
    output.add_argument("--patience", type=_seconds, default=60.0, metavar="S",
                        help="a strategy that needs more seconds plays fewer steps [60]")  # fmt: skip
    output.add_argument("--pause", type=_milliseconds, default=0.1, metavar="MS", help="between pictures [100]")
    got = parser.parse_args(words)
    return Arguments(
        got.size, got.steps, got.strategy, got.workload, got.delay, got.workers, got.backend, got.pattern, got.at,
        got.seed, got.rounds, got.patience, got.pause, got.show, got.watch,
    )  # fmt: skip


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,9})x(\d{1,9})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form 50x90")
    return int(match[1]), int(match[2])


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 < number < 10**6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def _milliseconds(text: str) -> float:
    return _seconds(text) / 1000


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name for name in text.split(",") if name)
    if not names:
        raise argparse.ArgumentTypeError("no strategy is named")
    return () if names == ("all",) else names
