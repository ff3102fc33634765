"""One embedded actor: its life from constructor to death, and where its calls go."""

from __future__ import annotations

import itertools
import threading
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from weakref import ref

from conclint_runtime.actors.blueprint import Blueprint, MethodSpec, target_of
from conclint_runtime.actors.calls import CURRENT, Call, finished, started, submitted
from conclint_runtime.actors.copying import ByIdentity
from conclint_runtime.actors.departure import ActorExit
from conclint_runtime.actors.observe import Kind
from conclint_runtime.actors.options import METHOD_OPTIONS, MethodOptions, check_options, method_options
from conclint_runtime.actors.parking import Parker
from conclint_runtime.actors.ref import add_waiter
from conclint_runtime.actors.results import attach_results
from conclint_runtime.actors.running import perform
from conclint_runtime.actors.sync_worker import SyncWorker
from conclint_runtime.actors.thread_group import ThreadGroup
from conclint_runtime.actors.workers import Workers
from conclint_runtime.exceptions import (
    ActorDiedError,
    ActorUnavailableError,
    AsyncioActorExit,
    PendingCallsLimitExceeded,
    TaskCancelledError,
)

if TYPE_CHECKING:
    from conclint_runtime.actors.engine_protocol import Submitted
    from conclint_runtime.actors.loops import LoopThreads
    from conclint_runtime.actors.threads import Threads

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class ActorSettings:
    """The options of one actor, as the embedded engine reads them.

    Attributes:
        groups: the concurrency groups by name with their sizes; the default one is named by the empty string.
        max_pending_calls: unfinished calls above which a submission is refused; -1 for no bound.
        max_restarts: how often it is built anew after it ended unasked; -1 for as often as it takes.
        max_task_retries: how often a failed call is tried again, where its method says for which errors.
        name, namespace: under which it can be found; empty for none.
        detached: whether it lives on without a handle.
    """

    groups: Mapping[str, int]
    max_pending_calls: int = -1
    max_restarts: int = 0
    max_task_retries: int = 0
    name: str = ""
    namespace: str = ""
    detached: bool = False


class Home(Protocol):
    """What an actor needs of its engine."""

    threads: Threads

    def loops(self) -> LoopThreads:
        """The engine's event loops."""

    def actor_died(self, actor: EmbeddedActor) -> None:
        """The actor is dead: forget it, and free its name."""


