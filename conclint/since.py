"""What has changed since an earlier run over the same files, and what it left: the choice between all and little.

A run leaves its state only where all files could be read and no rule failed; it is used only by a run of the same code
with the same settings over the same files by name. Where few of them have other contents, those are judged again with
what rests on them. Whatever is strange about a state, or happens on the way, ends in a whole run.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conclint import facts as vocabulary
from conclint.cache_key import program_key
from conclint.facts import Facts
from conclint.judge import Failure, Unit, gathered
from conclint.parallel import answer, facts_of
from conclint.program.modules import module_names
from conclint.reading import State, read, syntax_error
from conclint.source import MAX_BYTES, digest, read_regular

if TYPE_CHECKING:
    from conclint.cache import Cache
    from conclint.config import Settings
    from conclint.finding import Finding
    from conclint.kept import Kept, Remark
    from conclint.knowledge import Knowledge
    from conclint.program.program import Options, Program
    from conclint.rule import Rule
    from conclint.suppress import Suppression

# Beyond so many changed files, or this part of all, as much may rest on them as a whole run costs.
_FEW = 20
_PART = 5


@dataclass(frozen=True, slots=True)
class Found:
    """What a run finds, before suppression and selection; `timings` are in seconds, by stage."""

    findings: tuple[Finding, ...]
    suppressions: Mapping[str, tuple[Suppression, ...]]
    failures: tuple[Failure, ...]
    timings: Mapping[str, float]


class _Strange(Exception):  # noqa: N818  # it is what is said of the state
    """What was kept cannot be used."""


def since(
    cache: Cache, states: Sequence[State], settings: Settings, rules: Sequence[Rule], overlay: Mapping[str, bytes]
) -> Found | None:
    """What a run finds, by way of what an earlier one has left; None where there must be a whole one."""
    from conclint import kept as records

    start = time.perf_counter()
    ordered = sorted(states, key=lambda one: one.path)
    paths = tuple(one.path for one in ordered)
    slot = _slot(paths, settings, rules)
    data = cache.load_state(slot)
    kept = records.decode(data) if data is not None else None
    if (
        kept is None
        or kept.paths != paths
        or len(kept.digests) != len(paths)
        or kept.version != _version(paths, settings)
    ):
        return None
    changed = [number for number, file in enumerate(ordered) if _digest(cache, file, overlay) != kept.digests[number]]
    if len(changed) > max(_FEW, len(paths) // _PART):
        return None
    try:
        return _Since(cache, ordered, settings, rules, overlay, kept).found(changed, slot, start)
    except Exception:
        # Whatever it was, a whole run will tell, and leave a new state.
        return None


def _digest(cache: Cache, file: State, overlay: Mapping[str, bytes]) -> bytes:
    if file.path in overlay:
        return digest(overlay[file.path])
    known = cache.digest_for(file.path, file.mtime_ns, file.size)
    if known is None:
        data = read_regular(os.fsencode(file.path), MAX_BYTES)
        known = digest(data) if data is not None else b""
    return known


class _Since:
    """A run over files of which few have changed."""

    def __init__(
        self,
        cache: Cache,
        files: Sequence[State],
        settings: Settings,
        rules: Sequence[Rule],
        overlay: Mapping[str, bytes],
        kept: Kept,
    ) -> None:
        self._cache = cache
        self._files = files
        self._settings = settings
        self._rules = rules
        self._overlay = overlay
        self._kept = kept

    def found(self, changed: Sequence[int], slot: str, start: float) -> Found:
        """What the run finds.

        Raises:
            Exception: it cannot be found out in this way.
        """
        from conclint.again import Again, Earlier, kept_tables, units_of
        from conclint.kept import encode
        from conclint.program.program import Program

        facts = self._read([self._files[number] for number in changed])
        earlier = Earlier(self._kept)
        digests = list(self._kept.digests)
        names: dict[int, frozenset[str]] = {}
        for number in changed:
            new = facts[self._files[number].path]
            if self._means_the_same(number, new):
                earlier.remark(number, new)
            else:
                names[number] = earlier.take(number, new)
            digests[number] = self._settled_digest(number)
        if earlier.packages() != self._kept.packages.keys():
            raise _Strange("other libraries")
        timings = {"extract": time.perf_counter() - start}
        start = time.perf_counter()
        units, tables, sets = self._kept.units, self._kept.tables, {}
        if names:
            program = Program(
                [(file.path, facts.get(file.path) or self._loader(number)) for number, file in enumerate(self._files)],
                knowledge(earlier.packages(), self._settings),
                options(self._settings),
                earlier,
            )
            units = Again(self._kept, program, names).judged(self._rules)
            tables, sets = kept_tables(program, tables), dict(program.name_sets.all())
        judged = gathered(self._rules, units_of(units))
        timings["judge"] = time.perf_counter() - start
        if not self._overlay and all(digests) and changed:
            start = time.perf_counter()
            left = earlier.left(digests, sets)
            left.units, left.tables = units, tables
            data = encode(left)
            if data is not None:
                self._cache.save_state(slot, data)
            timings["keep"] = time.perf_counter() - start
        return Found((*self._errors(earlier.remarks), *judged), self._suppressions(earlier.remarks), (), timings)

    def _read(self, files: Sequence[State]) -> dict[str, Facts]:
        result = read(facts_of(files, jobs=1, cache=self._cache, overlay=self._overlay))
        if len(result.facts) != len(files):
            raise _Strange("unreadable")
        return dict(result.facts)

    def _means_the_same(self, number: int, facts: Facts) -> bool:
        from conclint.again import same_meaning

        data = self._cache.facts_by_digest(self._kept.digests[number])
        return data is not None and same_meaning(vocabulary.decode(data), facts)

    def _settled_digest(self, number: int) -> bytes:
        """Of the contents that the facts of a changed file are of; b"" where they are not those of its state."""
        file = self._files[number]
        return self._cache.seen_digest(file.path, file.mtime_ns, file.size) or b""

    def _loader(self, number: int) -> Callable[[], Facts]:
        def load() -> Facts:
            name = self._kept.digests[number]
            data = self._cache.facts_by_digest(name)
            if data is None:
                made = answer(os.fsencode(self._files[number].path))
                if made[:17] != b"f" + name:
                    raise _Strange("changed meanwhile")
                data = made[17:]
            return vocabulary.decode(data)

        return load

    def _errors(self, remarks: Mapping[int, Remark]) -> list[Finding]:
        found = []
        for number, file in enumerate(self._files):
            remark = remarks.get(number)
            if remark is not None and remark.error is not None:
                found.append(syntax_error(file.path, remark.error))
        return found

    def _suppressions(self, remarks: Mapping[int, Remark]) -> dict[str, tuple[Suppression, ...]]:
        found = {}
        for number, file in enumerate(self._files):
            remark = remarks.get(number)
            if remark is not None and remark.suppressions:
                found[file.path] = remark.suppressions
        return found


def keep(
    cache: Cache,
    states: Sequence[State],
    settings: Settings,
    rules: Sequence[Rule],
    program: Program,
    units: Iterable[Unit],
) -> None:
    """Leave what a whole run has found out for the next, if all its files are known by their contents."""
    from conclint.again import leave
    from conclint.kept import encode

    by_path = {one.path: one for one in states}
    paths = tuple(module.path for module in program.modules)
    digests = [
        cache.seen_digest(file.path, file.mtime_ns, file.size) or b"" for file in (by_path[path] for path in paths)
    ]
    if all(digests):
        data = encode(leave(program, units, digests, _version(paths, settings)))
        if data is not None:
            cache.save_state(_slot(paths, settings, rules), data)


def knowledge(packages: Iterable[str], settings: Settings) -> Knowledge:
    """What is known of these packages, with what the settings add."""
    from conclint.knowledge import load
    from conclint.knowledge.user import extend

    found = load(set(packages))
    extend(found, settings.blocking, settings.offloads)
    return found


def options(settings: Settings) -> Options:
    """What of the settings the program needs."""
    from conclint.program.program import Options

    return Options(
        settings.target_version,
        settings.safe,
        settings.contexts.items(),
        settings.extra_roots,
        settings.min_confidence,
    )


def _slot(paths: Sequence[str], settings: Settings, rules: Sequence[Rule]) -> str:
    """The name of a state: of the settings that findings depend on before selection, and the files."""
    parts = (
        settings.target_version,
        sorted(settings.safe),
        sorted(settings.contexts.items()),
        settings.extra_roots,
        int(settings.min_confidence),
        settings.blocking,
        settings.offloads,
        [rule.code for rule in rules],
        os.getcwd(),
        paths,
    )
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _version(paths: Sequence[str], settings: Settings) -> bytes:
    """What a state holds for besides: the code, and the names that the modules go by."""
    from conclint import catalogue

    parts = (program_key(), sys.version_info[:2], catalogue.packages(), module_names(paths, settings.extra_roots))
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()
