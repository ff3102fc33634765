"""The event loop of an async actor's concurrency group."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context

from conclint_runtime.actors.calls import Call
from conclint_runtime.actors.loops import LoopThread, LoopThreads

Run = Callable[[Call, "Turn"], Coroutine[object, object, None]]


class Turn:
    """A call's place among those that run, given up when the call has ended.

    Also where its task was cancelled before its first step, so that no line of its coroutine ran: then the coroutine's
    arguments are dropped, and this with them.
    """

    __slots__ = ("_call", "_group")

    def __init__(self, group: LoopGroup, call: Call) -> None:
        self._group = group
        self._call: Call | None = call

    def give_up(self) -> None:
        """Let the next one run; the call must be settled."""
        call, self._call = self._call, None
        if call is not None:
            self._group.ended(call)

    def __del__(self) -> None:
        if self._call is not None:
            self._call.abort_cancelled()
            self.give_up()


class LoopGroup:
    """Runs up to `limit` calls at a time as tasks of one loop; the others wait in a queue, in order.

    One whose arguments are late is overtaken by those behind it. The loop is taken at the first call.
    """

    def __init__(self, loops: LoopThreads, name: str, limit: int, run: Run) -> None:
        self._loops = loops
        self._name = name
        self._limit = limit
        self._run = run
        self._lock = threading.Lock()
        self._thread: LoopThread | None = None
        self._queue: deque[Call] = deque()
        self._active: dict[Call, asyncio.Task[None]] = {}
        self._unfinished: set[Call] = set()
        self._constructing: asyncio.Task[None] | None = None
        self._done: list[Callable[[], None]] = []
        self._stopped = False

    def _take_thread(self) -> LoopThread | None:
        """Return the loop's thread, taken now if it was not before; None when the group was stopped before that."""
        with self._lock:
            if self._thread is None and not self._stopped:
                self._thread = self._loops.acquire(self._name)
            return self._thread

    def construct(self, constructor: Callable[[], Coroutine[object, object, None]]) -> None:
        """Run the actor's constructor on the loop."""

        def begin(thread: LoopThread) -> None:
            self._constructing = _new_task(thread.loop, constructor())

        thread = self._take_thread()
        if thread is not None:
            thread.post(begin, thread)

    def submit(self, call: Call) -> None:
        thread = self._thread or self._take_thread()
        if thread is None:
            return  # whoever stopped the group fails the call
        self._unfinished.add(call)
        if call.has_refs and call.defer(lambda: thread.post(self._admit, call)):
            return
        if thread.on_this_thread():
            self._admit(call)
        else:
            thread.post(self._admit, call)

    def finish(self, done: Callable[[], None]) -> None:
        if self._thread is None:
            done()
        else:
            self._thread.post(self._finish, done)

    def stop(self) -> list[Call]:
        with self._lock:
            self._stopped = True
            thread = self._thread
        calls = list(self._unfinished)
        if thread is not None:
            thread.post(self._abandon, thread)
        return calls

    # What follows runs on the loop.

    def ended(self, call: Call) -> None:
        """A call has ended: let those run that wait for its place."""
        self._active.pop(call, None)
        if not call.run_again():
            self._forget(call)
        while self._queue and len(self._active) < self._limit and not self._stopped:
            waiting = self._queue.popleft()
            if waiting.settled():
                self._forget(waiting)
            else:
                self._start(waiting)

    def _admit(self, call: Call) -> None:
        if self._stopped or call.settled():
            self._forget(call)
        elif len(self._active) < self._limit:
            self._start(call)
        else:
            self._queue.append(call)

    def _start(self, call: Call) -> None:
        assert self._thread is not None
        self._active[call] = _new_task(self._thread.loop, self._run(call, Turn(self, call)))
        call.interrupt = self._interrupt

    def _interrupt(self, call: Call) -> None:
        if self._thread is not None:
            self._thread.post(self._cancel, call)

    def _cancel(self, call: Call) -> None:
        task = self._active.get(call)
        if task is not None:
            task.cancel()

    def _forget(self, call: Call) -> None:
        self._unfinished.discard(call)
        if self._done:
            self._tell_when_done()

    def _finish(self, done: Callable[[], None]) -> None:
        self._done.append(done)
        self._tell_when_done()

    def _tell_when_done(self) -> None:
        if not self._unfinished and not self._stopped:
            told, self._done = self._done, []
            for done in told:
                done()

    def _abandon(self, thread: LoopThread) -> None:
        self._queue.clear()
        if self._constructing is not None:
            self._constructing.cancel()
        for task in tuple(self._active.values()):
            task.cancel()
        self._loops.release(thread)


if sys.version_info >= (3, 11):

    def _new_task(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Make a task with a context of its own: what the caller's variables hold is no business of the actor."""
        if loop.get_task_factory() is None and not loop.get_debug():
            # What `create_task` does, without its detours; a third of the cost of a short call.
            return asyncio.Task(coroutine, loop=loop, name="call", context=Context())
        return loop.create_task(coroutine, context=Context())

else:

    def _new_task(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Make a task with a context of its own: what the caller's variables hold is no business of the actor."""
        return Context().run(loop.create_task, coroutine)
