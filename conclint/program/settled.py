"""What an expression stands for where there is no doubt: every binding resolved, no override or monkeypatch in the way.

The evaluator gives what it can find, for claims that hold if one candidate does. Here all must be known: a name that
is also bound to something unknown, a method that an unknown base might define, gives no candidates at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conclint.facts import Assign, Attr, Call, Const, Expr
from conclint.program.model import ClassNode, Func, Module
from conclint.program.reads import Remembered
from conclint.program.values import ClassValue, Constant, Function, Instance, Param, Super, Value, Values

if TYPE_CHECKING:
    from conclint.program.program import Program

_DEPTH = 8


class Settled:
    """Resolves expressions of one program without doubt, or not at all."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._depth = 0
        self._found: Remembered[tuple[ClassNode, str, bool], tuple[Func, ...]] = Remembered(program.reads)

    def callee(self, func: Func, index: int) -> Values:
        """What call number `index` calls."""
        op = func.ops[index]
        if not isinstance(op, Call) or _is_put_there(func, op.func):
            return ()
        return self.of(op.func, func, index)

    def of(self, expr: Expr, func: Func, at: int) -> Values:
        """All that an expression may stand for; empty where any of it is unknown."""
        if self._depth > _DEPTH:
            return ()
        self._depth += 1
        try:
            return self._of(expr, func, at)
        finally:
            self._depth -= 1

    def _of(self, expr: Expr, func: Func, at: int) -> Values:
        if isinstance(expr, Attr):
            return self._step(self.of(expr.base, func, at), expr.name)
        if not isinstance(expr, str):
            return self._known(self.program.evaluator.of(expr, func, at))
        root, _, rest = expr.partition(".")
        first = expr[0]
        if first == "$":
            values = self._local(root[1:], func, at)
        elif first == "&":
            number, _, name = root[1:].partition(":")
            values = self._local(name, func.module.functions[int(number)], -1)
        elif first == ":":
            values = self._global(func.module, root[1:])
        elif first == "?":
            return ()
        else:
            return self._imported(expr, func)
        for name in rest.split(".") if rest else ():
            values = self._step(values, name)
        return values

    def _imported(self, expr: str, func: Func) -> Values:
        path = func.module.absolute(expr) if expr[0] == "@" else expr
        values = self._known(self.program.evaluator.dotted(path, func.module))
        for value in values:
            target = value.func if isinstance(value, Function) else None
            if target is not None and target.fact.owner == 0 and target.fact.in_class < 0:
                if not self._bound_once(target.module, target.name):
                    return ()
        return values

    def _known(self, values: Values) -> Values:
        return () if any(isinstance(value, Param | Constant) for value in values) else values

    def _bound_once(self, module: Module, name: str) -> bool:
        """Whether all bindings of a global are definitions or imports, which resolve."""
        return all(binding.how in ("def", "import", "class") for binding in module.bindings.get(name, ()))

    def _global(self, module: Module, name: str) -> Values:
        bindings = module.bindings.get(name, [])
        if len(bindings) > 1 and not self._bound_once(module, name):
            values = [self.program.evaluator._bound(binding, module) for binding in bindings]
            if not all(values):
                return ()
        return self._known(self.program.evaluator.module_global(module, name))

    def _local(self, name: str, func: Func, at: int) -> Values:
        assigned = func.assignments.get(name, [])
        if any(not self._assigned(func, index, op) for index, op in assigned):
            return ()
        return self._known(self.program.evaluator.local(name, func, at))

    def _assigned(self, func: Func, index: int, op: Assign) -> bool:
        """Whether one assignment gives something known (or nothing: None is not what is called)."""
        if isinstance(op.value, Const) and op.value.value is None:
            return True
        return bool(self._known(self.program.evaluator.of(op.value, func, index)))

    def _step(self, values: Values, name: str) -> Values:
        found: list[Value] = []
        for value in values:
            if isinstance(value, Instance) and isinstance(value.type, ClassNode):
                made = self.member(value.type, name, value)
            elif isinstance(value, ClassValue):
                made = self.member(value.cls, name, None)
            elif isinstance(value, Super):
                made = self._super(value, name)
            else:
                made = self._known(self.program.evaluator.attribute(value, name))
            if not made:
                return ()
            found.extend(made)
        return tuple(dict.fromkeys(found))

    def member(self, cls: ClassNode, name: str, receiver: Instance | None) -> Values:
        """All that an attribute of an instance (or, without a receiver, of a class) may stand for."""
        exact = receiver is not None and receiver.site is not None
        known = self._found.get((cls, name, exact), lambda: self._methods(cls, name, exact=exact))
        if not known and not self._own(cls, name):
            return self._field(cls, name, receiver)
        return tuple(Function(one, receiver) for one in known)

    def _methods(self, cls: ClassNode, name: str, *, exact: bool) -> tuple[Func, ...]:
        """The methods of that name that a receiver of this class (or of one below it) may have, if that is all."""
        found = self._own(cls, name)
        if not found or self._replaced([cls, *self._bases(cls)], name):
            return ()
        for below in () if exact else self.program.below(cls):
            if self._replaced([below], name):
                return ()
            found += _definitions(below, name)
        return () if any(one.is_property for one in found) else tuple(dict.fromkeys(found))

    def _own(self, cls: ClassNode, name: str) -> list[Func]:
        """The definitions of a method in the first class that has any, before any class that is not known."""
        for base in self.program.evaluator.mro(cls):
            if isinstance(base, str):
                if base != "builtins.object" and not self._blank(base, name):
                    return []
                continue
            found = _definitions(base, name)
            if found:
                return found
            if len(self.program.evaluator.bases(base)) < len(base.fact.bases):
                return []
        return []

    def _blank(self, base: str, name: str) -> bool:
        """Whether a class of a library is known and known not to have a method of that name."""
        knowledge = self.program.knowledge
        plain = base in ("abc.ABC", "typing.Protocol", "typing.Generic", "enum.Enum")
        return plain or (knowledge.is_type(base) and knowledge.method(base, name) is None)

    def _bases(self, cls: ClassNode) -> list[ClassNode]:
        return [base for base in self.program.evaluator.mro(cls)[1:] if isinstance(base, ClassNode)]

    def _replaced(self, classes: list[ClassNode], name: str) -> bool:
        """Whether some class sets an attribute of the name of a method."""
        return any(attribute[0] == name for cls in classes for attribute in (*cls.fact.fields, *cls.fact.attributes))

    def _field(self, cls: ClassNode, name: str, receiver: Instance | None) -> Values:
        if receiver is None:
            return ()
        evaluator = self.program.evaluator
        for one in [cls, *self._bases(cls), *self.program.below(cls)]:
            if name in one.methods and not one.methods[name].is_property:
                return ()
            for attribute, number, value, annotation in one.fact.fields:
                if attribute != name or (isinstance(value, Const) and value.value is None):
                    continue
                func = one.module.functions[number]
                made = evaluator.of(value, func, value if isinstance(value, int) else len(func.ops))
                if not self._known(made) and not evaluator.annotated(annotation, func):
                    return ()
        return self._known(evaluator.member(cls, name, receiver))

    def _super(self, value: Super, name: str) -> Values:
        order = list(self.program.evaluator.mro(value.cls))
        for base in order[1:]:
            if isinstance(base, str):
                if base != "builtins.object" and not self._blank(base, name):
                    return self.program.evaluator.attribute(value, name) if self._in_table(base, name) else ()
                continue
            found = _definitions(base, name)
            if found:
                return tuple(Function(one, value.receiver) for one in found)
        return ()

    def _in_table(self, base: str, name: str) -> bool:
        return self.program.knowledge.method(base, name) is not None


def _is_put_there(func: Func, callee: Expr) -> bool:
    """Whether the function itself replaces what it calls, as tests do: `client.send = Mock()`."""
    return (
        isinstance(callee, str)
        and "." in callee
        and any(isinstance(op, Assign) and op.target == callee for op in func.ops)
    )


def _definitions(cls: ClassNode, name: str) -> list[Func]:
    """A class's own definitions of a method, without those that only declare its overloads."""
    found = [cls.module.functions[index] for method, index in cls.fact.methods if method == name]
    return [one for one in found if not any(item.endswith("overload") for item in one.decorator_names)]
