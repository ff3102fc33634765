"""Processes that each do one piece of work after the other, and may die of it.

A worker that dies is replaced, and it is known which piece it died of: pieces are answered in the order in which they
were given. Nothing outlives the parent, and what happens in a worker is heard of only through its answers.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from multiprocessing.context import ForkContext, SpawnContext

_BATCH_BYTES = 128 * 1024
_BATCH_PIECES = 64
# A batch that fits into the buffer of a pipe: the parent never waits for a worker that waits for the parent.
_BATCH_NAMES = 16 * 1024
_READY = b"ready"
_COLLECT_EVERY = 256
_OVERSLEPT = 5.0


class Piece(NamedTuple):
    """A piece of work: its name, and its size in bytes, by which pieces are shared out."""

    name: bytes
    size: int


class Answer(NamedTuple):
    """What came of a piece. `lost` says why there is no answer, "" where there is one."""

    piece: Piece
    data: bytes
    lost: str


CRASHED = "crashed the process that read it"
SLOW = "took too long to read"


class CannotStartError(Exception):
    """No worker comes to life. Pieces without an answer are still to be done."""


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    given: deque[Piece] = field(default_factory=deque)
    since: float = 0.0
    is_ready: bool = False

    def outstanding(self) -> int:
        return sum(piece.size + 1 for piece in self.given)


class Workers:
    """A group of processes, alive inside `with`.

    Parameters:
        work: the function that answers a piece, a module's own where processes are spawned. What it raises kills the
            worker.
        count: how many at once.
        seconds: how long a piece may take, and as long again for each MiB.
    """

    def __init__(self, work: Callable[[bytes], bytes], count: int, seconds: float) -> None:
        self._work = work
        self._count = count
        self._seconds = seconds
        self._forks = may_fork()
        self._context: ForkContext | SpawnContext = (
            multiprocessing.get_context("fork") if self._forks else multiprocessing.get_context("spawn")
        )
        self._workers: list[_Worker] = []
        self._queue: deque[Piece] = deque()
        self._suspects: set[bytes] = set()
        self._stillborn = 0

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            self._bury(worker)
        self._workers.clear()

    def answers(self, pieces: Sequence[Piece]) -> Iterator[Answer]:
        """The answers, in no particular order; each piece gets exactly one.

        Raises:
            CannotStartError: processes cannot be made here, or die before they begin.
        """
        # The largest first: nobody waits at the end for one who has just begun something long.
        self._queue.extend(sorted(pieces, key=lambda piece: -piece.size))
        for _ in range(self._count):
            self._hire()
        while self._queue or any(worker.given for worker in self._workers):
            yield from self._round()

    def _round(self) -> Iterator[Answer]:
        for worker in self._workers:
            self._feed(worker)
        connections = {worker.connection: worker for worker in self._workers}
        began, patience = time.monotonic(), self._patience()
        answered = wait(list(connections), patience)
        if patience is not None and time.monotonic() > began + patience + _OVERSLEPT:
            # All of us were stopped (Ctrl-Z, a suspended machine): nobody has used that time.
            for worker in self._workers:
                worker.since = time.monotonic()
        for connection in answered:
            worker = connections[connection]  # type: ignore[index]  # of those that were waited for
            try:
                data = worker.connection.recv_bytes()
            except (EOFError, OSError):
                yield from self._died(worker)
                continue
            worker.since = time.monotonic()
            if worker.is_ready:
                yield Answer(worker.given.popleft(), data, "")
            worker.is_ready = True
        for worker in list(self._workers):
            if worker.given and time.monotonic() > worker.since + self._allowed(worker):
                yield self._too_slow(worker)

    def _patience(self) -> float | None:
        ends = [worker.since + self._allowed(worker) for worker in self._workers if worker.given]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def _allowed(self, worker: _Worker) -> float:
        # A worker that has yet to start gets time for that, too.
        return self._seconds * (1 + worker.given[0].size / 1024**2) + (0.0 if worker.is_ready else 60.0)

    def _feed(self, worker: _Worker) -> None:
        """Give a worker more to do shortly before it has nothing left."""
        if not self._queue or worker.outstanding() > _BATCH_BYTES // 2:
            return
        if worker.given and (worker.given[-1].name in self._suspects or self._queue[0].name in self._suspects):
            return
        batch = [self._queue.popleft()]
        size, names = batch[0].size, len(batch[0].name)
        while (
            self._queue
            and batch[0].name not in self._suspects
            and self._queue[0].name not in self._suspects
            and len(batch) < _BATCH_PIECES
            and size + self._queue[0].size <= _BATCH_BYTES
            and names + len(self._queue[0].name) <= _BATCH_NAMES
        ):
            batch.append(self._queue.popleft())
            size, names = size + batch[-1].size, names + len(batch[-1].name)
        if not worker.given:
            worker.since = time.monotonic()
        worker.given.extend(batch)
        # A worker that has just died is met when its answer is read.
        with contextlib.suppress(OSError):
            worker.connection.send_bytes(b"\0".join(piece.name for piece in batch))

    def _died(self, worker: _Worker) -> Iterator[Answer]:
        self._dismiss(worker)
        if not worker.is_ready:
            self._stillborn += 1
            self._queue.extendleft(reversed(worker.given))
            if self._stillborn > self._count + 1:
                raise CannotStartError
        elif worker.given:
            culprit = worker.given.popleft()
            self._queue.extendleft(reversed(worker.given))
            # What kills two processes, the second time alone, is guilty; a process can also be killed by others.
            if culprit.name in self._suspects:
                yield Answer(culprit, b"", CRASHED)
            else:
                self._suspects.add(culprit.name)
                self._queue.appendleft(culprit)
        self._hire()

    def _too_slow(self, worker: _Worker) -> Answer:
        self._dismiss(worker)
        culprit = worker.given.popleft()
        self._queue.extendleft(reversed(worker.given))
        self._hire()
        return Answer(culprit, b"", SLOW)

    def _hire(self) -> None:
        ours, theirs = self._context.Pipe()
        others = [worker.connection for worker in self._workers] + [ours] if self._forks else []
        process = self._context.Process(target=_serve, args=(theirs, others, self._work), daemon=True)
        try:
            with _no_interrupt():
                process.start()
        except OSError as error:
            ours.close()
            if not self._workers:
                raise CannotStartError from error
            return
        finally:
            theirs.close()
        self._workers.append(_Worker(process, ours, since=time.monotonic()))

    def _dismiss(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.process.kill()
        self._bury(worker)

    def _bury(self, worker: _Worker) -> None:
        worker.process.join()
        worker.process.close()
        worker.connection.close()


def may_fork() -> bool:
    """Whether forking is safe: on Linux, without threads. A worker then costs 5 ms, one that is spawned 150."""
    return sys.platform == "linux" and threading.active_count() == 1


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "process_cpu_count"):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def may_have_children() -> bool:
    """Whether this process may start others; a daemonic one may not."""
    return not multiprocessing.current_process().daemon


@contextlib.contextmanager
def _no_interrupt() -> Iterator[None]:
    """Children are born deaf to Ctrl-C, which a terminal sends to all: their parent ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection, others: Sequence[Connection], work: Callable[[bytes], bytes]) -> None:
    """What a worker does until its parent is gone or has had enough."""
    if not hasattr(signal, "pthread_sigmask"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A copy of the parent's end would keep this process and its siblings waiting after the parent has died.
    for other in others:
        other.close()
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    gc.disable()
    gc.freeze()
    done = 0
    with contextlib.suppress(EOFError, OSError):
        connection.send_bytes(_READY)
        while True:
            for name in connection.recv_bytes().split(b"\0"):
                connection.send_bytes(work(name))
                done += 1
                if done % _COLLECT_EVERY == 0:
                    gc.collect()
