"""What can go wrong with a game for reasons that its caller can mend."""

from __future__ import annotations


class LifeError(Exception):
    """A board, a pattern or a strategy that cannot be had as asked for; the text says which, and what can be done."""


class Stopped(Exception):  # noqa: N818  # not an error
    """Raised inside a worker whose game was given up, so that it ends. It does not reach the caller."""
