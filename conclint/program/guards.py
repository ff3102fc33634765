"""Under which conditions an operation is reached, and whether they can hold.

Constants and defaults that a caller passes are carried along a path; a branch that they make dead is not followed. Nor
is a branch whose test asks on which side of the event loop the code runs: such code knows what it does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from conclint.facts import Assign, Call, Const, Expr, Fn, Mix, Seq, Test
from conclint.program.model import Func, chains, operands

_FLAG = re.compile(
    r"(^|[._$:])_*((is|use|run|want|make|as|in|do|use_)_)?a?sync(hronous)?(_(mode|flag|context|enabled|io|only|call|def))?_*$"
    r"|(^|[._$:])\w*(is_async|in_async|running_loop|event_loop_thread|on_loop|in_loop|is_coroutine)\w*$",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"(^|[._$:])(\w*running_loop\w*|_?get_event_loop|is_running|\w*iscoroutine\w*|\w*is_?async\w*|\w*is_coroutine\w*"
    r"|in_async\w*|\w*in_(event_)?loop|current_async_library\w*|current_task|main_thread|current_thread|get_ident)$",
    re.IGNORECASE,
)
BRANCHES = frozenset(("if", "else", "and", "or", "while", "case", "except", "except-star"))


class Condition(NamedTuple):
    """A test that must come out as `truth` for the operation to be reached."""

    test: Expr
    truth: bool


class _Unknown:
    """What evaluation gives where it cannot tell."""


UNKNOWN = _Unknown()
SOMETHING = _Unknown()
"""A value of which no more is known than that it is not None: a display, a lambda, a formatted string."""
Known: TypeAlias = "bool | int | float | str | _Unknown | None"


def conditions(func: Func, block: int) -> Iterator[Condition]:
    """The tests around a block, innermost first."""
    for _, found in func.block_path(block):
        if found.kind in ("if", "and", "while", "assert"):
            yield Condition(found.value, True)
        elif found.kind in ("else", "or"):
            yield Condition(found.value, False)


def is_conditional(func: Func, block: int) -> bool:
    """Whether some runs of the function may not reach the block."""
    return any(found.kind in BRANCHES for _, found in func.block_path(block))


def asks_for_loop(func: Func, block: int) -> bool:
    """Whether a test or an attempt around the block finds out if a loop is running, or which colour is wanted."""
    known = func.asking.get(block)
    if known is None:
        known = func.asking[block] = _asks_around(func, block)
    return known


def _asks_around(func: Func, block: int) -> bool:
    for number, found in func.block_path(block):
        if found.kind in ("if", "else", "and", "or", "while") and _asks(func, found.value, set()):
            return True
        if found.kind in ("except", "try-else") and _tries_for_loop(func, found.partner):
            return True
        if found.kind == "try" and _tries_for_loop(func, number):
            return True
    return any(func.encloses(parent, block) for parent in _left_on_a_loop(func))


def _left_on_a_loop(func: Func) -> Iterator[int]:
    """The blocks that are left, before their end, where a loop is running: `try: get_running_loop() … else: return`."""
    for number, found in enumerate(func.body.blocks):
        if found.exits in ("return", "raise") and (
            (found.kind == "try-else" and _tries_for_loop(func, found.partner))
            or (found.kind == "try" and not func.is_async and _tries_for_loop(func, number))
        ):
            yield found.parent


def _asks(func: Func, test: Expr, seen: set[str | int]) -> bool:
    """Whether a test, or what its names were given, asks. `seen` are the names and operations already looked at."""
    for chain in chains(test):
        if _FLAG.search(chain):
            return True
        if chain[0] == "$" and "." not in chain and chain not in seen:
            seen.add(chain)
            if any(_asks(func, op.value, seen) for _, op in func.assignments.get(chain[1:], ())):
                return True
    for number in operands(test):
        if number in seen:
            continue
        seen.add(number)
        made = func.ops[number]
        if isinstance(made, Call):
            if isinstance(made.func, str) and _QUESTION.search(made.func):
                return True
            if made.func in _TRANSPARENT and any(_asks(func, part, seen) for part in made.args):
                return True
    return False


_TRANSPARENT = frozenset(("builtins.bool", "builtins.getattr", "builtins.hasattr", "builtins.callable", "builtins.any"))


def _tries_for_loop(func: Func, block: int) -> bool:
    return any(
        isinstance(op, Call) and isinstance(op.func, str) and op.func.endswith(("get_running_loop", "current_task"))
        for op in func.ops
        if func.encloses(block, op.block)
    )


def is_known(value: Known) -> bool:
    """Whether evaluation could tell."""
    return not isinstance(value, _Unknown)


def evaluate(test: Expr, known: Mapping[str, Known]) -> Known:
    """What a test comes out as, given what is known of some parameters; `UNKNOWN` where it cannot be told."""
    if isinstance(test, Const):
        return test.value
    if isinstance(test, str):
        return known.get(test[1:], UNKNOWN) if test[0] == "$" else UNKNOWN
    if not isinstance(test, Test):
        return UNKNOWN
    if test.op in ("in", "not in"):
        return _membership(test, known)
    values = [evaluate(item, known) for item in test.items]
    if test.op == "not":
        return UNKNOWN if isinstance(values[0], _Unknown) else not values[0]
    if test.op in ("and", "or"):
        decisive = test.op == "or"
        if any(not isinstance(value, _Unknown) and bool(value) is decisive for value in values):
            return decisive
        return UNKNOWN if any(isinstance(value, _Unknown) for value in values) else not decisive
    if len(values) != 2:
        return UNKNOWN
    left, right = values
    if (left is SOMETHING and right is None) or (right is SOMETHING and left is None):
        return test.op in ("is not", "!=")
    if isinstance(left, _Unknown) or isinstance(right, _Unknown):
        return UNKNOWN
    if isinstance(left, str) and isinstance(right, str) and test.op in ("startswith", "endswith"):
        return left.startswith(right) if test.op == "startswith" else left.endswith(right)
    if test.op in ("is", "=="):
        return left == right and (left is None) == (right is None)
    if test.op in ("is not", "!="):
        return left != right or (left is None) != (right is None)
    if isinstance(left, int | float) and isinstance(right, int | float):
        return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}.get(test.op, UNKNOWN)
    return UNKNOWN


def _membership(test: Test, known: Mapping[str, Known]) -> Known:
    """What `x in ("a", "b")` comes out as: only displays of constants can be told."""
    value = evaluate(test.items[0], known)
    among = test.items[1] if len(test.items) == 2 else None
    if isinstance(value, _Unknown) or not isinstance(among, Seq) or among.kind == "dict":
        return UNKNOWN
    choices = [item.value for item in among.items if isinstance(item, Const)]
    if len(choices) < len(among.items):
        return UNKNOWN
    return (value in choices) is (test.op == "in")


Residual: TypeAlias = "frozenset[Condition]"


def own(func: Func, block: int) -> Residual:
    """The conditions around a block that only the caller can decide: those that read parameters and nothing else."""
    params = {param.name for param in func.fact.params}
    found = (Condition(_pure(condition.test, func), condition.truth) for condition in conditions(func, block))
    return frozenset(condition for condition in found if _decidable(condition.test, func, params))


def _pure(test: Expr, func: Func) -> Expr:
    """The test with `name.startswith("…")` and its like, which are calls, written as the comparisons that they are."""
    if isinstance(test, int):
        made = func.ops[test]
        if isinstance(made, Call) and isinstance(made.func, str) and len(made.args) == 1 and not made.keywords:
            name, _, method = made.func.rpartition(".")
            if method in ("startswith", "endswith") and "." not in name and isinstance(made.args[0], Const):
                return Test(method, (name, made.args[0]))
        return test
    if isinstance(test, Test):
        return Test(test.op, tuple([_pure(item, func) for item in test.items]))
    return test


def _decidable(test: Expr, func: Func, params: set[str]) -> bool:
    names = list(chains(test))
    if not names or any(True for _ in operands(test)):
        return False
    return any(name[0] == "$" and name[1:] in params and _keeps_falsehood(func, name) for name in names)


def _keeps_falsehood(func: Func, name: str) -> bool:
    """Whether a parameter is never bound anew, or only where it is true: then one that is `None` stays so."""
    return all(
        any(condition.truth and _requires(condition.test, name) for condition in conditions(func, op.block))
        for _, op in func.assignments.get(name[1:], ())
    )


def _requires(test: Expr, name: str) -> bool:
    if isinstance(test, Test) and test.op == "and":
        return any(_requires(item, name) for item in test.items)
    return test == name


def is_dead(func: Func, block: int) -> bool:
    """Whether constants alone rule the block out."""
    for condition in conditions(func, block):
        value = evaluate(condition.test, {})
        if not isinstance(value, _Unknown) and bool(value) is not condition.truth:
            return True
    return any(found.kind == "typing" for _, found in func.block_path(block))


def through_call(residual: Residual, callee: Func, call: Call | None, bound: bool, caller: Func) -> Residual | None:
    """The conditions of a callee as its caller sees them, or None where the arguments make the path dead.

    Parameters:
        residual: conditions over the parameters of `callee`.
        call: the call, or None where arguments are not known (a `with`, a property, a callback).
        bound: whether the first parameter is the receiver.
        caller: where the call stands; its own parameters go on being unknown.
    """
    if not residual:
        return residual
    given = arguments(callee, call, bound)
    known: dict[str, Known] = {}
    renamed: dict[str, str] = {}
    params = {param.name for param in caller.fact.params}
    for name, value in given.items():
        if isinstance(value, Const):
            known[name] = value.value
        elif isinstance(value, Seq | Fn) or (isinstance(value, Mix) and value.kind == "f"):
            known[name] = SOMETHING
        elif isinstance(value, str) and value[0] == "$" and value[1:] in params and value[1:] not in caller.assignments:
            renamed[name] = value
    rest: set[Condition] = set()
    for condition in residual:
        truth = evaluate(condition.test, known)
        if not isinstance(truth, _Unknown):
            if bool(truth) is not condition.truth:
                return None
            continue
        test = _rename(condition.test, renamed)
        if test is not None:
            rest.add(Condition(test, condition.truth))
    return frozenset(rest)


def arguments(callee: Func, call: Call | None, bound: bool) -> dict[str, Expr]:
    """What a call gives for each parameter, constant defaults included."""
    params = callee.fact.params[1:] if bound else callee.fact.params
    given: dict[str, Expr] = {}
    if call is None:
        return given
    spread = any(isinstance(item, Mix) and item.kind == "star" for item in call.args) or any(
        not word for word, _ in call.keywords
    )
    plain = [param for param in params if param.kind in ("/", "")]
    for param, value in zip(plain, call.args):
        if isinstance(value, Mix) and value.kind == "star":
            break
        given[param.name] = value
    given.update({word: value for word, value in call.keywords if word})
    if not spread:
        for param in params:
            if param.name not in given and not param.required and isinstance(param.default, Const):
                given[param.name] = param.default
    return given


def _rename(test: Expr, renamed: Mapping[str, str]) -> Expr:
    """The test in the caller's names, or None where it reads something that the caller does not pass on as it is."""
    if isinstance(test, Const):
        return test
    if isinstance(test, str):
        return renamed.get(test[1:]) if test[0] == "$" else None
    if isinstance(test, Test | Seq):
        items = tuple(_rename(item, renamed) for item in test.items)
        if any(item is None for item in items):
            return None
        return Test(test.op, items) if isinstance(test, Test) else Seq(test.kind, items)
    return None


