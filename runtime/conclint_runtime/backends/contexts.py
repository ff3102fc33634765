"""Where the caller runs, as the engines of other libraries tell it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from conclint_runtime.actors.context import RuntimeContext
from conclint_runtime.backends.differences import refusal
from conclint_runtime.backends.xoscar_messages import HERE, Employment

if TYPE_CHECKING:
    from conclint_runtime.actors.handle import ActorHandle
    from conclint_runtime.backends.ray_refs import Theirs
    from conclint_runtime.backends.xoscar_engine import XoscarEngine


class RayContext(RuntimeContext):
    """Ray's own context."""

    def __init__(self, real: Theirs) -> None:
        # Without the parent's: it reads the embedded engine.
        self._real = real

    @property
    def namespace(self) -> str:
        """The namespace in which names are looked up."""
        return str(self._real.namespace)

    @property
    def current_actor(self) -> ActorHandle:
        """A handle to the actor whose method runs."""
        from conclint_runtime.backends.ray_actors import RayHandle

        return RayHandle(self._real.current_actor)

    @property
    def was_current_actor_reconstructed(self) -> bool:
        """Whether the actor has been built anew."""
        return bool(self._real.was_current_actor_reconstructed)

    def get_actor_id(self) -> str | None:
        """The identifier of the actor whose method runs."""
        return self._text(self._real.get_actor_id())

    def get_actor_name(self) -> str | None:
        """The name of the actor whose method runs."""
        return self._text(self._real.get_actor_name())

    def get_task_id(self) -> str | None:
        """The identifier of the call that runs."""
        return self._text(self._real.get_task_id())

    def get_task_name(self) -> str | None:
        """The name of the call that runs."""
        return self._text(self._real.get_task_name())

    def get_task_function_name(self) -> str | None:
        """The function of the call that runs."""
        return self._text(self._real.get_task_function_name())

    def is_canceled(self) -> bool:
        """Whether the call that runs was cancelled."""
        return bool(self._real.is_canceled())

    def get_job_id(self) -> str:
        """The identifier of the program's run."""
        return str(self._real.get_job_id())

    def get_node_id(self) -> str:
        """The identifier of the node."""
        return str(self._real.get_node_id())

    def get_worker_id(self) -> str:
        """The identifier of the process."""
        return str(self._real.get_worker_id())

    def get_assigned_resources(self) -> Mapping[str, float]:
        """What Ray gave to the call."""
        given: Mapping[str, float] = self._real.get_assigned_resources()
        return given

    @staticmethod
    def _text(value: object) -> str | None:
        return None if value is None else str(value)


class XoscarContext(RuntimeContext):
    """The actor that a host runs a method of; xoscar itself knows nothing of it."""

    def __init__(self, engine: XoscarEngine) -> None:
        # Without the parent's: it reads the embedded engine.
        self._xoscar = engine
        self._job = HERE.get()

    @property
    def namespace(self) -> str:
        """The namespace in which names are looked up."""
        return self._xoscar.namespace

    @property
    def current_actor(self) -> ActorHandle:
        """A handle to the actor whose method runs."""
        return self._xoscar.handle(self._here("current_actor"))

    @property
    def was_current_actor_reconstructed(self) -> bool:
        """False: none is."""
        self._here("was_current_actor_reconstructed")
        return False

    def get_actor_id(self) -> str | None:
        """The identifier of the actor whose method runs."""
        return None if self._job is None else self._job.uid

    def get_actor_name(self) -> str | None:
        """The name of the actor whose method runs."""
        return None if self._job is None else self._job.name

    def get_task_id(self) -> str | None:
        """Refuse: calls have no identifiers in their hosts."""
        raise refusal("task identifiers", "get_task_id")

    def get_task_name(self) -> str | None:
        """Refuse: calls have no names in their hosts."""
        raise refusal("task identifiers", "get_task_name")

    def is_canceled(self) -> bool:
        """Refuse: a method in a thread is not told."""
        raise refusal("task identifiers", "is_canceled")

    def get_job_id(self) -> str:
        """The address of the pool."""
        return self._xoscar.pool.station.address

    def get_node_id(self) -> str:
        """The address of the pool."""
        return self._xoscar.pool.station.address

    def get_worker_id(self) -> str:
        """The number of the process."""
        return str(os.getpid())

    def get_assigned_resources(self) -> Mapping[str, float]:
        """Nothing: xoscar counts none."""
        return {}

    def _here(self, what: str) -> Employment:
        if self._job is None:
            raise RuntimeError(f"This method is only available in an actor: `{what}` was asked outside of one.")
        return self._job
