"""The engine on a xoscar pool."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from conclint_runtime.actors import waiting
from conclint_runtime.actors.blueprint import Arity, Blueprint, declared_options, shape_of
from conclint_runtime.actors.departure import ActorExit
from conclint_runtime.actors.engine_protocol import ClassDefinition, FunctionDefinition
from conclint_runtime.actors.options import method_options
from conclint_runtime.actors.ref import ObjectRef, is_ready, retire_references, settle_value
from conclint_runtime.actors.settings import actor_settings
from conclint_runtime.actors.stream import ObjectRefGenerator
from conclint_runtime.backends.differences import refusal
from conclint_runtime.backends.xoscar_calls import XoscarCallee, XoscarHandle
from conclint_runtime.backends.xoscar_flights import Flight, feed, land
from conclint_runtime.backends.xoscar_messages import (
    HERE,
    Employment,
    Kind,
    Task,
    consignment,
)
from conclint_runtime.backends.xoscar_pool import PoolConnection
from conclint_runtime.exceptions import ActorAlreadyExistsError

if TYPE_CHECKING:
    from conclint_runtime.actors.context import RuntimeContext
    from conclint_runtime.actors.engine_protocol import Submitted
    from conclint_runtime.actors.handle import ActorHandle

T = TypeVar("T")

# What an actor or a task may ask for that xoscar has nothing like.
_REFUSED = {
    "accelerator_type": "resources",
    "concurrency_groups": "concurrency groups",
    "max_pending_calls": "max_pending_calls",
    "max_restarts": "restarts",
    "max_retries": "retries",
    "max_task_retries": "restarts",
    "memory": "resources",
    "num_gpus": "resources",
    "placement_group": "placement",
    "resources": "resources",
    "retry_exceptions": "retries",
    "runtime_env": "runtime_env",
    "scheduling_strategy": "placement",
}
_ASKS_FOR_NOTHING = {"max_pending_calls": -1, "scheduling_strategy": "DEFAULT", "placement_group": "default"}


class XoscarEngine:
    """Calls of the program as messages of xoscar. Calls under way are not bounded, as Ray's are not."""

    def __init__(self, pool: PoolConnection, namespace: str) -> None:
        self.pool = pool
        self.namespace = namespace
        self._closed = False

    @property
    def name(self) -> str:
        """The engine's name."""
        return "xoscar"

    def submit_task(
        self,
        task: FunctionDefinition,
        args: tuple[object, ...],
        kwargs: dict[str, object],
        options: Mapping[str, object],
    ) -> Submitted:
        """Submit one call of a remote function and return at once."""
        _refuse(options, task.name)
        Arity(task.function, 0).check(args, kwargs)
        asked = method_options(options, declared_options(task.function))
        flight = Flight(task.name, asked.num_returns, shape_of(task.function))
        sent = consignment(args, kwargs, self.pool.station.elsewhere)
        job = Task(task.name, task.function)

        async def send() -> None:
            values = await sent.values()
            host = await self.pool.task_host()
            if flight.stream is not None:
                await feed(flight, host.stream(job, sent.cargo, values))
            else:
                land(flight, await host.call(job, sent.cargo, values))

        return self.pool.depart(flight, send, None)

    def create_actor(
        self,
        actor: ClassDefinition,
        args: tuple[object, ...],
        kwargs: dict[str, object],
        options: Mapping[str, object],
    ) -> ActorHandle:
        """Create an actor and return its handle at once; one with a name when the name is known to be free."""
        _refuse(options, actor.name)
        blueprint = Blueprint(actor.cls)
        blueprint.constructor.check(args, kwargs)
        job = self._employment(actor.cls, blueprint, options)
        sent = consignment(args, kwargs, self.pool.station.elsewhere)
        if job.name:
            there = self.pool.claim_name(job)
            if there is not None and options.get("get_if_exists"):
                return self.handle(there)
            if there is not None:
                raise ActorAlreadyExistsError(
                    f"The name {job.name} (namespace={job.namespace}) is already taken. Use another one, or get the "
                    f"actor that has it by get_actor({job.name!r}, namespace={job.namespace!r})"
                )
        callee = XoscarCallee(self, job, lambda: self.pool.construct(callee, sent))
        self.pool.begin(callee)
        return XoscarHandle(callee)

    def _employment(self, cls: type, blueprint: Blueprint, options: Mapping[str, object]) -> Employment:
        settings = actor_settings(options, blueprint, self.namespace)
        concurrency = settings.groups[""]
        kind: Kind = "async" if blueprint.is_async else "threaded" if concurrency > 1 else "sync"
        return Employment(
            uuid.uuid4().hex, settings.name, settings.namespace, cls, kind, concurrency, self.pool.station
        )

    def handle(self, job: Employment) -> XoscarHandle:
        """Return a handle to an actor that another handle, or a name, told of."""
        callee = self.pool.callees.get(job.uid)
        if callee is None:
            callee = XoscarCallee(self, job, lambda: self.pool.find(job.uid))
            self.pool.callees[job.uid] = callee
        return XoscarHandle(callee)

    def get(self, refs: object, timeout: float | None) -> object:
        """Return the value of a reference, or the list of values of a list of them."""
        if self.pool.is_blocked_by_caller() and timeout != 0 and any(not is_ready(ref) for ref in _references(refs)):
            raise refusal("blocking in an async actor", "get")
        return waiting.get(refs, timeout)

    def wait(
        self, refs: object, num_returns: int, timeout: float | None, fetch_local: bool
    ) -> tuple[list[ObjectRef[object]], list[ObjectRef[object]]]:
        """Wait until `num_returns` of the references are ready."""
        del fetch_local  # every value is local
        if self.pool.is_blocked_by_caller() and timeout != 0 and sum(map(is_ready, _references(refs))) < num_returns:
            raise refusal("blocking in an async actor", "wait")
        return waiting.wait(refs, num_returns, timeout)

    def put(self, value: object) -> ObjectRef[object]:
        """Keep a copy of the value and return a reference to it, in this process."""
        if isinstance(value, ObjectRef):
            raise TypeError("Calling 'put' on an ray.ObjectRef is not allowed: it is a reference already.")
        ref: ObjectRef[object] = ObjectRef()
        settle_value(ref, value)
        return ref

    def cancel(self, ref: object, force: bool, recursive: bool) -> None:
        """Cancel the call behind a reference: an async method hears of it, anything else runs on unseen."""
        del recursive
        if not isinstance(ref, ObjectRef | ObjectRefGenerator):
            raise TypeError(
                f"ray.cancel() only supported for object refs. For actors, try ray.kill(). Got: {type(ref)}."
            )
        found = self.pool.flight_of(ref if isinstance(ref, ObjectRef) else ref.completed())
        if found is None:
            return
        flight, callee = found
        if force and callee is not None:
            raise ValueError("force=True is not supported for actor tasks.")
        if force:
            raise refusal("forced cancellation", f"cancel(force=True) of {flight.name}")
        self.pool.cancel(flight)

    def kill(self, actor: object, no_restart: bool) -> None:
        """End an actor."""
        del no_restart  # none restarts
        if not isinstance(actor, XoscarHandle):
            raise ValueError(f"ray.kill() only supported for actors. For tasks, try ray.cancel(). Got: {type(actor)}.")
        self.pool.bury(actor.__dict__["callee"], "The actor is dead because it was killed by `ray.kill`.")

    def get_actor(self, name: str, namespace: str | None) -> ActorHandle:
        """Return the handle of a named actor."""
        space = self.namespace if namespace is None else namespace
        job = self.pool.look_up(name, space)
        if job is None:
            raise ValueError(
                f"Failed to look up actor with name '{name}': there is none in the namespace {space!r}, or it has ended"
            )
        return self.handle(job)

    def list_named_actors(self, all_namespaces: bool) -> Sequence[str | Mapping[str, str]]:
        """Refuse: a pool does not tell what it holds."""
        raise refusal("list_named_actors", f"list_named_actors(all_namespaces={all_namespaces})")

    def exit_actor(self) -> None:
        """End the actor whose method calls this."""
        if HERE.get() is None:
            raise TypeError("exit_actor called from outside of an actor")
        raise ActorExit

    def runtime_context(self) -> RuntimeContext:
        """Describe where the caller runs."""
        from conclint_runtime.backends.contexts import XoscarContext

        return XoscarContext(self)

    def resources(self, available: bool) -> Mapping[str, float]:
        """Refuse: xoscar does not count them."""
        raise refusal("resources", "available_resources" if available else "cluster_resources")

    def shutdown(self) -> None:
        """Stop the pool if it was started for this engine, and the thread; fail what is under way. Idempotent."""
        if not self._closed:
            self._closed = True
            self.pool.close()
            retire_references()


def engine_here() -> XoscarEngine:
    """Return the engine of this process: in a sub-process, the one that its calls go to.

    Raises:
        RuntimeError: another engine runs here.
    """
    from conclint_runtime.actors.api import current_engine

    engine = current_engine()
    if not isinstance(engine, XoscarEngine):
        raise RuntimeError(f"a handle of the xoscar backend came to a process that runs the {engine.name} engine")
    return engine


def _references(refs: object) -> list[ObjectRef[object]]:
    """The references among the arguments of `get` or `wait`, whose other mistakes are told by those."""
    return [each for each in (refs if isinstance(refs, list) else [refs]) if isinstance(each, ObjectRef)]


def _refuse(options: Mapping[str, object], subject: str) -> None:
    for option, value in options.items():
        if option in _REFUSED and value and value != _ASKS_FOR_NOTHING.get(option):
            raise refusal(_REFUSED[option], f"{option}={value!r} of {subject}")
