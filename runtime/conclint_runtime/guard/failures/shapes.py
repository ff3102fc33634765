"""What else must hold of an exception for its text to mean the pitfall: where it was raised, and in what."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from conclint_runtime.guard.places import Place, Scope, Stack, tracebacks
from conclint_runtime.guard.source import around, calls_at, last_name, tree


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception that ended something: where it was raised, where what it ended was started, and whether that was a
    callback of an event loop, or a task that `gather` has started."""

    error: BaseException
    stack: Stack
    origin: Stack
    scope: Scope
    callback: bool = False
    gathered: bool = False


def in_coroutine(failure: Failure) -> bool:
    """Whether the frame of the program that it was raised in is a coroutine's."""
    innermost = [
        each.tb_frame for each in tracebacks(failure.error.__traceback__) if failure.scope.is_user(each.tb_frame)
    ]
    flags = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
    return bool(innermost) and bool(innermost[-1].f_code.co_flags & flags)


def in_callback(failure: Failure) -> bool:
    """Whether it ended a callback."""
    return failure.callback


def in_gather(failure: Failure) -> bool:
    """Whether it ended a task that `gather` has started."""
    return failure.gathered


def in_group_handler(failure: Failure) -> bool:
    """Whether it was raised in a handler of `except*`."""
    kind: type[ast.stmt] | None = getattr(ast, "TryStar", None)
    return kind is not None and any(
        handler.lineno <= place.line <= (handler.end_lineno or handler.lineno)
        for place in failure.stack[:1]
        for statement in around(place.file, place.line)
        if isinstance(statement, kind)
        for handler in getattr(statement, "handlers", ())
    )


_HOOKS = ("__post_create__", "__pre_destroy__")


def in_hook(failure: Failure) -> bool:
    """Whether it was raised where the engine calls the hook of an actor of xoscar."""
    lines = (
        linecache.getline(each.tb_frame.f_code.co_filename, each.tb_lineno)
        for each in tracebacks(failure.error.__traceback__)
    )
    return any(hook in line for line in lines for hook in _HOOKS)


def hooks(stack: Stack) -> Stack:
    """The plain functions of that name in the file that the failure came through."""
    root = tree(stack[0].file) if stack else None
    return tuple(
        Place(stack[0].file, node.lineno, node.name)
        for node in (ast.walk(root) if root is not None else ())
        if isinstance(node, ast.FunctionDef) and node.name in _HOOKS
    )


def in_process_start(failure: Failure) -> bool:
    """Whether it was raised while a process was being started."""
    return any(
        each.tb_frame.f_code.co_name == "start" and each.tb_frame.f_globals.get("__name__") == "multiprocessing.process"
        for each in tracebacks(failure.error.__traceback__)
    )


def in_task_group(failure: Failure) -> bool:
    """Whether it ended a task that was started inside a `with` inside a task group."""
    return any(_under_group(place) for place in failure.origin[:1])


def _under_group(place: Place) -> bool:
    inside = False
    for statement in around(place.file, place.line):
        if isinstance(statement, ast.AsyncWith) and any(
            _named(item, ("TaskGroup", "open_nursery")) for item in statement.items
        ):
            return inside
        inside = inside or isinstance(statement, ast.With | ast.AsyncWith)
    return False


def _named(item: ast.withitem, names: tuple[str, ...]) -> bool:
    return isinstance(item.context_expr, ast.Call) and last_name(item.context_expr.func) in names


def awaits_opened_elsewhere(failure: Failure) -> bool:
    """Whether an awaited call on the way returns the coroutine from inside a block of a plain function."""
    return in_coroutine(failure) and any(
        returns_from_block(place.file, last_name(call.func))
        for place in (*failure.stack[1:], *failure.origin)
        for call, _ in calls_at(place.file, place.line)
    )


def returns_from_block(file: str, name: str) -> bool:
    """Whether the plain function `name` of the file returns a call from inside a `with`."""
    for function in _functions(file, name):
        for block in ast.walk(function):
            if isinstance(block, ast.With) and any(
                isinstance(inner, ast.Return) and isinstance(inner.value, ast.Call) for inner in ast.walk(block)
            ):
                return True
    return False


def _functions(file: str, name: str) -> Iterator[ast.FunctionDef]:
    root = tree(file)
    for node in ast.walk(root) if root is not None else ():
        if isinstance(node, ast.FunctionDef) and node.name == name:
            yield node


def under_builtin_timeout(failure: Failure) -> bool:
    """Whether it passed a handler of the built-in `TimeoutError` that names another class: before Python 3.11."""
    if sys.version_info >= (3, 11) or type(failure.error) is TimeoutError:
        return False
    for place in failure.stack:
        for statement in around(place.file, place.line):
            if isinstance(statement, ast.Try) and any(
                isinstance(handler.type, ast.Name) and handler.type.id == "TimeoutError"
                for handler in statement.handlers
            ):
                return True
    return False


def memoised(stack: Stack) -> Stack:
    """The decorators of the functions that the innermost line calls: what remembers a coroutine gives it out again."""
    called = {last_name(call.func) for call, _ in (calls_at(stack[0].file, stack[0].line) if stack else ())}
    root = tree(stack[0].file) if stack else None
    return tuple(
        Place(stack[0].file, decorator.lineno, node.name)
        for node in (ast.walk(root) if root is not None else ())
        if isinstance(node, ast.AsyncFunctionDef) and node.name in called
        for decorator in node.decorator_list
    )


def returned_from_block(place: Place) -> bool:
    """Whether the line returns a call from inside a `with` of a plain function."""
    statements = list(around(place.file, place.line))
    returns = bool(statements) and isinstance(statements[0], ast.Return) and isinstance(statements[0].value, ast.Call)
    plain = bool(statements) and isinstance(statements[-1], ast.FunctionDef)
    return returns and plain and any(isinstance(each, ast.With) for each in statements)


def decorated(stack: Stack) -> Stack:
    """The lines of the definition that the innermost line is of, and of its decorators: which of them a decorator's
    call
    has depends on the Python."""
    root = tree(stack[0].file) if stack else None
    for node in ast.walk(root) if root is not None else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.decorator_list:
            lines = (node.lineno, *(each.lineno for each in node.decorator_list))
            if stack[0].line in lines:
                return tuple(Place(stack[0].file, line, node.name) for line in lines)
    return ()
