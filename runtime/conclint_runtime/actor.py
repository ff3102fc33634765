"""The names of `ray.actor`: `from ray.actor import ActorHandle, exit_actor` keeps working."""

from __future__ import annotations

from conclint_runtime.actors.api import exit_actor
from conclint_runtime.actors.definitions import ActorClass, ActorClassInheritanceException
from conclint_runtime.actors.handle import ActorHandle, ActorMethod

__all__ = ["ActorClass", "ActorClassInheritanceException", "ActorHandle", "ActorMethod", "exit_actor"]
