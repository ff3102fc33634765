"""Schedulers of one-shot events, for threads and for an event loop.

`Scheduler` has the API of `sched.scheduler`; `AsyncScheduler` has the same on an event loop and is imported only when
it is asked for, because it needs `asyncio`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conclint_runtime.timers.scheduler import Scheduler
from conclint_runtime.timers.statistics import SchedulerStatistics

if TYPE_CHECKING:
    from conclint_runtime.timers.async_scheduler import AsyncScheduler

__all__ = ["AsyncScheduler", "Scheduler", "SchedulerStatistics"]


def __getattr__(name: str) -> type[AsyncScheduler]:
    """Import `AsyncScheduler` at its first use (PEP 562)."""
    if name == "AsyncScheduler":
        from conclint_runtime.timers.async_scheduler import AsyncScheduler

        return AsyncScheduler
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
