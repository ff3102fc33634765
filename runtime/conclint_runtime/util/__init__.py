"""The names of `ray.util`."""

from __future__ import annotations

from conclint_runtime.actors.api import list_named_actors
from conclint_runtime.util.actor_pool import ActorPool

__all__ = ["ActorPool", "get_node_ip_address", "list_named_actors"]


def get_node_ip_address() -> str:
    """The address of the one node there is."""
    return "127.0.0.1"
