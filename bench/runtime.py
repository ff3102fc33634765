"""The companion runtime beside real Ray, real xoscar and `concurrent.futures`, in one run, taking turns."""

from __future__ import annotations

import os
import platform
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec

from bench import runtime_actors
from bench.runtime_actors import ACTORS, Sample
from bench.runtime_executors import of_executors

OURS = "conclint_runtime"
STANDARD = "concurrent.futures"
_RAY = {"num_cpus": 2, "include_dashboard": False, "log_to_driver": False, "logging_level": "error"}
_IMPORT, _START = "import and start", "start"
_MEMORY = f"memory of {ACTORS} actors"
_SHORT = "FALLS SHORT"
_SHORT_ROWS = 5
"""How many times as often the rows of the executors are measured, which take a fraction of the others' time."""
_IDLE = 0.5
"""The load average below which the machine counts as idle when the run begins."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the runtime is to reach in one row.

    Parameters:
        row: of the table.
        bound: seconds or bytes that ours may take, or how many times a rival's time.
        rival: whose time it is; None where the bound is ours alone.
    """

    row: str
    bound: float
    rival: str | None = None


def targets(idle: bool) -> tuple[Target, ...]:
    """The targets, of which one depends on whether the machine has nothing else to do."""
    return (
        Target(_START, 0.010),
        Target("round trip, sync actor", 20e-6 if idle else 80e-6),
        Target("round trip, async actor", 1 / 7, "ray"),
        Target("await on the actor's own loop", 10e-6),
        *(Target(f"pipelined, {kind} actor", 1 / 20, "ray") for kind in ("sync", "async", "threaded")),
        Target(_MEMORY, 20e6),
        *(
            Target(f"{kind}, {what}", 1.3, STANDARD)
            for kind in ("threads", "processes")
            for what in ("submit and result", "map")
        ),
    )


Samples = dict[str, dict[str, list[float]]]
"""By row and by rival, one for each round."""


def compare(rounds: int, without: Sequence[str] = ()) -> int:
    """Measure, and print two tables and the targets.

    Parameters:
        rounds: how often each row is measured, all rivals taking turns.
        without: rivals to leave out, `ray` or `xoscar`.

    Returns:
        The exit code: 1 where a target does not hold.
    """
    load = os.getloadavg()[0]
    rivals = [name for name in ("ray", "xoscar") if name not in without and find_spec(name)]
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, load {load:.1f} at the begin;", end=" ")
    print(", ".join([f"{rounds} rounds, medians", *(f"{name} {version(name)}" for name in rivals)]))
    samples: Samples = {}
    alone = {name: _in_new_processes(name) for name in (OURS, *(["xoscar"] if "xoscar" in rivals else []))}
    _take_turns(alone, rounds, samples)
    with _actors(rivals, samples) as sides:
        _take_turns(sides, rounds, samples)
    print("\n".join(_table(samples, [OURS, *rivals, *(["xoscar local"] if "xoscar" in rivals else [])])))
    executors: Samples = {}
    with of_executors(ours=True) as ours, of_executors(ours=False) as standard:
        _take_turns({OURS: ours, STANDARD: standard}, rounds * _SHORT_ROWS, executors)
    print()
    print("\n".join(_table(executors, [OURS, STANDARD])))
    print()
    lines = judged({**samples, **executors}, idle=load < _IDLE)
    print("\n".join(lines))
    return int(any(line.endswith(_SHORT) for line in lines))


def _in_new_processes(engine: str) -> dict[str, Sample]:
    """What is measured before anything else runs; Ray is measured where it is started for the rest of the run."""
    return {
        _IMPORT: lambda: runtime_actors.in_a_new_process("import", engine),
        _START: lambda: runtime_actors.in_a_new_process("start", engine),
        _MEMORY: lambda: runtime_actors.in_a_new_process("memory", engine),
    }


