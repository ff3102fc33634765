"""What a scheduler has done so far."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SchedulerStatistics:
    """A snapshot of one scheduler.

    `queued` events wait for their time or for a free slot, `running` actions were started and have not ended. Of those
    that ended, `completed` returned and `failed` raised; `cancelled` events left the queue by `cancel()`.
    `worst_lateness` is the longest time between the moment that an event asked for and the start of its action, in the
    unit of the scheduler's clock.
    """

    queued: int
    running: int
    completed: int
    failed: int
    cancelled: int
    worst_lateness: float
