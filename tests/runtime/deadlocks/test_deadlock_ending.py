"""Who ends a deadlocked program, and who waits for that."""

from __future__ import annotations

import queue

from conclint_runtime.guard.command import Run, request
from conclint_runtime.guard.monitor import Monitor
from conclint_runtime.guard.observer import GuardError

BOUND = 30.0


def test_a_monitor_that_finds_a_deadlock_second_does_not_wait_for_the_end_which_waits_for_it() -> None:
    run = Run(request(["--quiet", "program.py"]))
    refused: queue.SimpleQueue[GuardError] = queue.SimpleQueue()

    def look() -> None:
        try:
            run._deadlocked()
        except GuardError as error:
            refused.put(error)

    monitor = Monitor(0.001, look)
    with run._ending:  # as the thread has it that found the deadlock first
        monitor.start()
        error = refused.get(timeout=BOUND)
        monitor.stop()
    assert "is being ended" in str(error)
