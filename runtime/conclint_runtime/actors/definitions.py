"""What `@remote` makes of a function and of a class."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from conclint_runtime.actors.copying import ByIdentity
from conclint_runtime.actors.engine_protocol import ClassDefinition, FunctionDefinition
from conclint_runtime.actors.options import check_actor_options, check_task_options

if TYPE_CHECKING:
    from conclint_runtime.actors.handle import ActorHandle

T = TypeVar("T")


class RemoteFunction(ByIdentity, Generic[T]):
    """A function that is called by `remote`: `f.remote(...)` submits a task and returns its reference at once.

    The function itself stays reachable as `__wrapped__`. The definition exists before any engine: the engine that is
    current when `remote` is called runs the task.
    """

    __name__: str
    __wrapped__: Callable[..., T]

    def __init__(self, definition: FunctionDefinition, options: Mapping[str, object]) -> None:
        self._definition = definition
        self._options = options
        update_wrapper(self, definition.function)

    # The type of what comes back depends on `num_returns` and on whether the function is a generator.
    def remote(self, *args: object, **kwargs: object) -> Any:
        """Submit a task; return its reference (or references, or stream) at once.

        Raises TypeError when the function does not take these arguments, and what pickling raises for an argument that
        cannot be copied.
        """
        from conclint_runtime.actors.api import current_engine

        return current_engine().submit_task(self._definition, args, kwargs, self._options)

    def options(self, **options: object) -> RemoteFunction[T]:
        """Return the function with other options, for the calls made through it. Raises as `remote(...)` does."""
        check_task_options(options)
        return RemoteFunction(self._definition, {**self._options, **options})

    def __call__(self, *_args: object, **_kwargs: object) -> NoReturn:
        name = f"{self._definition.function.__module__}.{self._definition.name}"
        raise TypeError(
            f"Remote functions cannot be called directly. Instead of running '{name}()', try '{name}.remote()'."
        )

    def __reduce__(self) -> tuple[object, ...]:
        return _remote_function, (self._definition.function, dict(self._definition.options), dict(self._options))


class ActorClass(ByIdentity, Generic[T]):
    """A class whose instances are actors: `A.remote(...)` creates one and returns its handle at once.

    Attributes of the class are reachable through it: `A.method` is the plain function. The class itself is
    `__wrapped__`.
    """

    def __init__(self, definition: ClassDefinition, options: Mapping[str, object]) -> None:
        self._definition = definition
        self._options = options
        update_wrapper(self, definition.cls, updated=())

    def remote(self, *args: object, **kwargs: object) -> ActorHandle:
        """Create an actor. Its constructor runs in the actor: an error of it shows at the first call.

        Raises TypeError when the constructor does not take these arguments, `ActorAlreadyExistsError` when the name is
        taken.
        """
        from conclint_runtime.actors.api import current_engine

        return current_engine().create_actor(self._definition, args, kwargs, self._options)

    def options(self, **options: object) -> ActorClass[T]:
        """Return the class with other options, for the actors made through it. Raises as `remote(...)` does."""
        check_actor_options({**self._options, **options})
        return ActorClass(self._definition, {**self._options, **options})

    def __getattr__(self, name: str) -> Any:  # whatever the class has
        return getattr(self.__dict__["_definition"].cls, name)

    def __call__(self, *_args: object, **_kwargs: object) -> NoReturn:
        name = self._definition.name
        raise TypeError(f"Actors cannot be instantiated directly. Instead of '{name}()', use '{name}.remote()'.")

    def __mro_entries__(self, bases: tuple[object, ...]) -> NoReturn:
        raise ActorClassInheritanceException(
            f"Attempted to define a subclass of the actor class '{self._definition.name}'. Inheriting from actor"
            " classes is not supported. You can instead inherit from a plain class and decorate the subclass."
        )

    def __repr__(self) -> str:
        return f"ActorClass({self._definition.name})"

    def __reduce__(self) -> tuple[object, ...]:
        return _actor_class, (self._definition.cls, dict(self._definition.options), dict(self._options))


class ActorClassInheritanceException(TypeError):  # noqa: N818 - Ray's name
    """A class was derived from an actor class."""


def make_remote(target: object, options: Mapping[str, object]) -> RemoteFunction[object] | ActorClass[object]:
    """Make a function or a class remote.

    Raises TypeError for anything else, ValueError for an `async def` function or wrong options.
    """
    if inspect.isclass(target):
        check_actor_options(options)
        return ActorClass(ClassDefinition(target, options), options)
    if inspect.isfunction(target) or inspect.isbuiltin(target):
        if inspect.iscoroutinefunction(target):
            raise ValueError(
                "'async def' should not be used for remote tasks. You can wrap the async function with"
                f" `asyncio.run({target.__name__}())` in a plain function, or make it a method of an actor."
                " See more at: https://docs.ray.io/en/latest/ray-core/actors/async_api.html"
            )
        check_task_options(options)
        return RemoteFunction(FunctionDefinition(target, options), options)
    raise TypeError("The @ray.remote decorator must be applied to either a function or a class.")


def _remote_function(
    function: Callable[..., object], declared: Mapping[str, object], options: Mapping[str, object]
) -> RemoteFunction[object]:
    return RemoteFunction(FunctionDefinition(function, declared), options)


def _actor_class(cls: type, declared: Mapping[str, object], options: Mapping[str, object]) -> ActorClass[object]:
    return ActorClass(ClassDefinition(cls, declared), options)
