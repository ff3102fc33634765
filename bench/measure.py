"""One run of a command, measured from outside."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

# ru_maxrss is in KiB on Linux and in bytes on macOS.
_UNIT = 1024 * 1024 if sys.platform == "darwin" else 1024


class Run(NamedTuple):
    """What a run took: seconds on the clock, seconds of CPU of the process and those it waited for, the peak memory of
    the largest of them in MiB, and its exit code."""

    seconds: float
    cpu: float
    memory: float
    code: int
    lines: int


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str], output: Path) -> Run:
    """Run a command to its end.

    Parameters:
        folder: its working folder.
        environment: added to this process's own.
        output: the file that takes its output and errors; how many lines there are is part of the result.
    """
    with output.open("wb") as sink:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environment}, stdout=sink, stderr=sink, stdin=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / _UNIT,
        process.returncode,
        output.read_bytes().count(b"\n"),
    )


def floor() -> float:
    """The least peak that `run` can tell in MiB: a child has this process's memory until it becomes the command."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _UNIT
