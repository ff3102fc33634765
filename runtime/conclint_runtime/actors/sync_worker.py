"""The one thread of a sync actor: constructor and methods run on it, in the order of submission."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from conclint_runtime.actors.calls import Call
from conclint_runtime.actors.parking import Parker
from conclint_runtime.actors.threads import Threads


class SyncWorker:
    """Runs calls one by one, in order: a call whose arguments are late holds up those behind it.

    The thread is made at the first call. No lock: the queue is a deque, and the thread parks when it is empty.
    """

    def __init__(
        self,
        threads: Threads,
        name: str,
        construct: Callable[[], bool],
        run: Callable[[Call], None],
    ) -> None:
        self._threads = threads
        self._name = name
        self._construct = construct
        self._run = run
        self._queue: deque[Call | Callable[[], None]] = deque()
        self._parker = Parker()
        self._starting: list[None] = [None]
        self._stopped = False
        self._current: Call | None = None

    def start(self) -> None:
        """Make the thread, unless it was made."""
        try:
            self._starting.pop()
        except IndexError:
            return
        self._threads.start(self._loop, self._name)

    def submit(self, call: Call) -> None:
        if call.has_refs:
            call.interrupt = self._wake
            call.defer(self._parker.unpark)
        self._queue.append(call)
        if self._starting:
            self.start()
        self._parker.unpark()

    def finish(self, done: Callable[[], None]) -> None:
        self._queue.append(done)
        if self._starting:
            self._queue.remove(done)
            done()
            return
        self._parker.unpark()

    def stop(self) -> list[Call]:
        self._stopped = True
        current = self._current
        calls = [] if current is None else [current]
        while self._queue:
            try:
                call = self._queue.popleft()
            except IndexError:
                break
            if isinstance(call, Call):
                calls.append(call)
        self._parker.unpark()
        return calls

    def _wake(self, _: Call) -> None:
        self._parker.unpark()

    def _loop(self) -> None:
        if not self._construct():
            return
        queue, parker = self._queue, self._parker
        while not self._stopped:
            try:
                call = queue[0]
            except IndexError:
                parker.park()
                continue
            if not isinstance(call, Call):
                queue.popleft()
                if any(isinstance(item, Call) for item in queue):  # one that is tried again came behind it
                    queue.append(call)
                else:
                    call()
                continue
            if call.deferred:
                if call.settled():
                    call.deferred = False
                else:
                    parker.park()
                continue
            self._current = call
            try:
                queue.popleft()
            except IndexError:
                return  # stopped in between: whoever stopped it has the call
            if not call.settled():
                self._run(call)
            self._current = None
            if call.again:
                call.run_again()
            del call
