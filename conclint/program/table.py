"""Tables over the whole program: what its modules contribute, found by key.

Who calls a function, what inherits from a class, what a name is also called: such questions are about all modules, and
the answer is the sum of what each of them says by itself. A row is made of numbers and words alone, so that it can be
kept for the next run; then only those modules are asked again that have changed, or whose rows rest on what has. A
reader of a table rests on the key that it asked for and on nothing that the rows rest on: where these come out as
before, its own answer holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, TypeAlias, Union

from conclint.program.model import Module
from conclint.program.reads import Rest, key_of

if TYPE_CHECKING:
    from conclint.program.program import Program

Key: TypeAlias = Union[int, str]  # noqa: UP007  # evaluated when rows are read back
Row: TypeAlias = "tuple[int | str, ...]"
"""The number of the module that says it, then what it says."""
Page: TypeAlias = "dict[Key, list[Row]]"
Said: TypeAlias = "Iterable[tuple[Key, tuple[int | str, ...]]]"

EVERY = "*"
"""Stands for all keys of a page together."""


class Table:
    """One kind of knowledge about a program.

    Parameters:
        kind: its name, by which it is kept.
        all_at_once: what a module says, by key, where there is but one page, without a name.
        by_name: what a module says under a name, by key, where only those have anything to say that use the name.
        implied: the keys of others that change with a key, where more is made of the rows than they say.

    What a module says may rest on tables that were made before this one, on no others.
    """

    def __init__(
        self,
        program: Program,
        kind: str,
        *,
        all_at_once: Callable[[Module], Said] | None = None,
        by_name: Callable[[Module, str], Said] | None = None,
        implied: Callable[[Key], Iterable[int]] | None = None,
    ) -> None:
        self.kind = kind
        self.is_by_name = by_name is not None
        self._program = program
        self._all_at_once = all_at_once
        self._by_name = by_name
        self._implied = implied
        self._pages: dict[str, Page] = {}
        self._rests: dict[int, Rest] = {}
        self._said_again: set[int] = set()
        self._altered: set[str] = set()
        program.tables.append(self)

    def rows(self, key: Key, name: str = "") -> Sequence[Row]:
        """What the modules say of a key, in their order."""
        self._program.reads.keys.add(key_of(self.kind, name, key))
        return self.page(name).get(key, ())

    def everything(self, name: str = "") -> Iterable[tuple[Key, Sequence[Row]]]:
        """All that is said under a name, with the keys."""
        self._program.reads.keys.add(key_of(self.kind, name, EVERY))
        return self.page(name).items()

    def page(self, name: str) -> Page:
        """All that is said under a name. It is not noted as read: that is up to who looks a key up in it."""
        found = self._pages.get(name)
        if found is None:
            kept = self._kept(name)
            found = self._pages[name] = kept if kept is not None else self._made(name)
        return found

    def _kept(self, name: str) -> Page | None:
        kept = self._program.kept
        return kept.page(self.kind, name) if kept is not None else None

    def _made(self, name: str) -> Page:
        self._altered.add(name)
        page: Page = {}
        numbers: Iterable[int] = (
            self._program.uses(name) if self._by_name is not None else range(len(self._program.modules))
        )
        for number in numbers:
            for key, row in self.said(number, name):
                page.setdefault(key, []).append(row)
        return page

    def said(self, number: int, name: str) -> list[tuple[Key, Row]]:
        """What one module says under a name, worked out now."""
        module = self._program.modules[number]
        rows, rest = self._program.reads.of(lambda: [(key, (number, *row)) for key, row in self._says(module, name)])
        known = self._rests.get(number)
        if known is not None:
            rest = Rest(known.modules | rest.modules, known.keys | rest.keys)
        self._rests[number] = rest
        return rows

    def _says(self, module: Module, name: str) -> Said:
        self._program.reads.modules |= module.bit
        if self._by_name is not None:
            return self._by_name(module, name)
        return self._all_at_once(module) if self._all_at_once is not None else ()

    # For keeping ----------------------------------------------------------------------------------------------------

    def altered(self) -> Mapping[str, Page]:
        """The pages that were made in this run, or came out otherwise."""
        return {name: self._pages[name] for name in self._altered}

    def rests(self) -> Mapping[int, Rest]:
        """What the rows of each module rest on that were worked out in this run."""
        return self._rests

    def said_again(self) -> AbstractSet[int]:
        """The modules whose rows were all worked out in this run, whatever was known of them."""
        return self._said_again

    def replaced(self, number: int, names: Iterable[str]) -> Iterator[int]:
        """Work out again what a module says under some names; the keys under which that has changed."""
        self._rests.pop(number, None)
        self._said_again.add(number)
        for name in names:
            differs = False
            page = self.page(name)
            before = {key: own for key, rows in page.items() if (own := [row for row in rows if row[0] == number])}
            after: Page = {}
            for key, row in self.said(number, name):
                after.setdefault(key, []).append(row)
            for key in before.keys() | after.keys():
                if before.get(key) != after.get(key):
                    rows = page.get(key, [])
                    first = [row for row in rows if int(row[0]) < number]
                    last = [row for row in rows if int(row[0]) > number]
                    page[key] = [*first, *after.get(key, ()), *last]
                    differs = True
                    yield key_of(self.kind, name, key)
                    yield from self._implied(key) if self._implied is not None else ()
            if differs:
                self._altered.add(name)
                yield key_of(self.kind, name, EVERY)
