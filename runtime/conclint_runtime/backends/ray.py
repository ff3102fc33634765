"""The same program on a real Ray: `init(backend="ray", address=...)`.

A thin adapter: what the program decorated is given to Ray's own `remote` when it is first called, options and all, and
Ray does the rest. References, handles and errors come back in our classes, so that `isinstance` and `except` hold.
Written for Ray 2.40 to 2.60.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from conclint_runtime.actors.engine_protocol import BACKEND_VARIABLE, ClassDefinition, FunctionDefinition
from conclint_runtime.backends.installed import library
from conclint_runtime.backends.ray_actors import RayHandle
from conclint_runtime.backends.ray_errors import translating
from conclint_runtime.backends.ray_refs import RayRef, Theirs, bare, bare_arguments, wrapped

if TYPE_CHECKING:
    from conclint_runtime.actors.context import RuntimeContext
    from conclint_runtime.actors.engine_protocol import Submitted
    from conclint_runtime.actors.handle import ActorHandle
    from conclint_runtime.actors.ref import ObjectRef


def start(address: str | None = None, **options: object) -> RayEngine:
    """Start a Ray on this machine, or connect to the one at `address`, and return the engine on it.

    Args:
        address: of a running Ray ("auto" finds it); None starts one here, which ends with `shutdown`.
        options: those of `ray.init`. The dashboard is not started unless they ask for it.

    Where this process has a Ray already (it is a worker of one, or the program called `ray.init` itself) and nothing is
    asked for, that one is used, and `shutdown` leaves it running.

    Raises:
        BackendNotInstalled: Ray is not installed.
        RuntimeError: there is a Ray already, and options for a new one were given.
        ConnectionError: nothing runs at `address`.
    """
    ray = library("ray")
    if ray.is_initialized() and address is None and not options:
        return RayEngine(owns=False)
    if address is None:
        options.setdefault("include_dashboard", False)
        with _environment_of_workers():
            ray.init(**options)
    else:
        ray.init(address=address, runtime_env=_told_the_backend(options.pop("runtime_env", None)), **options)
    return RayEngine(owns=True)


def attach() -> None:
    """Have the first remote call of this process go to Ray, if it is a worker, where no engine was started."""
    from conclint_runtime.actors.api import is_initialized

    if not is_initialized():
        os.environ[BACKEND_VARIABLE] = "ray"


@contextmanager
def _environment_of_workers() -> Iterator[None]:
    """For the time in which Ray starts: workers inherit what was set then. A runtime_env would cost a start of each."""
    before = os.environ.get(BACKEND_VARIABLE)
    os.environ[BACKEND_VARIABLE] = "ray"
    try:
        yield
    finally:
        if before is None:
            del os.environ[BACKEND_VARIABLE]
        else:
            os.environ[BACKEND_VARIABLE] = before


def _told_the_backend(given: object) -> dict[str, object]:
    """The runtime_env for workers of a Ray that runs already."""
    environment: dict[str, object] = dict(given) if isinstance(given, Mapping) else {}
    variables = environment.get("env_vars")
    environment["env_vars"] = {**(variables if isinstance(variables, Mapping) else {}), BACKEND_VARIABLE: "ray"}
    return environment


class RayEngine:
    """Calls of the program as calls of Ray."""

    def __init__(self, owns: bool) -> None:
        self._ray = library("ray")
        self._owns = owns
        self._functions: WeakKeyDictionary[FunctionDefinition, Theirs] = WeakKeyDictionary()
        self._classes: WeakKeyDictionary[ClassDefinition, Theirs] = WeakKeyDictionary()

    @property
    def name(self) -> str:
        """The engine's name."""
        return "ray"

    def submit_task(
        self,
        task: FunctionDefinition,
        args: tuple[object, ...],
        kwargs: dict[str, object],
        options: Mapping[str, object],
    ) -> Submitted:
        """Submit one call of a remote function and return at once."""
        function = self._functions.get(task)
        if function is None:
            function = self._functions[task] = self._remote(task.function, task.options)
        plain, named = bare_arguments(args, kwargs)
        changed = _changed(options, task.options)
        with translating():
            called = function.options(**changed) if changed else function
            submitted: Submitted = wrapped(called.remote(*plain, **named))
        return submitted

    def create_actor(
        self,
        actor: ClassDefinition,
        args: tuple[object, ...],
        kwargs: dict[str, object],
        options: Mapping[str, object],
    ) -> ActorHandle:
        """Create an actor and return its handle at once."""
        cls = self._classes.get(actor)
        if cls is None:
            cls = self._classes[actor] = self._remote(actor.cls, actor.options)
        plain, named = bare_arguments(args, kwargs)
        changed = _changed(options, actor.options)
        with translating():
            return RayHandle((cls.options(**changed) if changed else cls).remote(*plain, **named))

    def _remote(self, decorated: object, options: Mapping[str, object]) -> Theirs:
        return self._ray.remote(**options)(decorated) if options else self._ray.remote(decorated)

    def get(self, refs: object, timeout: float | None) -> object:
        """Return the value of a reference, or the list of values of a list of them."""
        with translating():
            value: object = self._ray.get(_bare_list(refs), timeout=timeout)
        return refs if value is bare(refs) else value  # a stream, which Ray gives back as it is

    def wait(
        self, refs: object, num_returns: int, timeout: float | None, fetch_local: bool
    ) -> tuple[list[ObjectRef[object]], list[ObjectRef[object]]]:
        """Wait until `num_returns` of the references are ready."""
        with translating():
            ready, rest = self._ray.wait(
                _bare_list(refs), num_returns=num_returns, timeout=timeout, fetch_local=fetch_local
            )
        ours = {bare(each): each for each in refs} if isinstance(refs, list) else {}
        return [ours[each] for each in ready], [ours[each] for each in rest]

    def put(self, value: object) -> ObjectRef[object]:
        """Store a copy of the value and return a reference to it."""
        with translating():
            return RayRef(self._ray.put(bare(value)))

    def cancel(self, ref: object, force: bool, recursive: bool) -> None:
        """Cancel the call behind a reference; one that has its result is let be.

        Ray lets it be as well, but where it has not noted the end of the task yet, it aborts the whole program: "Tried
        to complete task that was not pending" (seen with 2.60).
        """
        with translating():
            if isinstance(ref, RayRef) and not force and self._ray.wait([ref.real], timeout=0, fetch_local=False)[0]:
                return
            self._ray.cancel(bare(ref), force=force, recursive=recursive)

    def kill(self, actor: object, no_restart: bool) -> None:
        """End an actor."""
        self._ray.kill(_real_handle(actor), no_restart=no_restart)

    def get_actor(self, name: str, namespace: str | None) -> ActorHandle:
        """Return the handle of a named actor."""
        with translating():
            return RayHandle(self._ray.get_actor(name, namespace=namespace))

    def list_named_actors(self, all_namespaces: bool) -> Sequence[str | Mapping[str, str]]:
        """The names of the living named actors."""
        named: Sequence[str | Mapping[str, str]] = library("ray.util").list_named_actors(all_namespaces=all_namespaces)
        return named

    def exit_actor(self) -> None:
        """End the actor whose method calls this."""
        library("ray.actor").exit_actor()

    def runtime_context(self) -> RuntimeContext:
        """Describe where the caller runs."""
        from conclint_runtime.backends.contexts import RayContext

        return RayContext(self._ray.get_runtime_context())

    def resources(self, available: bool) -> Mapping[str, float]:
        """Ray's resources by name."""
        found: Mapping[str, float] = self._ray.available_resources() if available else self._ray.cluster_resources()
        return found

    def shutdown(self) -> None:
        """Disconnect from Ray, and end the one that `start` started."""
        if self._owns:
            self._owns = False
            self._ray.shutdown()


def _bare_list(refs: object) -> Theirs:
    return [bare(each) for each in refs] if isinstance(refs, list) else bare(refs)


def _real_handle(actor: object) -> Theirs:
    return actor.__dict__["real"] if isinstance(actor, RayHandle) else actor


def _changed(effective: Mapping[str, object], decorated: Mapping[str, object]) -> dict[str, object]:
    """The options that a call adds to those of the decorator: Ray takes some of them in the decorator only."""
    return {name: value for name, value in effective.items() if name not in decorated or decorated[name] != value}
