"""What is known to block: the linter's knowledge tables, read for the calls that a running program makes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from conclint.knowledge import Knowledge, Row, index, load
from conclint.knowledge.predicate import Predicate, parse

# By what the tables say that a call waits for. A local database has no rule of its own.
CODES: dict[str, str | None] = {
    "sleep": "CON101", "network": "CON102", "subprocess": "CON103", "file": "CON104", "wait": "CON105", "lock":
    "CON106",
    "user-input": "CON110", "cpu": "CON109", "scheduler": "CON112", "database": None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """A callable of the tables that blocks: its dotted name, what it waits for, the rule's code, and when."""

    name: str
    kind: str
    code: str | None
    unless: tuple[Predicate, ...] = ()
    when: tuple[Predicate, ...] = ()

    def blocks(self, arguments: tuple[object, ...], keywords: Mapping[str, object]) -> bool:
        """Whether a call with these arguments, the receiver not among them, blocks."""
        if self.when and not any(_holds(each, arguments, keywords) for each in self.when):
            return False
        return not any(_holds(each, arguments, keywords) for each in self.unless)


def known(name: str, row: Row) -> Known | None:
    """The entry for a row, None where it does not block."""
    if not row.blocks:
        return None
    code = "CON601" if name.startswith("ray.") else CODES.get(row.blocks)
    if name == "sched.scheduler.run":
        code = "CON112"
    unless, when = tuple(map(parse, row.unless)), tuple(map(parse, row.when))
    return Known(name, row.blocks, code, unless, when)


class Tables:
    """The tables that a run needs: those of the standard library, others when their package is imported."""

    def __init__(self) -> None:
        self.knowledge = load([])
        self._others = {package for package in index() if package}
        self._names: dict[str, list[tuple[str, str]]] = {}
        self._list(self.knowledge)

    def _list(self, knowledge: Knowledge) -> None:
        """Sort the names of what blocks by all modules that they could be found in."""
        self._names = {}
        for name, method in _blocking(knowledge):
            parts = name.split(".")
            for length in range(1, len(parts)):
                self._names.setdefault(".".join(parts[:length]), []).append((name, method))

    def serves(self, module: str) -> bool:
        """Whether a module of this name may have something that blocks."""
        return module in self._names or module in self.knowledge.aliases or module.partition(".")[0] in self._others

    def of_module(self, module: str) -> Iterator[tuple[str, Known]]:
        """What blocks in a module: the path of attributes below it, and what is known of it."""
        top = module.partition(".")[0]
        if top in self._others:
            self._others.discard(top)
            self._extend(top)
        canonical = self.knowledge.canonical(module)
        for name, source in self._names.get(canonical, ()):
            row = self.knowledge.row(source)
            found = known(name, row) if row is not None else None
            if found is not None:
                yield name[len(canonical) + 1 :], found

    def _extend(self, package: str) -> None:
        more = load([package])
        self.knowledge = more
        self._list(more)

    def named(self, dotted: str) -> Known | None:
        """What is known of the callable of this name."""
        canonical = self.knowledge.canonical(dotted)
        row = self.knowledge.row(canonical)
        return known(canonical, row) if row is not None else None


def _blocking(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """The names of what blocks, each with the row's own: methods also under the types that inherit them."""
    methods: dict[str, list[str]] = {}
    for name, row in knowledge.rows.items():
        if row.blocks:
            yield name, name
            methods.setdefault(name.rpartition(".")[0], []).append(name)
    for owner in knowledge.types:
        for base in knowledge.mro(owner)[1:]:
            for name in methods.get(base, ()):
                inherited = f"{owner}.{name.rpartition('.')[2]}"
                if inherited not in knowledge.rows:
                    yield inherited, name


def _holds(asked: Predicate, arguments: tuple[object, ...], keywords: Mapping[str, object]) -> bool:
    """Whether the condition holds for these arguments."""
    if asked.name and asked.name in keywords:
        value = keywords[asked.name]
    elif asked.position is not None and asked.position < len(arguments):
        value = arguments[asked.position]
    else:
        return asked.test == "missing"
    if asked.test != "equals":
        return asked.test == "given"
    if asked.dotted:
        return _is_constant(str(asked.value), value)
    if asked.value is None or isinstance(asked.value, str):
        return value == asked.value
    return isinstance(value, int | float) and value == asked.value


def _is_constant(dotted: str, value: object) -> bool:
    module, _, name = dotted.rpartition(".")
    constant: object = getattr(sys.modules.get(module), name, None)
    if isinstance(constant, int) and isinstance(value, int):
        return bool(value & constant)
    return constant is not None and value == constant


Waits = Callable[[tuple[object, ...], Mapping[str, object]], bool]
