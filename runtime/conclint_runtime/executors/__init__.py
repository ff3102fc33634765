"""Executors that raise `DeadlockError` where those of `concurrent.futures` hang."""

from __future__ import annotations

from concurrent.futures import (
    ALL_COMPLETED,
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    BrokenExecutor,
    CancelledError,
    InvalidStateError,
    TimeoutError,  # the name that `concurrent.futures` has
    as_completed,
    wait,
)

from ..waitgraph.errors import DeadlockError
from .future import Future
from .process_pool import ProcessPoolExecutor, ProcessPoolStatistics
from .thread_pool import ThreadPoolExecutor, ThreadPoolStatistics

__all__ = [
    "ALL_COMPLETED",
    "FIRST_COMPLETED",
    "FIRST_EXCEPTION",
    "BrokenExecutor",
    "CancelledError",
    "DeadlockError",
    "Future",
    "InvalidStateError",
    "ProcessPoolExecutor",
    "ProcessPoolStatistics",
    "ThreadPoolExecutor",
    "ThreadPoolStatistics",
    "TimeoutError",
    "as_completed",
    "wait",
]
