"""The engine's connection to a xoscar pool: what is sent there, what is under way, and what lives there."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakValueDictionary

from conclint_runtime.actors.ref import ObjectRef
from conclint_runtime.backends.differences import refusal
from conclint_runtime.backends.installed import library
from conclint_runtime.backends.xoscar_flights import Flight, Theirs, misfortune
from conclint_runtime.backends.xoscar_messages import HERE, Consignment, Employment, Raised, Station
from conclint_runtime.exceptions import ActorDiedError
from conclint_runtime.xo.homes import LoopThread, running_loop

if TYPE_CHECKING:
    from conclint_runtime.actors.engine_protocol import Submitted
    from conclint_runtime.backends.xoscar_calls import XoscarCallee

T = TypeVar("T")

SHUTDOWN_SECONDS = 10.0
"""How long the end of the engine waits for its pool: xoscar kills a sub-process that has not ended after two."""

BLOCKED_SECONDS = 2.0
"""How long it waits where the pool has no processes, so that only a method that blocks its loop holds it up."""

THREAD_SECONDS = 1.0
"""How long it waits for actors to be destroyed, and for the thread of its loop, which then has nothing left to do."""


class PoolConnection:
    """Sends calls to a pool, from any thread, by a loop in a thread of its own. Calls under way are not bounded.

    Args:
        thread: of the loop.
        station: the pool.
        pool: the pool itself, where it was started for this engine.
    """

    def __init__(self, thread: LoopThread, station: Station, pool: Theirs | None) -> None:
        self.station = station
        self.callees: WeakValueDictionary[str, XoscarCallee] = WeakValueDictionary()
        self._xo = library("xoscar")
        self._thread = thread
        self._pool = pool
        self._turns = itertools.count()
        self._hosts: dict[bytes, Theirs] = {}
        self._task_hosts: dict[int, asyncio.Future[Theirs]] = {}
        self._flights: dict[Flight, XoscarCallee | None] = {}
        self._of_ref: dict[ObjectRef[object], Flight] = {}

    def depart(
        self, flight: Flight, send: Callable[[], Coroutine[object, object, None]], callee: XoscarCallee | None
    ) -> Submitted:
        """Start a call, and return what its caller gets. `callee` is None for a task."""
        if callee is not None and callee.died is not None:
            flight.fail(callee.died)
            return flight.hand_over()
        self._flights[flight] = callee
        for ref in flight.told():
            self._of_ref[ref] = flight
        self._thread.loop.call_soon_threadsafe(self._begin, flight, send)
        return flight.hand_over()

    def _begin(self, flight: Flight, send: Callable[[], Coroutine[object, object, None]]) -> None:
        if flight.ended:  # cancelled, or its actor was killed, before it began
            self._arrived(flight)
        else:
            flight.task = self._thread.loop.create_task(self._fly(flight, send))

    async def _fly(self, flight: Flight, send: Callable[[], Coroutine[object, object, None]]) -> None:
        try:
            await send()
        except asyncio.CancelledError:
            flight.fail(ActorDiedError("The pool was stopped while the call was under way."))
        except Exception as error:  # whatever kept the call from its outcome is its outcome
            flight.fail(misfortune(flight.name, error))
        finally:
            self._arrived(flight)

    def _arrived(self, flight: Flight) -> None:
        self._flights.pop(flight, None)
        for ref in flight.told():
            self._of_ref.pop(ref, None)

    def flight_of(self, ref: ObjectRef[object]) -> tuple[Flight, XoscarCallee | None] | None:
        """Return the call behind a reference, and the actor that it was made to; None when it has ended."""
        flight = self._of_ref.get(ref)
        return None if flight is None else (flight, self._flights.get(flight))

    def cancel(self, flight: Flight) -> None:
        """Cancel a call."""
        self._thread.loop.call_soon_threadsafe(flight.cancel)

    async def task_host(self) -> Theirs:
        """Return the host of tasks in the pool whose turn it is."""
        from conclint_runtime.backends.xoscar_host import TaskHost

        at = self._next_place()
        if at not in self._task_hosts:
            self._task_hosts[at] = asyncio.ensure_future(self._create(at, TaskHost, self.station))
        return await asyncio.shield(self._task_hosts[at])

    def _next_place(self) -> int:
        """The index of the pool whose turn it is: the main one where there are no others."""
        return 1 + next(self._turns) % self.station.sub_pools if self.station.elsewhere else 0

    async def _create(self, at: int, kind: type, *args: object, uid: str | None = None) -> Theirs:
        strategy = self._xo.allocate_strategy.ProcessIndex(at)
        host = await self._xo.create_actor(
            kind, *args, uid=uid, address=self.station.address, allocate_strategy=strategy
        )
        self._hosts[host.uid] = host
        return host

    def begin(self, callee: XoscarCallee) -> None:
        """Have an actor made, soon."""
        self.callees[callee.job.uid] = callee
        self._thread.loop.call_soon_threadsafe(callee.begin)

    async def construct(self, callee: XoscarCallee, sent: Consignment) -> Theirs:
        """Make an actor and run its constructor; returns its host.

        Raises:
            ActorDiedError: the constructor raised, or the actor was killed meanwhile.
        """
        from conclint_runtime.backends.xoscar_host import ActorHost

        job = callee.job
        values = await sent.values()
        host = await self._create(self._next_place(), ActorHost, job, uid=job.uid)
        outcome = await host.construct(sent.cargo, values)
        if isinstance(outcome, Raised):
            self.bury(callee, f"The actor died because of an error raised in its creation task, {outcome.error()}")
        elif callee.died is not None:  # its burial came too early to find it
            await self._destroy(job)
        if callee.died is not None:
            raise callee.died
        return host

    async def find(self, uid: str) -> Theirs:
        """Return xoscar's reference to an actor."""
        return await self._xo.actor_ref(address=self.station.address, uid=uid)

    def bury(self, callee: XoscarCallee, why: str) -> None:
        """End an actor: what waits for it fails, what runs in a thread goes on unseen."""
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
            self._hosts.pop(uid.encode(), None)
            with suppress(self._xo.ActorNotExist):
                await self._xo.destroy_actor(await self.find(uid))

    def claim_name(self, job: Employment) -> Employment | None:
        """Give a new actor its name; returns what is known of the living actor that has it, if one has."""
        from conclint_runtime.backends.xoscar_host import NameTag

        async def claim() -> Employment | None:
            try:
                await self._create(0, NameTag, job, uid=_tag(job.name, job.namespace))
            except self._xo.ActorAlreadyExist:
                return await self._read_tag(job.name, job.namespace)
            return None

        return self._now(claim(), f"name={job.name!r} of {job.cls.__name__}")

    def look_up(self, name: str, namespace: str) -> Employment | None:
        """Return what is known of the living actor of that name; None when there is none."""
        try:
            return self._now(self._read_tag(name, namespace), f"get_actor({name!r})")
        except self._xo.ActorNotExist:
            return None

    async def _read_tag(self, name: str, namespace: str) -> Employment:
        job: Employment = await (await self.find(_tag(name, namespace))).describe()
        return job

    def _now(self, work: Coroutine[object, object, T], subject: str) -> T:
        """Wait for something that the program needs at once."""
        if self.is_blocked_by_caller():
            work.close()
            raise refusal("blocking in an async actor", subject)
        return self._thread.run(work)

    def is_blocked_by_caller(self) -> bool:
        """Return whether the caller stands on a loop that brings results to others: its pool's, or this one."""
        job = HERE.get()
        return self._thread.here() or (job is not None and job.kind == "async" and running_loop() is not None)

    def close(self) -> None:
        """Fail what is under way, end what was made here, stop the pool if it was started here, and the thread.

        Waits a bounded time, as the constants of this module say; what runs for longer is on daemon threads.
        """
        ending = asyncio.run_coroutine_threadsafe(self._end(), self._thread.loop)
        with suppress(TimeoutError, FutureTimeoutError):
            ending.result(SHUTDOWN_SECONDS if self.station.elsewhere else BLOCKED_SECONDS)
        self._thread.stop(THREAD_SECONDS)

    async def _end(self) -> None:
        for flight in list(self._flights):
            flight.fail(ActorDiedError("The engine was shut down while the call was under way."))
            if flight.task is not None:
                flight.task.cancel()
        self._thread.loop.set_exception_handler(self._without_server_closed)
        if self._pool is None or not self.station.elsewhere:  # else their processes end
            await self._leave_nobody()
        if self._pool is not None:
            await self._pool.stop()

    async def _leave_nobody(self) -> None:
        """Destroy what was made here, so that its threads end; one that does not answer is left."""
        ends = [asyncio.ensure_future(self._xo.destroy_actor(host)) for host in self._hosts.values()]
        if ends:
            await asyncio.wait(ends, timeout=THREAD_SECONDS)
        for end in ends:
            if end.done() and not end.cancelled():
                end.exception()  # it may have ended before: then there is nothing to tell
            else:
                end.cancel()

    def _without_server_closed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Stay silent on what xoscar's own futures say when the pool that they belong to has been stopped."""
        error: BaseException | None = context.get("exception")
        while error is not None:
            if isinstance(error, self._xo.ServerClosed):
                return
            error = error.__context__
        loop.default_exception_handler(context)


def _tag(name: str, namespace: str) -> str:
    return f"name:{namespace}/{name}"
