"""The embedded engine: everything in this process, on threads and event loops."""

from __future__ import annotations

import os
import threading
from _queue import SimpleQueue
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

from conclint_runtime.actors import waiting
from conclint_runtime.actors.actor import EmbeddedActor
from conclint_runtime.actors.blueprint import Arity, Blueprint, Shape, shape_of
from conclint_runtime.actors.calls import CURRENT, Call, submitted
from conclint_runtime.actors.cancelling import cancel
from conclint_runtime.actors.context import RuntimeContext, context_here
from conclint_runtime.actors.departure import ActorExit
from conclint_runtime.actors.engine_protocol import ClassDefinition, FunctionDefinition
from conclint_runtime.actors.handle import ActorHandle
from conclint_runtime.actors.interrupt import uninterrupted
from conclint_runtime.actors.lease import Lease
from conclint_runtime.actors.names import Names
from conclint_runtime.actors.options import method_options
from conclint_runtime.actors.ref import ObjectRef, retire_references, settle_value
from conclint_runtime.actors.results import attach_results
from conclint_runtime.actors.settings import actor_settings, read_cpus
from conclint_runtime.actors.statistics import EngineStatistics
from conclint_runtime.actors.tasks import TaskCall, TaskThreads
from conclint_runtime.actors.threads import Threads
from conclint_runtime.exceptions import AsyncioActorExit, RayError

if TYPE_CHECKING:
    from conclint_runtime.actors.engine_protocol import Submitted
    from conclint_runtime.actors.loops import LoopThreads
    from conclint_runtime.actors.processes import TaskProcesses

SHUTDOWN_SECONDS = 2.0
"""How long `shutdown` waits for threads that run the program's code; what still runs then is left to itself."""

_jobs = iter(range(1, 1 << 62))


