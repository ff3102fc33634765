"""What one fix does to the text of a file, before anything is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from conclint.fix.imports import NewImport
from conclint.fix.scope import Names, collect
from conclint.fix.splice import Splice
from conclint.fix.tree import Tree


@dataclass(frozen=True)
class File:
    """A parsed file and what is known of its names, which is only worked out when a fix asks for it."""

    tree: Tree

    @cached_property
    def names(self) -> Names:
        """The file's bindings."""
        return collect(self.tree)


@dataclass(slots=True)
class Plan:
    """The splices of one fix, the ranges that it counts on (`claims`), and what it wants at module level."""

    splices: list[Splice] = field(default_factory=list)
    claims: list[tuple[int, int]] = field(default_factory=list)
    imports: set[NewImport] = field(default_factory=set)
    statements: list[str] = field(default_factory=list)

    def replace(self, start: int, end: int, text: str) -> None:
        """Add a splice, and claim its range."""
        self.splices.append(Splice(start, end, text))
        self.claims.append((start, end))

    def clashes(self, others: Iterable[tuple[int, int]]) -> bool:
        """Whether some claim of this plan overlaps one of `others`. Ranges that only touch do not."""
        return any(
            (start < other_end and other_start < end) or (start, end) == (other_start, other_end)
            for start, end in self.claims
            for other_start, other_end in others
        )
