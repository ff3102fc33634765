"""A pool of processes that share the board's memory."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory

from conclint_runtime.executors import ProcessPoolExecutor
from conclint_runtime.life.errors import LifeError
from conclint_runtime.life.grid import Grid
from conclint_runtime.life.rules import Logic, bands, next_rows, rows_with_edges
from conclint_runtime.life.strategy import Advance, Setting
from conclint_runtime.life.workloads import Workload

_STOP = 0
"""The byte of the shared memory that tells the workers to give up. Two boards follow: this generation's, the next's."""
_BANDS_PER_WORKER = 2
"""Two, so that a worker which lost its processor for a while does not hold up the others for a whole band."""


class ProcessBands:
    """A job for each band of rows, on processes that read this generation and write the next in shared memory; a job's
    message is three numbers. The processes are spawned, so the main module of the program needs its guard."""

    name = "process-bands"
    summary = "a job for each band of rows on a pool of processes, in shared memory"

    def refusal(self, setting: Setting) -> str | None:  # noqa: ARG002  # it plays everything
        return None

    @contextmanager
    def started(self, setting: Setting) -> Iterator[Advance]:
        with _shared(1 + 2 * setting.cells) as memory, _pool(setting, memory) as pool:
            parts = bands(setting.height, setting.workers * _BANDS_PER_WORKER)

            def advance(grid: Grid, generations: int) -> Grid:
                if (grid.height, grid.width) != (setting.height, setting.width):
                    raise LifeError(f"{grid!r} is not of the size that the memory was shared for")
                buffer = _buffer(memory)
                buffer[1 : 1 + setting.cells] = grid.cells
                board = 0
                for _ in range(generations):
                    board = _generation(pool, board, parts)
                begin = 1 + board * setting.cells
                return Grid(grid.height, grid.width, bytes(buffer[begin : begin + setting.cells]))

            yield advance


def _generation(pool: ProcessPoolExecutor, board: int, parts: list[tuple[int, int]]) -> int:
    """Play one generation of the board 0 or 1; the other one holds it then, and is returned."""
    try:
        jobs = [pool.submit(_band, board, first, last) for first, last in parts]
        for job in jobs:
            job.result()  # ends with the band, with `_STOP`, or with the pool
    except BrokenProcessPool as error:
        raise LifeError(
            "a worker process has died: where it could not start, the main module of the program may lack"
            ' its guard, `if __name__ == "__main__":`'
        ) from error
    return 1 - board


@contextmanager
def _shared(size: int) -> Iterator[SharedMemory]:
    """New memory, given back with the block."""
    try:
        memory = SharedMemory(create=True, size=size)
    except OSError as error:
        raise LifeError(f"no {size} bytes of shared memory: {error}") from error
    try:
        yield memory
    finally:
        memory.close()
        memory.unlink()


def _buffer(memory: SharedMemory) -> memoryview:
    buffer = memory.buf
    assert buffer is not None, "the memory is closed when all jobs are done"
    return buffer


@contextmanager
def _pool(setting: Setting, memory: SharedMemory) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(
        setting.workers,
        multiprocessing.get_context("spawn"),
        _attach,
        (memory.name, setting.height, setting.width, setting.workload),
    )
    try:
        with _interruptions_kept_back():
            _generation(pool, 0, [(0, 0)] * setting.workers)  # so that the processes are there
        yield pool
    finally:
        _buffer(memory)[_STOP] = 1
        pool.shutdown(cancel_futures=True)  # ends when the running jobs have seen `_STOP`


@contextmanager
def _interruptions_kept_back() -> Iterator[None]:
    """Processes that are started in the block never see an interruption from the terminal, from their first moment on;
    it is left to the one that started them, which gets it at the end of the block."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@dataclass(frozen=True, slots=True)
class _Worker:
    """What a worker process keeps from its start to its end."""

    memory: SharedMemory
    height: int
    width: int
    logic: Logic
    open: ExitStack

    def stopped(self) -> bool:
        return bool(_buffer(self.memory)[_STOP])


_worker: _Worker | None = None


def _attach(name: str, height: int, width: int, workload: Workload) -> None:
    """The start of a worker."""
    global _worker  # noqa: PLW0603  # a pool's initializer has no other way to hand something to its jobs
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    opened = ExitStack()
    memory = SharedMemory(name)
    opened.callback(memory.close)
    logic = opened.enter_context(workload.opened(lambda: bool(_buffer(memory)[_STOP])))
    _worker = _Worker(memory, height, width, logic, opened)


def _band(board: int, first: int, last: int) -> None:
    """Play rows of the board 0 or 1 into the other one."""
    assert _worker is not None, "the initializer has run"
    buffer, width = _buffer(_worker.memory), _worker.width
    size = _worker.height * width
    if first == last:
        return
    cells = bytes(buffer[1 + board * size : 1 + (board + 1) * size])
    begin = 1 + (1 - board) * size
    rows = rows_with_edges(cells, width, first, last)
    buffer[begin + first * width : begin + last * width] = next_rows(rows, _worker.logic, _worker.stopped)
