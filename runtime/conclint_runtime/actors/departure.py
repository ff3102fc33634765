"""How an actor says that it wants to end."""

from __future__ import annotations


class ActorExit(SystemExit):
    """Raised by `exit_actor` in a method: ends the actor, passes through `except Exception`."""
