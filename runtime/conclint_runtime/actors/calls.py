"""One remote call, from its submission to its result."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from types import GeneratorType
from typing import TYPE_CHECKING, Protocol

from conclint_runtime.actors import observe
from conclint_runtime.actors.copying import ATOMS, Stored, is_atom, pack
from conclint_runtime.actors.observe import Kind, ObservedCall
from conclint_runtime.actors.options import PLAIN, MethodOptions
from conclint_runtime.actors.ref import (
    ObjectRef,
    add_waiter,
    is_ready,
    result_of,
    settle,
    settle_error,
)
from conclint_runtime.actors.wrapping import wrapped
from conclint_runtime.exceptions import RayTaskError, TaskCancelledError, WorkerCrashedError

if TYPE_CHECKING:
    from conclint_runtime.actors.actor import EmbeddedActor
    from conclint_runtime.actors.interrupt import Interruptible
    from conclint_runtime.actors.stream import Stream

Arguments = tuple[tuple[object, ...], dict[str, object]]

CURRENT: ContextVar[Call | None] = ContextVar("conclint_runtime_call", default=None)
"""The call in whose body the code runs; None in the program's own code."""


_NO_KWARGS: dict[str, object] = {}  # never written to; one dict less for each pending call


class Slot(Protocol):
    """A right to run that a call gives back while it blocks."""

    def leave(self) -> None:
        """Give the right to others."""

    def enter_again(self) -> None:
        """Take it back, at once, even when that makes one too many for a while."""


class Call:
    """A call with its arguments, its references, and how far it has come."""

    __slots__ = (
        "__weakref__",
        "_observed",
        "actor",
        "again",
        "args",
        "cancel_requested",
        "children",
        "children_bound",
        "deferred",
        "forced",
        "function",
        "group",
        "has_refs",
        "interrupt",
        "kwargs",
        "name",
        "options",
        "packed",
        "refs",
        "resubmit",
        "retries_left",
        "running",
        "slot",
        "stream",
        "stretch",
    )

    def __init__(
        self,
        function: str,
        name: str,
        args: tuple[object, ...],
        kwargs: dict[str, object],
        options: MethodOptions = PLAIN,
    ) -> None:
        self.function = function  # the name of the method, or of the function
        self.name = name
        self.options = options
        self.actor: EmbeddedActor | None = None
        self.group = ""
        self.refs: tuple[ObjectRef[object], ...] = ()
        self.stream: Stream | None = None
        self.has_refs = False
        self.deferred = False
        self.running = False
        self.cancel_requested = False
        self.forced = False
        self.slot: Slot | None = None
        self.stretch: Interruptible | None = None
        self.resubmit: Callable[[Call], None] | None = None
        self.again = False
        self.interrupt: Callable[[Call], None] | None = None
        self.children: list[Call] | None = None
        self.children_bound = 64
        self.retries_left = options.retries
        self._observed: ObservedCall | None = None
        self.packed: Stored | None = None
        self.args, self.kwargs = args, kwargs or _NO_KWARGS

    def take_arguments(self) -> None:
        """Copy the arguments for the other side. Raises what pickling raises for one that cannot be copied."""
        copied = False
        for arg in self.args:
            kind = type(arg)
            if kind is ObjectRef:
                self.has_refs = True
            elif kind not in ATOMS and not is_atom(arg):
                copied = True
        for arg in self.kwargs.values():
            if type(arg) is ObjectRef:
                self.has_refs = True
            elif not is_atom(arg):
                copied = True
        if not copied:
            return
        try:
            self.packed = Stored((self.args, self.kwargs))
        except Exception as error:
            raise TypeError(
                f"Could not serialize the argument {_culprit(self.args, self.kwargs)} for a task or actor {self.name}:"
                f" {error}"
            ) from error
        self.args, self.kwargs = _only_references(self.args, self.kwargs)

    def arguments(self) -> Arguments:
        """Return the arguments as the function gets them, references at top level replaced by their values.

        Raises the error of a reference that failed.
        """
        args, kwargs = (self.args, self.kwargs) if self.packed is None else _loaded(self.packed)
        if self.has_refs:
            args = tuple(result_of(item) if type(item) is ObjectRef else item for item in args)
            kwargs = {key: result_of(item) if type(item) is ObjectRef else item for key, item in kwargs.items()}
        return args, kwargs

    def defer(self, ready: Callable[[], None]) -> bool:
        """Have `ready()` called when every argument that is a reference has arrived; False if they are all there."""
        if not self.has_refs:
            return False
        missing = [arg for arg in (*self.args, *self.kwargs.values()) if type(arg) is ObjectRef and not is_ready(arg)]
        if not missing:
            return False
        self.deferred = True
        needed, arrived = len(missing), list[None]()

        def arrive(_ref: ObjectRef[object]) -> None:
            arrived.append(None)
            if len(arrived) >= needed and self.deferred:
                self.deferred = False
                ready()

        for ref in missing:
            add_waiter(ref, arrive)
        return True

    def run_again(self) -> bool:
        """Submit the call once more if its last run asked for it. Called when nothing of that run is left."""
        if not self.again or self.resubmit is None:
            return False
        self.again = False
        self.resubmit(self)
        return True

    def settled(self) -> bool:
        """Whether every reference of the call has its value or its error, so that it need not run."""
        if self.stream is not None:
            return self.stream.finished()
        return bool(self.refs) and is_ready(self.refs[0])

    def succeed(self, value: object) -> None:
        """Give the call's references what the function returned."""
        if self.cancel_requested:
            self.abort_cancelled()
            return
        refs = self.refs
        if len(refs) == 1:
            if self.options.num_returns == 1 and isinstance(value, GeneratorType):
                value = next(value)  # as Ray has it: a generator that is told to return one thing gives its first
            packed = value if value is None else pack(value)
            settle(refs[0], packed)
        elif refs:
            for ref, item in zip(refs, _several(value, len(refs))):
                settle(ref, pack(item))

    def fail(self, error: BaseException) -> None:
        """Give the call's references the error that the function raised."""
        if self.cancel_requested:
            self.abort_cancelled()
        else:
            self.abort(error if isinstance(error, WorkerCrashedError) else self.wrap(error))

    def wrap(self, error: BaseException) -> RayTaskError:
        """Return the error as the caller is to see it."""
        actor = self.actor
        if actor is None:
            return wrapped(error, self.name)
        return wrapped(error, self.name, actor.describe_instance(), actor.actor_id)

    def abort(self, error: BaseException) -> None:
        """Give whatever the call has not given yet this very error."""
        if self.stream is not None:
            self.stream.fail(error)
        for ref in self.refs:
            settle_error(ref, error)

    def abort_cancelled(self) -> None:
        """Say that the call was cancelled; what a running async method was told by an exception is wrapped as one."""
        error = TaskCancelledError(self.task_id())
        told = self.running and (self.actor is None or self.actor.kind == "async")
        self.abort(self.wrap(error) if told else error)

    def task_id(self) -> str:
        """The call's identifier in hexadecimal."""
        if self.stream is not None:
            return self.stream.completed.task_id()
        return self.refs[0].task_id() if self.refs else "f" * 48

    def observed(self) -> ObservedCall:
        """Describe the call to an observer."""
        if self._observed is None:
            actor = self.actor
            kind: Kind = "task" if actor is None else actor.kind
            number = id(self) if not self.refs else self.refs[0]._number
            actor_id = None if actor is None else actor.actor_id
            self._observed = ObservedCall(number, self.name, kind, actor_id, self.group, self.workers())
        return self._observed

    def workers(self) -> int:
        """How many calls can run at a time where this one does."""
        return 1 if self.actor is None else self.actor.settings.groups[self.group]


