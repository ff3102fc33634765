"""conclint and its peers on the same trees in the same run, taking turns, for several rounds."""

from __future__ import annotations

import platform
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import measure, peers
from bench.contestants import COLD, WARM, Contestant, contestants
from bench.measure import Run
from bench.trees import copy

TREES = ("aiohttp", "xoscar", "mcp", "starlette")


def compare(paths: Sequence[Path], folder: Path, rounds: int, patience: float, only: Sequence[str] = ()) -> int:
    """Measure and print a table.

    Parameters:
        paths: the trees; they are copied together, so that nothing beside them counts.
        folder: the scratch folder.
        rounds: how often each contestant runs.
        patience: one whose run took more seconds than this is not run again.
        only: the tools to run beside conclint; all where there are none.

    Returns:
        The exit code: 1 where a run of conclint failed.
    """
    tree = folder / "tree"
    files, lines = copy(paths, tree)
    commands = peers.installed(folder)
    entries = [
        entry for entry in contestants(folder, commands) if not only or entry.name.startswith(("conclint", *only))
    ]
    changed = max(tree.rglob("*.py"), key=lambda path: (path.stat().st_size < 40_000, path.stat().st_size))
    runs: dict[tuple[str, str], list[Run]] = {}
    for number in range(rounds):
        for entry in entries:
            known = runs.setdefault((entry.name, entry.state), [])
            if known and known[-1].seconds > patience:
                continue
            entry.prepare(changed)
            known.append(measure.run(entry.command, tree, entry.environment, folder / "output"))
            _tell(f"round {number + 1} of {rounds}: {entry.name}, {entry.state}: {known[-1].seconds:.2f} s")
    print(f"{', '.join(path.name for path in paths)}: {files} files, {lines} lines; ", end="")
    print(f"Python {platform.python_version()}, {rounds} rounds, medians; memory of the largest process")
    print("\n".join(_table(entries, runs, lines)))
    return int(any(run.code for (name, _), known in runs.items() if name.startswith("conclint") for run in known))


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _table(entries: Sequence[Contestant], runs: Mapping[tuple[str, str], Sequence[Run]], lines: int) -> list[str]:
    middle = {key: statistics.median(run.seconds for run in known) for key, known in runs.items()}
    cold, warm = middle[entries[0].name, COLD], middle[entries[0].name, WARM]
    least = measure.floor()
    rows = [("", "", "seconds", "least", "CPU", "ms/1000 lines", "to conclint", "MiB", "runs", "output")]
    for entry in entries:
        known = runs[entry.name, entry.state]
        took = middle[entry.name, entry.state]
        memory = statistics.median(run.memory for run in known)
        rows.append((
            entry.name,
            entry.state,
            f"{took:.2f}",
            f"{min(run.seconds for run in known):.2f}",
            f"{statistics.median(run.cpu for run in known):.2f}",
            f"{took / lines * 1e6:.2f}",
            f"{took / (warm if entry.state == WARM else cold):.2f}",
            f"{'<' if memory < least * 1.05 else ''}{memory:.0f}",
            str(len(known)),
            f"{known[-1].lines} lines" + (f", exit code {known[-1].code}" if known[-1].code else ""),
        ))  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
