"""What `with` and `for` statements are over, evaluated once for all who ask."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from conclint.facts import Call, Const, Seq
from conclint.program.calls import first_op
from conclint.program.model import ClassNode, Func, last_name
from conclint.program.values import Instance, Values

if TYPE_CHECKING:
    from conclint.program.program import Program

_PLAIN = frozenset(("list", "tuple", "set", "dict", "str", "bool", "int", "range", "bytes", "iterable"))
# What these give is iterated over all the time, and never waits.
_HARMLESS = frozenset(
    (
        "builtins.dict",
        "builtins.enumerate",
        "builtins.frozenset",
        "builtins.list",
        "builtins.range",
        "builtins.reversed",
        "builtins.set",
        "builtins.sorted",
        "builtins.str",
        "builtins.tuple",
        "builtins.vars",
        "builtins.zip",
    )
)
_METHODS = frozenset(("items", "keys", "values", "split", "rsplit", "splitlines", "copy", "union", "difference"))


class Header(NamedTuple):
    """A statement: block `number` of `func`, over one of `values`."""

    func: Func
    number: int
    values: Values


class Headers:
    """The statements of a program whose managers or iterables are known."""

    def __init__(self, program: Program) -> None:
        self.program = program

    @cached_property
    def withs(self) -> list[Header]:
        """Plain `with` statements over instances."""
        return self._over("__enter__", ("with",))

    @cached_property
    def loops(self) -> list[Header]:
        """Plain `for` loops and comprehensions over instances."""
        return self._over("__iter__", ("for", "comp"))

    @cached_property
    def of_classes(self) -> dict[ClassNode, list[tuple[str, Header]]]:
        """Both, by the class of the program that they are certainly over, with the word of the statement."""
        found: dict[ClassNode, list[tuple[str, Header]]] = {}
        for word, headers in (("with", self.withs), ("for", self.loops)):
            for header in headers:
                if len(header.values) == 1:
                    value = header.values[0]
                    if isinstance(value, Instance) and isinstance(value.type, ClassNode):
                        found.setdefault(value.type, []).append((word, header))
        return found

    def _over(self, name: str, kinds: tuple[str, ...]) -> list[Header]:
        found = []
        for func in self.program.by_name.get(name, ()):
            for number, block in enumerate(func.body.blocks):
                value = block.value
                if block.kind not in kinds or value is None or isinstance(value, Seq | Const):
                    continue
                if isinstance(value, int):
                    made = func.ops[value]
                    if isinstance(made, Call) and (made.func in _HARMLESS or last_name(made.func) in _METHODS):
                        continue
                at = value if isinstance(value, int) else first_op(func, number)
                values = self.program.evaluator.of(value, func, at)
                if any(isinstance(one, Instance) and one.type not in _PLAIN for one in values):
                    found.append(Header(func, number, values))
        return found
