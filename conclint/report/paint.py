"""Colour for terminals."""

from __future__ import annotations

from dataclasses import dataclass

from conclint.finding import Severity

_OF_SEVERITY = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36"}


@dataclass(frozen=True, slots=True)
class Paint:
    """Puts colour around text, or leaves it alone."""

    enabled: bool

    def _in(self, style: str, text: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.enabled and text else text

    def severity(self, severity: Severity, text: str) -> str:
        """In the colour of a severity."""
        return self._in(_OF_SEVERITY[severity], text)

    def bold(self, text: str) -> str:
        """Bold."""
        return self._in("1", text)

    def dim(self, text: str) -> str:
        """What is less important."""
        return self._in("2", text)

    def gutter(self, text: str) -> str:
        """Line numbers and the lines of a frame."""
        return self._in("1;34", text)

    def step(self, text: str) -> str:
        """A place on the way, as against the place that is reported."""
        return self._in("1;36", text)

    def added(self, text: str) -> str:
        """A line that a fix adds."""
        return self._in("32", text)

    def removed(self, text: str) -> str:
        """A line that a fix takes away."""
        return self._in("31", text)