@contextmanager
def _actors(rivals: Sequence[str], samples: Samples) -> Iterator[dict[str, dict[str, Sample]]]:
    """All engines, started; what each of them can be asked for."""
    import conclint_runtime

    with ExitStack() as block:
        conclint_runtime.init()
        block.callback(conclint_runtime.shutdown)
        sides = {OURS: runtime_actors.of_ray(conclint_runtime)}
        if "ray" in rivals:
            _tell("start of Ray")
            begin = time.perf_counter()
            import ray

            imported = time.perf_counter() - begin
            started = runtime_actors.start_of_ray(ray, _RAY)
            _add(samples, _IMPORT, "ray", imported + started)
            _add(samples, _START, "ray", started)
            block.callback(ray.shutdown)
            sides["ray"] = runtime_actors.of_ray(ray)
            sides["ray"][_MEMORY] = lambda: runtime_actors.memory_of_ray(ray)
        if "xoscar" in rivals:
            sides["xoscar"] = block.enter_context(runtime_actors.of_xoscar(local=False))
            sides["xoscar local"] = block.enter_context(runtime_actors.of_xoscar(local=True))
        yield sides


def _take_turns(sides: dict[str, dict[str, Sample]], rounds: int, samples: Samples) -> None:
    rows = dict.fromkeys(row for side in sides.values() for row in side)
    for number in range(rounds):
        for row in rows:
            # Whoever comes second finds the processor as the first has left it, so they change places.
            for name, side in list(sides.items())[:: -1 if number % 2 else 1]:
                if row in side:
                    _tell(f"round {number + 1} of {rounds}: {row}, {name}")
                    _add(samples, row, name, side[row]())
    _tell("")


def _add(samples: Samples, row: str, name: str, value: float) -> None:
    samples.setdefault(row, {}).setdefault(name, []).append(value)


def compared(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Ours to theirs: the median of the rounds' ratios, or the ratio of the medians where one has fewer rounds."""
    if len(ours) == len(theirs):
        return statistics.median(mine / its for mine, its in zip(ours, theirs))
    return statistics.median(ours) / statistics.median(theirs)


def _table(samples: Samples, names: Sequence[str]) -> list[str]:
    rows = [("", names[0], *(cell for name in names[1:] for cell in (name, "ours to it")))]
    for row, by_name in samples.items():
        cells = [row, _said(row, statistics.median(by_name[names[0]])) if names[0] in by_name else ""]
        for name in names[1:]:
            theirs = by_name.get(name)
            cells += ["", ""] if theirs is None else [_said(row, statistics.median(theirs)), ""]
            if theirs is not None and names[0] in by_name:
                ratio = compared(by_name[names[0]], theirs)
                cells[-1] = _times(ratio)
        rows.append(tuple(cells))
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]).rstrip()
        for row in rows
    ]


def _said(row: str, value: float) -> str:
    if row == _MEMORY:
        return f"{value / 1e6:,.1f} MB"
    if row.startswith("pipelined"):
        return f"{1 / value:,.0f}/s"
    return f"{value:.2f} s" if value >= 1 else f"{value * 1e3:.1f} ms" if value >= 1e-3 else f"{value * 1e6:.1f} us"


def judged(samples: Samples, idle: bool) -> list[str]:
    """A line for each target: the row, its bound, what was seen, and whether it holds."""
    lines = []
    for target in targets(idle):
        by_name = samples.get(target.row, {})
        ours, theirs = by_name.get(OURS), by_name.get(target.rival or OURS)
        if target.rival is None:
            value = statistics.median(ours) if ours else None
            text, limit = (_said(target.row, each) if each else "" for each in (value, target.bound))
        else:
            value = compared(ours, theirs) if ours and theirs else None
            text, limit = (_times(each) if each else "" for each in (value, target.bound))
            limit += f" of {target.rival}'s time"
        holds = "not measured" if value is None else "holds" if value <= target.bound else _SHORT
        lines.append(f"{target.row:<34}  at most {limit:<36}  {text:>8}  {holds}")
    return lines


def _times(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio > 0.5 else f"1/{1 / ratio:.3g}" if ratio > 0.001 else f"1/{1 / ratio:,.0f}"


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
