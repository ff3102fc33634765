"""Actors in a xoscar pool behind our handles."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING

from conclint_runtime.actors.blueprint import Blueprint
from conclint_runtime.actors.handle import ActorHandle
from conclint_runtime.actors.options import method_options
from conclint_runtime.backends.differences import refusal
from conclint_runtime.backends.xoscar_flights import Flight, Theirs, feed, land
from conclint_runtime.backends.xoscar_messages import COMPANIONS, Employment, Left, consignment
from conclint_runtime.exceptions import ActorDiedError

if TYPE_CHECKING:
    from conclint_runtime.actors.engine_protocol import Submitted
    from conclint_runtime.backends.xoscar_engine import XoscarEngine


class XoscarCallee:
    """The far end of a handle: an actor in the pool, which may still be under construction.

    Args:
        engine: of this process.
        job: what there is to know of the actor.
        stand_up: makes the actor, or finds it, and returns xoscar's reference; runs once, on the engine's loop.
    """

    def __init__(
        self, engine: XoscarEngine, job: Employment, stand_up: Callable[[], Coroutine[object, object, Theirs]]
    ) -> None:
        self.engine = engine
        self.job = job
        self.died: ActorDiedError | None = None
        self._blueprint = Blueprint(job.cls)
        self._stand_up: Callable[[], Coroutine[object, object, Theirs]] | None = stand_up
        self._host: asyncio.Future[Theirs] | None = None
        # Calls of a sync actor are sent in the order in which they were made, also where an argument comes late.
        self._order = asyncio.Lock() if job.kind == "sync" else None

    @property
    def actor_id(self) -> str:
        """The actor's identifier."""
        return self.job.uid

    @property
    def class_name(self) -> str:
        """The name of the actor's class."""
        return self.job.cls.__name__

    def has_method(self, name: str) -> bool:
        """Whether the actor's class has a callable member of this name."""
        return self._blueprint.method(name) is not None

    def submit(
        self, method: str, args: tuple[object, ...], kwargs: dict[str, object], options: Mapping[str, object]
    ) -> Submitted:
        """Submit one call and return at once."""
        spec = self._blueprint.method(method)
        assert spec is not None
        spec.arity.check(args, kwargs)
        asked = method_options(options, spec.options)
        if asked.group is not None:
            raise refusal("concurrency groups", f"concurrency_group={asked.group!r} of {spec.qualified}")
        flight = Flight(spec.qualified, asked.num_returns, spec.shape)
        sent = consignment(args, kwargs, self.job.station.elsewhere)

        async def send() -> None:
            if self._order is not None:
                await self._order.acquire()
            try:
                values = await sent.values()
                host = await self.host()
                answer = (
                    None if flight.stream is not None else asyncio.ensure_future(host.call(method, sent.cargo, values))
                )
            finally:
                if self._order is not None:
                    self._order.release()
            if answer is None:
                await feed(flight, host.stream(method, sent.cargo, values))
                return
            outcome = await answer
            if isinstance(outcome, Left):
                self.engine.pool.bury(self, "The actor died because it called `exit_actor`.")
            land(flight, outcome)

        return self.engine.pool.depart(flight, send, self)

    async def host(self) -> Theirs:
        """Return xoscar's reference, when the actor stands; on the engine's loop.

        Raises:
            ActorDiedError: its constructor failed.
        """
        return await asyncio.shield(self.begin())

    def begin(self) -> asyncio.Future[Theirs]:
        """Begin to make the actor, or to find it, if that has not begun; on the engine's loop."""
        if self._stand_up is not None:
            self._host = asyncio.ensure_future(self._stand_up())
            self._host.add_done_callback(_told)
            self._stand_up = None  # it holds the arguments of the constructor
        assert self._host is not None
        return self._host


class XoscarHandle(ActorHandle):
    """A handle that travels to other processes."""

    def __init__(self, callee: XoscarCallee) -> None:
        super().__init__(callee)
        self.__dict__["callee"] = callee

    def __reduce__(self) -> tuple[object, ...]:  # type: ignore[override]  # the embedded one cannot be pickled
        callee: XoscarCallee = self.__dict__["callee"]
        companions = COMPANIONS.get()
        if companions is not None:
            companions.append(callee)
        return received_handle, (callee.job,)


def received_handle(job: Employment) -> XoscarHandle:
    """Return the handle that came to this process."""
    from conclint_runtime.backends.xoscar_engine import engine_here

    return engine_here().handle(job)


def _told(host: asyncio.Future[Theirs]) -> None:
    """Take the error of a constructor: who calls the actor is told it, and nobody else need be."""
    if not host.cancelled():
        host.exception()
