"""Which names a scope binds, found by a walk over its statements before its expressions are visited."""

from __future__ import annotations

import ast
import builtins

from conclint.extract.nodes import TryStar, TypeAlias

# The union over the supported Pythons: facts do not depend on the one that reads, nor on how it was started.
BUILTINS = frozenset(name for name in dir(builtins) if name[0] != "_" or name[:2] == "__") | {
    "aiter",
    "anext",
    "BaseExceptionGroup",
    "EncodingWarning",
    "ExceptionGroup",
    "PythonFinalizationError",
    "WindowsError",
    "copyright",
    "credits",
    "exit",
    "help",
    "license",
    "quit",
}

_NESTED = (ast.For, ast.AsyncFor, ast.While, ast.If)
_WITH = (ast.With, ast.AsyncWith)
_TRY: tuple[type[ast.stmt], ...] = (ast.Try, TryStar)


class Names:
    """What one scope binds.

    `bound` maps each name to the absolute or relative import that is its only value, or to "" where it has
    another. `outer` are the names that `global` sends to the module, `free` those that `nonlocal` sends outwards.
    """

    __slots__ = ("bound", "free", "outer")

    def __init__(self) -> None:
        self.bound: dict[str, str] = {}
        self.outer: set[str] = set()
        self.free: set[str] = set()

    def bind(self, name: str, meaning: str = "") -> None:
        if self.bound.setdefault(name, meaning) != meaning:
            self.bound[name] = ""

    def target(self, node: ast.expr) -> None:
        """Bind the names of an assignment's target."""
        kind = type(node)
        if kind is ast.Name:
            self.bind(node.id)  # type: ignore[attr-defined]  # by the kind
        elif kind is ast.Tuple or kind is ast.List:
            for item in node.elts:  # type: ignore[attr-defined]  # by the kind
                self.target(item)
        elif kind is ast.Starred:
            self.target(node.value)  # type: ignore[attr-defined]  # by the kind

    def walk(self, statements: list[ast.stmt]) -> None:
        """Bind what these statements bind, not entering other scopes."""
        for node in statements:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self.target(target)
            elif isinstance(node, ast.Expr | ast.Return):
                continue
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self.bind(node.name)
            elif isinstance(node, _NESTED):
                if isinstance(node, ast.For | ast.AsyncFor):
                    self.target(node.target)
                self.walk(node.body)
                self._walk_else(node.orelse)
            elif isinstance(node, ast.AnnAssign | ast.AugAssign):
                self.target(node.target)
            elif isinstance(node, _WITH):
                for item in node.items:
                    if item.optional_vars is not None:
                        self.target(item.optional_vars)
                self.walk(node.body)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    self.bind(*imported(alias))
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if alias.name != "*":
                        self.bind(alias.asname or alias.name, imported_from(node, alias.name))
            else:
                self._walk_rare(node)

    def _walk_else(self, statements: list[ast.stmt]) -> None:
        # A long `elif` chain nests as deep as it is long; it is unrolled so as not to exhaust the stack.
        while len(statements) == 1 and isinstance(statements[0], ast.If):
            self.walk(statements[0].body)
            statements = statements[0].orelse
        self.walk(statements)

    def _walk_rare(self, node: ast.stmt) -> None:
        if isinstance(node, _TRY):
            self.walk(node.body)  # type: ignore[attr-defined]  # both kinds of try have it
            for handler in node.handlers:  # type: ignore[attr-defined]  # both kinds of try have it
                if handler.name:
                    self.bind(handler.name)
                self.walk(handler.body)
            self.walk(node.orelse)  # type: ignore[attr-defined]  # both kinds of try have it
            self.walk(node.finalbody)  # type: ignore[attr-defined]  # both kinds of try have it
        elif isinstance(node, ast.Global):
            self.outer.update(node.names)
        elif isinstance(node, ast.Nonlocal):
            self.free.update(node.names)
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                self.target(target)
        elif isinstance(node, ast.Match):
            for case in node.cases:
                for part in ast.walk(case.pattern):
                    name = getattr(part, "name", None) or getattr(part, "rest", None)
                    if isinstance(name, str):
                        self.bind(name)
                self.walk(case.body)
        elif isinstance(node, TypeAlias):
            self.target(node.name)  # type: ignore[attr-defined]  # Python 3.12's statement


def imported(alias: ast.alias) -> tuple[str, str]:
    """The name that `import …` binds, and what it stands for."""
    if alias.asname:
        return alias.asname, alias.name
    top = alias.name.partition(".")[0]
    return top, top


def imported_from(node: ast.ImportFrom, name: str) -> str:
    """What `from … import name` stands for, relative imports as `@dots:path`."""
    path = f"{node.module}.{name}" if node.module else name
    return f"@{node.level}:{path}" if node.level else path
