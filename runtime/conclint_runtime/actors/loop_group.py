"""The event loop of an async actor's concurrency group."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context

from conclint_runtime.actors.calls import Call
from conclint_runtime.actors.loops import LoopThread, LoopThreads


class LoopGroup:
    """Runs up to `limit` calls at a time as tasks of one loop; the others wait in a queue, in order.

    One whose arguments are late is overtaken by those behind it. The loop is taken at the first call.
    """

    def __init__(
        self,
        loops: LoopThreads,
        name: str,
        limit: int,
        run: Callable[[Call], Coroutine[object, object, object]],
        ended: Callable[[], None],
    ) -> None:
        self._loops = loops
        self._name = name
        self._limit = limit
        self._run = run
        self._ended = ended
        self._thread: LoopThread | None = None
        self._queue: deque[Call] = deque()
        self._active: dict[Call, asyncio.Task[object]] = {}
        self._submitted: set[Call] = set()
        self._constructing: asyncio.Task[None] | None = None
        self._finishing = False
        self._stopped = False

    def thread(self) -> LoopThread:
        """The loop's thread; taken now if it was not before."""
        if self._thread is None:
            self._thread = self._loops.acquire(self._name)
        return self._thread

    def construct(self, constructor: Callable[[], Coroutine[object, object, None]]) -> None:
        """Run the actor's constructor on the loop."""

        def begin(_: None) -> None:
            self._constructing = Context().run(asyncio.get_running_loop().create_task, constructor())

        self.thread().post(begin, None)

    def submit(self, call: Call) -> None:
        thread = self.thread()
        self._submitted.add(call)
        if (call.args or call.kwargs) and call.defer(lambda: thread.post(self._admit, call)):
            return
        if thread.on_this_thread():
            self._admit(call)
        else:
            thread.post(self._admit, call)

    def finish(self) -> None:
        if self._thread is None:
            self._stopped = True
            self._ended()
        else:
            self._thread.post(self._finish, None)

    def stop(self) -> list[Call]:
        self._stopped = True
        calls = list(self._submitted)
        thread = self._thread
        if thread is not None:
            thread.post(self._abandon, thread)
        return calls

    # What follows runs on the loop.

    def _admit(self, call: Call) -> None:
        if self._stopped or call.settled():
            self._forget(call)
        elif len(self._active) < self._limit:
            self._start(call)
        else:
            self._queue.append(call)

    def _start(self, call: Call) -> None:
        coroutine = self._run(call)
        # A context of its own: what the caller's variables hold is no business of the actor, nor was it on Ray.
        task = Context().run(asyncio.get_running_loop().create_task, coroutine)
        self._active[call] = task
        call.interrupt = lambda: self.thread().post(lambda _: task.cancel(), None)
        task.add_done_callback(lambda _: self._done(call))

    def _done(self, call: Call) -> None:
        self._active.pop(call, None)
        self._forget(call)
        while self._queue and len(self._active) < self._limit and not self._stopped:
            waiting = self._queue.popleft()
            if waiting.settled():
                self._forget(waiting)
            else:
                self._start(waiting)

    def _forget(self, call: Call) -> None:
        self._submitted.discard(call)
        if self._finishing:
            self._finish(None)

    def _finish(self, _: None) -> None:
        self._finishing = True
        if not self._submitted and not self._stopped:
            self._stopped = True
            self._ended()
            if self._thread is not None:
                self._loops.release(self._thread)

    def _abandon(self, thread: LoopThread) -> None:
        self._queue.clear()
        if self._constructing is not None:
            self._constructing.cancel()
        for task in tuple(self._active.values()):
            task.cancel()
        self._loops.release(thread)