class EmbeddedEngine:
    """Runs actors and tasks in this process. Made by `start`; implements `Engine`.

    Parameters:
        num_cpus: how many task slots there are; None for as many as the machine has processors.
        namespace: where names of actors are looked up when a call gives none.
        tasks: `threads` (they share the program's globals) or `processes` (they do not, and run in parallel).
    """

    name = "embedded"

    def __init__(
        self, num_cpus: float | None = None, namespace: str = "", tasks: Literal["threads", "processes"] = "threads"
    ) -> None:
        self.namespace = namespace or f"job-{os.getpid()}"
        self.job_id = f"{next(_jobs):08x}"
        self.threads = Threads()
        self._slots = float(os.cpu_count() or 1) if num_cpus is None else float(num_cpus)
        self._tasks = TaskThreads(self.threads, self._slots)
        self._processes = _processes(tasks)
        self._loops: LoopThreads | None = None
        self._lock = threading.RLock()
        self._names = Names()
        self._actors: set[EmbeddedActor] = set()
        self._blueprints: WeakKeyDictionary[ClassDefinition, Blueprint] = WeakKeyDictionary()
        self._functions: WeakKeyDictionary[FunctionDefinition, tuple[Arity, Shape]] = WeakKeyDictionary()
        # Finalisers put here; `put` of a SimpleQueue may interrupt anything: that of the interpreter itself,
        # for the one in Python that an exploration puts in its place may not.
        self._departures: SimpleQueue[EmbeddedActor | None] = SimpleQueue()
        self._collecting = False
        self._down = False
        self._detached: set[Lease] = set()

    # Tasks

    @uninterrupted
    def submit_task(
        self,
        task: FunctionDefinition,
        args: tuple[object, ...],
        kwargs: dict[str, object],
        options: Mapping[str, object],
    ) -> Submitted:
        arity, shape = self._reading(task)
        arity.check(args, kwargs)
        call = TaskCall(task.name, task.name, args, kwargs, method_options(options))
        call.body = task.function if self._processes is None else self._processes.body(task)
        call.cpus = read_cpus(options)
        call.owner = self._tasks
        retries = options.get("max_retries", 3)
        call.retries_left = retries if isinstance(retries, int) else 3
        call.resubmit = self._resubmit
        if args or kwargs:
            call.take_arguments()
        result = attach_results(call, shape)
        submitted(call)
        self._tasks.submit(call)
        if self._down:
            call.abort(RayError("The runtime was shut down before the task could run."))
        return result

    def _resubmit(self, call: Call) -> None:
        assert isinstance(call, TaskCall)
        self._tasks.submit(call)

    def _reading(self, task: FunctionDefinition) -> tuple[Arity, Shape]:
        reading = self._functions.get(task)
        if reading is None:
            reading = self._functions[task] = (Arity(task.function, skip=0), shape_of(task.function))
        return reading

    # Actors

    @uninterrupted
    def create_actor(
        self,
        actor: ClassDefinition,
        args: tuple[object, ...],
        kwargs: dict[str, object],
        options: Mapping[str, object],
    ) -> ActorHandle:
        blueprint = self._blueprints.get(actor)
        if blueprint is None:
            blueprint = self._blueprints[actor] = Blueprint(actor.cls)
        blueprint.constructor.check(args, kwargs)
        settings = actor_settings(options, blueprint, self.namespace)
        with self._lock:
            if settings.name:
                present = self._names.find(settings.name, settings.namespace)
                if present is not None and options.get("get_if_exists"):
                    return ActorHandle(present)
                self._names.check_free(settings.name, settings.namespace)
            created = EmbeddedActor(self, blueprint, args, kwargs, settings)
            lease = Lease(created, self._departures.put)
            self._actors.add(created)
            if settings.name:
                self._names.add(created)
            if settings.detached:
                self._detached.add(lease)
            if not self._collecting:
                self._collecting = True
                self.threads.start(self._collect, "actor-departures")
        submitted(created.constructor)
        created.start()
        if self._down:
            created.die("The runtime was shut down before the actor could start.")
        return ActorHandle(lease)

    @uninterrupted
    def get_actor(self, name: str, namespace: str | None) -> ActorHandle:
        lease = self._names.find(name, namespace or self.namespace)
        if lease is None:
            raise ValueError(
                f"Failed to look up actor with name '{name}': no actor of that name lives in namespace"
                f" '{namespace or self.namespace}'. It was never created, has ended with its last handle (give it"
                " lifetime='detached' to outlive them), or was killed."
            )
        return ActorHandle(lease)

    def list_named_actors(self, all_namespaces: bool) -> Sequence[str | Mapping[str, str]]:
        if all_namespaces:
            return self._names.everywhere()
        return self._names.inside(self.namespace)

    @uninterrupted
    def kill(self, actor: object, no_restart: bool) -> None:
        if not isinstance(actor, ActorHandle):
            raise ValueError(f"ray.kill() only supported for actors. For tasks, try ray.cancel(). Got: {type(actor)}.")
        lease = actor.__dict__["_callee"]
        if isinstance(lease, Lease):
            lease.actor.die("The actor is dead because it was killed by `ray.kill`.", may_restart=not no_restart)

    def exit_actor(self) -> None:
        call = CURRENT.get()
        if call is None or call.actor is None:
            raise TypeError("exit_actor API is called on a non-actor worker: call it in a method of an actor.")
        if call.actor.kind == "async":
            raise AsyncioActorExit("exit_actor was called")
        raise ActorExit

    def handle_of(self, actor: EmbeddedActor) -> ActorHandle:
        """Return a handle to a living actor."""
        return ActorHandle(actor.lease() or Lease(actor, self._departures.put))

    def actor_died(self, actor: EmbeddedActor) -> None:
        with self._lock:
            self._actors.discard(actor)
            self._names.remove(actor)
            self._detached = {lease for lease in self._detached if lease.actor is not actor}

    def loops(self) -> LoopThreads:
        with self._lock:
            if self._loops is None:
                from conclint_runtime.actors.loops import LoopThreads

                self._loops = LoopThreads(self.threads)
            return self._loops

    def _collect(self) -> None:
        """End actors whose last handle is gone; runs until `shutdown`."""
        while True:
            actor = self._departures.get()
            if actor is None:
                return
            actor.leave()

    # Values

    def get(self, refs: object, timeout: float | None) -> object:
        return waiting.get(refs, timeout)

    def wait(
        self, refs: object, num_returns: int, timeout: float | None, fetch_local: bool
    ) -> tuple[list[ObjectRef[object]], list[ObjectRef[object]]]:
        del fetch_local  # every value is local
        return waiting.wait(refs, num_returns, timeout)

    @uninterrupted
    def put(self, value: object) -> ObjectRef[object]:
        if isinstance(value, ObjectRef):
            raise TypeError(
                "Calling 'put' on an ray.ObjectRef is not allowed. If you really want to do this, you can wrap the"
                " ray.ObjectRef in a list and call 'put' on it."
            )
        ref: ObjectRef[object] = ObjectRef()
        settle_value(ref, value)
        return ref

    @uninterrupted
    def cancel(self, ref: object, force: bool, recursive: bool) -> None:
        cancel(ref, force, recursive)

    def runtime_context(self) -> RuntimeContext:
        return context_here(self)

    def resources(self, available: bool) -> Mapping[str, float]:
        return {"CPU": self._tasks.free if available else self._slots}

    def statistics(self) -> EngineStatistics:
        """Count what runs now."""
        return EngineStatistics(
            actors=len(self._actors),
            named_actors=len(self._names),
            threads=self.threads.count(),
            loops=0 if self._loops is None else self._loops.count(),
            task_slots=self._slots,
            free_slots=self._tasks.free,
            unfinished_tasks=self._tasks.unfinished,
            queued_tasks=self._tasks.queued,
        )

    def shutdown(self) -> None:
        self.stop(SHUTDOWN_SECONDS)

    @uninterrupted
    def stop(self, seconds: float) -> None:
        """Shut down, waiting `seconds` at most for threads that run the program's code."""
        with self._lock:
            if self._down:
                return
            self._down = True
            actors = tuple(self._actors)
            self._detached.clear()
        for call in self._tasks.stop():
            call.abort(RayError(f"The runtime was shut down before {call.name} had finished."))
        for actor in actors:
            actor.die("The actor ended because the runtime was shut down.")
        if self._processes is not None:
            self._processes.stop()
        self._departures.put(None)
        retire_references()
        self.threads.join(seconds)


def _processes(tasks: str) -> TaskProcesses | None:
    if tasks == "threads":
        return None
    if tasks == "processes":
        from conclint_runtime.actors.processes import TaskProcesses

        return TaskProcesses()
    raise ValueError(f"tasks={tasks!r}: tasks run on 'threads' or in 'processes'")
