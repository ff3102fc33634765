"""What the tests of the executors share: a bound on programs that must not hang."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import pytest

T = TypeVar("T")

BOUND = 30.0
"""Seconds after which a program counts as hanging; a safety net, never reached where all is well."""


class Ended:
    """Runs a program in a thread of its own and waits for it, so that a hang fails one test only."""

    def __call__(self, program: Callable[[], T]) -> T:
        results: list[T] = []
        errors: list[BaseException] = []

        def run() -> None:
            try:
                results.append(program())
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=run, name="program", daemon=True)
        thread.start()
        thread.join(BOUND)
        assert not thread.is_alive(), "the program hangs"
        if errors:
            raise errors[0]
        return results[0]


@pytest.fixture
def ended() -> Ended:
    """Call it with a program: its result, or its error, or a failure where it hangs."""
    return Ended()
