"""Actors of Ray behind our handles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from conclint_runtime.actors.handle import ActorHandle
from conclint_runtime.backends.ray_errors import translating
from conclint_runtime.backends.ray_refs import Theirs, bare_arguments, wrapped

if TYPE_CHECKING:
    from conclint_runtime.actors.engine_protocol import Submitted


class RayCallee:
    """The far end of a handle: Ray's own handle."""

    __slots__ = ("real",)

    def __init__(self, real: Theirs) -> None:
        self.real = real

    @property
    def actor_id(self) -> str:
        """The actor's identifier in hexadecimal."""
        return str(self.real._actor_id.hex())

    @property
    def class_name(self) -> str:
        """The name of the actor's class."""
        return str(self.real._ray_actor_creation_function_descriptor.class_name).rpartition(".")[2]

    def has_method(self, name: str) -> bool:
        """Whether the actor's class has a callable member of this name."""
        return hasattr(self.real, name)

    def submit(
        self, method: str, args: tuple[object, ...], kwargs: dict[str, object], options: Mapping[str, object]
    ) -> Submitted:
        """Submit one call and return at once."""
        called = getattr(self.real, method)
        plain, named = bare_arguments(args, kwargs)
        with translating():
            submitted: Submitted = wrapped((called.options(**options) if options else called).remote(*plain, **named))
        return submitted


class RayHandle(ActorHandle):
    """A handle that travels to other processes, also inside of containers."""

    def __init__(self, real: Theirs) -> None:
        super().__init__(RayCallee(real))
        self.__dict__["real"] = real

    def __reduce__(self) -> tuple[object, ...]:  # type: ignore[override]  # the embedded one cannot be pickled
        return received_handle, (self.__dict__["real"],)


def received_handle(real: Theirs) -> RayHandle:
    """Return the handle that came to this process."""
    from conclint_runtime.backends.ray import attach

    attach()
    return RayHandle(real)
