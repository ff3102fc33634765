"""The named actors of one engine."""

from __future__ import annotations

from collections.abc import Mapping

from conclint_runtime.actors.actor import EmbeddedActor
from conclint_runtime.actors.lease import Lease
from conclint_runtime.exceptions import ActorAlreadyExistsError


class Names:
    """Finds living actors by namespace and name. A name is free again when its actor has ended."""

    def __init__(self) -> None:
        self._actors: dict[tuple[str, str], EmbeddedActor] = {}

    def find(self, name: str, namespace: str) -> Lease | None:
        """Return what a new handle needs; None when no actor of that name lives there, or it is about to end."""
        actor = self._actors.get((namespace, name))
        return None if actor is None or actor.death is not None else actor.lease()

    def check_free(self, name: str, namespace: str) -> None:
        """Raise `ActorAlreadyExistsError` when a living actor has the name."""
        if self.find(name, namespace) is not None:
            raise ActorAlreadyExistsError(
                f"The name {name} (namespace={namespace}) is already taken. Please use a different name or get the"
                f" existing actor using ray.get_actor('{name}', namespace='{namespace}')"
            )

    def add(self, actor: EmbeddedActor) -> None:
        """Give the actor the name of its settings."""
        self._actors[actor.settings.namespace, actor.settings.name] = actor

    def remove(self, actor: EmbeddedActor) -> None:
        """Free the actor's name, unless another one has it by now."""
        key = (actor.settings.namespace, actor.settings.name)
        if self._actors.get(key) is actor:
            del self._actors[key]

    def __len__(self) -> int:
        return len(self._actors)

    def inside(self, namespace: str) -> list[str]:
        """The names in one namespace."""
        return [name for space, name in tuple(self._actors) if space == namespace and self.find(name, space)]

    def everywhere(self) -> list[Mapping[str, str]]:
        """The names in all namespaces."""
        living = [(space, name) for space, name in tuple(self._actors) if self.find(name, space)]
        return [{"name": name, "namespace": space} for space, name in living]
