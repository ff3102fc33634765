"""Utilities for asyncio programs, on Python 3.10 and later: what they start they end, and every queue has a bound."""

from __future__ import annotations

from conclint_runtime.aio.blocking import (
    BlockingPool,
    BlockingStatistics,
    blocking_pool,
    run_abandonable,
    run_blocking,
)
from conclint_runtime.aio.blocking_worker import check_cancelled
from conclint_runtime.aio.bridge import Bridge, BridgeStatistics
from conclint_runtime.aio.errors import (
    AioError,
    BridgeFullError,
    CancelledFromWithinError,
    ClosedError,
    TaskSetFullError,
    WaitsForItselfError,
)
from conclint_runtime.aio.exception_groups import BaseExceptionGroup, ExceptionGroup
from conclint_runtime.aio.limited import LimitedMap, LimitedStatistics, gather_limited, map_limited
from conclint_runtime.aio.periodic import Periodic, PeriodicStatistics
from conclint_runtime.aio.single_flight import SingleFlight, SingleFlightStatistics, single_flight
from conclint_runtime.aio.task_group import TaskGroup
from conclint_runtime.aio.task_set import TaskSet, TaskSetStatistics
from conclint_runtime.aio.timeouts import Timeout, timeout, timeout_at

__all__ = [
    "AioError",
    "BaseExceptionGroup",
    "BlockingPool",
    "BlockingStatistics",
    "Bridge",
    "BridgeFullError",
    "BridgeStatistics",
    "CancelledFromWithinError",
    "ClosedError",
    "ExceptionGroup",
    "LimitedMap",
    "LimitedStatistics",
    "Periodic",
    "PeriodicStatistics",
    "SingleFlight",
    "SingleFlightStatistics",
    "TaskGroup",
    "TaskSet",
    "TaskSetFullError",
    "TaskSetStatistics",
    "Timeout",
    "WaitsForItselfError",
    "blocking_pool",
    "check_cancelled",
    "gather_limited",
    "map_limited",
    "run_abandonable",
    "run_blocking",
    "single_flight",
    "timeout",
    "timeout_at",
]
