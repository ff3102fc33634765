"""What handles hold of an actor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import ref

if TYPE_CHECKING:
    from conclint_runtime.actors.actor import EmbeddedActor


class Lease:
    """While there is one, the actor lives. It is the `Callee` of the handles, which share it.

    Its finaliser may run anywhere, so it only puts the actor into a queue that another thread reads.
    """

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
