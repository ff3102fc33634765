"""Nothing that a test of the runtime starts outlives it: threads, child processes and descriptors are counted.

What a real Ray or xoscar keeps for a whole session is theirs, so tests that are marked for them are left out.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.runtime.guard_server.guarded import Guarded

# How long a thread that has been told to end may take to do so, in seconds; a safety net, waited for by `join`.
_GRACE = 5.0
_DESCRIPTORS = Path("/proc/self/fd")

# A machine that is busy with something else is no defect of what is tested.
settings.register_profile("any pace", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any pace")


@pytest.fixture(autouse=True, scope="module")
def what_is_there_is_collected_once() -> None:
    """What other modules have left in memory is out of the sight of the collections that follow each test."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def nothing_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test that leaves a thread, a child process or a file descriptor behind."""
    if request.node.get_closest_marker("ray") or request.node.get_closest_marker("xoscar"):
        yield
        return
    threads, descriptors = set(threading.enumerate()), _descriptors()
    yield
    left = [thread.name for thread in set(threading.enumerate()) - threads if not _ends(thread)]
    assert not left, f"threads left running: {left}"
    children = multiprocessing.active_children()
    assert not children, f"child processes left running: {children}"
    gc.collect()
    opened = {number: target for number, target in _descriptors().items() if number not in descriptors}
    assert not opened, f"file descriptors left open: {opened}"


@pytest.fixture(scope="session")
def guarded() -> Iterator[Guarded]:
    """Runs `python -m conclint_runtime.guard`, each time in a process of its own."""
    from tests.runtime.guard_server.guarded import guard_server

    with guard_server() as run:
        yield run


def _ends(thread: threading.Thread) -> bool:
    thread.join(_GRACE)
    return not thread.is_alive()


def _descriptors() -> dict[int, str]:
    """The open descriptors and what they lead to; empty where the system does not tell.

    Those that live as long as the interpreter once they have been opened are no leak: the random source, the pipe of
    multiprocessing's resource tracker, what the fork server listens on, the memory that its shared values lie in.
    """
    found: dict[int, str] = {}
    if not _DESCRIPTORS.is_dir():
        return found
    kept, memory = _of_the_interpreter(), _shared_memory()
    for name in os.listdir(_DESCRIPTORS):
        try:
            target, identity = os.readlink(_DESCRIPTORS / name), _identity(int(name))
        except OSError:  # the one that the listing itself had open
            continue
        if int(name) not in kept and target != "/dev/urandom" and identity not in memory:
            found[int(name)] = target
    return found


def _of_the_interpreter() -> set[int]:
    from multiprocessing import forkserver, resource_tracker

    kept = (
        resource_tracker._resource_tracker._fd,  # type: ignore[attr-defined]  # no public way to ask
        forkserver._forkserver._forkserver_alive_fd,  # type: ignore[attr-defined]  # no public way to ask
    )
    return {number for number in kept if number is not None}


def _shared_memory() -> set[tuple[int, int]]:
    """The files that values shared between processes lie in: kept for the next values, and open twice, for `mmap`
    duplicates the descriptor that it is given."""
    heap = sys.modules.get("multiprocessing.heap")
    if heap is None:
        return set()
    arenas = heap.BufferWrapper._heap._arenas  # no public way to ask
    return {_identity(arena.fd) for arena in arenas if getattr(arena, "fd", -1) >= 0}


def _identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino
