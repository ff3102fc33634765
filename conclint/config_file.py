"""The configuration file: `conclint.toml`, or `pyproject.toml` with a table `[tool.conclint]`."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

SeverityName = Literal["note", "warning", "error"]
ConfidenceName = Literal["possible", "likely", "certain"]
FormatName = Literal["full", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit"]
ContextName = Literal["loop", "thread", "process"]
TomlTable: TypeAlias = "dict[str, object]"


class ConfigError(Exception):
    """Settings that cannot be used: the message names the file or option, the key, and what would be right."""


class Options(msgspec.Struct, frozen=True, rename="kebab", forbid_unknown_fields=True, kw_only=True):
    """What one source of settings says; None where it says nothing. The names are the keys of the file."""

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    extend_ignore: tuple[str, ...] | None = None
    per_file_ignores: dict[str, tuple[str, ...]] | None = None
    min_severity: SeverityName | None = None
    min_confidence: ConfidenceName | None = None
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] | None = None
    force_exclude: bool | None = None
    respect_gitignore: bool | None = None
    target_version: str | None = None
    output_format: FormatName | None = None
    all_places: bool | None = None
    baseline: str | None = None
    jobs: Annotated[int, msgspec.Meta(ge=0)] | None = None
    cache_dir: str | None = None
    blocking: tuple[str, ...] | None = None
    safe: tuple[str, ...] | None = None
    offloads: tuple[str, ...] | None = None
    contexts: dict[str, ContextName] | None = None
    extra_roots: tuple[str, ...] | None = None


_STRINGS = 'a list of strings, as in ["CON101"]'
_EXPECTED = {
    "per-file-ignores": 'a table from pattern to list of codes, as in { "tests/*" = ["CON101"] }',
    "min-severity": '"note", "warning" or "error"',
    "min-confidence": '"possible", "likely" or "certain"',
    "output-format": '"full", "concise", "json", "jsonl", "sarif", "github", "gitlab" or "junit"',
    "contexts": 'a table from decorator to "loop", "thread" or "process", as in { "my.on_loop" = "loop" }',
    "jobs": "a whole number, 0 for as many as there are processors",
    "target-version": 'a version, as in "3.11"',
    "baseline": "a path",
    "cache-dir": "a path",
    **dict.fromkeys(("force-exclude", "respect-gitignore", "all-places"), "true or false"),
}


class ConfigFile(msgspec.Struct, frozen=True):
    """A configuration file that was read. `shown` is its path as messages give it."""

    path: Path
    shown: str
    options: Options


def nearest(word: str, known: Sequence[str]) -> str:
    """A clause that names the nearest known word, or ""."""
    import difflib

    found = difflib.get_close_matches(word, known, n=1, cutoff=0.7)
    return f" (nearest: `{found[0]}`)" if found else ""


def find(start: Path) -> ConfigFile | None:
    """The configuration that is nearest to `start`, in it or above it; None where there is none.

    Raises:
        ConfigError: it cannot be read, or says something that it may not.
    """
    for folder in (start, *start.parents):
        own = folder / "conclint.toml"
        if own.is_file():
            return read(own)
        shared = folder / "pyproject.toml"
        if shared.is_file() and _mentions_conclint(shared) and "conclint" in _tool(_toml(shared)):
            return read(shared)
    return None


def read(path: Path) -> ConfigFile:
    """Read one configuration file, of any name; `pyproject.toml` by its `[tool.conclint]`.

    Raises:
        ConfigError: it cannot be read, or says something that it may not.
    """
    shown = _shown(path)
    document = _toml(path)
    if path.name == "pyproject.toml" or set(document) == {"tool"}:
        table = _tool(document).get("conclint", {})
        if not isinstance(table, dict):
            raise ConfigError(f"{shown}: `tool.conclint` must be a table")
        return ConfigFile(path, shown, _options(table, shown, "tool.conclint."))
    return ConfigFile(path, shown, _options(document, shown, ""))


def _options(table: TomlTable, shown: str, prefix: str) -> Options:
    known = Options.__struct_encode_fields__
    for key, value in table.items():
        if key not in known:
            raise ConfigError(f"{shown}: unknown key `{prefix}{key}`{nearest(key, known)}")
        try:
            msgspec.convert({key: value}, Options)
        except msgspec.ValidationError:
            wanted = _EXPECTED.get(key, _STRINGS)
            raise ConfigError(f"{shown}: `{prefix}{key}` must be {wanted}, not {_toml_text(value)}") from None
    return msgspec.convert(table, Options)


def _toml_text(value: object) -> str:
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value).replace("'", '"')
    return text if len(text) <= 60 else f"{text[:57]}..."


def _toml(path: Path) -> TomlTable:
    import tomli

    try:
        return tomli.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{_shown(path)}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{_shown(path)}: is not UTF-8: {error.reason} at byte {error.start}") from error
    except (tomli.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{_shown(path)}: is not valid TOML: {error}") from error


def _mentions_conclint(path: Path) -> bool:
    # A broken pyproject.toml that is not about conclint, somewhere above, is not conclint's to report.
    try:
        return b"conclint" in path.read_bytes()
    except OSError:
        return False


def _tool(document: TomlTable) -> TomlTable:
    tool = document.get("tool", {})
    return tool if isinstance(tool, dict) else {}


def _shown(path: Path) -> str:
    text = os.path.relpath(path)
    return str(path) if text.startswith("..") else text


def version(text: str) -> tuple[int, int] | None:
    """`3.11`, `py311`, `3.11.4` as a pair; None for anything else."""
    found = re.fullmatch(r"(?:py)?(3)\.?(\d{1,2})(?:\.\d+)?", text.strip())
    return (int(found[1]), int(found[2])) if found else None


def required_version(start: Path) -> tuple[int, int] | None:
    """The oldest Python that the project around `start` supports: `requires-python` of the nearest `pyproject.toml`."""
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            try:
                project = _toml(path).get("project")
            except ConfigError:
                return None
            wanted = project.get("requires-python") if isinstance(project, dict) else None
            found = re.findall(r"(?:>=|~=|==|>)\s*(3)\.(\d{1,2})", wanted) if isinstance(wanted, str) else []
            return max(((int(major), int(minor)) for major, minor in found), default=None)
    return None
