"""A pause between reading and writing a `multiprocessing.Value`, so that an unlocked update meets another."""

from __future__ import annotations

import random
from multiprocessing import sharedctypes
from typing import Protocol

from conclint_runtime.guard.patching import Patches

from time import sleep as _real_sleep  # isort: skip  # the program's `time.sleep` may be replaced; this one waits

#: The longest pause, in seconds.
_PAUSE = 0.004


class _OwnedLock(Protocol):
    def _is_mine(self) -> bool: ...


class _Semaphore(Protocol):
    _semlock: _OwnedLock


class _Shared(Protocol):
    _lock: _Semaphore


def _is_locked_by_us(shared: _Shared) -> bool:
    try:
        return shared._lock._semlock._is_mine()
    except AttributeError:
        return False


def pause_reads(seed: int, patches: Patches) -> None:
    """After each read of a shared value without its lock, pause for a moment that the seed decides.

    Processes forked meanwhile inherit the pause; spawned ones do not. Which process is faster remains with the system:
    a failure found so is real, and comes again often rather than always.
    """
    ordinary = vars(sharedctypes.Synchronized)["value"]
    choice = random.Random(f"values {seed}")

    def read(shared: _Shared) -> object:
        value: object = ordinary.fget(shared)
        if not _is_locked_by_us(shared):
            _real_sleep(choice.random() * _PAUSE)
        return value

    patches.put(sharedctypes.Synchronized, "value", property(read, ordinary.fset))
