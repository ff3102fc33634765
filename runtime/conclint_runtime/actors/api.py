"""The public functions: Ray's names and arguments, on whichever engine the program has started."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from conclint_runtime.actors.blueprint import DECLARATIONS
from conclint_runtime.actors.definitions import ActorClass, RemoteFunction, make_remote
from conclint_runtime.actors.engine import EmbeddedEngine
from conclint_runtime.actors.engine_protocol import BACKEND_VARIABLE, Engine
from conclint_runtime.actors.options import METHOD_OPTIONS, check_options
from conclint_runtime.actors.ref import ObjectRef, retire_references

if TYPE_CHECKING:
    from conclint_runtime.actors.context import RuntimeContext
    from conclint_runtime.actors.handle import ActorHandle
    from conclint_runtime.actors.statistics import EngineStatistics

T = TypeVar("T")
C = TypeVar("C", bound=type)
F = TypeVar("F", bound=Callable[..., object])

EXIT_SECONDS = 0.5
"""How long the end of the interpreter waits for threads that run the program's code; they are daemons."""

_engine: Engine | None = None
_starting = threading.RLock()


@dataclass(frozen=True, slots=True)
class Session:
    """What `init` returns. Leaving its `with` block shuts the engine down.

    Attributes:
        backend: the name of the engine that was started.
    """

    backend: str

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *error: object) -> None:
        shutdown()


def current_engine() -> Engine:
    """Return the engine, starting one with default options if there is none: `init` is implicit, as on Ray."""
    engine = _engine
    if engine is None:
        with _starting:
            if _engine is None:
                init(backend=os.environ.get(BACKEND_VARIABLE, "embedded"))
            engine = _engine
    assert engine is not None
    return engine


def init(
    address: str | None = None,
    *,
    backend: str = "embedded",
    num_cpus: float | None = None,
    namespace: str | None = None,
    tasks: Literal["threads", "processes"] = "threads",
    ignore_reinit_error: bool = False,
    **options: object,
) -> Session:
    """Start the engine that runs the program's calls.

    Parameters:
        address: where a cluster runs; handed to the backend. The embedded engine has none and takes only `local`.
        backend: `embedded`, or the name of a module of `conclint_runtime.backends`: `ray`, `xoscar`.
        num_cpus: how many tasks run at a time; None for the number of processors.
        namespace: where the names of actors are looked up.
        tasks: `threads` of this process, or `processes` (embedded only).
        ignore_reinit_error: do nothing, instead of raising, when an engine runs already.
        options: further options of the backend. The embedded engine accepts Ray's, which mean nothing to it.

    Raises RuntimeError when an engine runs already, ValueError for a backend that there is not.
    """
    global _engine  # noqa: PLW0603 - one engine for the process: this is what `init` means
    with _starting:
        if _engine is not None:
            if ignore_reinit_error:
                return Session(_engine.name)
            raise RuntimeError(
                "Maybe you called ray.init twice by accident? This error can be suppressed by passing in"
                " 'ignore_reinit_error=True' or by calling 'ray.shutdown()' prior to 'ray.init()'."
            )
        if backend == "embedded":
            if address not in (None, "local", "auto"):
                raise ValueError(f"the embedded engine has no address {address!r}: use backend='ray' for a cluster")
            _engine = EmbeddedEngine(num_cpus, namespace or "", tasks)
        else:
            _engine = _start_backend(backend, {**options, **_given(address, num_cpus, namespace)})
        return Session(_engine.name)


def _given(address: str | None, num_cpus: float | None, namespace: str | None) -> dict[str, object]:
    pairs = {"address": address, "num_cpus": num_cpus, "namespace": namespace}
    return {name: value for name, value in pairs.items() if value is not None}


def _start_backend(name: str, options: Mapping[str, object]) -> Engine:
    import importlib

    if not name.isidentifier():
        raise ValueError(f"{name!r} names no backend")
    module = f"conclint_runtime.backends.{name}"
    try:
        adapter = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name not in (module, "conclint_runtime.backends"):
            raise
        raise ValueError(f"there is no backend {name!r}: use 'embedded', 'ray' or 'xoscar'") from None
    engine: Engine = adapter.start(**options)
    return engine


def is_initialized() -> bool:
    """Whether an engine runs."""
    return _engine is not None


def shutdown(_exiting_interpreter: bool = False) -> None:
    """End the engine with all its actors and tasks; without one, do nothing. References cannot be used after it.

    The embedded engine waits a bounded time (2 s, at the end of the interpreter 0.5 s) for threads that run the
    program's code; those are daemons, and what is blocked for longer does not keep the interpreter from ending.
    """
    global _engine
    with _starting:
        engine, _engine = _engine, None
    if engine is None:
        return
    stop: Callable[[float], None] | None = getattr(engine, "stop", None)
    if _exiting_interpreter and stop is not None:
        stop(EXIT_SECONDS)
    else:
        engine.shutdown()


def _forget_after_fork() -> None:
    """In a forked child there are none of the engine's threads: let the child's first call start an engine of its own,
    instead of waiting for ever for the parent's."""
    global _engine, _starting  # noqa: PLW0603 - see `init`
    _engine = None
    _starting = threading.RLock()
    retire_references()


atexit.register(shutdown, True)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)


