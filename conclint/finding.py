"""What conclint says: a finding, the places that prove it, and how to mend it.

A finding is a value. It names what was found and what happens because of it, where, the path that
proves it, how sure conclint is, and, where there is one, the fix as a *description* of an edit.
Descriptions are turned into new source by `conclint.fix` alone; nothing here knows LibCST.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

import msgspec


class Severity(enum.IntEnum):
    """How bad it is when it happens. A note is true, but mostly harmless where it stands."""

    NOTE = 1
    WARNING = 2
    ERROR = 3


class Confidence(enum.IntEnum):
    """How sure the claim is: each step resolved and unconditional, a branch on the way, or a guess."""

    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3


class Applicability(enum.IntEnum):
    """Which option applies a fix: none (`--diff` of nobody), `--unsafe-fixes`, `--fix`."""

    SHOWN = 1
    UNSAFE = 2
    SAFE = 3


class Span(NamedTuple):
    """A range of source as `ast` counts: rows from 1, columns in UTF-8 bytes from 0, the end excluded."""

    row: int
    column: int
    end_row: int
    end_column: int


class Place(NamedTuple):
    """A span in a file. `path` is written as the user would: relative to the working folder where it lies below it."""

    path: str
    span: Span


class Related(NamedTuple):
    """One step of the evidence: a call on the way, what gives the context, the other lock."""

    place: Place
    message: str


class Slot(NamedTuple):
    """A named piece of the old source, put into a template with its comments and formatting.

    `part` picks a piece of the expression at `span` by its place in the syntax, steps joined by dots: `func` and
    `args` (all arguments) of a call, `args.0` one argument, `args.name` a keyword's value, `value` of an attribute,
    await or starred, `elt` and `clauses` (from its first `for`) of a comprehension. "" is the whole expression, or,
    for a span that covers them exactly, some arguments of a call.
    """

    name: str
    span: Span
    part: str = ""


class ReplaceExpression(msgspec.Struct, frozen=True, tag=True):
    """The expression at `span` becomes `template`.

    A template is Python source in which `{name}` stands for the slot of that name and `{@a.b.c}` for the
    imported object `a.b.c`, written as the file's own imports allow (`a.b.c`, `c`, an alias), importing it
    where it is not. `{=name}` is a new local name: `name`, with underscores added where the file has it already.
    Braces are doubled as in `str.format`. The fixer adds parentheses where the place needs them.
    """

    span: Span
    template: str
    slots: tuple[Slot, ...] = ()


class ReplaceStatements(msgspec.Struct, frozen=True, tag=True):
    """The simple statements of one block that `span` covers exactly become the statements of `template`.

    The template may have several lines; its indentation is relative to the block. Comments that lead the
    first statement and trail the last one are kept.
    """

    span: Span
    template: str
    slots: tuple[Slot, ...] = ()


class AppendToBlock(msgspec.Struct, frozen=True, tag=True):
    """The statements of `template` are added at the end of the suite of the compound statement,
    handler or definition that starts where `span` starts."""

    span: Span
    template: str


class AddModuleStatement(msgspec.Struct, frozen=True, tag=True):
    """`template` is added once at module level, after the imports. `{@a.b}` as in `ReplaceExpression`."""

    template: str


class GuardMain(msgspec.Struct, frozen=True, tag=True):
    """The top-level statements that start at these spans go under `if __name__ == "__main__":`, in order, in one guard
    at the end of the module (joined to the module's own guard where it is the next statement)."""

    spans: tuple[Span, ...]


class WrapAsyncRemote(msgspec.Struct, frozen=True, tag=True):
    """`@deco async def f(...)` at `span` becomes an undecorated `async def _f(...)` and a decorated `def f(...)` of the
    same signature that runs it with `asyncio.run`."""

    span: Span


class MakeAsync(msgspec.Struct, frozen=True, tag=True):
    """The `with` statement that enters the expression at `span`, and no other, becomes an `async with`; the `for`
    of a statement or comprehension that goes over it becomes an `async for`."""

    span: Span


class ReplaceBase(msgspec.Struct, frozen=True, tag=True):
    """In the class statement that starts at `span` the base that is written `old`, also by its last name alone,
    becomes `template`. `{@a.b}` as in `ReplaceExpression`."""

    span: Span
    old: str
    template: str


Edit = (
    ReplaceExpression
    | ReplaceStatements
    | AppendToBlock
    | AddModuleStatement
    | GuardMain
    | WrapAsyncRemote
    | MakeAsync
    | ReplaceBase
)


class Fix(msgspec.Struct, frozen=True):
    """How to mend a finding.

    `message` says what the fix does, as a title: "await `asyncio.sleep` instead".
    All edits are applied, or none.
    """

    applicability: Applicability
    message: str
    edits: tuple[Edit, ...]


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    `message`: what was found, then what happens because of it; lower case, no full stop, code in backticks.
    `related`: the path, from the reported place to the primitive. `also`: the other places of the same group.
    `root`: the qualified name of the function that the finding stands in ("" at module level), and
    `primitive`: the place that the group is about, where it is not the finding's own; both are for grouping,
    suppression and fingerprints. `others`: the findings of `also` in full, each with its own path, nearest first.
    """

    code: str
    name: str
    message: str
    place: Place
    severity: Severity
    confidence: Confidence
    related: tuple[Related, ...] = ()
    also: tuple[Place, ...] = ()
    help: str = ""
    fix: Fix | None = None
    root: str = ""
    primitive: Place | None = None
    others: tuple[Finding, ...] = ()

    @property
    def rank(self) -> tuple[bool, int, int, tuple[str, Span, str, str]]:
        """The order in which the members of a group are shown: not a note, the closest, the surest, then by place."""
        return (self.severity == Severity.NOTE, len(self.related), -self.confidence, self.sort_key)

    @property
    def sort_key(self) -> tuple[str, Span, str, str]:
        """Findings are shown in this order: file, place, code, message."""
        return (self.place.path, self.place.span, self.code, self.message)
