"""A run over files of which nearly all are as an earlier run has seen them: only what may differ is judged again.

First the tables are brought up to date: each module whose rows rest on something that has changed says them once more,
and where these come out as before, nothing follows from it. Then each rule is asked again about the modules for which
its answer rests on a module or on a key that has changed. All else is taken from what was kept. The result is that of a
whole run: whoever reads something of the program notes it (`conclint.program.reads`), also that nothing was there.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from conclint.facts import Facts
from conclint.judge import WHOLE, Unit, unit
from conclint.kept import (
    Kept,
    KeptRest,
    KeptTable,
    KeptUnit,
    Remark,
    card_of,
    findings_of,
    kept_rest,
    page_of,
    raw_card,
    raw_findings,
    raw_page,
    raw_uses,
    uses_of,
)
from conclint.program.program import Program
from conclint.program.reads import NOTHING
from conclint.program.table import Page, Table
from conclint.rule import Rule


class Earlier:
    """What an earlier run has left, as `Program` asks for it, with the modules that have changed since."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._uses: dict[str, bytes] | None = None
        self._packages = dict(kept.packages)
        self.cards = list(kept.cards)
        self.remarks = dict(kept.remarks)
        self.differs = False

    def page(self, kind: str, name: str) -> Page | None:
        """A page of a table, or None where it was not asked for."""
        table = self._kept.tables.get(kind)
        raw = table.pages.get(name) if table is not None else None
        return page_of(raw) if raw is not None else None

    def uses(self, name: str) -> Sequence[int]:
        """The numbers of the modules in which a name is used."""
        return array("I", self._all_uses().get(name, b""))

    def packages(self) -> frozenset[str]:
        """The top-level packages that the modules import."""
        return frozenset(self._packages)

    def names(self, kind: str) -> frozenset[str] | None:
        """A set of names, or None where it was not asked for."""
        names = self._kept.names.get(kind)
        return frozenset(names) if names is not None else None

    def take(self, number: int, facts: Facts) -> frozenset[str]:
        """A module is now this one; the names that it used, or uses now."""
        card = card_of(self.cards[number])
        after = frozenset(name for function in facts.functions for name in function.names)
        before = frozenset(card.names)
        for name in before - after:
            numbers = array("I", self._all_uses()[name])
            numbers.remove(number)
            self._put(name, numbers)
        for name in after - before:
            numbers = array("I", self._all_uses().get(name, b""))
            self._put(name, array("I", sorted([*numbers, number])))
        for package in card.packages:
            self._packages[package] -= 1
            if not self._packages[package]:
                del self._packages[package]
        for package in facts.packages:
            self._packages[package] = self._packages.get(package, 0) + 1
        self.cards[number] = raw_card(sorted(after), sorted(facts.packages))
        self.remark(number, facts)
        return before | after

    def remark(self, number: int, facts: Facts) -> None:
        """What is to be said of a file has changed."""
        self.remarks.pop(number, None)
        if facts.error is not None or facts.suppressions:
            self.remarks[number] = Remark(facts.error, facts.suppressions)

    def left(self, digests: list[bytes], names: Mapping[str, frozenset[str]]) -> Kept:
        """What is to be kept from now on, but for tables and units."""
        kept = self._kept
        all_names = {**kept.names, **{kind: tuple(sorted(found)) for kind, found in names.items()}}
        return Kept(
            kept.version,
            kept.paths,
            digests,
            self._packages,
            self.cards,
            self.remarks,
            self._left_uses() if self.differs else kept.uses,
            all_names,
            {},
            [],
        )

    def _left_uses(self) -> msgspec.Raw:
        return raw_uses({name: array("I", numbers) for name, numbers in self._all_uses().items()})

    def _all_uses(self) -> dict[str, bytes]:
        if self._uses is None:
            self._uses = uses_of(self._kept.uses)
        return self._uses

    def _put(self, name: str, numbers: array[int]) -> None:
        self.differs = True
        if numbers:
            self._all_uses()[name] = numbers.tobytes()
        else:
            self._all_uses().pop(name, None)


