"""The references that a generator gives, one after the other, while it still runs."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Generator
from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar

from conclint_runtime.actors.copying import pack
from conclint_runtime.actors.ref import Failure, ObjectRef, settle

if TYPE_CHECKING:
    from conclint_runtime.actors.calls import Call

T_co = TypeVar("T_co", covariant=True)


class Stream:
    """The producer's end of a stream.

    Unread items are kept without a bound unless `backpressure` gives one (Ray's documented default); when that many
    are unread the producer waits at its next item until one is read or nobody reads any more.
    """

    def __init__(self, call: Call, backpressure: int | None) -> None:
        self._call = call
        self._name = call.name
        self._bound = backpressure if backpressure is not None and backpressure > 0 else None
        self._items: deque[ObjectRef[object]] = deque()
        self._pulse = self._new_pulse()
        self._room: ObjectRef[object] = ObjectRef()
        self._ended = False
        self.abandoned = False
        self.completed = self._new_pulse()

    def finished(self) -> bool:
        """Whether no further item will come."""
        return self._ended

    def pulse(self) -> ObjectRef[object]:
        """A reference that becomes ready with the next item or the end. Take it before looking for items."""
        return self._pulse

    def put(self, value: object) -> None:
        """Add an item. Raises what pickling raises."""
        if self.abandoned:
            return
        ref: ObjectRef[object] = ObjectRef()
        settle(ref, pack(value))
        self._add(ref)

    def fail(self, error: BaseException) -> None:
        """Add a last item that raises, and end."""
        if self._ended:
            return
        ref: ObjectRef[object] = ObjectRef()
        settle(ref, Failure(error, self._name))
        self._ended = True
        self._add(ref)
        told = Failure(error, self._name)
        told.told()
        settle(self.completed, told)
        settle(self._pulse, None)

    def end(self) -> None:
        """End after the items that were added."""
        if not self._ended:
            self._ended = True
            settle(self.completed, None)
            settle(self._pulse, None)

    def full(self) -> ObjectRef[object] | None:
        """Return what becomes ready when there is room for an item; None when there is room now."""
        room = self._room
        if self._bound is None or len(self._items) < self._bound or self._ended or self.abandoned:
            return None
        return room

    def take(self) -> ObjectRef[object] | None:
        """Return the next item if there is one."""
        try:
            ref = self._items.popleft()
        except IndexError:
            return None
        self._let_producer_go()
        return ref

    def abandon(self) -> None:
        """Say that nobody reads any more: further items are dropped, and the producer is not held up."""
        self.abandoned = True
        self._let_producer_go()

    def readable(self) -> bool:
        """Whether an item is there, or the end."""
        return bool(self._items) or self._ended

    def _add(self, ref: ObjectRef[object]) -> None:
        self._items.append(ref)
        pulse, self._pulse = self._pulse, self._new_pulse()
        settle(pulse, None)
        if self._ended:
            settle(self._pulse, None)

    def _new_pulse(self) -> ObjectRef[object]:
        pulse: ObjectRef[object] = ObjectRef()
        pulse._call = self._call
        return pulse

    def _let_producer_go(self) -> None:
        if self._bound is not None or self.abandoned:
            room, self._room = self._room, ObjectRef()
            settle(room, None)

    def feed(self, generator: Generator[object, None, None]) -> None:
        """Run a generator to its end on this thread, or until the stream is ended from outside."""
        from conclint_runtime.actors.waiting import get

        try:
            for value in generator:
                if self._ended:
                    break
                room = self.full()
                while room is not None:
                    get(room, None)
                    room = self.full()
                self.put(value)
        finally:
            generator.close()
        self.end()

    async def feed_async(self, generator: AsyncGenerator[object, None]) -> None:
        """Run an async generator to its end, as `feed` does."""
        try:
            async for value in generator:
                if self._ended:
                    break
                room = self.full()
                while room is not None:
                    await room
                    room = self.full()
                self.put(value)
        finally:
            await generator.aclose()
        self.end()


class ObjectRefGenerator(Generic[T_co]):
    """The reader's end: iterate it, with `for` or `async for`, for a reference to each item.

    The error of the producer arrives as a last reference that raises. Dropping the reader does not stop the
    producer, as on Ray: its further items are dropped. Source: the Ray Core documentation, "Ray Generators".
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def __iter__(self) -> ObjectRefGenerator[T_co]:
        return self

    def __next__(self) -> ObjectRef[T_co]:
        from conclint_runtime.actors.waiting import get

        stream = self._stream
        while True:
            pulse, ended = stream.pulse(), stream.finished()
            ref = stream.take()
            if ref is not None:
                return ref  # type: ignore[return-value]  # the items of this stream are T_co
            if ended:
                raise StopIteration
            get(pulse, None)

    def __aiter__(self) -> ObjectRefGenerator[T_co]:
        return self

    async def __anext__(self) -> ObjectRef[T_co]:
        stream = self._stream
        while True:
            pulse, ended = stream.pulse(), stream.finished()
            ref = stream.take()
            if ref is not None:
                return ref  # type: ignore[return-value]  # the items of this stream are T_co
            if ended:
                raise StopAsyncIteration
            await pulse

    def completed(self) -> ObjectRef[None]:
        """A reference that is ready when the producer has ended, and raises its error."""
        return self._stream.completed  # type: ignore[return-value]  # settled with None

    def next_ready(self) -> bool:
        """Whether `next` would not wait."""
        return self._stream.readable()

    def is_finished(self) -> bool:
        """Whether the producer has ended and everything was read."""
        return self._stream.finished() and not self._stream._items

    def pulse(self) -> ObjectRef[object]:
        """A reference that becomes ready with the next item or the end."""
        return self._stream.pulse()

    def __del__(self) -> None:
        self._stream.abandon()

    def __repr__(self) -> str:
        return f"ObjectRefGenerator({self._stream.completed.hex()})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "You cannot return or pass a generator to other task. Serializing a ObjectRefGenerator is not allowed."
        )
