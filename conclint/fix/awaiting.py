"""Where `await` may stand."""

from __future__ import annotations

import libcst as cst

from conclint.fix.refusal import RefusalError
from conclint.fix.scope import COMPREHENSIONS, scopes_around
from conclint.fix.tree import Tree


def require_await(tree: Tree, place: cst.CSTNode) -> None:
    """Make sure that an `await` at `place` is legal in every supported Python, and runs where the place ran.

    Raises:
        RefusalError: it is not; the text says what is in the way.
    """
    for child, parent in tree.ancestors(place):
        if isinstance(child, cst.Annotation):
            raise RefusalError("`await` cannot stand in an annotation")
        if isinstance(parent, (cst.FunctionDef, cst.ClassDef)) and child is parent.body:
            break
    comprehensions = 0
    for scope in scopes_around(tree, place):
        if isinstance(scope, cst.GeneratorExp):
            raise RefusalError("`await` in a generator expression would make it an asynchronous generator")
        if isinstance(scope, COMPREHENSIONS):
            comprehensions += 1
            continue
        if comprehensions > 1:
            raise RefusalError("`await` in a nested comprehension is a syntax error before Python 3.11")
        _require_coroutine(scope)
        return


def _require_coroutine(scope: cst.CSTNode) -> None:
    if isinstance(scope, cst.Lambda):
        raise RefusalError("`await` cannot stand in a lambda")
    if isinstance(scope, cst.ClassDef):
        raise RefusalError(f"`await` cannot stand in the body of the class `{scope.name.value}`")
    if isinstance(scope, cst.FunctionDef):
        if scope.asynchronous is None:
            raise RefusalError(f"`await` cannot stand in `{scope.name.value}`, which is not an `async def`")
        return
    raise RefusalError("`await` cannot stand outside of an `async def`")


def awaits(tree: Tree) -> bool:
    """Whether the code of a template awaits at the place that it is put in (not in a function of its own)."""
    nodes: list[cst.CSTNode] = [*tree.of(cst.Await)]
    nodes += [loop for loop in tree.of(cst.CompFor) if loop.asynchronous]
    nodes += [loop for loop in tree.of(cst.For) if loop.asynchronous]
    nodes += [block for block in tree.of(cst.With) if block.asynchronous]
    functions = (cst.FunctionDef, cst.Lambda, cst.ClassDef)
    return any(not any(isinstance(scope, functions) for scope in scopes_around(tree, node)) for node in nodes)
