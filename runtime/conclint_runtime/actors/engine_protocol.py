"""What the public functions need of an engine: the contract between `actors.api` and everything that runs calls.

The program's `remote`, `get`, `wait` and so on know no engine. They describe what the user decorated (a
`FunctionDefinition` or a `ClassDefinition`, which exist before any engine does) and hand it to the current engine.
The embedded engine is one implementation; `conclint_runtime.backends` holds adapters for others. `init(backend="ray")`
imports `conclint_runtime.backends.ray` and calls its `start(**options)`, which returns an `Engine`; any other name of
that package works the same way.

**References and handles are the engine's own.** An engine of another library may return that library's references
and handles unwrapped, and gets them back in `get`, `wait`, `cancel` and `kill`. An engine without references of its
own makes `conclint_runtime.ObjectRef` and settles it with `settle_value` or `settle_error` (from `actors.ref`),
hands out `ActorHandle(callee)` for its own `Callee`, and can use `actors.waiting` for `get` and `wait`.

**Programs that continue in another process.** Where no engine was started in a process, the first remote call starts
the one that the environment variable `CONCLINT_RUNTIME_BACKEND` names (the embedded one by default). An adapter whose
workers are other processes sets it in their environment, so that a task that submits tasks stays on that engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from conclint_runtime.actors.context import RuntimeContext
    from conclint_runtime.actors.handle import ActorHandle
    from conclint_runtime.actors.ref import ObjectRef
    from conclint_runtime.actors.stream import ObjectRefGenerator

    Submitted: TypeAlias = "ObjectRef[object] | list[ObjectRef[object]] | ObjectRefGenerator[object] | None"
    """What a call gives back at once: a reference; `num_returns` of them; a stream; nothing with `num_returns=0`."""


BACKEND_VARIABLE = "CONCLINT_RUNTIME_BACKEND"
"""The environment variable that names the engine which an implicit `init` starts."""


@dataclass(frozen=True, eq=False)
class FunctionDefinition:
    """A function that was made remote.

    Compared by identity: an adapter keys its translation (say, Ray's own remote function) by the definition, in a
    `WeakKeyDictionary`. `options` are those of the decorator alone; a call brings the effective ones.
    """

    function: Callable[..., object]
    options: Mapping[str, object]

    @property
    def name(self) -> str:
        """The function's qualified name."""
        return str(getattr(self.function, "__qualname__", repr(self.function)))


@dataclass(frozen=True, eq=False)
class ClassDefinition:
    """A class that was made an actor class. Compared by identity, as `FunctionDefinition` is.

    What `method(...)` said about a member stands on the function itself, in the attributes that Ray reads too
    (`__ray_num_returns__`, `__ray_concurrency_group__`, ...), so that an adapter to Ray passes `cls` on as it is.
    """

    cls: type
    options: Mapping[str, object]

    @property
    def name(self) -> str:
        """The class's name without its module."""
        return self.cls.__name__


class Callee(Protocol):
    """The far end of an `ActorHandle`: where the calls of one actor go."""

    @property
    def actor_id(self) -> str:
        """The actor's identifier in hexadecimal, unique in the engine."""

    @property
    def class_name(self) -> str:
        """The name of the actor's class, for `repr`."""

    def has_method(self, name: str) -> bool:
        """Whether the actor's class has a callable member of this name."""

    def submit(
        self, method: str, args: tuple[object, ...], kwargs: dict[str, object], options: Mapping[str, object]
    ) -> Submitted:
        """Submit one call and return at once. `options` are those of `handle.method.options(...)`."""


class Engine(Protocol):
    """What runs the program's calls. Options arrive as the user wrote them, their names and values checked."""

    @property
    def name(self) -> str:
        """The engine's name: `embedded`, `ray`, `xoscar`."""

    def submit_task(
        self,
        task: FunctionDefinition,
        args: tuple[object, ...],
        kwargs: dict[str, object],
        options: Mapping[str, object],
    ) -> Submitted:
        """Submit one call of a remote function and return at once. `options` are the effective ones."""

    def create_actor(
        self,
        actor: ClassDefinition,
        args: tuple[object, ...],
        kwargs: dict[str, object],
        options: Mapping[str, object],
    ) -> ActorHandle:
        """Create an actor and return its handle at once, before its constructor has run."""

    def get(self, refs: object, timeout: float | None) -> object:
        """Return the value of a reference, or the list of values of a list of them.

        The engine checks the arguments. `timeout` is in seconds; None waits for ever.
        Raises `GetTimeoutError`, or the error of the call.
        """

    def wait(
        self, refs: object, num_returns: int, timeout: float | None, fetch_local: bool
    ) -> tuple[list[ObjectRef[object]], list[ObjectRef[object]]]:
        """Wait until `num_returns` of the references are ready; return the ready and the others, each in order."""

    def put(self, value: object) -> ObjectRef[object]:
        """Store a copy of the value and return a reference to it."""

    def cancel(self, ref: object, force: bool, recursive: bool) -> None:
        """Cancel the call behind a reference, as far as it can be."""

    def kill(self, actor: object, no_restart: bool) -> None:
        """End an actor without running what waits in it."""

    def get_actor(self, name: str, namespace: str | None) -> ActorHandle:
        """Return the handle of a named actor. Raises ValueError when there is none."""

    def list_named_actors(self, all_namespaces: bool) -> Sequence[str | Mapping[str, str]]:
        """The names of the living named actors; with all namespaces, records of `name` and `namespace`."""

    def exit_actor(self) -> None:
        """End the actor whose method calls this; does not return. Raises TypeError outside of an actor."""

    def runtime_context(self) -> RuntimeContext:
        """Describe where the caller runs."""

    def resources(self, available: bool) -> Mapping[str, float]:
        """The engine's resources by name (`CPU` is the number of task slots), in total or those free now."""

    def shutdown(self) -> None:
        """End every actor and task and release everything; idempotent. After it, references cannot be used."""
