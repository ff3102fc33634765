"""Room for deep trees: generated code nests thousands of calls or branches."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

# A file that nests deeper than this is not read: CPython's own parser gives up not far beyond.
_DEEP = 60_000
_STACK = 512 * 1024 * 1024
_Result = TypeVar("_Result")


def deeply(work: Callable[[], _Result], given_up: Callable[[], _Result]) -> _Result:
    """What `work` returns; run again on a thread with a large stack where the own one is too small for it.

    Parameters:
        work: may be started twice, so what it changes must be its own.
        given_up: makes the result where even that stack is too small.
    """
    try:
        return work()
    except RecursionError:
        return _on_thread(work, given_up)


def _on_thread(work: Callable[[], _Result], given_up: Callable[[], _Result]) -> _Result:
    found: list[_Result] = []
    failure: list[BaseException] = []

    def run() -> None:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(_DEEP)
        try:
            found.append(work())
        except (RecursionError, MemoryError):
            found.append(given_up())
        except BaseException as error:
            failure.append(error)
        finally:
            sys.setrecursionlimit(limit)

    before = threading.stack_size(_STACK)
    try:
        thread = threading.Thread(target=run, name="conclint-deep")
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    if failure:
        raise failure[0]
    return found[0]
