"""The companion of the linter. This version reserves the package; the parts come with later ones."""

from __future__ import annotations

__version__ = "0.1.0"
