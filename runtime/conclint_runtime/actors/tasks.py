"""Tasks on threads: as many at a time as there are slots, those that block in `get` not counted."""

from __future__ import annotations

import threading
from collections import deque
from contextvars import Context

from conclint_runtime.actors.calls import Call
from conclint_runtime.actors.interrupt import Interruptible
from conclint_runtime.actors.parking import Parker
from conclint_runtime.actors.running import Body, perform
from conclint_runtime.actors.threads import Threads
from conclint_runtime.exceptions import TaskCancelledError, WorkerCrashedError

IDLE_SECONDS = 10.0
"""How long a thread without a task stays."""
_ROUNDING = 1e-9  # fractions of slots do not add up exactly


class _Worker:
    __slots__ = ("call", "parker")

    def __init__(self, call: TaskCall) -> None:
        self.call: TaskCall | None = call
        self.parker = Parker()


class TaskCall(Call):
    """A call of a remote function, with the slots that it takes."""

    __slots__ = ("body", "cpus", "owner")

    body: Body
    cpus: float
    owner: TaskThreads

    def workers(self) -> int:
        """How many tasks can run at a time, unless they block."""
        return int(self.owner.slots)

    def leave(self) -> None:
        """Give the slots to others while the task blocks."""
        self.owner.leave(self)

    def enter_again(self) -> None:
        """Take the slots back at once: a task that goes on after a wait is not made to wait again."""
        self.owner.enter_again(self)


class TaskThreads:
    """Runs tasks in the order in which their arguments are complete, on threads made when no idle one is there.

    A task that blocks in `get` or `wait` gives its slots back meanwhile, so that the tasks that it waits for can run,
    however deep they nest; when it goes on there may be more tasks running than slots for a while. The queue of tasks
    without a slot is unbounded, as Ray's is.
    """

    def __init__(self, threads: Threads, slots: float) -> None:
        self._threads = threads
        self.slots = slots
        self._holders: dict[TaskCall, float] = {}
        self._lock = threading.RLock()
        self._queue: deque[TaskCall] = deque()
        self._unfinished: set[TaskCall] = set()
        self._idle: list[_Worker] = []
        self._made = 0
        self._stopped = False

    @property
    def free(self) -> float:
        """The slots that no task holds."""
        return max(self.slots - sum(tuple(self._holders.values())), 0.0)

    @property
    def unfinished(self) -> int:
        """How many tasks have not ended."""
        return len(self._unfinished)

    @property
    def queued(self) -> int:
        """How many tasks wait for a slot."""
        return len(self._queue)

    def submit(self, call: TaskCall) -> None:
        """Take a task, without blocking. One that wants more slots than there are gets all of them."""
        call.cpus = min(call.cpus, self.slots)
        call.slot = call
        self._unfinished.add(call)
        if not (call.has_refs and call.defer(lambda: self._enqueue(call))):
            self._enqueue(call)

    def stop(self) -> list[Call]:
        """Start no further task; return those that have not finished. Idle threads end."""
        with self._lock:
            self._stopped = True
            self._queue.clear()
            for worker in self._idle:
                worker.parker.unpark()
            self._idle.clear()
            return list(self._unfinished)

    def leave(self, call: TaskCall) -> None:
        """Take the slots of a task that blocks, and start what fits into them."""
        with self._lock:
            self._holders.pop(call, None)
            self._dispatch()

    def enter_again(self, call: TaskCall) -> None:
        """Give a task its slots back without waiting for them."""
        self._holders[call] = call.cpus

    def _enqueue(self, call: TaskCall) -> None:
        with self._lock:
            self._queue.append(call)
            self._dispatch()

    def _dispatch(self) -> None:
        while not self._stopped:
            call = self._take()
            if call is None:
                return
            if self._idle:
                worker = self._idle.pop()
                worker.call = call
                worker.parker.unpark()
            else:
                self._made += 1
                worker = _Worker(call)
                self._threads.start(lambda worker=worker: self._work(worker), f"task-{self._made}")  # type: ignore[misc]

    def _take(self) -> TaskCall | None:
        """Return the next task that fits into the free slots, with the slots taken."""
        queue = self._queue
        while queue:
            call = queue[0]
            if not call.settled():
                if call.cpus > self.free + _ROUNDING:
                    return None
                self._holders[call] = call.cpus
                return queue.popleft()
            queue.popleft()
            self._unfinished.discard(call)
        return None

    def _work(self, worker: _Worker) -> None:
        while True:
            call = worker.call
            if call is None:
                if not worker.parker.park(IDLE_SECONDS) and self._retire(worker):
                    return
                if self._stopped and worker.call is None:
                    return
                continue
            _run(call)
            with self._lock:
                self._unfinished.discard(call)
                self._holders.pop(call, None)
                worker.call = None if self._stopped else self._take()
                if worker.call is None:
                    if self._stopped:
                        return
                    self._idle.append(worker)
            if call.again:
                call.run_again()
            del call

    def _retire(self, worker: _Worker) -> bool:
        with self._lock:
            if worker not in self._idle:
                return False  # it was given a task just now
            self._idle.remove(worker)
            return True


def _run(call: TaskCall) -> None:
    error = Context().run(perform, call, lambda *args, **kwargs: _interruptible(call, args, kwargs))
    if isinstance(error, SystemExit):
        call.abort(WorkerCrashedError(f"The task {call.name} ended its worker: it raised {error!r}."))
    elif isinstance(error, KeyboardInterrupt):
        call.fail(TaskCancelledError(call.task_id()))


def _interruptible(call: TaskCall, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
    """Run the task's function in a stretch of its own: nothing of the runtime around it is ever interrupted.

    A generator is not run here: it ends at its next item.
    """
    call.stretch = stretch = Interruptible()
    try:
        call.interrupt = lambda _: stretch.interrupt()
        if call.cancel_requested:  # who asked before the line above found nothing to interrupt
            raise KeyboardInterrupt
        return call.body(*args, **kwargs)
    finally:
        while call.stretch is not None:
            try:
                stretch.close()
                call.interrupt = call.stretch = None
            except KeyboardInterrupt:
                continue
