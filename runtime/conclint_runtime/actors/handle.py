"""What the program holds of an actor, and of one of its methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from conclint_runtime.actors.copying import ByIdentity
from conclint_runtime.actors.engine_protocol import Callee

_NO_OPTIONS: Mapping[str, object] = {}


class ActorMethod(ByIdentity):
    """A method of an actor, called by `remote`. It keeps the actor alive, as a handle does."""

    __slots__ = ("_callee", "_name", "_options", "_submit")

    def __init__(self, callee: Callee, name: str, options: Mapping[str, object] = _NO_OPTIONS) -> None:
        self._callee = callee
        self._name = name
        self._options = options
        self._submit = callee.submit

    # The class of the actor is not known to the checker, so neither is what its methods return: Any, as Ray has it.
    def remote(self, *args: object, **kwargs: object) -> Any:
        """Submit a call; return its reference (or references, or stream) at once.

        Raises TypeError when the method does not take these arguments, `PendingCallsLimitExceeded` when the actor has
        too many unfinished calls, and what pickling raises for an argument that cannot be copied.
        """
        return self._submit(self._name, args, kwargs, self._options)

    def options(self, **options: object) -> ActorMethod:
        """Return the method with options for the calls made through it: `num_returns`, `concurrency_group`, ..."""
        return ActorMethod(self._callee, self._name, {**self._options, **options})

    def __call__(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError(
            f"Actor methods cannot be called directly. Instead of running 'object.{self._name}()', "
            f"try 'object.{self._name}.remote()'."
        )

    def __repr__(self) -> str:
        return f"ActorMethod({self._callee.class_name}.{self._name})"


class ActorHandle(ByIdentity):
    """A handle to an actor: `handle.method.remote(...)` calls it. The actor lives while there is a handle to it.

    Handles are equal when they reach the same actor, and are passed to tasks and actors as they are.
    """

    def __init__(self, callee: Callee) -> None:
        self.__dict__["_callee"] = callee

    def __getattr__(self, name: str) -> ActorMethod:
        callee: Callee = self.__dict__["_callee"]
        if not callee.has_method(name):
            raise AttributeError(
                f"'ActorHandle' object has no attribute '{name}': {callee.class_name} has no such method"
            )
        method = ActorMethod(callee, name)
        self.__dict__[name] = method  # the next look-up does not come here
        return method

    @property
    def _actor_id(self) -> str:
        callee: Callee = self.__dict__["_callee"]
        return callee.actor_id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ActorHandle) and self._actor_id == other._actor_id

    def __hash__(self) -> int:
        return hash(self._actor_id)

    def __repr__(self) -> str:
        callee: Callee = self.__dict__["_callee"]
        return f"Actor({callee.class_name}, {callee.actor_id})"

    def __copy__(self) -> ActorHandle:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> ActorHandle:
        return self

    def __reduce__(self) -> NoReturn:
        from conclint_runtime.exceptions import OufOfBandObjectRefSerializationException

        raise OufOfBandObjectRefSerializationException(
            f"{self!r} cannot be pickled: it reaches an actor of this process. Pass it as an argument of a remote call,"
            " or name the actor and look it up with `get_actor`"
        )
