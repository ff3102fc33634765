"""Evidence: what the runtime's guard has seen happen, laid beside what is found in the source.

`python -m conclint_runtime.guard --evidence FILE` and `pytest --guard --guard-evidence FILE` write it. A finding is
witnessed where the guard saw the same rule's pitfall at its place, at the primitive that it is about, or at one of the
steps that prove it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec

from conclint.config_file import ConfigError
from conclint.finding import Finding, Place

FORMAT = "conclint-evidence"
VERSION = 1

Certainty = Literal["certain", "likely"]


class At(msgspec.Struct, frozen=True):
    """A line of the program: files are absolute, or relative to the folder that the program was run in."""

    file: str
    line: int
    function: str


class Witness(msgspec.Struct, frozen=True):
    """One thing that was seen, with the lines that led to it, innermost first. A code is missing where no rule has
    one."""

    code: str | None
    name: str
    message: str
    certainty: Certainty
    count: int
    seconds: float
    stack: tuple[At, ...]
    detail: str = ""


class _Document(msgspec.Struct, frozen=True):
    format: str
    version: int
    witnesses: tuple[Witness, ...] = ()
    python: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """How a finding was witnessed: how often, for how long at worst in seconds (0: time says nothing), how surely."""

    count: int
    seconds: float
    certainty: Certainty

    def __str__(self) -> str:
        """As a reader is told: `3 times, the worst took 150 ms`."""
        often = "once" if self.count == 1 else f"{self.count} times"
        worst = (
            f", {'it' if self.count == 1 else 'the worst'} took {self.seconds * 1000:.0f} ms" if self.seconds else ""
        )
        return f"{often}{worst}{' (likely)' if self.certainty == 'likely' else ''}"


_Key = tuple[str, str, int]


class Evidence:
    """The witnesses of some runs, found by code and line."""

    def __init__(self, witnesses: Iterable[Witness] = ()) -> None:
        self._witnesses = tuple(witnesses)
        self._at: dict[_Key, list[int]] = {}
        for number, witness in enumerate(self._witnesses):
            for at in witness.stack if witness.code is not None else ():
                self._at.setdefault((witness.code or "", os.path.realpath(at.file), at.line), []).append(number)

    def __len__(self) -> int:
        return len(self._witnesses)

    def codes(self) -> frozenset[str]:
        """The codes of all that was seen."""
        return frozenset(witness.code for witness in self._witnesses if witness.code is not None)

    def of(self, finding: Finding) -> Seen | None:
        """How the finding was witnessed; None where it was not."""
        numbers = sorted({number for place in _places(finding) for number in self._of_place(finding.code, place)})
        found = [self._witnesses[number] for number in numbers]
        if not found:
            return None
        surest: Certainty = "certain" if any(each.certainty == "certain" for each in found) else "likely"
        return Seen(sum(each.count for each in found), max(each.seconds for each in found), surest)

    def _of_place(self, code: str, place: Place) -> Iterator[int]:
        path = os.path.realpath(place.path)
        for line in range(place.span.row, max(place.span.row, place.span.end_row) + 1):
            yield from self._at.get((code, path, line), ())


def _places(finding: Finding) -> tuple[Place, ...]:
    """Where it may be seen: where it is reported, what it is about, and what proves it."""
    about = () if finding.primitive is None else (finding.primitive,)
    return (finding.place, *about, *(step.place for step in finding.related))


def read(paths: Iterable[str]) -> Evidence:
    """Read files of evidence.

    Raises:
        ConfigError: one cannot be read, or is no evidence; the text names the file, and the place in it.
    """
    return Evidence(witness for path in paths for witness in _read(path).witnesses)


def _read(path: str) -> _Document:
    try:
        with open(path, "rb") as stream:
            found = msgspec.json.decode(stream.read(), type=_Document)
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: no such evidence; `python -m conclint_runtime.guard --evidence {path} SCRIPT` writes it"
        ) from error
    except OSError as error:
        raise ConfigError(f"{path}: the evidence cannot be read: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not evidence: {error}") from error
    if found.format != FORMAT:
        raise ConfigError(f"{path}: is not evidence: its format is {found.format!r}, not {FORMAT!r}")
    if found.version != VERSION:
        raise ConfigError(f"{path}: is evidence of version {found.version}, this conclint reads version {VERSION}")
    return found
