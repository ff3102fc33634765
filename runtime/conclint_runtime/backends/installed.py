"""Importing the library that an adapter stands on."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType


class BackendNotInstalled(ImportError):  # noqa: N818  # says what is the case, as ImportError's own family does
    """The library that a backend stands on is not installed."""


def library(name: str) -> ModuleType:
    """Import and return the library of a backend.

    Imported by name and not by statement: it is an optional dependency, whose types are not there where it is not.

    Raises:
        BackendNotInstalled: it is not installed; the text names the extra that installs it.
    """
    if importlib.util.find_spec(name) is None:
        raise BackendNotInstalled(
            f"the backend {name!r} needs the package {name!r}, which is not installed: install conclint[{name}], "
            f"or call init() without `backend` to stay in this process"
        )
    return importlib.import_module(name)
