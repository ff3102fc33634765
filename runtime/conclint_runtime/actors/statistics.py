"""What runs in the embedded engine now, as numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineStatistics:
    """A moment of the embedded engine.

    Attributes:
        actors: actors that are not dead.
        named_actors: those of them that have a name.
        threads: threads of the engine: of actors, of loops, of tasks, and its own.
        loops: event loops.
        task_slots: how many tasks can run at a time.
        free_slots: slots that no running task holds.
        unfinished_tasks: tasks that run or wait, for a slot or for an argument.
        queued_tasks: those of them that wait for a slot.
    """

    actors: int
    named_actors: int
    threads: int
    loops: int
    task_slots: float
    free_slots: float
    unfinished_tasks: int
    queued_tasks: int
