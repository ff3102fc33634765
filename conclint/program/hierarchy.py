"""The bases of classes, and the order in which methods are looked for in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from conclint.facts import Item
from conclint.program.model import ClassNode
from conclint.program.values import ClassValue, External, Remote

if TYPE_CHECKING:
    from conclint.program.evaluate import Evaluator

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
