"""Which names mean what at a place of a file, as far as the file alone can say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from conclint.fix.tree import Tree

COMPREHENSIONS = (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)


@dataclass(frozen=True, slots=True)
class Binding:
    """One place that gives `name` a value. `imported` is the absolute name of the object if that is an import,
    and `loaded` the module that `import a.b` makes sure of ("a.b", while the name is bound to "a")."""

    name: str
    node: cst.CSTNode
    imported: str = ""
    loaded: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """The bindings of each scope of a file, and all its imports in source order."""

    tree: Tree
    bindings: dict[cst.CSTNode, dict[str, list[Binding]]]
    imports: list[Binding]

    def lookup(self, name: str, scopes: tuple[cst.CSTNode, ...]) -> tuple[cst.CSTNode, list[Binding]] | None:
        """The innermost of `scopes` that binds `name`, and how. A class's names are not seen by the functions in it."""
        for index, scope in enumerate(scopes):
            if index and isinstance(scope, cst.ClassDef):
                continue
            found = self.bindings.get(scope, {}).get(name)
            if found:
                return scope, found
        return None

    def anywhere(self, name: str) -> bool:
        """Whether any scope of the file binds `name`."""
        return any(name in names for names in self.bindings.values())


def scopes_around(tree: Tree, node: cst.CSTNode) -> tuple[cst.CSTNode, ...]:
    """The scopes that names at `node` are looked up in, from the innermost to the module.

    Decorators, defaults, annotations, bases and the first iterable of a comprehension belong to the scope around.
    """
    found: list[cst.CSTNode] = []
    first_iterable = False
    for child, parent in tree.ancestors(node):
        if isinstance(parent, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
            if child is parent.body:
                found.append(parent)
        elif isinstance(parent, cst.CompFor):
            first_iterable = child is parent.iter and isinstance(tree.parent(parent), COMPREHENSIONS)
        elif isinstance(parent, COMPREHENSIONS) and not (first_iterable and child is parent.for_in):
            found.append(parent)
        if isinstance(parent, COMPREHENSIONS):
            first_iterable = False
    return (*found, tree.module)


def collect(tree: Tree) -> Names:
    """Find all bindings of a file."""
    names = Names(tree, {}, [])
    declared: dict[tuple[cst.CSTNode, str], cst.CSTNode] = {}
    redirected: list[cst.Global | cst.Nonlocal] = [*tree.of(cst.Global), *tree.of(cst.Nonlocal)]
    for statement in redirected:
        scopes = scopes_around(tree, statement)
        outer = tree.module if isinstance(statement, cst.Global) else next(iter(scopes[1:]), tree.module)
        for item in statement.names:
            declared[scopes[0], item.name.value] = outer
    for binding, at, over_comprehensions in _found(tree):
        scopes = at if isinstance(at, tuple) else scopes_around(tree, at)
        if over_comprehensions:
            scopes = tuple(scope for scope in scopes if not isinstance(scope, COMPREHENSIONS))
        scope = declared.get((scopes[0], binding.name), scopes[0])
        names.bindings.setdefault(scope, {}).setdefault(binding.name, []).append(binding)
        if binding.imported:
            names.imports.append(binding)
    names.imports.sort(key=lambda binding: tree.range(binding.node))
    return names


_Found = tuple[Binding, "cst.CSTNode | tuple[cst.CSTNode, ...]", bool]


def _found(tree: Tree) -> Iterator[_Found]:
    statements: list[cst.Import | cst.ImportFrom] = [*tree.of(cst.Import), *tree.of(cst.ImportFrom)]
    definitions: list[cst.FunctionDef | cst.ClassDef] = [*tree.of(cst.FunctionDef), *tree.of(cst.ClassDef)]
    for statement in statements:
        for binding in _imported(statement):
            yield binding, statement, False
    for definition in definitions:
        yield Binding(definition.name.value, definition), definition, False
    for parameter in tree.of(cst.Param):
        function = tree.parent(tree.parent(parameter))
        yield Binding(parameter.name.value, parameter), (function,), False
    yield from _assigned(tree)
    yield from _matched(tree)


def _assigned(tree: Tree) -> Iterator[_Found]:
    for kind in (cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.For, cst.Del, cst.NamedExpr):
        for node in tree.of(kind):
            for name in _targets(node.target):  # type: ignore[attr-defined]  # each of these kinds has one
                yield Binding(name.value, node), node, kind is cst.NamedExpr
    for loop in tree.of(cst.CompFor):
        for name in _targets(loop.target):
            scope = next(parent for _, parent in tree.ancestors(loop) if isinstance(parent, COMPREHENSIONS))
            yield Binding(name.value, loop), (scope,), False
    for alias in tree.of(cst.AsName):
        if not isinstance(tree.parent(alias), cst.ImportAlias):
            for name in _targets(alias.name):
                yield Binding(name.value, alias), alias, False


def _matched(tree: Tree) -> Iterator[_Found]:
    for kind in (cst.MatchAs, cst.MatchStar):
        for pattern in tree.of(kind):
            if pattern.name is not None:  # type: ignore[attr-defined]  # both kinds have it
                yield Binding(pattern.name.value, pattern), pattern, False  # type: ignore[attr-defined]
    for mapping in tree.of(cst.MatchMapping):
        if mapping.rest is not None:
            yield Binding(mapping.rest.value, mapping), mapping, False
    for alias in tree.of(cst.TypeAlias):
        yield Binding(alias.name.value, alias), alias, False


def _targets(node: cst.CSTNode) -> Iterator[cst.Name]:
    if isinstance(node, cst.Name):
        yield node
    elif isinstance(node, (cst.Tuple, cst.List)):
        for element in node.elements:
            yield from _targets(element.value)


def _imported(statement: cst.Import | cst.ImportFrom) -> Iterator[Binding]:
    if isinstance(statement.names, cst.ImportStar):
        return
    prefix = ""
    if isinstance(statement, cst.ImportFrom):
        prefix = "." * len(statement.relative) + (dotted(statement.module) + "." if statement.module else "")
    for alias in statement.names:
        full = prefix + dotted(alias.name)
        if alias.asname is not None:
            for name in _targets(alias.asname.name):
                yield Binding(name.value, statement, full, full)
        elif isinstance(statement, cst.ImportFrom):
            yield Binding(dotted(alias.name), statement, full, full)
        else:
            root = full.partition(".")[0]
            yield Binding(root, statement, root, full)


def dotted(node: cst.CSTNode) -> str:
    """The text of a name with dots."""
    if isinstance(node, cst.Attribute):
        return f"{dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""
