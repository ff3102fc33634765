"""When two expressions mean the same object.

An object is known by its allocation site. A site that runs once makes one object for the whole program; one that is
kept in `self.name` makes one for each instance, so two uses are of the same object only where both are seen from the
same `self`; one that is kept in a local makes one for each run of the function, so only the functions nested in it
share it. Every other object has no identity here, and so nothing is claimed of it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conclint.facts import Assign, Attr, Call, Expr, Load, Mix
from conclint.program.calls import Edge
from conclint.program.model import ClassNode, Func
from conclint.program.reads import Remembered
from conclint.program.values import Instance, Site

if TYPE_CHECKING:
    from conclint.program.program import Program


class Scope(enum.Enum):
    """How many objects a site makes: one, one for each instance, one for each run of a function."""

    PROGRAM = "program"
    INSTANCE = "instance"
    FRAME = "frame"


@dataclass(frozen=True, slots=True)
class Access:
    """An object as it is reached in a function.

    `home` is the class whose field it is, or the function whose local it is; `path` is what follows `self` for a field
    (`state.lock`), the name of the local for a frame.
    """

    site: Site
    scope: Scope
    home: ClassNode | Func | None
    path: str
    type: str

    def same(self, other: Access) -> bool:
        """Whether both are the same object, given that they are seen from the same instance and frame."""
        return self.site == other.site and self.scope is other.scope and self.path == other.path


class Identity:
    """Finds the object that an expression means."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._scopes: Remembered[Site, tuple[Scope, ClassNode | Func | None] | None] = Remembered(program.reads)

    def access(self, expr: Expr, func: Func, at: int, wanted: Callable[[str], bool]) -> Access | None:
        """The one library object of a wanted type that an expression stands for, or None where it has no identity."""
        expr = unaliased(expr, func)
        values = self.program.evaluator.of(expr, func, at)
        if len(values) != 1 or not isinstance(values[0], Instance):
            return None
        value = values[0]
        if not isinstance(value.type, str) or value.site is None or not wanted(value.type):
            return None
        scoped = self.scope(value.site)
        if scoped is None:
            return None
        scope, home = scoped
        path = self._path(expr, func, scope, home)
        return None if path is None else Access(value.site, scope, home, path, value.type)

    def scope(self, site: Site) -> tuple[Scope, ClassNode | Func | None] | None:
        """How many objects a site makes, and where they are kept."""
        return self._scopes.get(site, lambda: self._scope(*site))

    def _scope(self, func: Func, at: int) -> tuple[Scope, ClassNode | Func | None] | None:
        op = func.ops[at] if 0 <= at < len(func.ops) else None
        if op is None or func.loop_around(op.block) >= 0:
            return None
        around: Func | None = func
        while around is not None and around.name == "<class>":
            around = around.owner
        if around is not None and around.name == "<module>":
            return Scope.PROGRAM, None
        if func.name == "<class>":
            return None
        kept = self._kept(func, at)
        if kept is None:
            once = self.program.contexts.runs_once(func) and not func.fact.params
            return (Scope.PROGRAM, None) if once else None
        root, dot, rest = kept.partition(".")
        if kept[0] == ":" and not dot:
            return Scope.PROGRAM, None
        if root[0] == "$" and root[1:] == func.self_name and rest and "." not in rest:
            if func.is_classmethod:
                return Scope.PROGRAM, None
            return (Scope.INSTANCE, func.cls) if self._stable(func.cls, rest) else None
        return (Scope.FRAME, func) if kept[0] == "$" and not dot else None

    def _kept(self, func: Func, at: int) -> str | None:
        """The name that an object is bound to when it has been made; a field or a global before a local."""
        names = [
            op.target
            for op in func.ops
            if isinstance(op, Assign) and isinstance(op.target, str) and _holds(op.value, at)
        ]
        for name in [one for one in names if one[0] == "$" and "." not in one]:
            names += [
                op.target
                for op in func.ops
                if isinstance(op, Assign) and op.value == name and isinstance(op.target, str)
            ]
        outliving = [name for name in names if name[0] == ":" or "." in name]
        return next(iter(outliving or names), None)

    def _stable(self, cls: ClassNode | None, name: str) -> bool:
        """Whether no subclass puts something else into the field."""
        if cls is None:
            return False
        return not any(
            name == field[0]
            for below in self.program.below(cls)
            for field in (*below.fact.fields, *below.fact.attributes)
        )

    def _path(self, expr: Expr, func: Func, scope: Scope, home: ClassNode | Func | None) -> str | None:
        if scope is Scope.PROGRAM:
            return ""
        if not isinstance(expr, str):
            return None
        if scope is Scope.INSTANCE:
            return after_self(expr, func)
        if expr[0] == "$" and "." not in expr:
            return expr[1:] if func is home else None
        if expr[0] == "&" and "." not in expr:
            number, _, name = expr[1:].partition(":")
            return name if func.module.functions[int(number)] is home else None
        return None


def _holds(value: Expr, at: int) -> bool:
    if isinstance(value, Mix) and value.kind in ("typed", "enter"):
        return any(_holds(item, at) for item in value.items)
    return value == at and isinstance(value, int)


def unaliased(expr: Expr, func: Func) -> Expr:
    """The chain that a local name was given as its only value: `lock = self._lock`."""
    if isinstance(expr, str) and expr[0] == "$" and "." not in expr:
        assigned = func.assignments.get(expr[1:], [])
        if len(assigned) == 1 and isinstance(value := assigned[0][1].value, str) and assigned[0][1].how == "":
            if value[0] in "$&:" and "." in value:
                return value
    return expr


def method_of(func: Func) -> Func | None:
    """The method that a function is, or is nested in."""
    around: Func | None = func
    while around is not None and around.name not in ("<module>", "<class>"):
        if around.is_method:
            return around
        around = around.owner
    return None


def after_self(chain: str, func: Func) -> str | None:
    """What follows `self` in a chain, also in a function nested in the method; None for other chains."""
    method = method_of(func)
    if method is None or not method.self_name:
        return None
    root, dot, rest = chain.partition(".")
    if not dot:
        return None
    if root[0] == "$":
        return rest if func is method and root[1:] == method.self_name else None
    if root[0] == "&":
        number, _, name = root[1:].partition(":")
        if func.module.functions[int(number)] is method and name == method.self_name:
            return rest
    return None


def keeps_self(edge: Edge) -> bool:
    """Whether the callee runs with the `self` of its caller."""
    caller = edge.caller
    method = method_of(caller)
    if method is None:
        return False
    if method_of(edge.callee) is method and edge.callee is not method:
        return True
    if edge.call is not None:
        return is_own(edge.call.func, caller) and edge.callee.is_method
    op = caller.ops[edge.at] if edge.at >= 0 else None
    return isinstance(op, Load) and is_own(op.value, caller)


def is_own(expr: Expr, func: Func) -> bool:
    """Whether an expression is a direct member of `self`, or of `super()`."""
    if isinstance(expr, str):
        rest = after_self(expr, func)
        return rest is not None and "." not in rest
    if isinstance(expr, Attr) and isinstance(expr.base, int):
        made = func.ops[expr.base]
        return isinstance(made, Call) and made.func == "builtins.super"
    return False


def shared(access: Access, edges: Iterable[Edge]) -> bool:
    """Whether an object stays the same one from the first caller of a path down to its end."""
    if access.scope is Scope.PROGRAM:
        return True
    if access.scope is Scope.INSTANCE:
        return all(keeps_self(edge) for edge in edges)
    return all(edge.callee.is_nested_in(access.home) for edge in edges)
