"""How a file reaches an imported object at a place, and which import it lacks."""

from __future__ import annotations

from typing import NamedTuple

import libcst as cst

from conclint.fix.refusal import RefusalError
from conclint.fix.scope import Binding, Names

# Modules that their package makes an attribute of itself, under another name than their own.
_ATTRIBUTES_OF_THEIR_PACKAGE = frozenset({"os.path"})


class NewImport(NamedTuple):
    """`import module`, or `import module as alias`."""

    module: str
    alias: str = ""

    @property
    def statement(self) -> str:
        """The import as source, without a newline."""
        return f"import {self.module} as {self.alias}" if self.alias else f"import {self.module}"


class Place(NamedTuple):
    """Where a name is to be used: the scopes around it, the offset, and names that the new code itself binds there."""

    scopes: tuple[cst.CSTNode, ...]
    offset: int
    shadowed: frozenset[str] = frozenset()


def module_of(wanted: str) -> str:
    """The module of a dotted object: its parts before a class's, else all but the last. A lone name is a module."""
    parts = wanted.split(".")
    for index, part in enumerate(parts[1:], 1):
        if part[:1].isupper():
            return ".".join(parts[:index])
    return ".".join(parts[:-1]) or wanted


def reach(names: Names, wanted: str, place: Place) -> tuple[str, NewImport | None]:
    """Write the object `wanted` as the file's imports allow at `place`.

    Returns:
        The expression, and the import that has to be added for it, if any.

    Raises:
        RefusalError: the name that the import would bind is taken.
    """
    module = module_of(wanted)
    for binding in names.imports:
        text = _through(binding, wanted, module)
        if text and binding.name not in place.shadowed and _holds(names, binding, place):
            return text, None
    root = module.partition(".")[0]
    found = names.lookup(root, place.scopes)
    if root not in place.shadowed and (found is None or _only_the_module(names, found, root)):
        return wanted, NewImport(module)
    alias = "_" + module.replace(".", "_")
    if names.anywhere(alias) or alias in place.shadowed:
        raise RefusalError(f"`{root}` is taken by something else at this place, and so is `{alias}`")
    return alias + wanted[len(module) :], NewImport(module, alias)


def _only_the_module(names: Names, found: tuple[cst.CSTNode, list[Binding]], root: str) -> bool:
    """A conditional import of the same module, for type checkers or in a `try`, leaves the name free for a real one."""
    scope, bindings = found
    return scope is names.tree.module and all(binding.imported == root for binding in bindings)


def _through(binding: Binding, wanted: str, module: str) -> str:
    bound = binding.imported
    if wanted != bound and not wanted.startswith(bound + "."):
        return ""
    covers = len(bound) >= len(module) or f"{binding.loaded}.".startswith(f"{module}.")
    if not covers and module not in _ATTRIBUTES_OF_THEIR_PACKAGE:
        return ""
    return binding.name + wanted[len(bound) :]


def _holds(names: Names, binding: Binding, place: Place) -> bool:
    """Whether `binding` is what its name means at `place`, on every path."""
    found = names.lookup(binding.name, place.scopes)
    if found is None:
        return False
    scope, bindings = found
    if binding not in bindings or any(other.imported != binding.imported for other in bindings):
        return False
    tree = names.tree
    deferred = any(
        isinstance(inner, (cst.FunctionDef, cst.Lambda)) for inner in place.scopes[: place.scopes.index(scope)]
    )
    if tree.range(binding.node)[1] > place.offset and not (deferred and scope is tree.module):
        return False
    block = next(outer for _, outer in tree.ancestors(binding.node) if isinstance(outer, (cst.BaseSuite, cst.Module)))
    if block is scope or block is getattr(scope, "body", None):
        return True
    first, last = tree.range(block)
    return first <= place.offset < last
