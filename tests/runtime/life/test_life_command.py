"""The command: what it prints, what it refuses, and how it ends."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from conclint_runtime.life import Delay, Grid, LifeError, Setting
from conclint_runtime.life.__main__ import main
from conclint_runtime.life.measure import measure
from conclint_runtime.life.screen import watch
from conclint_runtime.life.strategies.catalogue import STRATEGIES, strategy
from conclint_runtime.life.strategy import Advance

RUNTIME = Path(__file__).parents[3] / "runtime"
COMMAND = [sys.executable, "-m", "conclint_runtime.life"]
PLAYING = tuple(each for each in STRATEGIES if each.refusal(Setting(1, 1)) is None)
GAMES = [
    (each.name, workload)
    for each in PLAYING
    for workload in ("cpu", "delay", "socket")
    if workload == "cpu" or each.refusal(Setting(1, 1, Delay(1))) is None
]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(RUNTIME), "PYTHONUNBUFFERED": "1"}


def output_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(words) == 0
    return capsys.readouterr().out


def row(table: str, name: str) -> list[str]:
    [line] = [each for each in table.splitlines() if each.startswith(f"{name} ")]
    return line.split()


def test_show_prints_the_generations_of_a_glider(capsys: pytest.CaptureFixture[str]) -> None:
    assert [line.rstrip() for line in output_of(capsys, "--show").splitlines()] == [
        "    0     |     1     |     2     |     3     |     4",
        "---*----- | --------- | --------- | --------- | ---------",
        "----*---- | --*-*---- | ----*---- | ---*----- | ----*----",
        "--***---- | ---**---- | --*-*---- | ----**--- | -----*---",
        "--------- | ---*----- | ---**---- | ---**---- | ---***---",
        "--------- | --------- | --------- | --------- | ---------",
    ]


def test_show_plays_with_the_strategy_that_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--show", "--size", "6x10", "--pattern", "toad", "--steps", "2")
    assert output_of(capsys, *words, "--strategy", "async-bands") == output_of(capsys, *words)


def test_the_table_has_a_row_for_each_strategy(capsys: pytest.CaptureFixture[str]) -> None:
    table = output_of(capsys, "--size", "6x7", "--steps", "2", "--strategy", "all")
    assert [line.split()[0] for line in table.splitlines()[3 : 3 + len(STRATEGIES)]] == [
        each.name for each in STRATEGIES
    ]


def test_the_table_has_the_published_seconds_of_the_nearest_board(capsys: pytest.CaptureFixture[str]) -> None:
    table = output_of(capsys, "--size", "50x90", "--steps", "1", "--strategy", "queue")
    assert row(table, "queue")[-2:] == ["2.54", "3.7"]


def test_serial_is_measured_beside_any_other(capsys: pytest.CaptureFixture[str]) -> None:
    table = output_of(capsys, "--size", "6x7", "--steps", "2", "--strategy", "thread-bands")
    assert row(table, "serial")[5] == "1.00"


def test_a_strategy_that_cannot_play_is_listed_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--size", "2x2", "--steps", "1", "--workload", "delay", "--delay", "0.1", "--strategy", "wide-integers")
    assert "wide-integers did not play: it asks no cell's logic" in output_of(capsys, *words)


def test_a_game_can_ask_its_rules_over_a_socket(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--size", "4x4", "--steps", "1", "--workload", "socket", "--delay", "0.1", "--strategy", "async-cells")
    assert row(output_of(capsys, *words), "async-cells")[2] == "1"


def test_a_strategy_whose_patience_runs_out_plays_fewer_steps() -> None:
    [result] = measure([strategy("serial")], Grid.random(6, 6, 1), 50, Setting(6, 6), patience=1e-9)
    assert result.rounds[0].steps == 1


def test_rounds_are_measured_in_turn() -> None:
    told: list[str] = []
    chosen = [strategy("serial"), strategy("wide-integers")]
    measure(chosen, Grid.random(6, 6, 1), 2, Setting(6, 6), rounds=2, tell=told.append)
    assert [text.split()[-1] for text in told] == ["serial", "wide-integers"] * 2


def test_every_measured_board_is_compared_with_the_rules() -> None:
    results = measure(STRATEGIES, Grid.random(8, 9, 1), 3, Setting(8, 9))
    assert all(each.right for result in results for each in result.rounds)


class WrongSerial:
    """Serial, but one cell of its boards is wrong."""

    name = "serial"
    summary = "wrong"

    def refusal(self, setting: Setting) -> str | None:
        return strategy("serial").refusal(setting)

    @contextmanager
    def started(self, setting: Setting) -> Iterator[Advance]:
        with strategy("serial").started(setting) as advance:

            def wrong(grid: Grid, generations: int) -> Grid:
                board = advance(grid, generations)
                board.set(0, 0, 1 - board.get(0, 0))
                return board

            yield wrong


def test_a_wrong_board_is_seen() -> None:
    [result] = measure([WrongSerial()], Grid(3, 3), 1, Setting(3, 3))
    assert not result.rounds[0].right


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--strategy", "magic"), "no strategy `magic`; there are: serial,"),
        (("--size", "0x5"), "a board of 0x5 has no cells"),
        (("--size", "9999x999999"), "more than"),
        (("--show", "--pattern", "gun", "--size", "5x9"), "the pattern `gun`: 9x36 cells do not fit"),
        (("--show", "--strategy", "serial,numpy"), "name one"),
        (("--watch",), "--watch draws on a terminal"),
        (("--workers", "5000"), "5000 workers"),
        (("--workload", "delay", "--delay", "70000"), "a wait of 70000 ms"),
    ],
)
def test_what_does_not_go_together_is_refused(
    words: tuple[str, ...], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--size", "5by9"), "'5by9' is not of the form 50x90"),
        (("--steps", "0"), "'0' is not a whole number from 1 on"),
        (("--steps", "²"), "is not a whole number"),
        (("--patience", "-1"), "'-1' is not a number above 0"),
        (("--delay", "soon"), "'soon' is not a number above 0"),
        (("--delay", "nan"), "'nan' is not a number above 0"),
        (("--strategy", ","), "no strategy is named"),
        (("--pattern", "nova"), "invalid choice: 'nova'"),
        (("--show", "--watch"), "not allowed with"),
    ],
)
def test_an_argument_that_cannot_be_read_is_refused(
    words: tuple[str, ...], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(words)
    assert reason in capsys.readouterr().err


class Terminal(io.StringIO):
    """A text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_watching_draws_each_generation() -> None:
    terminal = Terminal()
    with strategy("serial").started(Setting(4, 4)) as advance:
        watch(advance, Grid(4, 4), 2, 0.0, terminal)
    assert [number for number in range(4) if f"generation {number}, " in terminal.getvalue()] == [0, 1, 2]


