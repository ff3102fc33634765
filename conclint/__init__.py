"""conclint finds the concurrency bugs in Python code, shows the path that proves each one, and mends it."""

from __future__ import annotations

__version__ = "0.1.0"
