"""The bases of classes, and the order in which methods are looked for in them."""

from __future__ import annotations

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
        self._bases: dict[ClassNode, Order] = {}
        self._mro: dict[ClassNode, Order] = {}

    def bases(self, cls: ClassNode) -> Order:
        """The direct bases."""
        found = self._bases.get(cls)
        if found is None:
            self._bases[cls] = ()
            owner = cls.module.functions[cls.fact.owner]
            names: list[ClassNode | str] = []
            for base in cls.fact.bases:
                if isinstance(base, Item):
                    base = base.base
                for value in self.evaluator.of(base, owner, -1)[:1]:
                    if isinstance(value, ClassValue) and value.cls is not cls:
                        names.append(value.cls)
                    elif isinstance(value, Remote) and isinstance(value.target, ClassNode):
                        names.append(value.target)
                    elif isinstance(value, External):
                        names.append(value.dotted)
            found = self._bases[cls] = tuple(names)
        return found

    def mro(self, cls: ClassNode) -> Order:
        """The class and its bases in the order of method resolution (C3, depth first where that fails).

        Bases are ordered before what inherits from them, without recursion: a program may have a deeper tree than the
        stack allows. Of a cycle, which Python refuses, each class is seen with what is known when it is reached.
        """
        todo = [cls]
        pending = {cls}
        while cls not in self._mro:
            one = todo[-1]
            bases = self.bases(one)
            waiting = [
                base for base in bases if isinstance(base, ClassNode) and base not in self._mro and base not in pending
            ]
            if waiting:
                todo.extend(waiting)
                pending.update(waiting)
            else:
                self._mro[one] = self._ordered(one, bases)
                todo.pop()
        return self._mro[cls]

    def _ordered(self, cls: ClassNode, bases: Order) -> Order:
        parts = [self._mro.get(base, (base,)) if isinstance(base, ClassNode) else (base,) for base in bases]
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
