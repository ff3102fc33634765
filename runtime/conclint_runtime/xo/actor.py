"""Actors: objects that live in a pool and are reached by messages only.

Source: xoscar's user guide, "Actor". A stateful `Actor` handles one message at a time; a `StatelessActor` all at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from conclint_runtime.xo.locking import AllAtOnce, OneAtATime

if TYPE_CHECKING:
    from conclint_runtime.xo.iteration import Iterated
    from conclint_runtime.xo.references import ActorRef


class StatelessActor:
    """An actor whose messages interleave wherever they await: it has no lock.

    `__init__` is an ordinary, synchronous one; what must be awaited goes into `__post_create__`. The class is called
    by the pool only: use `create_actor`.
    """

    _lock_kind: ClassVar[type[OneAtATime | AllAtOnce]] = AllAtOnce
    # Mangled, since an actor may call its own attributes what it likes.
    __uid: bytes | None = None
    __address: str | None = None

    def __init__(self, *_args: object, **_kwargs: object) -> None:
        super().__init__()
        self._generators: dict[str, Iterated] = {}

    @classmethod
    def default_uid(cls) -> str:
        """Return the uid that an actor of which there is one only goes by: the name of its class."""
        return cls.__name__

    @property
    def uid(self) -> bytes:
        """The name of this actor in its pool.

        Raises:
            RuntimeError: read in `__init__`, before the pool has given it.
        """
        if self.__uid is None:
            raise RuntimeError(f"{type(self).__name__} has no uid before its __post_create__ runs")
        return self.__uid

    @property
    def address(self) -> str:
        """The address of the pool that this actor lives in.

        Raises:
            RuntimeError: read in `__init__`, before the pool has given it.
        """
        if self.__address is None:
            raise RuntimeError(f"{type(self).__name__} has no address before its __post_create__ runs")
        return self.__address

    def _settle_in(self, uid: bytes, address: str) -> None:
        self.__uid, self.__address = uid, address

    def ref(self) -> ActorRef:
        """Return a reference to this actor, to be given to others.

        A stateful actor that awaits a call of its own reference waits for itself, since the message that makes the
        call holds the lock: call `self.method()`, or use `.tell`.
        """
        from conclint_runtime.xo.references import reference

        return reference(self.address, self.uid)

    async def __post_create__(self) -> None:
        """Prepare what must be awaited; runs once after `__init__`, without the lock, before the actor is announced."""

    async def __pre_destroy__(self) -> None:
        """Put away what must be awaited; runs once before the actor is forgotten, without the lock."""

    async def __xoscar_next__(self, iteration: str) -> object:
        """Return the next value of a generator that a method decorated with `generator` made."""
        from conclint_runtime.xo.iteration import advance

        return await advance(self._generators, iteration)

    async def __xoscar_destroy_generator__(self, iteration: str) -> None:
        """Forget a generator that was not read to its end."""
        self._generators.pop(iteration, None)


class Actor(StatelessActor):
    """An actor that handles one message after the other, in the order in which they came.

    Its lock is held for the whole message, also while the method awaits. A method gives it back for the time of an
    await by `result = yield other.method()` (it is then an async generator, and returns by `raise Return(value)`), or
    at its end, by returning the awaitable instead of awaiting it. `no_lock` lets one method in at any time.
    """

    _lock_kind: ClassVar[type[OneAtATime | AllAtOnce]] = OneAtATime
