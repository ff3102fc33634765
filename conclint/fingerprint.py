"""What makes a finding the same finding after the lines around it have moved."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from conclint.contents import Contents
from conclint.finding import Finding, Place


def fingerprints(findings: Sequence[Finding], contents: Contents, root: Path) -> tuple[str, ...]:
    """One for each finding: of its code, its file, the function it is in, the text of its line and that of the
    primitive, not of any line number. Two alike in one function have the same.
    """
    folder = str(root)
    return tuple(_fingerprint(finding, contents, folder) for finding in findings)


def distinct(prints: Sequence[str]) -> tuple[str, ...]:
    """The same, with the second and later of equal ones numbered."""
    seen: Counter[str] = Counter()
    numbered = []
    for each in prints:
        seen[each] += 1
        numbered.append(each if seen[each] == 1 else f"{each}:{seen[each]}")
    return tuple(numbered)


def below(path: str, folder: str) -> str:
    """A path relative to a folder, with `/` on every system."""
    try:
        return os.path.relpath(path, folder).replace(os.sep, "/")
    except ValueError:  # another drive
        return path.replace(os.sep, "/")


def _fingerprint(finding: Finding, contents: Contents, folder: str) -> str:
    parts = [finding.code, finding.root, *_trace(finding.place, contents, folder)]
    if finding.primitive is not None:
        parts += _trace(finding.primitive, contents, folder)
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def _trace(place: Place, contents: Contents, folder: str) -> tuple[str, str]:
    return below(place.path, folder), " ".join(contents.line(place.path, place.span.row).split())
