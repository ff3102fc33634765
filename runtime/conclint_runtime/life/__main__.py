"""The command `python -m conclint_runtime.life`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from conclint_runtime.life.arguments import Arguments, parse
from conclint_runtime.life.columns import ColumnPrinter
from conclint_runtime.life.errors import LifeError
from conclint_runtime.life.grid import Grid
from conclint_runtime.life.measure import measure
from conclint_runtime.life.patterns import placed
from conclint_runtime.life.screen import watch
from conclint_runtime.life.strategies.catalogue import STRATEGIES, strategy
from conclint_runtime.life.strategy import Setting
from conclint_runtime.life.table import table
from conclint_runtime.life.workloads import Cpu, Delay, Workload


def main(words: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters:
        words: its arguments; by default those of the process.

    Returns:
        The exit code: 0, 1 where a strategy came to a wrong board, 2 where the arguments do not go together, 130 where
        it was interrupted.
    """
    try:
        arguments = parse(words)
        with _workload(arguments) as workload:
            return _run(arguments, workload)
    except LifeError as error:
        print(f"life: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("life: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read the output has gone; what is still buffered has no reader either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(arguments: Arguments, workload: Workload) -> int:
    grid = _board(arguments)
    setting = Setting(grid.height, grid.width, workload, backend=arguments.backend)
    if arguments.workers is not None:
        setting = Setting(grid.height, grid.width, workload, arguments.workers, arguments.backend)
    if arguments.show or arguments.watch:
        _play(arguments, grid, setting)
        return 0
    named = dict.fromkeys(("serial", *arguments.strategies))
    chosen = [strategy(name) for name in named] if arguments.strategies else STRATEGIES
    steps = arguments.steps or 100
    results = measure(chosen, grid, steps, setting, arguments.rounds, arguments.patience, _tell)
    _tell("")
    print(table(results, setting, steps, arguments.rounds))
    return int(not all(each.right for result in results for each in result.rounds))


def _play(arguments: Arguments, grid: Grid, setting: Setting) -> None:
    names = arguments.strategies or ("serial",)
    if len(names) > 1:
        raise LifeError("--show and --watch play with one strategy: name one")
    with strategy(names[0]).started(setting) as advance:
        if arguments.watch:
            watch(advance, grid, arguments.steps, arguments.pause, sys.stdout)
            return
        columns = ColumnPrinter()
        columns.append(str(grid))
        for _ in range(arguments.steps or 4):
            grid = advance(grid, 1)
            columns.append(str(grid))
        print(columns)


def _board(arguments: Arguments) -> Grid:
    height, width = arguments.size or ((5, 9) if arguments.show else (50, 90))
    name = arguments.pattern or ("glider" if arguments.show and arguments.size is None else None)
    return Grid.random(height, width, arguments.seed) if name is None else placed(name, height, width, *arguments.at)


@contextmanager
def _workload(arguments: Arguments) -> Iterator[Workload]:
    if arguments.workload == "socket":
        from conclint_runtime.life.rule_server import rule_server

        with rule_server(arguments.delay) as workload:
            yield workload
    else:
        yield Delay(arguments.delay) if arguments.workload == "delay" else Cpu()


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
