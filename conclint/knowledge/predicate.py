"""The conditions of a row (`unless`, `when`), parsed.

A condition asks one thing of one argument of a call:

    "1:timeout=0"                the argument at position 1, or named `timeout`, is the literal 0
    "1:options=os.WNOHANG"       it is that constant, or a `|` of constants with that one among them
    "0:interval given"           it is there
    "timeout missing"            it is not there

The receiver of a method is not counted: position 0 is the first argument inside the parentheses. An argument that
can only be given by position may leave out its name (`"0=None"`), a keyword-only one has no position.
"""

from __future__ import annotations

import ast
import functools
import re
from dataclasses import dataclass
from typing import Literal

Test = Literal["equals", "given", "missing"]
Value = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Predicate:
    """One condition. `value` counts for `equals` alone; `dotted`: it names a constant, else it is a literal."""

    position: int | None
    name: str
    test: Test
    value: Value = None
    dotted: bool = False


class PredicateError(Exception):
    """A condition that cannot be read: the message names it and the form that was expected."""


_FORM = re.compile(
    r"""
    (?: (?P<position>\d{1,2}) (?: : (?P<both>[A-Za-z_]\w*) )? | (?P<name>[A-Za-z_]\w*) )
    (?: \s* = \s* (?P<value>\S.*?) | \s+ (?P<test>given|missing) )
    """,
    re.VERBOSE,
)
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


@functools.cache
def parse(text: str) -> Predicate:
    """Read one condition.

    Raises:
        PredicateError: it has none of the forms above, or its value is neither a literal nor a dotted name.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise PredicateError(f'{text!r}: a condition reads "1:timeout=0", "0:interval given" or "timeout missing"')
    position = None if found["position"] is None else int(found["position"])
    name = found["both"] or found["name"] or ""
    if found["test"] is not None:
        return Predicate(position, name, "given" if found["test"] == "given" else "missing")
    written = found["value"]
    if _DOTTED.fullmatch(written):
        return Predicate(position, name, "equals", written, dotted=True)
    return Predicate(position, name, "equals", _literal(text, written))


def _literal(text: str, written: str) -> Value:
    """The literal that the value of a condition is."""
    try:
        value: object = ast.literal_eval(written)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise PredicateError(f"{text!r}: {written!r} is neither a literal nor a dotted name") from error
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise PredicateError(f"{text!r}: {written!r} is not a number, a string, True, False or None")
