"""One life of an actor: its instance and the workers that run its calls. A restart begins another one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from conclint_runtime.actors.blueprint import target_of
from conclint_runtime.actors.calls import CURRENT, Call, finished, started
from conclint_runtime.actors.departure import ActorExit
from conclint_runtime.actors.parking import Parker
from conclint_runtime.actors.running import perform
from conclint_runtime.actors.sync_worker import SyncWorker
from conclint_runtime.actors.thread_group import ThreadGroup
from conclint_runtime.exceptions import AsyncioActorExit, RayActorError, TaskCancelledError

if TYPE_CHECKING:
    from conclint_runtime.actors.actor import EmbeddedActor
    from conclint_runtime.actors.loops import LoopThreads
    from conclint_runtime.actors.threads import Threads
    from conclint_runtime.actors.workers import Workers


class Home(Protocol):
    """What an actor needs of its engine."""

    threads: Threads

    def loops(self) -> LoopThreads:
        """The engine's event loops."""

    def actor_died(self, actor: EmbeddedActor) -> None:
        """The actor is dead: forget it, and free its name."""


class Incarnation:
    """An instance of the actor's class, from before its constructor until the actor ends or restarts.

    Calls that come before the constructor has finished wait in `_early`, in order; it is None once they may go on to
    the workers at once. A sync actor needs no such queue: its one thread runs the constructor first.

    Attributes:
        end: why this life is over; None while it lasts. Set before anything is taken down, so that whoever submits a
            call looks at it afterwards and knows whether the call can still be run.
    """

    def __init__(self, actor: EmbeddedActor, home: Home) -> None:
        self._actor = actor
        self._home = home
        self._lock = threading.RLock()
        self._birth = Parker()
        self._when_open: list[Callable[[], None]] = []
        self._early: deque[Call] | None = None if actor.kind == "sync" else deque()
        self.instance: object = None
        self.end: RayActorError | None = None
        self._groups: dict[str, Workers] = self._make_groups()

    def _make_groups(self) -> dict[str, Workers]:
        actor, threads = self._actor, self._home.threads
        name = f"{actor.class_name}-{actor.actor_id[-6:]}"
        if actor.kind == "sync":
            return {"": SyncWorker(threads, name, self._construct, self._run)}
        if actor.kind == "async":
            from conclint_runtime.actors.async_start import loop_groups

            return loop_groups(self, actor.settings.groups, name, self._home.loops())
        return {
            group: ThreadGroup(threads, f"{name}{'-' if group else ''}{group}", size, self._run)
            for group, size in actor.settings.groups.items()
        }

    def begin(self) -> None:
        """Have the constructor run where the kind of actor wants it.

        Where the class has none there is nothing to see of it: then the first call begins.
        """
        actor = self._actor
        if actor.kind == "sync":
            if actor.blueprint.has_constructor:
                worker = self._groups[""]
                assert isinstance(worker, SyncWorker)
                worker.start()
        elif actor.kind == "async":
            from conclint_runtime.actors.async_start import begin_async

            begin_async(self, self._groups[""], actor)
        else:
            self._home.threads.start(self._construct_and_stay, f"{actor.class_name}-{actor.actor_id[-6:]}-constructor")

    def submit(self, call: Call) -> None:
        """Take a call, from any thread, without blocking."""
        if self._early is None:
            self._groups[call.group].submit(call)
        else:
            with self._lock:
                if self._early is not None:
                    self._early.append(call)
                else:
                    self._groups[call.group].submit(call)
        if self.end is not None:
            call.abort(self.end)

    def open(self) -> None:
        """Let the calls in that came before the constructor had finished."""
        with self._lock:
            while self._early:
                call = self._early.popleft()
                self._groups[call.group].submit(call)
            self._early = None
            waiting, self._when_open = self._when_open, []
        for job in waiting:
            job()

    def finish(self, done: Callable[[], None]) -> None:
        """Have `done()` called when everything that was submitted so far has ended."""
        with self._lock:
            if self._early is not None:
                self._when_open.append(lambda: self.finish(done))
                return
        missing = list(self._groups)

        def one_done() -> None:
            missing.pop()
            if not missing:
                done()

        for group in tuple(self._groups.values()):
            group.finish(one_done)

    def stop(self, error: RayActorError) -> None:
        """End this life: every call that has not finished fails with the error."""
        self.end = error
        with self._lock:
            calls = list(self._early or ())
            self._early = None
        for group in self._groups.values():
            calls.extend(group.stop())
        for call in calls:
            call.abort(error)
        self._birth.unpark()
        self.instance = None

    # What follows runs on the actor's own threads.

    def left(self, call: Call, error: BaseException) -> None:
        """Act on an error that a method ended with, where it means more than a failed call."""
        if self.end is not None or not isinstance(error, (SystemExit, KeyboardInterrupt, AsyncioActorExit)):
            return
        name = self._actor.class_name
        if isinstance(error, KeyboardInterrupt):
            call.fail(TaskCancelledError(call.task_id()))
        elif isinstance(error, (ActorExit, AsyncioActorExit)):
            self._actor.die(f"The actor {name} exited: `exit_actor` was called in {call.name}.", life=self)
        else:
            asked = isinstance(error, SystemExit) and error.code in {None, 0}
            why = f"The actor {name} exited: {call.name} raised {error!r}."
            self._actor.die(why, may_restart=not asked, life=self)

    def _run(self, call: Call) -> None:
        instance = self.instance
        if self.end is not None:  # looked at after the instance was read: it is cleared after this is set
            call.abort(self.end)
            return
        try:
            body = target_of(instance, call.function)
        except BaseException as missing:
            call.fail(missing)
            return
        error = perform(call, body)
        if error is not None:
            self.left(call, error)

    def _construct(self) -> bool:
        call = self._actor.constructor
        if call.defer(self._birth.unpark):
            while call.deferred and self.end is None:
                self._birth.park()
        if self.end is not None:
            return False
        token = CURRENT.set(call)
        started(call)
        error: BaseException | None = None
        try:
            args, kwargs = call.arguments()
            self.instance = self._actor.blueprint.cls(*args, **kwargs)
        except BaseException as raised:
            error = raised
        finished(call, error)
        CURRENT.reset(token)
        if error is not None:
            self._actor.fail_construction(error, self)
        return error is None and self.end is None

    def _construct_and_stay(self) -> None:
        """Run the constructor, then stay as long as the actor lives.

        If the thread ended, a worker might get its identifier, and what is bound to the constructor's thread (a sqlite
        connection, say) would seem to work in that one.
        """
        if self._construct():
            self.open()
        while self.end is None:
            self._birth.park()
