"""A pool of actors that share work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from conclint_runtime.actors import api

V = TypeVar("V")
Work = Callable[[Any, V], Any]  # an actor's handle and a value, to the reference of the call
Ref = Any  # a reference of whichever engine runs


@dataclass(frozen=True, slots=True)
class PoolStatistics:
    """A moment of an actor pool.

    Attributes:
        idle: actors without a call of the pool.
        busy: actors whose call has not been fetched.
        waiting: values for which no actor was free.
    """

    idle: int
    busy: int
    waiting: int


class ActorPool(Generic[V]):
    """Hands values to whichever of its actors is free.

    At most one call of the pool runs in each actor. Values for which no actor is free wait in the pool, without a
    bound, as in Ray's; results come in the order of submission or of completion.
    Source: the Ray Core documentation, "ray.util.ActorPool".

    Parameters:
        actors: the handles of the actors.
    """

    def __init__(self, actors: Iterable[Any]) -> None:
        self._idle = list(actors)
        self._busy: dict[Ref, tuple[int, Any]] = {}
        self._by_index: dict[int, Ref] = {}
        self._submitted = 0
        self._returned = 0
        self._waiting: deque[tuple[Work[V], V]] = deque()

    def map(self, fn: Work[V], values: Iterable[V]) -> Iterator[Any]:
        """Submit every value and return an iterator of the results in their order. The work starts at once."""
        self._drop_results()
        for value in values:
            self.submit(fn, value)
        return self._rest(self.get_next)

    def map_unordered(self, fn: Work[V], values: Iterable[V]) -> Iterator[Any]:
        """Submit every value and return an iterator of the results as they come. The work starts at once."""
        self._drop_results()
        for value in values:
            self.submit(fn, value)
        return self._rest(self.get_next_unordered)

    def submit(self, fn: Work[V], value: V) -> None:
        """Have `fn(actor, value)` called with a free actor, now or when one is free. It returns a reference."""
        if not self._idle:
            self._waiting.append((fn, value))
            return
        actor = self._idle.pop()
        ref = fn(actor, value)
        key = tuple(ref) if isinstance(ref, list) else ref
        self._busy[key] = (self._submitted, actor)
        self._by_index[self._submitted] = ref
        self._submitted += 1

    def has_next(self) -> bool:
        """Whether a result is still to be fetched."""
        return bool(self._busy) or bool(self._by_index)

    def get_next(self, timeout: float | None = None, ignore_if_timedout: bool = False) -> Any:
        """Return the next result in the order of submission.

        Parameters:
            timeout: seconds; None waits for ever.
            ignore_if_timedout: give the result up when it is late, besides raising.

        Raises StopIteration when nothing is left, TimeoutError when it is late, ValueError after a result was fetched
        out of order, and the error of the call.
        """
        if not self.has_next():
            raise StopIteration("No more results to get")
        if self._returned >= self._submitted or self._returned not in self._by_index:
            raise ValueError("It is not allowed to call get_next() after get_next_unordered().")
        ref = self._by_index[self._returned]
        late = timeout is not None and not api.wait(_as_list(ref)[:1], timeout=timeout)[0]
        if late and not ignore_if_timedout:
            raise TimeoutError("Timed out waiting for result")
        del self._by_index[self._returned]
        self._returned += 1
        _, actor = self._busy.pop(tuple(ref) if isinstance(ref, list) else ref)
        self._return(actor)
        if late:
            raise TimeoutError("Timed out waiting for result. The task behind it was given up.")
        return api.get(ref)

    def get_next_unordered(self, timeout: float | None = None, ignore_if_timedout: bool = False) -> Any:
        """Return any result that is there, or the first that comes.

        Raises StopIteration when nothing is left, TimeoutError when none comes within `timeout` seconds, and the error
        of the call. With `ignore_if_timedout` a late result is given up as well.
        """
        if not self.has_next():
            raise StopIteration("No more results to get")
        firsts = {_first(ref): ref for ref in self._by_index.values()}
        ready, _ = api.wait(list(firsts), num_returns=1, timeout=timeout)
        if not ready and not ignore_if_timedout:
            raise TimeoutError("Timed out waiting for result")
        ref = firsts[ready[0] if ready else next(iter(firsts))]
        index, actor = self._busy.pop(tuple(ref) if isinstance(ref, list) else ref)
        self._return(actor)
        del self._by_index[index]
        self._returned = max(self._returned, index + 1)
        if not ready:
            raise TimeoutError("Timed out waiting for result. The task behind it was given up.")
        return api.get(ref)

    def statistics(self) -> PoolStatistics:
        """Count the pool's actors and what waits for them."""
        return PoolStatistics(len(self._idle), len(self._busy), len(self._waiting))

    def has_free(self) -> bool:
        """Whether an actor is free and no value waits."""
        return bool(self._idle) and not self._waiting

    def pop_idle(self) -> Any:
        """Take a free actor out of the pool and return it; None when there is none."""
        return self._idle.pop() if self.has_free() else None

    def push(self, actor: Any) -> None:
        """Add an actor. Raises ValueError when the pool has it already."""
        if actor in self._idle or any(actor == busy for _, busy in self._busy.values()):
            raise ValueError("Actor already belongs to current ActorPool")
        self._return(actor)

    def _return(self, actor: Any) -> None:
        self._idle.append(actor)
        if self._waiting:
            self.submit(*self._waiting.popleft())

    def _drop_results(self) -> None:
        """Forget results that an earlier `map` left, as Ray's pool does."""
        while self.has_next():
            try:
                self.get_next_unordered(timeout=0, ignore_if_timedout=True)
            except TimeoutError:
                pass

    def _rest(self, fetch: Callable[[], Any]) -> Iterator[Any]:
        while self.has_next():
            yield fetch()


def _as_list(ref: Ref) -> list[Ref]:
    return ref if isinstance(ref, list) else [ref]


def _first(ref: Ref) -> Ref:
    return _as_list(ref)[0]
