"""What a saved result depends on besides the user's files: the code that made it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from importlib.util import find_spec

_EXTRACTOR = ("extract", "facts.py", "finding.py", "lexemes.py", "source.py", "suppress.py", "nesting.py")


def extractor_key() -> bytes | None:
    """The hash of the code that makes facts, 16 bytes; None where that code is not to be read as files."""
    folder = os.path.dirname(__file__)
    state = hashlib.blake2b(digest_size=16)
    try:
        for path in _sources(os.path.join(folder, name) for name in _EXTRACTOR):
            with open(path, "rb") as stream:
                state.update(os.path.relpath(path, folder).encode() + b"\0" + hashlib.sha256(stream.read()).digest())
        state.update(_parser())
    except OSError:
        return None
    return state.digest()


def program_key(packages: Iterable[str] = ("conclint", "conclint_rules")) -> bytes | None:
    """The hash of sizes and times of all files of these packages, 16 bytes; None where they are not to be found.

    It is the key of whole results, which also depend on rules and knowledge. It reads no file, only folders.
    """
    state = hashlib.blake2b(digest_size=16)
    try:
        for package in packages:
            spec = find_spec(package)
            for folder in sorted(spec.submodule_search_locations or ()) if spec is not None else ():
                for path in _sources([folder], ""):
                    status = os.stat(path)
                    state.update(f"{path}\0{status.st_mtime_ns}\0{status.st_size}\n".encode(errors="surrogateescape"))
        state.update(_parser())
    except (OSError, ImportError, ValueError):
        return None
    return state.digest()


def _sources(paths: Iterable[str], suffix: str = ".py") -> Iterator[str]:
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(suffix))


def _parser() -> bytes:
    """What tells one version of LibCST, which reads newer syntax, from another, without importing it."""
    spec = find_spec("libcst")
    if spec is None or spec.origin is None:
        return b""
    status = os.stat(spec.origin)
    version = os.path.join(os.path.dirname(spec.origin), "_version.py")
    with open(version if os.path.exists(version) else spec.origin, "rb") as stream:
        return f"{status.st_size}\0".encode() + stream.read()
