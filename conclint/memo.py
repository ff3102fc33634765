"""The result of a whole run, kept for the next one: where nothing has changed, neither rules nor engine are loaded."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence

import msgspec

from conclint import catalogue
from conclint.cache import Cache, MemoKey
from conclint.config import Settings
from conclint.discovery import Found
from conclint.finding import Finding
from conclint.run import Outcome


class _Saved(msgspec.Struct, frozen=True, array_like=True):
    findings: tuple[Finding, ...]
    hidden: int
    files: int


class Memo:
    """The saved result of one run: of these settings, over files in this state.

    Parameters:
        settings: those of the run, which must have a cache.
        files: all files of the run, in order.
        partial: as `conclint.discovery` tells.
    """

    def __init__(self, settings: Settings, files: Sequence[Found], partial: bool) -> None:
        self._settings = settings
        self._files = files
        self._partial = partial
        self._key: MemoKey | None = None
        self._cache: Cache | None = None

    def load(self) -> Outcome | None:
        """What the run gave, if it was saved and nothing that it depends on has changed."""
        key = self._named()
        data = self._cache.load_memo(key) if key is not None and self._cache is not None else None
        if data is None:
            return None
        try:
            saved = msgspec.msgpack.decode(data, type=_Saved)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        return Outcome(saved.findings, saved.hidden, (), saved.files)

    def save(self, outcome: Outcome) -> None:
        """Keep what the run gave. A result that depends on more than contents is not kept: a file that cannot be read
        today may be readable tomorrow without looking any different."""
        unreadable = any(finding.name == "unreadable-file" for finding in outcome.findings)
        key = self._named(fresh=True)
        if key is None or self._cache is None or outcome.failures or outcome.warning or unreadable:
            return
        try:
            data = msgspec.msgpack.encode(_Saved(outcome.findings, outcome.hidden, outcome.files))
        except UnicodeEncodeError:  # the name of a file that is no text
            return
        self._cache.save_memo(key, data)

    def _named(self, *, fresh: bool = False) -> MemoKey | None:
        """The key of this run. A `fresh` one sees what the engine has put into the cache since."""
        if self._settings.cache_dir is None:
            return None
        if self._cache is None or fresh:
            self._cache = Cache(self._settings.cache_dir)
            self._key = self._cache.memo_key(_digest(self._settings, self._partial), self._files)
        return self._key


def _digest(settings: Settings, partial: bool) -> bytes:
    """Of all that a result depends on besides the files. How it is shown, and by how many processes, is not."""
    same = dataclasses.replace(settings, output_format="full", baseline="", jobs=0, cache_dir=None, source="")
    state = hashlib.blake2b(repr((same, sorted(same.contexts.items()), partial)).encode("utf-8", "surrogatepass"))
    for package in catalogue.packages():
        state.update(package.encode() + b"\0")
    return state.digest()