class Again:
    """One such run.

    Parameters:
        kept: what an earlier run has left.
        program: the program as it is now, made with `earlier`.
        changed: by number the names that each changed module used, or uses now.
    """

    def __init__(self, kept: Kept, program: Program, changed: Mapping[int, frozenset[str]]) -> None:
        self._kept = kept
        self._program = program
        self._changed = changed
        self._modules = sum(1 << number for number in changed)
        self._keys: set[int] = set()

    def judged(self, rules: Sequence[Rule]) -> list[KeptUnit]:
        """What all rules find now.

        Raises:
            Exception: whatever a rule raises.
        """
        for table in self._program.tables:
            self._bring_up_to_date(table)
        keys = frozenset(self._keys)
        found: list[KeptUnit] = []
        todo = {(rule.code, number) for rule in rules if rule.by_module for number in self._numbers()}
        for one in self._kept.units:
            stands_in = one.module != WHOLE and self._modules >> one.module & 1
            if stands_in or one.rest.touches(self._modules, keys):
                todo.add((one.rule, one.module))
            else:
                found.append(one)
        for rule in rules:
            numbers = sorted(number for code, number in todo if code == rule.code)
            found.extend(kept_units(unit(self._program, rule, number) for number in numbers))
        return found

    def _numbers(self) -> list[int]:
        return [number for number in range(len(self._program.modules)) if self._modules >> number & 1]

    def _bring_up_to_date(self, table: Table) -> None:
        known = self._kept.tables.get(table.kind)
        if known is None:
            return
        keys = frozenset(self._keys)
        dirty = [number for number, rest in known.rests.items() if rest.touches(self._modules, keys)]
        differing: set[int] = set()
        for number in sorted({*dirty, *self._numbers()}):
            differing.update(table.replaced(number, self._pages_with(table, known, number)))
        if differing:
            self._keys |= differing
            self._renew_names(table.kind)

    def _pages_with(self, table: Table, known: KeptTable, number: int) -> list[str]:
        """The pages that a module may have something to say on, or may have had."""
        if not table.is_by_name:
            return list(known.pages)
        names: Iterable[str] = self._changed.get(number) or card_of(self._kept.cards[number]).names
        return [name for name in names if name in known.pages]

    def _renew_names(self, kind: str) -> None:
        """Work the sets of names out again that are made from a table, and touch the modules that use what differs."""
        for of, work in self._program.sets_from(kind, self._kept.names):
            before = frozenset(self._kept.names.get(of, ()))
            after = frozenset(work())
            if before != after:
                self._program.name_sets.put(of, after)
                for name in before ^ after:
                    for number in self._program.uses(name):
                        self._modules |= 1 << number


def kept_units(units: Iterable[Unit]) -> list[KeptUnit]:
    """Units as they are kept: not those of which nothing is to be said until their own module changes."""
    found = []
    for one in units:
        rest = one.rest
        own = 0 if one.module == WHOLE else 1 << one.module
        if one.module == WHOLE or one.findings or rest.keys or rest.modules & ~own:
            found.append(KeptUnit(one.rule, one.module, kept_rest(rest), raw_findings(one.findings)))
    return found


def units_of(kept: Iterable[KeptUnit]) -> list[Unit]:
    """Units as `conclint.judge.gathered` takes them."""
    return [Unit(one.rule, one.module, findings_of(one.findings), NOTHING) for one in kept]


def kept_tables(program: Program, kept: Mapping[str, KeptTable]) -> dict[str, KeptTable]:
    """The tables of a program, where `kept` was known of them before."""
    found = {}
    for table in program.tables:
        known = kept.get(table.kind) or KeptTable({}, {})
        pages = {**known.pages, **{name: raw_page(page) for name, page in table.altered().items()}}
        again = table.said_again()
        rests: dict[int, KeptRest] = {number: rest for number, rest in known.rests.items() if number not in again}
        for number, rest in table.rests().items():
            rests[number] = rests[number].plus(rest) if number in rests else kept_rest(rest)
        if pages:
            found[table.kind] = KeptTable(pages, rests)
    return found


def leave(program: Program, units: Iterable[Unit], digests: list[bytes], version: bytes) -> Kept:
    """What a whole run leaves for the next."""
    packages: dict[str, int] = {}
    for module in program.modules:
        for package in module.facts.packages:
            packages[package] = packages.get(package, 0) + 1
    return Kept(
        version,
        tuple(module.path for module in program.modules),
        digests,
        packages,
        [raw_card(sorted(module.users), sorted(module.facts.packages)) for module in program.modules],
        {
            module.number: Remark(module.facts.error, module.facts.suppressions)
            for module in program.modules
            if module.facts.error is not None or module.facts.suppressions
        },
        raw_uses(program.all_uses),
        {kind: tuple(sorted(names)) for kind, names in program.name_sets.all().items()},
        kept_tables(program, {}),
        kept_units(units),
    )


def same_meaning(before: Facts, after: Facts) -> bool:
    """Whether two versions of a file differ in nothing that any rule or table can see."""
    return (
        before.functions == after.functions
        and before.classes == after.classes
        and before.bindings == after.bindings
        and (before.stars, before.exports, before.packages) == (after.stars, after.exports, after.packages)
    )
