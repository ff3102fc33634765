"""conclint finds the concurrency bugs in Python code, shows the path that proves each one, and mends it.

    >>> import conclint
    >>> for finding in conclint.lint("src"):
    ...     print(finding.place.path, finding.place.span.row, finding.code, finding.message)

The names below are loaded when they are first used: importing conclint costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conclint.api import LintError, lint
    from conclint.config import ConfigError, Options, Settings
    from conclint.finding import Applicability, Confidence, Finding, Severity

__version__ = "0.1.0"

__all__ = [
    "Applicability",
    "Confidence",
    "ConfigError",
    "Finding",
    "LintError",
    "Options",
    "Settings",
    "Severity",
    "__version__",
    "lint",
]

_HOMES = {
    "Applicability": "finding",
    "Confidence": "finding",
    "ConfigError": "config",
    "Finding": "finding",
    "LintError": "api",
    "Options": "config",
    "Settings": "config",
    "Severity": "finding",
    "lint": "api",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
