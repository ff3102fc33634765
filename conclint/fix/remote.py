"""An `async def` behind a decorator that cannot take one becomes a plain function that runs it."""

from __future__ import annotations

import libcst as cst

from conclint.finding import WrapAsyncRemote
from conclint.fix.imports import Place
from conclint.fix.plan import File, Plan
from conclint.fix.refusal import RefusalError
from conclint.fix.scope import scopes_around
from conclint.fix.splice import Splice
from conclint.fix.template import render, unused
from conclint.fix.tree import Tree


def wrap_async_remote(file: File, plan: Plan, edit: WrapAsyncRemote) -> None:
    """Plan the edit: the decorators go with the name to the wrapper, the body and its docstring stay inside.

    Raises:
        RefusalError: no decorated `async def` starts there, or it is one that a plain function cannot run.
    """
    tree = file.tree
    function = _function(tree, tree.source.offset(edit.span.row, edit.span.column))
    start, end = tree.range(function)
    inner = unused(tree.text, f"_{function.name.value}")
    scopes = scopes_around(tree, function)
    callee, arguments = _forwarded(function, inner, in_class=isinstance(scopes[0], cst.ClassDef))
    names = frozenset(parameter.name.value for parameter in _parameters(function.params))
    place = Place((function, *scopes), start, names)
    run = render(file, plan, "{@asyncio.run}", (), place).text
    newline = tree.source.newline(start)
    margin = tree.text[tree.source.line_start(start) : start]
    gap = newline * (2 if isinstance(tree.parent(function), cst.Module) else 1)
    top = tree.range(function.decorators[0])[0]
    name_start, name_end = tree.range(function.name)
    header = f"def {tree.text[name_start : _body_start(tree, function)]}"
    body = f"{newline}{margin}{tree.module.default_indent}return {run}({callee}({arguments}))"
    finish = tree.source.line_end(end)
    plan.splices += (Splice(top, start, ""), Splice(name_start, name_end, inner))
    wrapper = f"{newline}{gap}{margin}{tree.text[top:start]}{header}{body}"
    plan.replace(finish, finish, wrapper)
    plan.claims.append((top, finish))


def _function(tree: Tree, offset: int) -> cst.FunctionDef:
    function = next((node for node in tree.starting_at(offset) if isinstance(node, cst.FunctionDef)), None)
    if function is None or function.asynchronous is None or not function.decorators:
        raise RefusalError("no decorated `async def` starts at this place")
    for kind in (cst.Yield, cst.From):
        for node in tree.of(kind):
            if scopes_around(tree, node)[0] is function:
                raise RefusalError(f"`{function.name.value}` is an asynchronous generator, which has no single result")
    for decorator in function.decorators:
        if isinstance(decorator.decorator, cst.Name) and decorator.decorator.value in {"staticmethod", "classmethod"}:
            raise RefusalError(f"`{function.name.value}` is a {decorator.decorator.value}")
    return function


def _body_start(tree: Tree, function: cst.FunctionDef) -> int:
    """Past the colon of the header."""
    params_end = max(tree.outer(function.params)[1], tree.range(function.name)[1])
    header_end = tree.outer(function.returns)[1] if function.returns is not None else params_end
    return tree.text.index(":", header_end) + 1


def _parameters(params: cst.Parameters) -> list[cst.Param]:
    star = [params.star_arg] if isinstance(params.star_arg, cst.Param) else []
    named = [params.star_kwarg] if params.star_kwarg is not None else []
    return [*params.posonly_params, *params.params, *star, *params.kwonly_params, *named]


def _forwarded(function: cst.FunctionDef, inner: str, *, in_class: bool) -> tuple[str, str]:
    """The inner function as the wrapper reaches it, and the arguments that pass all of the wrapper's on."""
    params = function.params
    positional = [parameter.name.value for parameter in (*params.posonly_params, *params.params)]
    callee = inner
    if in_class:
        if not positional:
            raise RefusalError(f"the method `{function.name.value}` has no `self`")
        callee = f"{positional.pop(0)}.{inner}"
    arguments = list(positional)
    if isinstance(params.star_arg, cst.Param):
        arguments.append(f"*{params.star_arg.name.value}")
    arguments += [f"{parameter.name.value}={parameter.name.value}" for parameter in params.kwonly_params]
    if params.star_kwarg is not None:
        arguments.append(f"**{params.star_kwarg.name.value}")
    return callee, ", ".join(arguments)
