"""Run a program under many schedules, and name the one that fails.

    from conclint_runtime.guard.explore import explore

    result = explore(program, seeds=200, mode="gil")
    print(result)

Threads are stopped between instructions, tasks of asyncio are delayed, and shared values of `multiprocessing` pause
between reading and writing. The failing seed fails again.
"""

from __future__ import annotations

from conclint_runtime.guard.explore.exploration import explore, explored
from conclint_runtime.guard.explore.modes import Mode
from conclint_runtime.guard.explore.outcome import Exploration, FailingSeedError, Failure, Trouble

__all__ = ["Exploration", "FailingSeedError", "Failure", "Mode", "Trouble", "explore", "explored"]
