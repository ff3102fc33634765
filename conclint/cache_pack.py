"""Thousands of small records by their digest, in few files.

A *segment* is a file of records, written once under a name of its own and never changed. The *index*, which is
replaced as a whole, says which record lies where, and which contents a file had when it was last seen. So a process
needs no lock: whoever loads an index finds all that it names, and of two that write at once the later one may drop
what the other added, which costs extracting it again and nothing else.

Nothing here trusts what it reads: lengths are checked against the file, records by checksum, the index by its types.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
import zlib
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import BinaryIO

import msgspec

from conclint.source import open_regular, read_regular

_SEGMENT = re.compile(r"facts-[0-9a-f]{32}-[0-9a-f]{16}\.pack")
_MAX_INDEX = 256 * 1024 * 1024
_MAX_RECORD = 256 * 1024 * 1024
_SMALL = 1024 * 1024
_MANY = 16
# A segment that no index names may be that of a process which has not written its index yet.
_ORPHAN_SECONDS = 3600.0
_OTHERS_SECONDS = 14 * 86400.0


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a file was when it was last read. `settled`: its time stamp can be trusted to change with its contents."""

    mtime_ns: int
    size: int
    digest: bytes
    settled: bool


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a record lies, its checksum, and the day on which it was last used."""

    segment: str
    offset: int
    length: int
    checksum: int
    day: int


class Index(msgspec.Struct, array_like=True):
    """All that is known: files by absolute path, records by the digest of the contents that they are of."""

    files: dict[bytes, Seen]
    records: dict[bytes, Record]


_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Index] = msgspec.msgpack.Decoder(Index)


class Pack:
    """The records of one extractor version in one folder.

    Parameters:
        folder: must exist when something is written.
        key: 32 hexadecimal digits; records of another key are never seen.

    Reading raises nothing. Writing raises OSError, and leaves what was there.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder
        self._key = key
        self._path = os.path.join(folder, f"facts-{key}.index")
        self._streams: dict[str, tuple[FileIO, int] | None] = {}
        self._writing: BinaryIO | None = None
        self._segment = ""
        self._stamp, self.index = self._load()
        self.today = int(time.time() // 86400)
        self.changed: set[bytes] = set()
        self.added: set[bytes] = set()

    def read(self, digest: bytes) -> bytes | None:
        """A record, if it is there undamaged."""
        record = self.index.records.get(digest)
        if record is None:
            return None
        data = self._fetch(record)
        if data is None:
            del self.index.records[digest]
        elif record.day != self.today:
            self.index.records[digest] = msgspec.structs.replace(record, day=self.today)
            self.added.add(digest)
        return data

    def write(self, digest: bytes, data: bytes) -> None:
        """Add a record to the segment of this process.

        Raises:
            OSError: it could not be written.
        """
        if len(data) > _MAX_RECORD:
            return
        if self._writing is None:
            self._segment = f"facts-{self._key}-{os.urandom(8).hex()}.pack"
            # "x" follows no link that somebody has put there.
            self._writing = open(os.path.join(self._folder, self._segment), "xb")  # noqa: SIM115  # closed by `flush`
        offset = self._writing.tell()
        self._writing.write(data)
        self.index.records[digest] = Record(self._segment, offset, len(data), zlib.crc32(data), self.today)
        self.added.add(digest)

    def see(self, path: bytes, seen: Seen) -> None:
        """Remember what a file was."""
        self.index.files[path] = seen
        self.changed.add(path)

    def flush(self, keep_bytes: int, keep_days: int) -> None:
        """Publish what was added, and drop what is over the limits.

        Raises:
            OSError: it could not be written.
        """
        if not self.changed and not self.added:
            return
        self._merge()
        self._evict(keep_bytes, keep_days)
        self._compact()
        self._close_segment()
        data = _encoder.encode(self.index)
        temporary = f"{self._path}.{os.urandom(8).hex()}.tmp"
        try:
            with open(temporary, "xb") as stream:
                stream.write(zlib.crc32(data).to_bytes(4, "big"))
                stream.write(data)
            os.replace(temporary, self._path)
        except BaseException:
            _delete(temporary)
            raise
        self._stamp = _stamp(self._path)
        self.changed.clear()
        self.added.clear()
        self._sweep()

    def abandon(self) -> None:
        """Close all files, and delete what was written but never published."""
        if self._writing is not None:
            with contextlib.suppress(OSError):
                self._writing.close()
            self._writing = None
            _delete(os.path.join(self._folder, self._segment))
        self.close()

    def close(self) -> None:
        """Close the files that are read from."""
        for entry in self._streams.values():
            if entry is not None:
                entry[0].close()
        self._streams.clear()

    def _load(self) -> tuple[tuple[int, ...], Index]:
        stamp = _stamp(self._path)
        data = read_regular(self._path, _MAX_INDEX)
        if data is not None and len(data) > 4 and zlib.crc32(memoryview(data)[4:]) == int.from_bytes(data[:4], "big"):
            try:
                return stamp, _decoder.decode(memoryview(data)[4:])
            except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError, MemoryError):
                pass
        return stamp, Index({}, {})

    def _fetch(self, record: Record) -> bytes | None:
        if record.segment == self._segment and self._writing is not None:
            self._writing.flush()
        if record.segment not in self._streams:
            self._streams[record.segment] = self._open(record.segment)
        opened = self._streams[record.segment]
        if opened is None or not 0 <= record.length <= _MAX_RECORD or record.offset < 0:
            return None
        stream, size = opened
        if record.segment != self._segment and record.offset + record.length > size:
            return None
        try:
            stream.seek(record.offset)
            data = stream.read(record.length)
        except (OSError, ValueError, OverflowError):
            return None
        return data if len(data) == record.length and zlib.crc32(data) == record.checksum else None

    def _open(self, segment: str) -> tuple[FileIO, int] | None:
        if not _SEGMENT.fullmatch(segment):
            return None
        try:
            stream = open_regular(os.path.join(self._folder, segment))
        except OSError:
            return None
        return stream, os.fstat(stream.fileno()).st_size

    def _merge(self) -> None:
        """Take over what another process has published meanwhile."""
        if _stamp(self._path) == self._stamp:
            return
        _, theirs = self._load()
        for path in self.changed:
            if path in self.index.files:
                theirs.files[path] = self.index.files[path]
        for digest in self.added:
            record = self.index.records.get(digest)
            if record is not None and (record.segment == self._segment or digest not in theirs.records):
                theirs.records[digest] = record
        self.index = theirs

    def _evict(self, keep_bytes: int, keep_days: int) -> None:
        records = self.index.records
        if sum(record.length for record in records.values()) > keep_bytes:
            kept: dict[bytes, Record] = {}
            total = 0
            for digest, record in sorted(records.items(), key=lambda item: -item[1].day):
                total += record.length
                if total <= keep_bytes:
                    kept[digest] = record
            records = kept
        oldest = self.today - keep_days
        self.index.records = {digest: record for digest, record in records.items() if record.day >= oldest}
        known = self.index.records
        self.index.files = {path: seen for path, seen in self.index.files.items() if seen.digest in known}

    def _compact(self) -> None:
        """Copy what is left of small and of mostly dead segments into the one that is being written."""
        live: dict[str, list[bytes]] = {}
        for digest, record in self.index.records.items():
            live.setdefault(record.segment, []).append(digest)
        live.pop(self._segment, None)
        sizes = {name: size for name in live if (size := self._size(name)) is not None}
        many = len(sizes) >= _MANY
        for name, digests in live.items():
            size = sizes.get(name, 0)
            used = sum(self.index.records[digest].length for digest in digests)
            if (many and size <= _SMALL) or used * 2 < size:
                self._move(digests)

    def _move(self, digests: list[bytes]) -> None:
        for digest in digests:
            record = self.index.records.pop(digest)
            data = self._fetch(record)
            if data is not None:
                self.write(digest, data)
                self.index.records[digest] = msgspec.structs.replace(self.index.records[digest], day=record.day)

    def _size(self, segment: str) -> int | None:
        try:
            return os.stat(os.path.join(self._folder, segment)).st_size
        except OSError:
            return None

    def _close_segment(self) -> None:
        if self._writing is not None:
            writing, self._writing = self._writing, None
            read = self._streams.pop(self._segment, None)
            if read is not None:
                read[0].close()
            try:
                writing.close()
            except OSError:
                _delete(os.path.join(self._folder, self._segment))
                raise
            self._segment = ""

    def _sweep(self) -> None:
        """Delete the segments that no index needs, and the packs of other versions that nobody has used for days."""
        named = {record.segment for record in self.index.records.values()}
        now = time.time()
        for entry in _entries(self._folder):
            if not entry.name.startswith("facts-") or entry.name in named:
                continue
            with contextlib.suppress(OSError):
                age = now - entry.stat(follow_symlinks=False).st_mtime
                passing = entry.name.endswith(".tmp") or entry.name.startswith(f"facts-{self._key}-")
                if age > (_ORPHAN_SECONDS if passing else _OTHERS_SECONDS) and entry.path != self._path:
                    os.unlink(entry.path)


def _stamp(path: str) -> tuple[int, ...]:
    try:
        status = os.stat(path)
    except OSError:
        return ()
    return (status.st_ino, status.st_mtime_ns, status.st_size)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        yield from entries


def _delete(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)