_FLAGS = re.compile(r"shut|clos|stop|dispos|terminat|cancel|exit|finish|done|dead|destroy", re.IGNORECASE)


def fills_memo(func: Func, block: int) -> bool:
    """Whether the block runs only until it has stored its result: `if self.x is None: self.x = …`.

    A flag that says that something has ended is stored once, too, but the work in front of it is no initialiser.
    """
    for number, found in func.block_path(block):
        if found.kind in ("if", "and", "while", "else", "or", "assert"):
            truth = found.kind in ("if", "and", "while", "assert")
            for chain in _unset(found.value, truth):
                if (chain[0] == ":" or "." in chain) and not _FLAGS.search(chain) and _stores(func, number, chain):
                    return True
    return False


def _stores(func: Func, block: int, chain: str) -> bool:
    return any(
        isinstance(op, Assign) and op.target == chain and op.how != "del" and func.encloses(block, op.block)
        for op in func.ops
    )


def _unset(test: Expr, truth: bool) -> Iterator[str]:
    """The names that a test, coming out as `truth`, says are not set yet."""
    if isinstance(test, str):
        if not truth:
            yield test
    elif isinstance(test, Test):
        if test.op == "not":
            yield from _unset(test.items[0], not truth)
        elif test.op in ("is", "==", "is not", "!=") and len(test.items) == 2:
            wanted = truth if test.op in ("is", "==") else not truth
            left, right = test.items
            if wanted and isinstance(left, str) and isinstance(right, Const) and not right.value:
                yield left
        elif test.op in ("and", "or") and (test.op == "and") is truth:
            for item in test.items:
                yield from _unset(item, truth)
