"""What earlier runs found out, kept in a folder: the facts of files by their contents, and results of whole runs.

A file is taken for unchanged by its size and time, as `make` and git do, unless it was written within two seconds of
being read: then its time stamp may not tell that version from the next, and its contents are compared.

The cache is never needed. Whatever is wrong with its folder (damaged or hostile files, no room, no right to write,
other processes at the same time) costs doing the work again, and at most one warning. Nothing in it can run code.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
import zlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from conclint.cache_key import extractor_key, program_key
from conclint.cache_pack import Pack, Seen
from conclint.source import MAX_BYTES, read_regular
from conclint.source import digest as digest_of

RACY_NS = 2_000_000_000
"""A time stamp younger than this is not trusted: some file systems count in steps of two seconds."""
KEEP_BYTES = 1024**3
KEEP_DAYS = 30
_MEMOS = 16
# Each is as large as the tables of a whole program.
_STATES = 4
_MAX_MEMO = 512 * 1024 * 1024
_IGNORE = "*\n"
_TAG = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This folder holds what conclint can work out again. It may be deleted at any time.\n"
)
_OURS = re.compile(
    r"(?:facts-[0-9a-f]{32}(?:-[0-9a-f]{16})?\.(?:index|pack)|(?:memo|kept)-[0-9a-f]{32})(?:\.[0-9a-f]{16}\.tmp)?"
)


class FileState(Protocol):
    """A file as `conclint.discovery` finds it."""

    @property
    def path(self) -> str: ...
    @property
    def mtime_ns(self) -> int: ...
    @property
    def size(self) -> int: ...


class MemoKey(NamedTuple):
    """Which run a saved result is of: `slot` names the settings, `state` everything that the result depends on."""

    slot: str
    state: bytes
    files: tuple[FileState, ...]


class _Memo(msgspec.Struct, frozen=True, array_like=True):
    state: bytes
    unsettled: tuple[tuple[bytes, int, bytes], ...]
    """Files whose time cannot tell this version from a next one: path, time, digest of the contents."""
    data: bytes


_memo_encoder = msgspec.msgpack.Encoder()
_memo_decoder: msgspec.msgpack.Decoder[_Memo] = msgspec.msgpack.Decoder(_Memo)


class Cache:
    """One project's cache.

    Parameters:
        folder: is made when something is first written.

    It is closed by `close`, or by leaving `with`, also when a run is broken off: what is known by then is saved.

    No method raises. `warning` says why nothing can be saved, "" as long as nothing is wrong.
    """

    def __init__(self, folder: Path) -> None:
        self.warning = ""
        self._folder = folder
        self._here = os.path.join(os.getcwd(), "")
        self._prepared = False

    @cached_property
    def _pack(self) -> Pack | None:
        # Where a whole result is found, nobody asks for it: it is then not read.
        key = extractor_key()
        return Pack(self._folder, key.hex()) if key is not None else None

    def __enter__(self) -> Cache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def facts_for(self, path: str, mtime_ns: int, size: int) -> bytes | None:
        """The encoded facts of a file that has not changed since they were stored, by its time and size.

        They are what was written, but whoever can write the folder can have made them up: decoding may fail.
        """
        if self._pack is None:
            return None
        seen = self._pack.index.files.get(self._key(path))
        if seen is None or seen.mtime_ns != mtime_ns or seen.size != size or not seen.settled:
            return None
        return self._pack.read(seen.digest)

    def holds_anything(self) -> bool:
        """Whether it is worth while to ask for a file by its contents."""
        return self._pack is not None and bool(self._pack.index.records)

    def facts_of(self, path: str, mtime_ns: int, size: int, digest: bytes) -> bytes | None:
        """The encoded facts of a file whose contents are known; a later `facts_for` of it will then find them, too."""
        if self._pack is None:
            return None
        data = self._pack.read(digest)
        if data is not None:
            self._remember(path, mtime_ns, size, digest)
        return data

    def store(self, path: str, mtime_ns: int, size: int, digest: bytes, encoded: bytes) -> None:
        """Keep the facts of a file.

        Parameters:
            mtime_ns, size: as they were before the file was read.
            digest: of the contents that the facts are of (`conclint.source.digest`).
        """
        if self._pack is None or not self._prepare():
            return
        try:
            self._pack.write(digest, encoded)
        except OSError as error:
            self._fail(error)
        else:
            self._remember(path, mtime_ns, size, digest)

    def memo_key(self, settings: bytes, files: Iterable[FileState]) -> MemoKey | None:
        """The name of a run's result.

        Parameters:
            settings: a digest of all options that the result depends on, with the names and versions of rule plugins.
            files: all files of the run, in order.
        """
        code = program_key()
        if code is None:
            return None
        state = hashlib.blake2b(code + settings + os.fsencode(self._here), digest_size=16)
        slot = hashlib.blake2b(settings + os.fsencode(self._here), digest_size=16).hexdigest()
        all_files = tuple(files)
        for file in all_files:
            state.update(b"%d %d %s\0" % (file.mtime_ns, file.size, os.fsencode(file.path)))
        return MemoKey(slot, state.digest(), all_files)

    def load_memo(self, key: MemoKey) -> bytes | None:
        """The result that was saved for this very state of all files and settings."""
        data = _checked(read_regular(self._path("memo", key.slot), _MAX_MEMO))
        if data is None:
            return None
        try:
            memo = _memo_decoder.decode(data)
        except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError, MemoryError):
            return None
        if memo.state != key.state or not all(_contains(path, digest) for path, _, digest in memo.unsettled):
            return None
        if memo.unsettled and max(mtime_ns for _, mtime_ns, _ in memo.unsettled) <= time.time_ns() - RACY_NS:
            self._write("memo", key.slot, _memo_encoder.encode(_Memo(memo.state, (), memo.data)), _MEMOS)
        return memo.data

    def save_memo(self, key: MemoKey, data: bytes) -> None:
        """Keep the result of a run, unless a file that has only just been written is not in the cache itself.

        What the run has read must have been stored by now, through this cache or by another that has been closed.
        """
        unsettled = []
        young = time.time_ns() - RACY_NS
        for file in key.files:
            name = self._key(file.path)
            seen = self._pack.index.files.get(name) if self._pack is not None else None
            known = seen is not None and (seen.mtime_ns, seen.size) == (file.mtime_ns, file.size)
            if seen is not None and known and not seen.settled:
                unsettled.append((name, file.mtime_ns, seen.digest))
            elif not known and file.mtime_ns > young:
                return
        self._write("memo", key.slot, _memo_encoder.encode(_Memo(key.state, tuple(unsettled), data)), _MEMOS)

    def close(self) -> None:
        """Write what is new. Without it, or when it fails, the cache stays as it was."""
        if "_pack" not in self.__dict__ or self._pack is None:
            return
        try:
            if (self._pack.changed or self._pack.added) and self._prepare():
                self._pack.flush(KEEP_BYTES, KEEP_DAYS)
        except OSError as error:
            self._fail(error)
        self._pack.abandon()

    def _key(self, path: str) -> bytes:
        return os.fsencode(os.path.join(self._here, path))

    def _remember(self, path: str, mtime_ns: int, size: int, digest: bytes) -> None:
        if self._pack is None:
            return
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            return
        # A file that was written between being listed and being read is not known by its old time.
        if (status.st_mtime_ns, status.st_size) == (mtime_ns, size):
            settled = time.time_ns() - mtime_ns > RACY_NS
            self._pack.see(self._key(path), Seen(mtime_ns, size, digest, settled))

    def load_state(self, slot: str) -> memoryview | None:
        """What a run has left for the next one over the same files."""
        return _checked(read_regular(self._path("kept", slot), _MAX_MEMO))

    def save_state(self, slot: str, data: bytes) -> None:
        """Keep what a run leaves for the next one; `slot` names settings and files, in 32 hexadecimal digits."""
        self._write("kept", slot, data, _STATES)

    def digest_for(self, path: str, mtime_ns: int, size: int) -> bytes | None:
        """The digest of the contents of a file that has not changed since its facts were stored, by time and size."""
        if self._pack is None:
            return None
        seen = self._pack.index.files.get(self._key(path))
        if seen is None or seen.mtime_ns != mtime_ns or seen.size != size or not seen.settled:
            return None
        return seen.digest if seen.digest in self._pack.index.records else None

    def seen_digest(self, path: str, mtime_ns: int, size: int) -> bytes | None:
        """The digest of the contents that the facts of a file in this state were made of or found by in this run."""
        seen = self._pack.index.files.get(self._key(path)) if self._pack is not None else None
        return seen.digest if seen is not None and (seen.mtime_ns, seen.size) == (mtime_ns, size) else None

    def facts_by_digest(self, digest: bytes) -> bytes | None:
        """The encoded facts of these contents."""
        return self._pack.read(digest) if self._pack is not None else None

    def _path(self, kind: str, slot: str) -> str:
        return os.path.join(self._folder, f"{kind}-{slot}")

    def _write(self, kind: str, slot: str, data: bytes, most: int) -> None:
        if not self._prepare():
            return
        path = self._path(kind, slot)
        temporary = f"{path}.{os.urandom(8).hex()}.tmp"
        try:
            with open(temporary, "xb") as stream:
                stream.write(zlib.crc32(data).to_bytes(4, "big"))
                stream.write(data)
            os.replace(temporary, path)
            self._forget_old(kind, most)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            self._fail(error)

    def _forget_old(self, kind: str, most: int) -> None:
        with os.scandir(self._folder) as entries:
            found = [entry for entry in entries if entry.name.startswith(f"{kind}-") and _OURS.fullmatch(entry.name)]
        if len(found) > most:
            found.sort(key=lambda entry: entry.stat(follow_symlinks=False).st_mtime)
            for entry in found[:-most]:
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)

    def _prepare(self) -> bool:
        """Make the folder what it should be; whether it can be written to."""
        if self._prepared or self.warning:
            return not self.warning
        try:
            os.makedirs(self._folder, exist_ok=True)
            for name, text in ((".gitignore", _IGNORE), ("CACHEDIR.TAG", _TAG)):
                with (
                    contextlib.suppress(FileExistsError),
                    open(os.path.join(self._folder, name), "x", newline="") as stream,
                ):
                    stream.write(text)
        except OSError as error:
            self._fail(error)
        self._prepared = True
        return not self.warning

    def _fail(self, error: OSError) -> None:
        if not self.warning:
            reason = error.strerror or str(error)
            self.warning = (
                f"nothing is cached: {self._folder}: {reason}; name another `--cache-dir`, or use `--no-cache`"
            )


def _checked(data: bytes | None) -> memoryview | None:
    """What was written, without its checksum; None where it is damaged or not there."""
    if data is None or len(data) < 5 or zlib.crc32(memoryview(data)[4:]) != int.from_bytes(data[:4], "big"):
        return None
    return memoryview(data)[4:]


def clear(folder: Path) -> None:
    """Delete what conclint has put into a folder, and the folder itself where nothing else is in it.

    Raises:
        OSError: something could not be deleted.
    """
    try:
        with os.scandir(folder) as entries:
            found = list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return
    texts = {".gitignore": _IGNORE, "CACHEDIR.TAG": _TAG}
    rest = 0
    for entry in found:
        written = texts.get(entry.name)
        if (_OURS.fullmatch(entry.name) and not entry.is_dir(follow_symlinks=False)) or (
            written is not None and read_regular(entry.path, 4096) == written.encode()
        ):
            os.unlink(entry.path)
        else:
            rest += 1
    if not rest:
        # Who has put something into it meanwhile keeps it.
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def _contains(path: bytes, digest: bytes) -> bool:
    data = read_regular(path, MAX_BYTES)
    return data is not None and digest_of(data) == digest
