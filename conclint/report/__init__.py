"""How findings are shown: one file for each format, each a function from a `Report` to text."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from conclint.contents import Contents, Location
from conclint.finding import Finding
from conclint.rule import Rule

if TYPE_CHECKING:
    from conclint.evidence import Seen

FORMATS = ("full", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit")
TEXT_FORMATS = ("full", "concise")


class Change(NamedTuple):
    """A piece of text that a fix puts in the place of what stands at `location`."""

    location: Location
    content: str


def no_changes(_: Finding) -> tuple[Change, ...]:
    """For reports that show no fixes."""
    return ()


def nothing_seen(_: Finding) -> Seen | None:
    """For reports without evidence."""
    return None


@dataclass(frozen=True, slots=True)
class Report:
    """What a format shows.

    `rules` are those of the run, by code. `changes` gives the text edits of a finding's fix, `witnessed` tells how it
    was seen to happen. `root` is what fingerprints are relative to. `width` is in columns of the terminal, and `plain`
    asks for ASCII alone. `failures` tell what broke conclint itself, for the formats that have a place for it.
    """

    findings: tuple[Finding, ...]
    contents: Contents
    rules: Mapping[str, Rule] = field(default_factory=dict)
    root: Path = field(default_factory=Path)
    changes: Callable[[Finding], tuple[Change, ...]] = no_changes
    witnessed: Callable[[Finding], Seen | None] = nothing_seen
    colour: bool = False
    width: int = 120
    plain: bool = False
    failures: tuple[str, ...] = ()


def render(name: str, report: Report) -> Iterator[str]:
    """The report in one of `FORMATS`, in pieces that belong one after the other."""
    module = importlib.import_module(f"conclint.report.{'as_json' if name in ('json', 'jsonl') else name}")
    function = "lines" if name == "jsonl" else "render"
    return cast("Callable[[Report], Iterator[str]]", getattr(module, function))(report)


def printable(text: str) -> str:
    """The text with what UTF-8 cannot carry replaced: a file's name need not be text."""
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text
