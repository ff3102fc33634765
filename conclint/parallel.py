"""The facts of many files: from the cache, in this process where they are few, in several where they are many."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, Union

from conclint import facts as vocabulary
from conclint.extract import extract
from conclint.source import MAX_BYTES, Source, Unreadable, decode, digest, read, read_regular
from conclint.workers import CannotStartError, Piece, Workers, may_have_children, processors

if TYPE_CHECKING:
    from conclint.cache import Cache, FileState
    from conclint.facts import Facts

FEW = 200
"""Up to so many files, starting processes costs more than it gains."""
SECONDS = 30.0
"""How long a worker may take for a file, and as long again for each MiB of it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A file that could not be worked on through no fault of the user, and why."""

    path: str
    reason: str


# Encoded facts, as `conclint.facts.decode` takes them.
Result: TypeAlias = Union[bytes, Unreadable, Failed]  # noqa: UP007  # evaluated at run time
Progress: TypeAlias = Callable[[int, int], None]

_FACTS, _UNREADABLE, _FAILED = b"f", b"u", b"x"


def facts_of(
    files: Sequence[FileState],
    *,
    jobs: int = 0,
    cache: Cache | None = None,
    overlay: Mapping[str, bytes] | None = None,
    progress: Progress | None = None,
    seconds: float = SECONDS,
) -> dict[str, Result]:
    """The encoded facts of files, or why they have none, in the order of `files`, the same whatever `jobs` is.

    Parameters:
        files: path, time and size of each, as `conclint.discovery.discover` finds them.
        jobs: how many processes to use at most; 0 for as many as there are processors. Where processes are spawned
            rather than forked, the main module of the program must be importable without effect.
        cache: asked for files and told of new ones; closing it is up to the caller.
        overlay: contents to take instead of what lies on disk; they are not cached.
        progress: told how many of how many files are done.
        seconds: how long a worker may take for a file (and as long again for each MiB) before it is given up.

    Raises:
        KeyboardInterrupt: all processes have been ended.
    """
    results: dict[str, Result | None] = dict.fromkeys(file.path for file in files)
    waiting: list[FileState] = []
    report = _Count(progress, len(files))
    for file in files:
        known = _at_once(file, cache, overlay or {})
        if known is None:
            waiting.append(file)
        else:
            results[file.path] = known
            report.one()
    for path, result in _work_off(waiting, jobs, cache, seconds):
        results[path] = result
        report.one()
    return {path: result for path, result in results.items() if result is not None}


def decoded(path: str, result: Result) -> Facts | Unreadable | Failed:
    """The facts in a result of `facts_of`. A file whose cached facts turn out to be unusable is read again."""
    if not isinstance(result, bytes):
        return result
    try:
        return vocabulary.decode(result)
    except vocabulary.Unusable:
        _, again = _unpack(path, answer(os.fsencode(path)))
        return vocabulary.decode(again) if isinstance(again, bytes) else again


class _Count:
    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def one(self) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total)


def _at_once(file: FileState, cache: Cache | None, overlay: Mapping[str, bytes]) -> Result | None:
    """What needs no work, or is not on disk."""
    if file.path in overlay:
        return _unpack(file.path, _answer(lambda: decode(file.path, overlay[file.path])))[1]
    if cache is None:
        return None
    known = cache.facts_for(file.path, file.mtime_ns, file.size)
    if known is None and cache.holds_anything():
        # A file that has only been touched, checked out again or moved is known by its contents.
        data = read_regular(os.fsencode(file.path), MAX_BYTES)
        if data is not None:
            known = cache.facts_of(file.path, file.mtime_ns, file.size, digest(data))
    return known


def _work_off(
    files: Sequence[FileState], jobs: int, cache: Cache | None, seconds: float
) -> Iterator[tuple[str, Result]]:
    by_name = {os.fsencode(file.path): file for file in files}
    rest = dict(by_name)
    count = min(jobs or processors(), len(files) // (FEW // 4))
    if len(files) > FEW and count > 1 and may_have_children() and not any(b"\0" in name for name in by_name):
        pieces = [Piece(name, file.size) for name, file in by_name.items()]
        with contextlib.suppress(CannotStartError), Workers(answer, count, seconds) as workers:
            for done in workers.answers(pieces):
                file = rest.pop(done.piece.name)
                yield file.path, Failed(file.path, done.lost) if done.lost else _keep(file, done.data, cache)
    for name, file in rest.items():
        yield file.path, _keep(file, answer(name), cache)


def _keep(file: FileState, data: bytes, cache: Cache | None) -> Result:
    name, result = _unpack(file.path, data)
    if cache is not None and isinstance(result, bytes):
        cache.store(file.path, file.mtime_ns, file.size, name, result)
    return result


def answer(name: bytes) -> bytes:
    """Read a file and extract its facts.

    Returns:
        A letter for what came of it, the digest of its contents, then the facts or the reason for having none.
    """
    return _answer(lambda: read(os.fsdecode(name)))


def _answer(get: Callable[[], Source | Unreadable]) -> bytes:
    try:
        source = get()
        if isinstance(source, Unreadable):
            return _UNREADABLE + (source.digest or bytes(16)) + source.reason.encode(errors="backslashreplace")
        return _FACTS + source.digest + vocabulary.encode(extract(source))
    except Exception as error:
        # One file that the extractor cannot cope with must not cost the others their results.
        reason = f"{type(error).__name__}: {error}"
        return _FAILED + bytes(16) + reason.encode(errors="backslashreplace")


def _unpack(path: str, data: bytes) -> tuple[bytes, Result]:
    kind, name, rest = data[:1], data[1:17], data[17:]
    if kind == _FACTS:
        return name, rest
    if kind == _UNREADABLE:
        return name, Unreadable(path, rest.decode(), name if any(name) else b"")
    return name, Failed(path, rest.decode())