def test_watching_gives_the_terminal_back_when_it_is_interrupted() -> None:
    def interrupted(grid: Grid, generations: int) -> Grid:
        raise KeyboardInterrupt(grid, generations)

    terminal = Terminal()
    with pytest.raises(KeyboardInterrupt):
        watch(interrupted, Grid(4, 4), None, 0.0, terminal)
    assert terminal.getvalue().endswith("\x1b[?25h\x1b[?1049l")


def test_watching_needs_a_terminal() -> None:
    with strategy("serial").started(Setting(4, 4)) as advance, pytest.raises(LifeError, match="--show"):
        watch(advance, Grid(4, 4), 1, 0.0, io.StringIO())


def test_a_reader_that_goes_away_is_no_error() -> None:
    process = subprocess.Popen(
        [*COMMAND, "--show", "--size", "60x900", "--steps", "20"],
        env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr as errors:
        told = errors.read()
    assert (process.wait(timeout=60), told) == (0, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo terminals")
@pytest.mark.parametrize(("name", "workload"), GAMES)
def test_an_interruption_ends_every_process_and_says_one_line(name: str, workload: str) -> None:
    import pty

    terminal, inner = pty.openpty()
    words = ["--watch", "--size", "10x10", "--workload", workload, "--delay", "2", "--strategy", name, "--pause", "1"]
    process = subprocess.Popen(
        [*COMMAND, *words], env=ENVIRONMENT, stdout=inner, stderr=subprocess.PIPE, start_new_session=True
    )
    os.close(inner)
    with process, open(terminal, "rb", buffering=0) as screen:
        shown = b""
        while b"generation 2," not in shown:
            shown += screen.read(4096)
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does, to all processes of the terminal
        with suppress(OSError):  # how Linux says that nobody writes to the terminal any more
            while screen.read(4096):
                pass
        assert process.stderr is not None
        told = process.stderr.read()  # ends when the last process that inherited it has ended
        assert (process.wait(timeout=60), told) == (130, b"life: interrupted\n")
