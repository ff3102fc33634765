"""Where the command writes: the report to the output or a file, everything else to the error stream."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterable
from typing import TextIO

import click

from conclint import atomic_file
from conclint.config_file import ConfigError

_WIDTH_OF_NO_TERMINAL = 120
_WIDEST = 160
_PATIENCE = 1.0
_PAUSE = 0.05


def prepare() -> None:
    """Make the standard streams carry whatever a file's name or a source line holds."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal that understands more than plain text."""
    try:
        return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
    except ValueError:  # closed
        return False


def colour(when: str, to_file: bool) -> bool:
    """Whether the report is coloured. An option beats `NO_COLOR`, which beats `FORCE_COLOR`."""
    if when != "auto":
        return when == "always"
    if to_file or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return is_terminal(sys.stdout)


def width() -> int:
    """The columns that the report may take; the same everywhere when it goes to no terminal."""
    if not is_terminal(sys.stdout):
        return _WIDTH_OF_NO_TERMINAL
    return min(shutil.get_terminal_size((_WIDTH_OF_NO_TERMINAL, 24)).columns, _WIDEST)


def ascii_alone() -> bool:
    """Whether the output cannot carry more than ASCII."""
    try:
        "\N{HORIZONTAL ELLIPSIS}".encode(sys.stdout.encoding or "ascii")
    except (AttributeError, UnicodeEncodeError, LookupError):
        return True
    return False


def emit(pieces: Iterable[str], path: str | None = None, *, aside: bool = False) -> None:
    """Write a report to a file, or to the output, or aside to the error stream. A reader that went away is no error.

    Raises:
        ConfigError: it cannot be written.
    """
    if path is not None and path != "-":
        try:
            atomic_file.replace(path, "".join(pieces).encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from error
        return
    stream: TextIO | None = sys.stderr if aside else sys.stdout
    if stream is None:  # closed by the shell, as with `>&-`
        return
    try:
        for piece in pieces:
            stream.write(piece)
        stream.flush()
    except OSError as error:
        # What is left in the buffer would fail again when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if not isinstance(error, BrokenPipeError):
            raise ConfigError(f"the output cannot be written: {error.strerror or error}") from error


def say(text: str) -> None:
    """Write a line to the error stream."""
    click.echo(text, err=True)


class ProgressBar:
    """A line on a terminal that tells how far a run is, once it takes more than a second; gone when it ends."""

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled and is_terminal(sys.stderr)
        self._begin = time.monotonic()
        self._drawn = ""
        self._drawn_at = 0.0

    def __call__(self, done: int, total: int) -> None:
        """Take note that `done` of `total` files are read."""
        now = time.monotonic()
        if not self._enabled or now - self._begin < _PATIENCE or now - self._drawn_at < _PAUSE:
            return
        filled = 30 * done // max(total, 1)
        line = f"  {'#' * filled}{'.' * (30 - filled)} {done} of {total} files"
        if line != self._drawn:
            sys.stderr.write(f"\r{line}\x1b[K")
            sys.stderr.flush()
            self._drawn = line
            self._drawn_at = now

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._drawn = ""
