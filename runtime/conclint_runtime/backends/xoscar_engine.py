"""The engine on a xoscar pool."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

from conclint_runtime.actors import waiting
from conclint_runtime.actors.blueprint import Arity, Blueprint, declared_options, shape_of
from conclint_runtime.actors.departure import ActorExit
from conclint_runtime.actors.engine_protocol import ClassDefinition, FunctionDefinition
from conclint_runtime.actors.options import method_options
from conclint_runtime.actors.ref import ObjectRef, is_ready, retire_references, settle_value
from conclint_runtime.actors.settings import actor_settings
from conclint_runtime.actors.stream import ObjectRefGenerator
from conclint_runtime.backends.differences import refusal
from conclint_runtime.backends.installed import library
from conclint_runtime.backends.xoscar_calls import XoscarCallee, XoscarHandle
from conclint_runtime.backends.xoscar_flights import Flight, Theirs, feed, land, misfortune
from conclint_runtime.backends.xoscar_messages import (
    HERE,
    Consignment,
    Employment,
    Kind,
    Raised,
    Station,
    Task,
    consignment,
)
from conclint_runtime.exceptions import ActorAlreadyExistsError, ActorDiedError
from conclint_runtime.xo.homes import LoopThread, running_loop

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

    def __init__(self, thread: LoopThread, station: Station, pool: Theirs | None, namespace: str) -> None:
        self.station = station
        self.namespace = namespace
        self._xo = library("xoscar")
        self._thread = thread
        self._pool = pool
        self._turns = itertools.count()
        self._task_hosts: dict[int, asyncio.Future[Theirs]] = {}
        self._flights: dict[Flight, XoscarCallee | None] = {}
        self._of_ref: WeakKeyDictionary[ObjectRef[object], Flight] = WeakKeyDictionary()
        self._callees: WeakValueDictionary[str, XoscarCallee] = WeakValueDictionary()
        self._closed = False

    @property
    def name(self) -> str:
        """The engine's name."""
        return "xoscar"

    def depart(
        self, flight: Flight, send: Callable[[], Coroutine[object, object, None]], callee: XoscarCallee | None
    ) -> Submitted:
        """Start a call from any thread and return what its caller gets. `callee` is None for a task."""
        if callee is not None and callee.died is not None:
            flight.fail(callee.died)
            return flight.result
        self._flights[flight] = callee
        for ref in flight.told():
            self._of_ref[ref] = flight
        self._thread.loop.call_soon_threadsafe(self._begin, flight, send)
        return flight.result

    def _begin(self, flight: Flight, send: Callable[[], Coroutine[object, object, None]]) -> None:
        if flight.ended:  # cancelled, or its actor was killed, before it began
            self._flights.pop(flight, None)
        else:
            flight.task = self._thread.loop.create_task(self._fly(flight, send))

    async def _fly(self, flight: Flight, send: Callable[[], Coroutine[object, object, None]]) -> None:
        try:
            await send()
        except asyncio.CancelledError:
            flight.fail(ActorDiedError("The pool was stopped while the call was under way."))
        except Exception as error:  # whatever kept the call from its outcome is its outcome
            flight.fail(misfortune(error))
        finally:
            self._flights.pop(flight, None)

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
        sent = consignment(args, kwargs, self.station.elsewhere)
        job = Task(task.name, task.function)
        turn = next(self._turns)

        async def send() -> None:
            values = await sent.values()
            host = await self._task_host(turn)
            if flight.stream is not None:
                await feed(flight, host.stream(job, sent.cargo, values))
            else:
                land(flight, await host.call(job, sent.cargo, values))

        return self.depart(flight, send, None)

    async def _task_host(self, turn: int) -> Theirs:
        from conclint_runtime.backends.xoscar_host import TaskHost

        at = self._place(turn)
        if at not in self._task_hosts:
            self._task_hosts[at] = asyncio.ensure_future(self._create(at, TaskHost, self.station))
        return await asyncio.shield(self._task_hosts[at])

    def _place(self, turn: int) -> int:
        """The index of the pool whose turn it is: the main one where there are no others."""
        return 1 + turn % self.station.sub_pools if self.station.elsewhere else 0

    async def _create(self, at: int, host: type, *args: object, uid: str | None = None) -> Theirs:
        strategy = self._xo.allocate_strategy.ProcessIndex(at)
        return await self._xo.create_actor(
            host, *args, uid=uid, address=self.station.address, allocate_strategy=strategy
        )

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
        sent = consignment(args, kwargs, self.station.elsewhere)
        if job.name:
            there = self._claim_name(job)
            if there is not None and options.get("get_if_exists"):
                return there
            if there is not None:
                raise ActorAlreadyExistsError(
                    f"The name {job.name} (namespace={job.namespace}) is already taken. Use another one, or get the "
                    f"actor that has it by get_actor({job.name!r}, namespace={job.namespace!r})"
                )
        turn = next(self._turns)
        callee = XoscarCallee(self, job, lambda: self._construct(callee, turn, sent))
        self._callees[job.uid] = callee
        self._thread.loop.call_soon_threadsafe(callee.begin)
        return XoscarHandle(callee)

    def _employment(self, cls: type, blueprint: Blueprint, options: Mapping[str, object]) -> Employment:
        settings = actor_settings(options, blueprint, self.namespace)
        concurrency = settings.groups[""]
        kind: Kind = "async" if blueprint.is_async else "threaded" if concurrency > 1 else "sync"
        return Employment(uuid.uuid4().hex, settings.name, settings.namespace, cls, kind, concurrency, self.station)

    async def _construct(self, callee: XoscarCallee, turn: int, sent: Consignment) -> Theirs:
        from conclint_runtime.backends.xoscar_host import ActorHost

        job = callee.job
        values = await sent.values()
        host = await self._create(self._place(turn), ActorHost, job, uid=job.uid)
        outcome = await host.construct(sent.cargo, values)
        if isinstance(outcome, Raised):
            why = "The actor died because of an error raised in its creation task, " + str(outcome.error())
            self.bury(callee, why)
            raise ActorDiedError(why, job.uid)
        return host

    def handle(self, job: Employment) -> XoscarHandle:
        """Return a handle to an actor that another handle, or a name, told of."""
        callee = self._callees.get(job.uid)
        if callee is None:
            callee = XoscarCallee(self, job, lambda: self._find(job.uid))
            self._callees[job.uid] = callee
        return XoscarHandle(callee)

    async def _find(self, uid: str) -> Theirs:
        return await self._xo.actor_ref(address=self.station.address, uid=uid)

    def bury(self, callee: XoscarCallee, why: str) -> None:
        """End an actor: what waits for it fails, what runs in a thread goes on unseen; from any thread."""
        if callee.died is None:
            callee.died = ActorDiedError(why, callee.job.uid)
            self._thread.loop.call_soon_threadsafe(self._bury, callee, callee.died)

    def _bury(self, callee: XoscarCallee, died: ActorDiedError) -> None:
        for flight in [flight for flight, whose in self._flights.items() if whose is callee]:
            flight.fail(died)
        burial = Flight(f"the end of {callee.class_name}", 0, "plain")
        self._flights[burial] = None
        self._begin(burial, lambda: self._destroy(callee.job))

    async def _destroy(self, job: Employment) -> None:
        uids = [job.uid, _tag(job.name, job.namespace)] if job.name else [job.uid]
        for uid in uids:
            with suppress(self._xo.ActorNotExist):
                await self._xo.destroy_actor(await self._find(uid))

    def _claim_name(self, job: Employment) -> XoscarHandle | None:
        """Give a new actor its name; returns a handle to the living actor that has it, if one has."""
        from conclint_runtime.backends.xoscar_host import NameTag

        async def claim() -> Employment | None:
            try:
                await self._create(0, NameTag, job, uid=_tag(job.name, job.namespace))
            except self._xo.ActorAlreadyExist:
                return await self._read_tag(job.name, job.namespace)
            return None

        there = self._now(claim(), f"name={job.name!r} of {job.cls.__name__}")
        return None if there is None else self.handle(there)

    async def _read_tag(self, name: str, namespace: str) -> Employment:
        job: Employment = await (await self._find(_tag(name, namespace))).describe()
        return job

    def _now(self, work: Coroutine[object, object, T], subject: str) -> T:
        """Wait for something that the program needs at once."""
        if self._on_a_pools_loop():
            work.close()
            raise refusal("blocking in an async actor", subject)
        return self._thread.run(work)

    def _on_a_pools_loop(self) -> bool:
        """Whether the caller stands on a loop that brings results to others: its pool's, or this engine's."""
        job = HERE.get()
        return self._thread.here() or (job is not None and job.kind == "async" and running_loop() is not None)

    def get(self, refs: object, timeout: float | None) -> object:
        """Return the value of a reference, or the list of values of a list of them."""
        if self._on_a_pools_loop() and timeout != 0 and any(not is_ready(ref) for ref in _references(refs)):
            raise refusal("blocking in an async actor", "get")
        return waiting.get(refs, timeout)

    def wait(
        self, refs: object, num_returns: int, timeout: float | None, fetch_local: bool
    ) -> tuple[list[ObjectRef[object]], list[ObjectRef[object]]]:
        """Wait until `num_returns` of the references are ready."""
        del fetch_local  # every value is local
        if self._on_a_pools_loop() and timeout != 0 and sum(map(is_ready, _references(refs))) < num_returns:
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
        flight = self._of_ref.get(ref if isinstance(ref, ObjectRef) else ref.completed())
        if flight is None or flight.ended:
            return
        if force and self._flights.get(flight) is not None:
            raise ValueError("force=True is not supported for actor tasks.")
        if force:
            raise refusal("forced cancellation", f"cancel(force=True) of {flight.name}")
        self._thread.loop.call_soon_threadsafe(flight.cancel)

    def kill(self, actor: object, no_restart: bool) -> None:
        """End an actor."""
        del no_restart  # none restarts
        if not isinstance(actor, XoscarHandle):
            raise ValueError(f"ray.kill() only supported for actors. For tasks, try ray.cancel(). Got: {type(actor)}.")
        self.bury(actor.__dict__["callee"], "The actor is dead because it was killed by `ray.kill`.")

    def get_actor(self, name: str, namespace: str | None) -> ActorHandle:
        """Return the handle of a named actor."""
        space = self.namespace if namespace is None else namespace
        try:
            job = self._now(self._read_tag(name, space), f"get_actor({name!r})")
        except self._xo.ActorNotExist:
            raise ValueError(
                f"Failed to look up actor with name '{name}': there is none in the namespace {space!r}, or it has ended"
            ) from None
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
        """Stop the pool if it was started for this engine, and the thread; fail what is under way."""
        if self._closed:
            return
        self._closed = True
        self._thread.run(self._end())
        self._thread.stop()
        retire_references()

    async def _end(self) -> None:
        for flight in list(self._flights):
            flight.fail(ActorDiedError("The engine was shut down while the call was under way."))
            if flight.task is not None:
                flight.task.cancel()
        if self._pool is not None:
            self._thread.loop.set_exception_handler(self._without_server_closed)
            await self._pool.stop()

    def _without_server_closed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Stay silent on what xoscar's own futures say when the pool that they belong to has been stopped."""
        if not isinstance(context.get("exception"), self._xo.ServerClosed):
            loop.default_exception_handler(context)


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


def _tag(name: str, namespace: str) -> str:
    return f"name:{namespace}/{name}"


def _refuse(options: Mapping[str, object], subject: str) -> None:
    for option, value in options.items():
        if option in _REFUSED and value and value != _ASKS_FOR_NOTHING.get(option):
            raise refusal(_REFUSED[option], f"{option}={value!r} of {subject}")
