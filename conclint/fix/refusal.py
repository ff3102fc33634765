"""Why a fix is not made: the one exception that the package raises inside, and turns into a value at its edge."""

from __future__ import annotations


class RefusalError(Exception):
    """This fix cannot be made here; its text says why, in words for the user."""
