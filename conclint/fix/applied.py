"""All fixes of a file at once, as a pure function of its bytes."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from conclint.finding import (
    AddModuleStatement,
    AppendToBlock,
    Edit,
    Finding,
    Fix,
    GuardMain,
    MakeAsync,
    ReplaceBase,
    ReplaceExpression,
    ReplaceStatements,
    Span,
    WrapAsyncRemote,
)
from conclint.fix.async_form import make_async
from conclint.fix.bases import replace_base
from conclint.fix.expression import replace_expression
from conclint.fix.main_guard import guard_main
from conclint.fix.module_level import add_module_statement, module_splices
from conclint.fix.plan import File, Plan
from conclint.fix.refusal import RefusalError
from conclint.fix.remote import wrap_async_remote
from conclint.fix.splice import Splice, spliced
from conclint.fix.statements import append_to_block, replace_statements
from conclint.fix.text import decode
from conclint.fix.tree import Tree, parse


class Left(NamedTuple):
    """A finding whose fix was not made, and why. `waits` if it only overlaps another: it may go in the next round."""

    finding: Finding
    reason: str
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a file. `source` are its new bytes; every finding that was given is in one of the two others."""

    source: bytes
    fixed: tuple[Finding, ...]
    left: tuple[Left, ...]


class TextEdit(NamedTuple):
    """The text at `span` (as `ast` counts) becomes `content`."""

    span: Span
    content: str


def apply(source: bytes, findings: Iterable[Finding]) -> Applied:
    """Make the fixes of these findings, all that can be made together.

    Where two overlap the one that comes first in the source is made; the other waits. Nothing is written, and nothing
    is raised: what goes wrong with one fix is the reason why it is left, what goes wrong with the file leaves all.

    Parameters:
        source: the file's bytes, as they were when the findings were made.
        findings: findings of this file; those without a fix are left.
    """
    ordered = sorted(findings, key=lambda finding: finding.sort_key)
    if not any(finding.fix for finding in ordered):
        return Applied(source, (), tuple(Left(finding, "it has no fix") for finding in ordered))
    try:
        file = _file(source)
        return _applied(file, source, ordered)
    except RefusalError as error:
        reason = str(error)
    except Exception as error:
        # One file's surprise must not end the run for the others.
        reason = f"internal error: {type(error).__name__}: {error}"
    return Applied(source, (), tuple(Left(finding, reason) for finding in ordered))


@functools.lru_cache(maxsize=1)
def _file(source: bytes) -> File:
    """The parsed file; the last one is kept, for its findings come one after the other."""
    return File(parse(decode(source)))


def _applied(file: File, source: bytes, ordered: Sequence[Finding]) -> Applied:
    plans: list[Plan] = []
    fixed: list[Finding] = []
    left: list[Left] = []
    claims: list[tuple[int, int]] = []
    for finding in ordered:
        if finding.fix is None:
            left.append(Left(finding, "it has no fix"))
            continue
        try:
            plan = plan_fix(file, finding.fix)
        except RefusalError as error:
            left.append(Left(finding, str(error)))
        except Exception as error:
            left.append(Left(finding, f"internal error: {type(error).__name__}: {error}"))
        else:
            if plan.clashes(claims):
                left.append(Left(finding, "it overlaps another fix", waits=True))
                continue
            claims += plan.claims
            plans.append(plan)
            fixed.append(finding)
    text = spliced(file.tree.text, _splices(file.tree, plans))
    new = file.tree.source.encode(text) if plans else source
    return Applied(new, tuple(fixed), tuple(left))


def plan_fix(file: File, fix: Fix) -> Plan:
    """Plan all edits of a fix.

    Raises:
        RefusalError: one of them cannot be made, so none is.
    """
    plan = Plan()
    for edit in fix.edits:
        _plan_edit(file, plan, edit)
    spliced(file.tree.text, plan.splices)
    return plan


def _plan_edit(file: File, plan: Plan, edit: Edit) -> None:
    if isinstance(edit, ReplaceExpression):
        replace_expression(file, plan, edit)
    elif isinstance(edit, ReplaceStatements):
        replace_statements(file, plan, edit)
    elif isinstance(edit, AppendToBlock):
        append_to_block(file, plan, edit)
    elif isinstance(edit, AddModuleStatement):
        add_module_statement(file, plan, edit)
    elif isinstance(edit, GuardMain):
        guard_main(file, plan, edit)
    elif isinstance(edit, WrapAsyncRemote):
        wrap_async_remote(file, plan, edit)
    elif isinstance(edit, MakeAsync):
        make_async(file, plan, edit)
    elif isinstance(edit, ReplaceBase):
        replace_base(file, plan, edit)
    else:
        raise RefusalError(f"there is no such edit as {type(edit).__name__}")


def _splices(tree: Tree, plans: Iterable[Plan]) -> list[Splice]:
    kept = list(plans)
    imports = [wanted for plan in kept for wanted in plan.imports]
    statements = [text for plan in kept for text in plan.statements]
    return [*module_splices(tree, imports, statements), *(splice for plan in kept for splice in plan.splices)]


def text_edits(source: bytes, fix: Fix) -> tuple[TextEdit, ...]:
    """The edits of one fix as plain replacements, as small as whole words allow, in the order of the text.

    Returns:
        No edits where the fix cannot be made on this text.
    """
    try:
        file = _file(source)
        splices = _splices(file.tree, [plan_fix(file, fix)])
        text = file.tree.text
        smallest = (_trimmed(text, splice) for splice in sorted(splices, key=lambda splice: splice[:2]))
        return tuple(
            TextEdit(file.tree.source.span(splice.start, splice.end), splice.text)
            for splice in smallest
            if text[splice.start : splice.end] != splice.text
        )
    except Exception:
        # An output format goes on without the edits; `--fix` is where the reason is told.
        return ()


def _trimmed(text: str, splice: Splice) -> Splice:
    """The splice without what begins and ends alike, and without cutting words."""
    old, new = text[splice.start : splice.end], splice.text
    shorter = min(len(old), len(new))
    head = next((index for index in range(shorter) if old[index] != new[index]), shorter)
    while head and (_within_word(old, head) or _within_word(new, head)):
        head -= 1
    rest = shorter - head
    tail = next((index for index in range(rest) if old[-1 - index] != new[-1 - index]), rest)
    while tail and (_within_word(old, len(old) - tail) or _within_word(new, len(new) - tail)):
        tail -= 1
    return Splice(splice.start + head, splice.end - tail, new[head : len(new) - tail])


def _within_word(text: str, index: int) -> bool:
    around = text[index - 1 : index + 1]
    cut = len(around) == 2 and all(character.isalnum() or character == "_" for character in around)
    return cut or around == "\r\n"
