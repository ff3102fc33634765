"""A future that refuses a wait that can never end."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from types import FunctionType
from typing import Protocol, TypeVar, cast

from ..waitgraph.nodes import Mode, Need, Node
from ..waitgraph.places import Place
from ..waitgraph.threads import ThreadNode
from ..waitgraph.waits import GRACE, Wait
from .judged_event import WaiterList

T = TypeVar("T")

_UNFINISHED = frozenset(("PENDING", "RUNNING"))
_Standard = concurrent.futures.Future


class Provider(Node, Protocol):
    """What will run a queued job."""

    def assist(self) -> None:
        """Start another worker where the pool may and must, because every worker it has waits."""


class Future(_Standard[T]):
    """`concurrent.futures.Future` as a node of the wait-for graph.

    One that no pool of this package made has an unknown completer: a wait for it is never refused.

    Source: https://docs.python.org/3/library/concurrent.futures.html#future-objects
    """

    _provider: Provider | None = None
    _runner: ThreadNode | None = None
    _place: Place | None = None
    _function: object = None
    _state: str
    _result: T | None
    _exception: BaseException | None

    def __init__(self) -> None:
        super().__init__()
        self._waiters = WaiterList()  # seen by `wait` and `as_completed`

    def result(self, timeout: float | None = None) -> T:
        """What the call returned.

        Parameters:
            timeout: seconds to wait at most; ``None`` waits as long as it takes, and is judged.

        Raises:
            DeadlockError: the call can never end.
            TimeoutError: it did not end in time.
            CancelledError: the future was cancelled.
            Exception: whatever the call raised.
        """
        try:
            if timeout is None and self._state in _UNFINISHED:
                self._wait()
                if self._state == "FINISHED" and self._exception is None:
                    return cast("T", self._result)  # final: no need to take the condition once more
            return _Standard.result(self, timeout)
        finally:
            del self  # the exception's traceback would keep the future that keeps the exception

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What the call raised, or ``None``; parameters and errors as of `result`."""
        if timeout is None and self._state in _UNFINISHED:
            self._wait()
        return _Standard.exception(self, timeout)

    def add_done_callback(self, fn: Callable[[_Standard[T]], object]) -> None:
        """Call ``fn`` with this future when it is done, in the thread that completes it, or now if it is done.

        A ``DeadlockError`` that a callback meets is logged by `concurrent.futures`, as any error of a callback.
        """
        super().add_done_callback(fn)
        if isinstance(fn, FunctionType) and fn.__name__ == "_call_set_state" and self._state in _UNFINISHED:
            from .loop_watch import watch  # asyncio is in use: this is its function

            watch(self, fn)

    def need(self) -> Need | None:
        """What has to go on for this future to be completed, for the graph."""
        if self._state not in _UNFINISHED:
            return None
        node: Node | None = self._runner or self._provider
        return None if node is None else Need(Mode.ALL, (node,))

    def need_of_notice(self) -> Need | None:
        """What has to go on for `wait` and `as_completed` to hear of the end.

        They hear of a cancelled job only when a worker takes it from the queue.
        """
        if self._state != "CANCELLED":
            return self.need()
        return None if self._provider is None else Need(Mode.ALL, (self._provider,))

    def describe(self) -> str:
        """The future in the words of a message."""
        name = getattr(self._function, "__qualname__", None) or repr(self._function)
        if self._function is None:
            return f"future {id(self):#x}"
        state = "running" if self._runner is not None else "queued"
        return f"the {state} call of `{name}` (submitted at {self._place})"

    def _wait(self) -> None:
        with self._condition:
            if self._state in _UNFINISHED:
                self._condition.wait(GRACE)
            if self._state not in _UNFINISHED:
                return
        with Wait((self,), wake=self._wake) as wait:
            while True:
                with self._condition:
                    if wait.verdict is None and self._state in _UNFINISHED:
                        self._condition.wait(wait.slice())
                    if self._state not in _UNFINISHED and wait.verdict is None:
                        return
                # Not under our condition: a look may notify the conditions of other futures.
                wait.look()
                provider = self._provider
                if provider is not None and self._runner is None:
                    provider.assist()

    def _wake(self) -> None:
        with self._condition:
            self._condition.notify_all()


def adopt(future: _Standard[T], provider: Provider, function: Callable[..., object], place: Place | None) -> Future[T]:
    """Make a future of the standard library one of ours, in place: its maker keeps the same object."""
    future.__class__ = Future
    assert isinstance(future, Future)
    waiters = WaiterList()
    for waiter in future._waiters:
        waiters.append(waiter)
    future._waiters = waiters
    describe_job(future, provider, function, place)
    return future


def describe_job(future: Future[T], provider: Provider, function: object, place: Place | None) -> None:
    """Say what a new future belongs to, before anybody can wait for it."""
    future._function = function
    future._place = place
    future._provider = provider