class EmbeddedActor(ByIdentity):
    """An actor that lives in this process. Handles reach it through a `Lease`; the engine through this object."""

    def __init__(
        self,
        home: Home,
        blueprint: Blueprint,
        args: tuple[object, ...],
        kwargs: dict[str, object],
        settings: ActorSettings,
    ) -> None:
        self._home = home
        self.blueprint = blueprint
        self.settings = settings
        self.class_name = blueprint.name
        self.actor_id = f"{next(_numbers):032x}"
        self.kind: Kind = _kind(blueprint, settings)
        self.warned_of_blocking = False
        self.death: ActorDiedError | None = None
        self.restarts = 0
        self.instance: object = None
        self.lease: Callable[[], Lease | None] = lambda: None
        self.constructor = Call("__init__", f"{blueprint.name}.__init__", args, kwargs)
        self.constructor.actor = self
        self.constructor.take_arguments()
        self._lock = threading.RLock()
        self._birth = Parker()
        self._early: deque[Call] | None = None
        self._leaving = False
        self._unfinished_groups = 0
        self._pending: set[int] = set()
        self._groups: dict[str, Workers] = {}

    def start(self) -> None:
        """Make the workers, and have the constructor run where the kind of actor wants it."""
        with self._lock:  # a constructor that fails at once waits until everything is in place
            self._start()

    def _start(self) -> None:
        name = f"{self.class_name}-{self.actor_id[-6:]}"
        if self.kind == "sync":
            worker = SyncWorker(self._home.threads, name, self._construct, self._run, self._retired)
            self._groups = {"": worker}
            if self.blueprint.has_constructor:
                worker.start()
            return
        self._early = deque()
        if self.kind == "async":
            from conclint_runtime.actors.async_start import start_async

            self._groups = start_async(self, name, self._home.loops(), self._retired)
        else:
            self._groups = {
                group: ThreadGroup(
                    self._home.threads, f"{name}{'-' if group else ''}{group}", size, self._run, self._retired
                )
                for group, size in self.settings.groups.items()
            }
            self._home.threads.start(self._construct_and_open, f"{name}-constructor")

    def open(self) -> None:
        """Let the calls in that came before the constructor had finished."""
        with self._lock:
            while self._early:
                call = self._early.popleft()
                self._groups[call.group].submit(call)
            self._early = None
            groups = list(self._groups.values())
        if self._leaving:
            self._finish(groups)

    def fail_construction(self, error: BaseException) -> None:
        """Die of an error of the constructor."""
        if isinstance(error, SystemExit):
            self.die(f"The actor exited in its constructor ({error!r}).")
            return
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        error.__traceback__ = None
        self.die(
            "The actor died because of an error raised in its creation task, "
            f"ray::{self.class_name}.__init__() (actor_id={self.actor_id})\n{text.strip()}"
        )

    def die(self, why: str, may_restart: bool = False) -> None:
        """End: fail what has not finished, free the name; or, if allowed and some are left, begin anew."""
        with self._lock:
            if self.death is not None:
                return
            limit = self.settings.max_restarts
            again = may_restart and (limit == -1 or self.restarts < limit)
            died = ActorDiedError(why, self.actor_id)
            error = ActorUnavailableError(f"The actor was restarted: {why}", self.actor_id) if again else died
            groups, self._groups = self._groups, {}
            early = list(self._early or ())
            self._early = None
            if again:
                self.restarts += 1
                self._birth.unpark()
                self._birth = Parker()
                self.start()
            else:
                self.death = died
        for call in [*early, *(call for group in groups.values() for call in group.stop())]:
            call.abort(error)
        if not again:
            self.instance = None
            self._birth.unpark()
            self._home.actor_died(self)

    def leave(self) -> None:
        """The last handle is gone: finish what was submitted, then end."""
        with self._lock:
            if self.death is not None:
                return
            if self._early is not None:
                self._leaving = True  # `open` goes on from here
                return
            groups = list(self._groups.values())
        self._finish(groups)

    def describe_instance(self) -> str:
        """How the instance prints, for error texts."""
        try:
            return repr(self.instance)
        except Exception as error:
            return f"<{self.class_name} whose repr raised {type(error).__name__}>"

    # Calls

    def submit(
        self, method: str, args: tuple[object, ...], kwargs: dict[str, object], given: Mapping[str, object]
    ) -> Submitted:
        """Submit one call, from any thread. Raises for wrong arguments, unknown options, or a full actor."""
        spec = self.blueprint.methods.get(method) or self.blueprint.method(method)
        if spec is None:
            raise AttributeError(f"'{self.class_name}' actor has no method '{method}'")
        spec.arity.check(args, kwargs)
        options = spec.options if not given else self._options(spec, given)
        call = Call(method, options.display or spec.qualified, args, kwargs, options)
        call.actor = self
        if args or kwargs:
            call.take_arguments()
        if options.retried:
            self._allow_retries(call)
        result = attach_results(call, spec.shape)
        if options.group:
            self._choose_group(call, options.group)
        if self.settings.max_pending_calls >= 0:
            self._count(call)
        submitted(call)
        if self._early is None:
            workers = self._groups.get(call.group)
            if workers is not None:
                workers.submit(call)
        else:
            self._submit_early(call)
        if self.death is not None:
            call.abort(self.death)
        return result

    def _submit_early(self, call: Call) -> None:
        with self._lock:
            if self._early is not None:
                self._early.append(call)
                return
            workers = self._groups.get(call.group)
        if workers is not None:
            workers.submit(call)

    def _options(self, spec: MethodSpec, given: Mapping[str, object]) -> MethodOptions:
        unknown = sorted(set(given) - set(METHOD_OPTIONS) - {"name"})
        if unknown:
            raise TypeError(
                f"actor methods have no option {unknown[0]!r}. There are {sorted(METHOD_OPTIONS)} and 'name'"
            )
        check_options({name: value for name, value in given.items() if name != "name"}, METHOD_OPTIONS, "actor methods")
        return method_options(given, spec.options)

    def _choose_group(self, call: Call, group: str) -> None:
        if group not in self.settings.groups:
            known = sorted(name for name in self.settings.groups if name)
            raise ValueError(
                f"{self.class_name} has no concurrency group {group!r} for {call.name}: its `concurrency_groups` are"
                f" {known}"
            )
        call.group = group

    def _allow_retries(self, call: Call) -> None:
        call.retries_left = call.options.retries or self.settings.max_task_retries
        call.resubmit = self._resubmit

    def _resubmit(self, call: Call) -> None:
        workers = self._groups.get(call.group)
        if workers is not None:
            workers.submit(call)

    def _count(self, call: Call) -> None:
        pending, number = self._pending, id(call)
        if len(pending) >= self.settings.max_pending_calls:
            raise PendingCallsLimitExceeded(
                f"The task {call.name} could not be submitted to {self.class_name}: {len(pending)} calls are not"
                f" finished, and max_pending_calls is {self.settings.max_pending_calls}. Wait for some of them first."
            )
        pending.add(number)
        last = call.stream.completed if call.stream is not None else call.refs[0] if call.refs else None
        if last is None:
            pending.discard(number)
        else:
            add_waiter(last, lambda _: pending.discard(number))

    # What follows runs on the actor's own threads.

    def _construct(self) -> bool:
        call = self.constructor
        token = CURRENT.set(call)
        started(call)
        error: BaseException | None = None
        try:
            args, kwargs = call.arguments()
            self.instance = self.blueprint.cls(*args, **kwargs)
        except BaseException as raised:
            error = raised
        finished(call, error)
        CURRENT.reset(token)
        if error is not None:
            self.fail_construction(error)
        return error is None

    def _construct_and_open(self) -> None:
        arrived = Parker()
        if self.constructor.defer(arrived.unpark):
            while self.constructor.deferred:
                arrived.park()
        if not self._construct():
            return
        self.open()
        # It stays as long as the actor lives: if it ended, a worker might get its identifier, and what is bound to the
        # constructor's thread (a sqlite connection) would seem to work in that one.
        groups, birth = self._groups, self._birth
        while self._groups is groups and self.death is None:
            birth.park()

    def _run(self, call: Call) -> None:
        try:
            body = target_of(self.instance, call.function)
        except BaseException as missing:
            call.fail(missing)
            return
        error = perform(call, body)
        if error is not None:
            self.left(call, error)

    def left(self, call: Call, error: BaseException) -> None:
        """Act on an error that a method ended with, where it means more than a failed call."""
        if call.settled() or not isinstance(error, (SystemExit, KeyboardInterrupt, AsyncioActorExit)):
            return
        if isinstance(error, KeyboardInterrupt):
            call.fail(TaskCancelledError(call.task_id()))
        elif isinstance(error, (ActorExit, AsyncioActorExit)):
            self.die(f"The actor {self.class_name} exited: `exit_actor` was called in {call.name}.")
        else:
            asked = isinstance(error, SystemExit) and error.code in {None, 0}
            self.die(f"The actor {self.class_name} exited: {call.name} raised {error!r}.", may_restart=not asked)

    def _finish(self, groups: list[Workers]) -> None:
        self._unfinished_groups = len(groups)
        for group in groups:
            group.finish()

    def _retired(self) -> None:
        with self._lock:
            self._unfinished_groups -= 1
            if self._unfinished_groups > 0:
                return
        self.die("The actor ended because all references to it were removed.")


class Lease:
    """What handles hold: while there is one, the actor lives. It is the `Callee` of the handles."""

    __slots__ = ("__weakref__", "_departed", "actor", "actor_id", "class_name", "submit")

    def __init__(self, actor: EmbeddedActor, departed: Callable[[EmbeddedActor], None]) -> None:
        self.actor = actor
        self.actor_id = actor.actor_id
        self.class_name = actor.class_name
        self.submit = actor.submit
        self._departed = departed
        actor.lease = ref(self)

    def has_method(self, name: str) -> bool:
        """Whether the class has a callable member of this name."""
        return self.actor.blueprint.method(name) is not None

    def __del__(self) -> None:
        self._departed(self.actor)


def _kind(blueprint: Blueprint, settings: ActorSettings) -> Kind:
    if blueprint.is_async:
        return "async"
    return "sync" if settings.groups == {"": 1} else "threaded"
