"""What a task or a method can ask about where it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from conclint_runtime.actors.calls import CURRENT, Call

if TYPE_CHECKING:
    from conclint_runtime.actors.actor import EmbeddedActor
    from conclint_runtime.actors.engine import EmbeddedEngine
    from conclint_runtime.actors.handle import ActorHandle


class RuntimeContext:
    """Where the caller runs. Source: the Ray Core documentation, "Runtime Context".

    Parameters:
        engine: the engine that was asked.
        call: the call in whose body the caller is; None in the program's own code.
    """

    def __init__(self, engine: EmbeddedEngine, call: Call | None) -> None:
        self._engine = engine
        self._call = call

    @property
    def namespace(self) -> str:
        """The namespace in which names are looked up."""
        return self._engine.namespace

    @property
    def current_actor(self) -> ActorHandle:
        """A handle to the actor whose method runs. Raises RuntimeError outside of an actor."""
        return self._engine.handle_of(self._actor("current_actor"))

    @property
    def was_current_actor_reconstructed(self) -> bool:
        """Whether the actor has been built anew. Raises RuntimeError outside of an actor."""
        return self._actor("was_current_actor_reconstructed").restarts > 0

    def get_actor_id(self) -> str | None:
        """The identifier of the actor whose method runs; None outside of an actor."""
        return None if self._call is None or self._call.actor is None else self._call.actor.actor_id

    def get_actor_name(self) -> str | None:
        """The name of the actor whose method runs, empty when it has none; None outside of an actor."""
        return None if self._call is None or self._call.actor is None else self._call.actor.settings.name

    def get_task_id(self) -> str | None:
        """The identifier of the call that runs; None in the program's own code."""
        return None if self._call is None else self._call.task_id()

    def get_task_name(self) -> str | None:
        """The name of the call that runs; None in the program's own code."""
        return None if self._call is None else self._call.name

    def get_task_function_name(self) -> str | None:
        """The function of the call that runs; None in the program's own code."""
        return self.get_task_name()

    def is_canceled(self) -> bool:
        """Whether the call that runs was cancelled: a sync method is not interrupted, it may ask."""
        return self._call is not None and self._call.cancel_requested

    def get_job_id(self) -> str:
        """The identifier of the program's run."""
        return self._engine.job_id

    def get_node_id(self) -> str:
        """The identifier of the one node there is."""
        return f"{1:056x}"

    def get_worker_id(self) -> str:
        """The identifier of the one process there is."""
        return f"{1:056x}"

    def get_assigned_resources(self) -> Mapping[str, float]:
        """The task slots that the call holds."""
        cpus = getattr(self._call, "cpus", None)
        return {} if cpus is None else {"CPU": float(cpus)}

    def _actor(self, what: str) -> EmbeddedActor:
        if self._call is None or self._call.actor is None:
            raise RuntimeError(f"This method is only available in an actor: `{what}` was asked outside of one.")
        return self._call.actor


def context_here(engine: EmbeddedEngine) -> RuntimeContext:
    """Return the context of the caller."""
    return RuntimeContext(engine, CURRENT.get())
