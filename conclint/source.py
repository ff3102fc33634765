"""One file as the user wrote it: bytes, encoding, newlines, and the three ways of counting columns.

`ast` counts columns in UTF-8 bytes, LibCST and people in characters, editors that speak LSP in UTF-16 units.
`Source` owns the conversion. Reading never raises: what cannot be read is an `Unreadable`, which becomes a finding.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import stat
from dataclasses import dataclass
from functools import cached_property
from io import FileIO

_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$")
_LINES = re.compile(r"\r\n|\r|\n")

# One file larger than this is data, not a program that somebody maintains; it is reported and passed over.
MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that gives no source, and why."""

    path: str
    reason: str
    digest: bytes = b""


@dataclass(frozen=True)
class Source:
    """The contents of one file.

    `text` is decoded and has no byte order mark; newlines are as in the file. `digest` is of the bytes.
    """

    path: str
    data: bytes
    text: str
    encoding: str
    bom: bool
    digest: bytes

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines without their newlines, split where Python splits them (not at form feeds)."""
        return tuple(_LINES.split(self.text))

    def line(self, row: int) -> str:
        """The text of a row counted from 1, or "" past the end."""
        return self.lines[row - 1] if 0 < row <= len(self.lines) else ""

    def characters(self, row: int, column: int) -> int:
        """The column in characters, from a column in UTF-8 bytes (both from 0)."""
        line = self.line(row)
        if line.isascii():
            return min(column, len(line))
        return len(line.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))

    def utf16(self, row: int, column: int) -> int:
        """The column in UTF-16 units, as LSP counts by default, from a column in UTF-8 bytes."""
        line = self.line(row)[: self.characters(row, column)]
        return len(line.encode("utf-16-le", "surrogatepass")) // 2

    @cached_property
    def newline(self) -> str:
        """The newline that the file uses first, `\\n` where it has none."""
        found = _LINES.search(self.text)
        return found.group() if found else "\n"


def digest(data: bytes) -> bytes:
    """The 16-byte name of these contents, for caches."""
    return hashlib.blake2b(data, digest_size=16).digest()


def open_regular(path: str | bytes) -> FileIO:
    """Open a regular file for reading, without waiting for a pipe that nobody writes to.

    Raises:
        OSError: it is not there, may not be read, or is something else (a folder, a pipe, a device).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except ValueError as error:
        raise OSError("its name has a null byte") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a regular file")
    return FileIO(descriptor, "rb")


def read_regular(path: str | bytes, limit: int) -> bytes | None:
    """The contents of a regular file of at most `limit` bytes, or None where there is no such file."""
    try:
        with open_regular(path) as stream:
            size = os.fstat(stream.fileno()).st_size
            return stream.read(size) if size <= limit else None
    except (OSError, MemoryError):
        return None


def read(path: str) -> Source | Unreadable:
    """Read a file from disk. Anything that is not a readable regular file is an `Unreadable` with the reason."""
    try:
        with open_regular(path) as stream:
            if os.fstat(stream.fileno()).st_size > MAX_BYTES:
                return Unreadable(path, f"larger than {MAX_BYTES // 1024 // 1024} MiB")
            data = stream.readall()
    except OSError as error:
        return Unreadable(path, error.strerror or str(error))
    return decode(path, data)


def decode(path: str, data: bytes) -> Source | Unreadable:
    """Turn bytes into a `Source` by their byte order mark and PEP 263 comment, UTF-8 where they have none."""
    name = digest(data)
    bom = data.startswith(codecs.BOM_UTF8)
    body = data[3:] if bom else data
    encoding = "utf-8"
    declared = _declared(body)
    if declared:
        try:
            encoding = codecs.lookup(declared).name
        except (LookupError, ValueError):
            return Unreadable(path, f"unknown encoding {declared!r}", name)
        if bom and encoding != "utf-8":
            return Unreadable(path, f"has a UTF-8 byte order mark but declares {declared!r}", name)
    try:
        text = body.decode(encoding)
    except UnicodeError as error:
        return Unreadable(path, f"not {encoding}: {error}", name)
    except (LookupError, TypeError, ValueError):
        return Unreadable(path, f"{declared!r} is not a text encoding", name)
    return Source(path, data, text, encoding, bom, name)


def _declared(body: bytes) -> str:
    rows = body[:400].splitlines()[:2]
    for row in rows:
        found = _CODING.match(row)
        if found:
            return found.group(1).decode("ascii")
        if not _BLANK.match(row):
            return ""
    return ""
