"""A baseline: the findings that a project has decided to live with for now, so that only new ones are shown.

They are known by fingerprints, which do not depend on line numbers, and counted: a third finding like two that are
known is new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from conclint import atomic_file
from conclint.config_file import ConfigError
from conclint.finding import Finding
from conclint.fingerprint import below
from conclint.report import printable

VERSION = 1


class Entry(msgspec.Struct, frozen=True):
    """Findings that are alike. All but the fingerprint and the count is for people who read the file."""

    fingerprint: str
    code: str
    path: str
    message: str
    count: int = 1


class Baseline(msgspec.Struct, frozen=True):
    """The contents of a baseline file."""

    version: int
    findings: tuple[Entry, ...]


class Compared(NamedTuple):
    """What a baseline leaves. `known` findings were in it; `gone` ones of it were not found any more."""

    findings: tuple[Finding, ...]
    known: int
    gone: int


def read(path: str) -> Baseline:
    """Read a baseline file.

    Raises:
        ConfigError: it cannot be read or is not a baseline.
    """
    try:
        with open(path, "rb") as stream:
            found = msgspec.json.decode(stream.read(), type=Baseline)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such baseline; `--write-baseline {path}` writes it") from error
    except OSError as error:
        raise ConfigError(f"{path}: the baseline cannot be read: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not a baseline: {error}") from error
    if found.version != VERSION:
        raise ConfigError(f"{path}: is a baseline of version {found.version}, this conclint reads version {VERSION}")
    return found


def write(path: str, findings: Sequence[Finding], prints: Sequence[str], root: str) -> None:
    """Write the baseline of these findings, of which `prints` are the fingerprints.

    Raises:
        OSError: the file cannot be written.
    """
    counts = Counter(prints)
    first: dict[str, Finding] = {}
    for finding, fingerprint in zip(findings, prints, strict=True):
        first.setdefault(fingerprint, finding)
    entries = [
        Entry(
            fingerprint,
            each.code,
            printable(below(each.place.path, root)),
            printable(each.message),
            counts[fingerprint],
        )
        for fingerprint, each in first.items()
    ]
    entries.sort(key=lambda entry: (entry.path, entry.code, entry.message, entry.fingerprint))
    text = msgspec.json.format(msgspec.json.encode(Baseline(VERSION, tuple(entries))), indent=2)
    atomic_file.replace(path, text + b"\n")


def compare(baseline: Baseline, findings: Sequence[Finding], prints: Sequence[str]) -> Compared:
    """Take out the findings that the baseline knows."""
    left = Counter({entry.fingerprint: entry.count for entry in baseline.findings})
    total = left.total()
    new = []
    for finding, fingerprint in zip(findings, prints, strict=True):
        if left[fingerprint] > 0:
            left[fingerprint] -= 1
        else:
            new.append(finding)
    known = len(findings) - len(new)
    return Compared(tuple(new), known, total - known)
