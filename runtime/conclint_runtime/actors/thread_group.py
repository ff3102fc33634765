"""The threads of a threaded actor's concurrency group, made when there is work and none is idle."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from conclint_runtime.actors.calls import Call
from conclint_runtime.actors.parking import Parker
from conclint_runtime.actors.threads import Threads


class ThreadGroup:
    """Runs up to `limit` calls at a time; one whose arguments are late is overtaken by those behind it."""

    def __init__(self, threads: Threads, name: str, limit: int, run: Callable[[Call], None]) -> None:
        self._threads = threads
        self._name = name
        self._limit = limit
        self._run = run
        # Reentrant: a finaliser may submit while this thread is inside.
        self._lock = threading.RLock()
        self._queue: deque[Call] = deque()
        self._deferred: set[Call] = set()
        self._running: set[Call] = set()
        self._idle: list[Parker] = []
        self._made = 0
        self._done: list[Callable[[], None]] = []
        self._stopped = False

    def submit(self, call: Call) -> None:
        if call.has_refs:
            self._deferred.add(call)
            if call.defer(lambda: self._arrived(call)):
                return
            self._deferred.discard(call)
        self._enqueue(call)

    def finish(self, done: Callable[[], None]) -> None:
        self._done.append(done)
        self._tell_when_done()

    def stop(self) -> list[Call]:
        with self._lock:
            self._stopped = True
            calls = [*self._running, *self._queue, *self._deferred]
            self._queue.clear()
            self._deferred.clear()
            self._wake_all()
        return calls

    def _arrived(self, call: Call) -> None:
        self._deferred.discard(call)
        self._enqueue(call)

    def _enqueue(self, call: Call) -> None:
        with self._lock:
            if self._stopped:
                return
            self._queue.append(call)
            if self._idle:
                self._idle.pop().unpark()
                return
            if self._made >= self._limit:
                return
            self._made += 1
            number = self._made
        self._threads.start(self._work, f"{self._name}-{number}")

    def _work(self) -> None:
        parker = Parker()
        while True:
            with self._lock:
                if self._queue:
                    call = self._queue.popleft()
                    self._running.add(call)
                elif self._stopped:
                    return
                else:
                    if parker not in self._idle:
                        self._idle.append(parker)
                    call = None
            if call is None:
                parker.park()
                continue
            if not call.settled():
                self._run(call)
            with self._lock:  # between the two the group would seem to have nothing to do
                self._running.discard(call)
                call.run_again()
            del call
            if self._done:
                self._tell_when_done()

    def _tell_when_done(self) -> None:
        with self._lock:
            if self._stopped or self._queue or self._running or self._deferred:
                return
            told, self._done = self._done, []
        for done in told:
            done()

    def _wake_all(self) -> None:
        while self._idle:
            self._idle.pop().unpark()