@overload
def remote(target: C) -> ActorClass[C]: ...  # type: ignore[overload-overlap]  # a class is callable too
@overload
def remote(target: Callable[..., T]) -> RemoteFunction[T]: ...
@overload
def remote(**options: object) -> Callable[[Any], Any]: ...
def remote(*targets: object, **options: object) -> object:
    """Make a function a task, or a class an actor class; with options, return the decorator that does.

    Raises AssertionError for `@remote()` without options, TypeError for what is neither a function nor a class,
    ValueError for an `async def` function or for options that there are not.
    """
    if len(targets) == 1 and not options and callable(targets[0]):
        return make_remote(targets[0], {})
    if targets or not options:
        raise AssertionError(
            "The @ray.remote decorator must be applied either with no arguments and no parentheses, for example"
            " '@ray.remote', or it must be applied using some of the arguments in its list of options, for example"
            " '@ray.remote(num_returns=2)'."
        )
    return lambda target: make_remote(target, options)


def method(**options: object) -> Callable[[F], F]:
    """Declare options of an actor's method: `num_returns`, `concurrency_group`, `max_task_retries`, and so on.

    Raises AssertionError for an option that methods do not have, TypeError or ValueError for a wrong value.
    """
    for name in options:
        if name not in METHOD_OPTIONS:
            raise AssertionError(
                f"Unexpected keyword argument to @ray.method: '{name}'. The supported keyword arguments are"
                f" {sorted(METHOD_OPTIONS)}"
            )
    check_options(options, METHOD_OPTIONS, "actor methods")

    def declare(function: F) -> F:
        for name, value in options.items():
            setattr(function, DECLARATIONS.get(name, f"__ray_{name}__"), value)
        return function

    return declare


def get(object_refs: Any, *, timeout: float | None = None) -> Any:  # the values behind the references
    """Return the value behind a reference, or the list of values behind a list of references.

    Parameters:
        object_refs: a reference, a list of references, or a stream (returned as it is).
        timeout: seconds; 0 only looks, None waits for ever, and so does a negative number, as on Ray.

    Raises `GetTimeoutError`; the error of the call: `RayTaskError` and the class of the original error in one,
    `ActorDiedError`, `TaskCancelledError`; ValueError or TypeError for what is no reference.
    """
    return current_engine().get(object_refs, timeout)


def wait(
    ray_waitables: list[Any],  # references of any type, and streams
    *,
    num_returns: int = 1,
    timeout: float | None = None,
    fetch_local: bool = True,
) -> tuple[list[Any], list[Any]]:
    """Wait until `num_returns` of the references are ready, or `timeout` seconds have gone.

    Returns the ready ones, `num_returns` at most, and all the others, each in the order given.
    Raises TypeError or ValueError for arguments that make no sense.
    """
    return current_engine().wait(ray_waitables, num_returns, timeout, fetch_local)


def put(value: T) -> ObjectRef[T]:
    """Store a copy of the value and return a reference to it. Raises TypeError for a reference."""
    return current_engine().put(value)  # type: ignore[return-value]  # a reference to this value


def cancel(ray_waitable: Any, *, force: bool = False, recursive: bool = True) -> None:
    """Cancel the call behind a reference, and with `recursive` what it submitted.

    Raises TypeError for what is no reference, ValueError for `force` on the call of an actor.
    """
    current_engine().cancel(ray_waitable, force, recursive)


def kill(actor: ActorHandle, *, no_restart: bool = True) -> None:
    """End an actor at once: its calls fail with `ActorDiedError`. With `no_restart=False` it may restart.

    A method that runs on a thread goes on to its end, unseen. Raises ValueError for what is no handle.
    """
    current_engine().kill(actor, no_restart)


def get_actor(name: str, namespace: str | None = None) -> ActorHandle:
    """Return a handle to a living actor by its name. Raises ValueError when there is none."""
    if not isinstance(name, str):
        raise TypeError(f"The type of 'name' must be str, got {type(name)}")
    if not name:
        raise ValueError("Please supply a non-empty value to get_actor")
    if namespace == "":
        raise ValueError('"" is not a valid namespace. Pass None to not specify a namespace.')
    return current_engine().get_actor(name, namespace)


def list_named_actors(all_namespaces: bool = False) -> Sequence[str | Mapping[str, str]]:
    """The names of the living named actors: of this namespace, or records with `name` and `namespace` of all."""
    return current_engine().list_named_actors(all_namespaces)


def exit_actor() -> None:
    """End the actor whose method calls this, after this call. Raises TypeError outside of an actor."""
    current_engine().exit_actor()


def get_runtime_context() -> RuntimeContext:
    """Return what there is to know about where the caller runs."""
    return current_engine().runtime_context()


def statistics() -> EngineStatistics:
    """Count what runs now in the embedded engine. Raises RuntimeError when another engine runs, or none."""
    if not isinstance(_engine, EmbeddedEngine):
        name = "no engine runs" if _engine is None else f"the {_engine.name} engine keeps its own"
        raise RuntimeError(f"there are no statistics of embedded actors: {name}")
    return _engine.statistics()


def cluster_resources() -> Mapping[str, float]:
    """The resources in total; `CPU` is the number of task slots."""
    return current_engine().resources(available=False)


def available_resources() -> Mapping[str, float]:
    """The resources that are free now."""
    return current_engine().resources(available=True)
