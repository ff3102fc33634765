"""Under which names a thing is called: `from a import pause as rest`, `rest = pause`, `self.rest = self._pause`.

Callers and primitives are found by name, so a second name must lead to them too. What it then stands for, the evaluator
says: a name too many costs a look, one too few a finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from conclint.facts import Assign, Attr, Call, Expr, Fn, Mix, Seq
from conclint.program.model import ClassNode, Func, Module, chains, last_name
from conclint.program.reads import Remembered
from conclint.program.table import Table

if TYPE_CHECKING:
    from conclint.program.program import Program

# A thing with more names than this is found by the first of them only.
_NAMES = 50
CONSTRUCTORS = frozenset(("__init__", "__post_init__", "__new__"))
_WRAPPERS = ("partial", "partialmethod", "staticmethod", "classmethod")


class Renamed:
    """The second names of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._all: Remembered[str, tuple[str, ...]] = Remembered(program.reads)
        self._direct = Table(program, "renamed", all_at_once=_renamings)
        self._annotated = Table(program, "annotated", all_at_once=_annotating)
        self._holders = Table(program, "holders", by_name=_holders)

    def names(self, name: str) -> tuple[str, ...]:
        """The name itself and all that something of that name is bound to, sorted; "()" for what is in a container."""
        return self._all.get(name, lambda: self._reached(name))

    def _reached(self, name: str) -> tuple[str, ...]:
        reached = {name}
        todo = [name]
        while todo and len(reached) < _NAMES:
            for other in sorted({str(row[1]) for row in self._direct.rows(todo.pop())}):
                if other not in reached:
                    reached.add(other)
                    todo.append(other)
        return tuple(sorted(reached))

    def of(self, func: Func) -> set[str]:
        """The last names of the calls that may run a function."""
        cls = func.cls
        if cls is not None and func.name in CONSTRUCTORS:
            classes = (cls, *self.program.below(cls))
            return {"cls", "__class__", func.name, *(name for one in classes for name in self.names(one.name))}
        if cls is not None and func.name == "__call__":
            held = [name for one in (cls, *self.program.below(cls)) for name in self._holding(one)]
            return {"()", "__call__", *(name for one in held for name in self.names(one))}
        if func.name == "<lambda>":
            return {name for one in _given_to(func) for name in self.names(one)}
        return set(self.names(func.name))

    def _holding(self, cls: ClassNode) -> set[str]:
        """The names that hold instances of a class: they were given one, or are annotated with it."""
        found: set[str] = set()
        for name in self.names(cls.name):
            found.update(str(row[1]) for row in self._annotated.rows(name))
            found.update(str(row[1]) for row in self._holders.rows("", name))
        return found


def _annotating(module: Module) -> Iterator[tuple[str, tuple[str]]]:
    """By the last name of a type the parameters, attributes and globals that are annotated with it."""
    pairs = [(last_name(chain), holder) for holder, annotation in _annotations(module) for chain in chains(annotation)]
    for meant, holder in dict.fromkeys(pairs):
        yield meant, (holder,)


def _holders(module: Module, name: str) -> Iterator[tuple[str, tuple[str]]]:
    """What is given the results of calls of that name."""
    found: dict[str, None] = {}
    for user in module.users.get(name, ()):
        made = set(user.calls_by_name.get(name, ()))
        if made:
            found.update(dict.fromkeys(_targets(user, made)))
    for holder in found:
        yield "", (holder,)


def _renamings(module: Module) -> Iterator[tuple[str, tuple[str]]]:
    """The second names that a module gives to things, by their first."""
    found: dict[tuple[str, str], None] = {}
    for second, value in _module_level(module):
        for meant in _meant(value):
            found[meant, "()" if isinstance(value, Seq) else second] = None
    for wrapper in _WRAPPERS:
        for func in module.users.get(wrapper, ()):
            found.update(((meant, second), None) for second, meant in _wrapped(func, wrapper))
    for meant, second in found:
        if meant != second:
            yield meant, (second,)


def _module_level(module: Module) -> Iterator[tuple[str, Expr]]:
    """What globals, class attributes and attributes of instances are bound to, as far as bodies need not be read."""
    for binding in module.facts.bindings:
        if binding.how in ("import", "value"):
            yield binding.name, binding.value
    for cls in module.facts.classes:
        for name, value, _ in cls.attributes:
            yield name, value
        for name, _, value, _ in cls.fields:
            if not isinstance(value, str) or "." in value or value[0] != "$":
                yield name, value


def _meant(value: Expr) -> Iterator[str]:
    """The last names of what a value is."""
    if isinstance(value, Attr):
        yield value.name
    elif isinstance(value, str):
        yield last_name(value)
    elif isinstance(value, Seq):
        for item in value.items:
            if isinstance(item, str | Attr):
                yield last_name(item)


def _wrapped(func: Func, wrapper: str) -> Iterator[tuple[str, str]]:
    """The names that partials are given in a function, with the names of what they call."""
    for index in func.calls_by_name.get(wrapper, ()):
        made = func.ops[index]
        if not isinstance(made, Call) or not made.args:
            continue
        for meant in _meant(made.args[0]):
            for name in _targets(func, {index}):
                yield name, meant


def _targets(func: Func, made: set[int]) -> Iterator[str]:
    """The last names of what is given the results of these operations."""
    for op in func.ops:
        if isinstance(op, Assign) and isinstance(op.target, str):
            value = op.value
            if isinstance(value, Mix) and value.kind == "typed":
                value = value.items[-1]
            if isinstance(value, int) and value in made:
                yield last_name(op.target)


def _given_to(function: Func) -> Iterator[str]:
    """The last names of what a lambda is given to."""
    owner = function.owner
    for op in owner.ops if owner is not None else ():
        if isinstance(op, Assign) and isinstance(op.target, str) and op.value == Fn(function.index):
            yield last_name(op.target)


def _annotations(module: Module) -> Iterator[tuple[str, Expr]]:
    for func in module.functions:
        for param in func.fact.params:
            yield param.name, param.annotation
    for binding in module.facts.bindings:
        yield binding.name, binding.annotation
    for cls in module.facts.classes:
        for name, _, annotation in cls.attributes:
            yield name, annotation
        for name, _, _, annotation in cls.fields:
            yield name, annotation
