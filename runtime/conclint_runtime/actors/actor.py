"""One embedded actor: where its calls go, and how it ends or begins anew."""

from __future__ import annotations

import itertools
import threading
import traceback
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from conclint_runtime.actors.blueprint import Blueprint, MethodSpec
from conclint_runtime.actors.calls import CURRENT, Call, submitted
from conclint_runtime.actors.copying import ByIdentity
from conclint_runtime.actors.incarnation import Home, Incarnation
from conclint_runtime.actors.observe import Kind
from conclint_runtime.actors.options import METHOD_OPTIONS, MethodOptions, check_options, method_options
from conclint_runtime.actors.ref import add_waiter
from conclint_runtime.actors.results import attach_results
from conclint_runtime.actors.settings import ActorSettings
from conclint_runtime.exceptions import ActorDiedError, ActorUnavailableError, PendingCallsLimitExceeded

if TYPE_CHECKING:
    from conclint_runtime.actors.engine_protocol import Submitted
    from conclint_runtime.actors.lease import Lease

_numbers = itertools.count(1)


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
        self.lease: Callable[[], Lease | None] = lambda: None
        self.constructor = Call("__init__", f"{blueprint.name}.__init__", args, kwargs)
        self.constructor.actor = self
        self.constructor.take_arguments()
        self._lock = threading.RLock()
        self._departures = 0
        self._pending: set[int] = set()
        self._life = Incarnation(self, home)

    def start(self) -> None:
        """Begin the first life."""
        self._life.begin()

    def fail_construction(self, error: BaseException, life: Incarnation) -> None:
        """Die of an error of the constructor."""
        if isinstance(error, SystemExit):
            self.die(f"The actor {self.class_name} exited in its constructor: it raised {error!r}.", life=life)
            return
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        error.__traceback__ = None
        self.die(
            "The actor died because of an error raised in its creation task, "
            f"ray::{self.class_name}.__init__() (actor_id={self.actor_id})\n{text.strip()}",
            life=life,
        )

    def die(self, why: str, may_restart: bool = False, life: Incarnation | None = None) -> None:
        """End: fail what has not finished, free the name; or, if it may and some restarts are left, begin anew.

        With `life`, only if that is still the actor's life: what an earlier one has to say does not count any more.
        """
        with self._lock:
            over = self._life
            if self.death is not None or (life is not None and life is not over):
                return
            limit = self.settings.max_restarts
            again = may_restart and (limit == -1 or self.restarts < limit)
            if again:
                self.restarts += 1
                self._life = Incarnation(self, self._home)
            else:
                self.death = ActorDiedError(why, self.actor_id)
        over.stop(self.death or ActorUnavailableError(f"The actor was restarted: {why}", self.actor_id))
        if self.death is not None:
            self._home.actor_died(self)
        else:
            self._life.begin()
            self.leave()

    def leave(self) -> None:
        """If the last handle is gone, finish what was submitted, then end."""
        with self._lock:
            if self.death is not None or self.lease() is not None:
                return
            self._departures += 1
            departure, life = self._departures, self._life
        life.finish(lambda: self._leave_for_good(departure))

    def _leave_for_good(self, departure: int) -> None:
        """End, unless a method took a new handle to its own actor meanwhile."""
        with self._lock:
            if departure != self._departures or self.lease() is not None:
                return
        self.die("The actor ended because all references to it were removed.")

    def describe_instance(self) -> str:
        """How the instance prints, for error texts."""
        try:
            return repr(self._life.instance)
        except Exception as error:
            return f"<{self.class_name} whose repr raised {type(error).__name__}>"

    def submit(
        self, method: str, args: tuple[object, ...], kwargs: dict[str, object], given: Mapping[str, object]
    ) -> Submitted:
        """Submit one call, from any thread. Raises for wrong arguments, unknown options, or a full actor."""
        parent = CURRENT.get()
        if parent is None or parent.stretch is None:
            return self._submit(method, args, kwargs, given)
        with parent.stretch.held():
            return self._submit(method, args, kwargs, given)

    def _submit(
        self, method: str, args: tuple[object, ...], kwargs: dict[str, object], given: Mapping[str, object]
    ) -> Submitted:
        spec = self.blueprint.methods.get(method) or self.blueprint.method(method)
        if spec is None:
            raise AttributeError(f"'{self.class_name}' actor has no method '{method}'")
        spec.arity.check(args, kwargs)
        options = spec.options if not given else _options(spec, given)
        call = Call(method, options.display or spec.qualified, args, kwargs, options)
        call.actor = self
        if args or kwargs:
            call.take_arguments()
        if options.retried:
            call.retries_left = options.retries or self.settings.max_task_retries
            call.resubmit = self._resubmit
        if options.group:
            self._choose_group(call, options.group)
        result = attach_results(call, spec.shape)
        if self.settings.max_pending_calls >= 0:
            self._count(call)
        submitted(call)
        self._life.submit(call)
        return result

    def _resubmit(self, call: Call) -> None:
        self._life.submit(call)

    def _choose_group(self, call: Call, group: str) -> None:
        if group not in self.settings.groups:
            known = sorted(name for name in self.settings.groups if name)
            raise ValueError(
                f"{self.class_name} has no concurrency group {group!r} for {call.name}: its `concurrency_groups` are"
                f" {known}"
            )
        call.group = group

    def _count(self, call: Call) -> None:
        pending, number = self._pending, id(call)
        if len(pending) >= self.settings.max_pending_calls:
            raise PendingCallsLimitExceeded(
                f"The task {call.name} could not be submitted to {self.class_name}: {len(pending)} calls are not"
                f" finished, and max_pending_calls is {self.settings.max_pending_calls}. Wait for some of them first."
            )
        last = call.stream.completed if call.stream is not None else call.refs[0] if call.refs else None
        if last is not None:
            pending.add(number)
            add_waiter(last, lambda _: pending.discard(number))


def _options(spec: MethodSpec, given: Mapping[str, object]) -> MethodOptions:
    unknown = sorted(set(given) - set(METHOD_OPTIONS) - {"name"})
    if unknown:
        raise TypeError(f"actor methods have no option {unknown[0]!r}. There are {sorted(METHOD_OPTIONS)} and 'name'")
    check_options({name: value for name, value in given.items() if name != "name"}, METHOD_OPTIONS, "actor methods")
    return method_options(given, spec.options)


def _kind(blueprint: Blueprint, settings: ActorSettings) -> Kind:
    if blueprint.is_async:
        return "async"
    return "sync" if settings.groups == {"": 1} else "threaded"
