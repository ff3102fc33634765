"""The table of a run, beside the published one."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

from conclint_runtime.life import published
from conclint_runtime.life.measure import Result
from conclint_runtime.life.strategy import Setting


def table(results: Sequence[Result], setting: Setting, steps: int, rounds: int) -> str:
    """The lines of the table; `≈` marks seconds that were worked out of fewer steps than were asked for."""
    board = published.board(setting)
    theirs = published.SECONDS[board]
    serial = next((each for each in results if each.strategy.name == "serial" and each.rounds), None)
    rows: list[tuple[str, ...]] = [
        ("", f"seconds, {steps} steps", "of them played", "start", "CPU", "x serial", "speed-up",
         f"published {board[0]}x{board[1]}", "x serial"),
    ]  # fmt: skip
    for each in results:
        name = each.strategy.name
        its = (f"{theirs[name]:.2f}", f"{theirs[name] / theirs['serial']:.1f}") if name in theirs else ("", "")
        rows.append((name, *_mine(each, serial, steps), *its))
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]).rstrip()
        for row in rows
    ]
    head = (
        f"{setting.height}x{setting.width} cells, workload {setting.workload.name}, {setting.workers} workers,"
        f" {rounds} round{'s, medians' if rounds > 1 else ''};"
        f" Python {platform.python_version()}, {os.cpu_count()} processors"
    )
    notes = [f"{each.strategy.name} did not play: {each.refusal}" for each in results if each.refusal]
    notes += [
        f"{each.strategy.name} came to ANOTHER board than the rules do"
        for each in results
        if not all(one.right for one in each.rounds)
    ]
    return "\n".join([head, "", *lines, *([""] if notes else []), *notes])


def _mine(result: Result, serial: Result | None, steps: int) -> tuple[str, ...]:
    if not result.rounds:
        return ("-",) * 6
    last = result.rounds[-1]
    ratio = None if serial is None else result.to(serial)
    return (
        f"{'' if last.steps == steps else '≈'}{result.per_step * steps:.3f}",
        str(last.steps),
        f"{last.start:.3f}",
        f"{last.cpu:.2f}",
        "" if ratio is None else f"{ratio:.4f}" if ratio < 0.1 else f"{ratio:.2f}",
        "" if ratio is None else f"{1 / ratio:.3f}" if ratio > 10 else f"{1 / ratio:.2f}",
    )
