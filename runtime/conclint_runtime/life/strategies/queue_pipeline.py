"""A pipeline: cells go through a queue to some threads, and their next states through another to a collector."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue

from conclint_runtime.life.grid import Grid
from conclint_runtime.life.rules import Logic, count_neighbors
from conclint_runtime.life.strategy import Advance, Setting

_LENGTH = 1024
"""The length of each queue. Whoever finds one full waits until the stage behind it has taken something out."""
_Question = tuple[int, int, int, int]
_Answer = tuple[int, int, int]


class QueuePipeline:
    """One thread asks, some decide, one collects. Each cell passes two queues, and each costs more than its rules."""

    name = "queue"
    summary = "a pipeline of threads, each cell through two queues (naive)"

    def refusal(self, setting: Setting) -> str | None:  # noqa: ARG002  # it plays everything
        return None

    @contextmanager
    def started(self, setting: Setting) -> Iterator[Advance]:
        stop = threading.Event()
        with setting.workload.opened(stop.is_set) as logic, _Pipeline(logic, setting.workers, stop) as pipeline:

            def advance(grid: Grid, generations: int) -> Grid:
                for _ in range(generations):
                    grid = pipeline.generation(grid)
                return grid

            yield advance


class _Pipeline:
    """The threads and their queues, from the start of the block to its end."""

    def __init__(self, logic: Logic, workers: int, stop: threading.Event) -> None:
        self._logic = logic
        self._stop = stop
        self._questions: Queue[_Question | None] = Queue(_LENGTH)
        self._answers: Queue[_Answer | BaseException | None] = Queue(_LENGTH)
        self._generations: Queue[Grid | BaseException] = Queue(1)
        self._following: Grid | None = None
        self._deciders = [threading.Thread(target=self._decide, name=f"decide-{number}") for number in range(workers)]
        self._collector = threading.Thread(target=self._collect, name="collect")

    def __enter__(self) -> _Pipeline:
        for thread in (*self._deciders, self._collector):
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for _decider in self._deciders:
            self._questions.put(None)  # ends: what is before it is answered, and the collector takes all answers
        for decider in self._deciders:
            decider.join()
        self._answers.put(None)
        self._collector.join()

    def generation(self, grid: Grid) -> Grid:
        """Send all cells through the pipeline; returns when the last answer has been collected."""
        self._following = Grid(grid.height, grid.width)
        for y in range(grid.height):
            for x in range(grid.width):
                self._questions.put((y, x, grid.get(y, x), count_neighbors(grid, y, x)))
        following = self._generations.get()
        if isinstance(following, BaseException):
            raise following
        return following

    def _decide(self) -> None:
        while (question := self._questions.get()) is not None:
            y, x, cell, neighbors = question
            try:
                self._answers.put((y, x, self._logic(cell, neighbors)))
            except BaseException as error:
                self._answers.put(error)

    def _collect(self) -> None:
        collected = 0
        failure: BaseException | None = None
        while (answer := self._answers.get()) is not None:
            following = self._following
            assert following is not None, "a generation has begun"
            if isinstance(answer, BaseException):
                failure = failure or answer
            else:
                following.set(*answer)
            collected += 1
            if collected == following.height * following.width and not self._stop.is_set():
                self._generations.put(following if failure is None else failure)
                collected, failure = 0, None
