"""What `with` and `for` statements are over, evaluated once for all who ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from conclint.facts import Call, Const, Seq
from conclint.program.calls import first_op
from conclint.program.model import ClassNode, Func, Module, last_name
from conclint.program.reads import Remembered
from conclint.program.table import Key, Table
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
WORDS = {"with": ("__enter__", ("with",)), "for": ("__iter__", ("for", "comp"))}
"""By the word of a statement: what it calls, and the kinds of its blocks."""
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
        self._found: Remembered[tuple[Module, str], list[Header]] = Remembered(program.reads)
        self._over = Table(program, "headers", all_at_once=self._over_classes)

    def of(self, module: Module, word: str) -> list[Header]:
        """The `with` statements, or the `for` loops and comprehensions, of a module that are over instances."""
        self.program.reads.modules |= module.bit
        return self._found.get((module, word), lambda: list(self._evaluated(module, word)))

    def over(self, cls: ClassNode, word: str) -> list[tuple[Func, int]]:
        """The statements that are certainly over an instance of a class of the program, as function and block."""
        rows = self._over.rows(cls.ref)
        return [(self.program.function(module, func), int(block)) for module, func, block, kind in rows if kind == word]

    def _over_classes(self, module: Module) -> Iterator[tuple[Key, tuple[int, int, str]]]:
        for word in WORDS:
            for header in self.of(module, word):
                if len(header.values) == 1:
                    value = header.values[0]
                    if isinstance(value, Instance) and isinstance(value.type, ClassNode):
                        yield value.type.ref, (header.func.index, header.number, word)

    def _evaluated(self, module: Module, word: str) -> Iterator[Header]:
        name, kinds = WORDS[word]
        for func in module.users.get(name, ()):
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
                    yield Header(func, number, values)