def submitted(call: Call) -> None:
    """Note who submitted the call: for a cancellation that is recursive, and for the observer."""
    parent = CURRENT.get()
    if parent is not None:
        children = parent.children
        if children is None:
            parent.children = [call]
        else:
            children.append(call)
            if len(children) > parent.children_bound:
                children[:] = [child for child in children if not child.settled()]
                parent.children_bound = 2 * len(children) + 64
    if observe.observer is not None:
        observe.observer.call_submitted(call.observed(), None if parent is None else parent.observed())


def started(call: Call) -> None:
    """Tell the observer that the call begins."""
    if observe.observer is not None:
        observe.observer.call_started(call.observed())


def finished(call: Call, error: BaseException | None) -> None:
    """Tell the observer that the call has ended."""
    if observe.observer is not None:
        observe.observer.call_finished(call.observed(), error)


def _culprit(args: tuple[object, ...], kwargs: dict[str, object]) -> str:
    """Name the argument that cannot be pickled."""
    for arg in (*args, *kwargs.values()):
        try:
            pack(arg)
        except Exception:
            return repr(arg)
    return repr((args, kwargs))


def _only_references(args: tuple[object, ...], kwargs: dict[str, object]) -> Arguments:
    """Keep the references at top level, by which the call waits; the copy holds everything else."""
    return tuple(arg for arg in args if type(arg) is ObjectRef), {
        key: arg for key, arg in kwargs.items() if type(arg) is ObjectRef
    }


def _loaded(packed: Stored) -> Arguments:
    loaded = packed.load()
    assert isinstance(loaded, tuple)
    args, kwargs = loaded
    return args, kwargs


def _several(value: object, count: int) -> list[object]:
    if not isinstance(value, Iterable):
        raise TypeError(f"object of type '{type(value).__name__}' has no len(), but num_returns={count}")
    items: list[object] = list(value)
    if len(items) != count:
        raise ValueError(f"Task returned {len(items)} objects, but num_returns={count}.")
    return items
