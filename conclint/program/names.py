"""Sets of names that are worked out from a whole table.

Where a rule or a search begins is told by such a set: the names under which something may give a coroutine, or under
which the library's sleeps go in this program. Nobody notes each name that he has looked for in it. A name that enters
or leaves a set touches all modules in which it is used, as if they had changed themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from conclint.program.model import Module
from conclint.program.table import Table

if TYPE_CHECKING:
    from conclint.program.program import Program

# Functions that only hand on another's coroutine are short, and seldom more than three stand on each other.
_SHORT = 12
_LAYERS = 3


class NameSets:
    """The sets of one program, by what they are of."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._found: dict[str, frozenset[str]] = {}

    def get(self, kind: str, work: Callable[[], Iterable[str]]) -> frozenset[str]:
        """The set of that kind, worked out by `work` where it is not known."""
        found = self._found.get(kind)
        if found is None:
            kept = self._program.kept
            known = kept.names(kind) if kept is not None else None
            found = known if known is not None else self._program.reads.of(lambda: frozenset(work()))[0]
            self._found[kind] = found
        return found

    def put(self, kind: str, names: frozenset[str]) -> None:
        """From now on the set of that kind is this one."""
        self._found[kind] = names

    def all(self) -> Mapping[str, frozenset[str]]:
        """Those that were asked for."""
        return self._found


class Definitions:
    """The names of functions and classes that must be used in a way of their own."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._coroutines = Table(program, "coroutines", all_at_once=_giving_coroutines)
        self._iterables = Table(program, "async-iterables", all_at_once=_iterated_asynchronously)

    def sets(self) -> Mapping[str, Callable[[], Iterable[str]]]:
        """How the sets are worked out, by the kinds of the tables that they are made from."""
        return {"coroutines": self._coroutine_names, "async-iterables": self._iterable_names}

    def giving_coroutines(self) -> frozenset[str]:
        """The last names of what may give a coroutine: rows, coroutine functions, short functions that return one."""
        return self._program.name_sets.get("coroutines", self._coroutine_names)

    def iterated_asynchronously(self) -> frozenset[str]:
        """The names of asynchronous generators, and of classes that can be iterated asynchronously."""
        return self._program.name_sets.get("async-iterables", self._iterable_names)

    def _coroutine_names(self) -> Iterator[str]:
        rows = self._program.knowledge.rows.items()
        names = {name.rpartition(".")[2] for name, row in rows if row.is_async}
        plain: list[tuple[str, frozenset[str]]] = []
        for name, said in self._coroutines.everything():
            for _, *called in said:
                if called:
                    plain.append((str(name), frozenset(map(str, called))))
                else:
                    names.add(str(name))
        for _ in range(_LAYERS):
            names |= {name for name, called in plain if not names.isdisjoint(called)}
        return (name for name in names if not name.startswith("<"))

    def _iterable_names(self) -> Iterator[str]:
        return (str(name) for name, rows in self._iterables.everything() if rows)


def _giving_coroutines(module: Module) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Functions that give coroutines, and short ones with the names of what they may have them from."""
    for func in module.functions:
        offloaded = bool(func.fact.decorators) and any(name.endswith("_to_async") for name in func.decorator_names)
        if offloaded or (func.is_async and not func.fact.is_generator):
            yield func.name, ()
        elif func.fact.end_row - func.fact.row <= _SHORT and not func.fact.is_generator and func.fact.names:
            yield func.name, tuple(sorted(func.fact.names))


def _iterated_asynchronously(module: Module) -> Iterator[tuple[str, tuple[str, ...]]]:
    for func in module.functions:
        if func.is_async and func.fact.is_generator:
            yield func.name, ()
    for cls in module.classes:
        if "__aiter__" in cls.methods:
            yield cls.name, ()
