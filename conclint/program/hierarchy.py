"""The bases of classes, the order in which methods are looked for in them, and what inherits from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from conclint.facts import Item
from conclint.program.model import ClassNode, Module
from conclint.program.reads import Remembered, key_of
from conclint.program.table import Key, Table
from conclint.program.values import ClassValue, External, Remote

if TYPE_CHECKING:
    from conclint.program.evaluate import Evaluator
    from conclint.program.program import Program

Order: TypeAlias = "tuple[ClassNode | str, ...]"
"""Classes of the program, and dotted names of library classes."""


class Hierarchy:
    """Answers for the classes of one program; remembers the answers."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._reads = evaluator.program.reads
        self._bases: dict[ClassNode, tuple[Order, int]] = {}
        self._mro: dict[ClassNode, tuple[Order, int]] = {}

    def bases(self, cls: ClassNode) -> Order:
        """The direct bases."""
        found = self._bases.get(cls)
        if found is None:
            self._bases[cls] = (), cls.module.bit
            modules, self._reads.modules = self._reads.modules, cls.module.bit
            bases = tuple(self._evaluated(cls))
            found = self._bases[cls] = bases, self._reads.modules
            self._reads.modules = modules
        self._reads.modules |= found[1]
        return found[0]

    def _evaluated(self, cls: ClassNode) -> Iterator[ClassNode | str]:
        owner = cls.module.functions[cls.fact.owner]
        for base in cls.fact.bases:
            if isinstance(base, Item):
                base = base.base
            for value in self.evaluator.of(base, owner, -1)[:1]:
                if isinstance(value, ClassValue) and value.cls is not cls:
                    yield value.cls
                elif isinstance(value, Remote) and isinstance(value.target, ClassNode):
                    yield value.target
                elif isinstance(value, External):
                    yield value.dotted

    def mro(self, cls: ClassNode) -> Order:
        """The class and its bases in the order of method resolution (C3, depth first where that fails)."""
        found = self._mro.get(cls)
        if found is None:
            modules, self._reads.modules = self._reads.modules, cls.module.bit
            order = self._linear(cls)
            found = self._mro[cls] = order, self._reads.modules
            self._reads.modules = modules
        self._reads.modules |= found[1]
        return found[0]

    def _linear(self, cls: ClassNode) -> Order:
        """Bases are ordered before what inherits from them, without recursion: a program may have a deeper tree than
        the stack allows. Of a cycle, which Python refuses, each class is seen with what is known when it is reached.
        """
        orders: dict[ClassNode, Order] = {}
        todo = [cls]
        pending = {cls}
        while cls not in orders:
            one = todo[-1]
            bases = self.bases(one)
            for base in bases:
                if isinstance(base, ClassNode) and base not in orders and base in self._mro:
                    orders[base], rest = self._mro[base]
                    self._reads.modules |= rest
            waiting = [
                base for base in bases if isinstance(base, ClassNode) and base not in orders and base not in pending
            ]
            if waiting:
                todo.extend(waiting)
                pending.update(waiting)
            else:
                orders[one] = self._ordered(one, bases, orders)
                todo.pop()
        return orders[cls]

    def _ordered(self, cls: ClassNode, bases: Order, orders: Mapping[ClassNode, Order]) -> Order:
        parts = [orders.get(base, (base,)) if isinstance(base, ClassNode) else (base,) for base in bases]
        if len(parts) == 1:
            return (cls, *(base for base in parts[0] if base is not cls))
        return (cls, *_merged([*parts, bases]))


def _merged(sequences: list[Order]) -> list[ClassNode | str]:
    """The C3 linearisation of the bases' orders."""
    result: list[ClassNode | str] = []
    rest = [list(one) for one in sequences if one]
    while rest:
        for sequence in rest:
            head = sequence[0]
            if not any(head in other[1:] for other in rest):
                break
        else:
            head = rest[0][0]
        result.append(head)
        rest = [[one for one in sequence if one is not head and one != head] for sequence in rest]
        rest = [sequence for sequence in rest if sequence]
    return result


class Heirs:
    """What inherits from the classes of one program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._below: Remembered[ClassNode, list[ClassNode]] = Remembered(program.reads)
        self._direct = Table(program, "subclass", all_at_once=self._inheriting, implied=self._seen_from_above)
        self._overrides = Table(program, "overrides", all_at_once=self._overriding)

    def below(self, cls: ClassNode) -> list[ClassNode]:
        """The classes that inherit from `cls`, however far."""
        self._program.reads.keys.add(key_of("below", cls.ref))
        return self._below.get(cls, lambda: self._all_below(cls))

    def overriding(self, cls: ClassNode, name: str) -> list[ClassNode]:
        """The classes below one that has a method of that name which have such a method, too."""
        return [self._class(*row) for row in self._overrides.rows(f"{cls.ref}.{name}")]

    def is_overridden(self, cls: ClassNode, name: str) -> bool:
        """Whether a class below one that has a method of that name has such a method, too."""
        return bool(self._overrides.rows(f"{cls.ref}.{name}"))

    def _all_below(self, cls: ClassNode) -> list[ClassNode]:
        # A wide tree has as many keys as classes: what inherits from a class is one key for those who ask.
        (found, rest) = self._program.reads.of(lambda: self._reached(cls))
        self._program.reads.modules |= rest.modules
        return found

    def _reached(self, cls: ClassNode) -> list[ClassNode]:
        found: dict[ClassNode, None] = {}
        todo = self._subclasses(cls)
        while todo:
            one = todo.pop()
            if one not in found:
                found[one] = None
                todo.extend(self._subclasses(one))
        return list(found)

    def _subclasses(self, cls: ClassNode) -> list[ClassNode]:
        return [self._class(*row) for row in self._direct.rows(cls.ref)]

    def _class(self, number: int | str, index: int | str) -> ClassNode:
        module = self._program.modules[int(number)]
        self._program.reads.modules |= module.bit
        return module.classes[int(index)]

    def _inheriting(self, module: Module) -> Iterator[tuple[Key, tuple[int]]]:
        for cls in module.classes:
            if cls.fact.bases:
                for base in self._program.evaluator.bases(cls):
                    if isinstance(base, ClassNode):
                        yield base.ref, (cls.index,)

    def _overriding(self, module: Module) -> Iterator[tuple[Key, tuple[int]]]:
        for cls in module.classes:
            if cls.fact.bases and cls.methods:
                for base in self._program.evaluator.mro(cls)[1:]:
                    if isinstance(base, ClassNode):
                        for name in base.methods.keys() & cls.methods.keys():
                            yield f"{base.ref}.{name}", (cls.index,)

    def _seen_from_above(self, key: Key) -> Iterator[int]:
        """Whoever asked what is below the bases of a class has got another answer, too, when something below it has."""
        number, index = divmod(int(key), 1 << 20)
        module = self._program.modules[number]
        if index < len(module.classes):
            for base in self._program.evaluator.mro(module.classes[index]):
                if isinstance(base, ClassNode):
                    yield key_of("below", base.ref)
