"""Top-level statements go under the main guard."""

from __future__ import annotations

import re

import libcst as cst

from conclint.finding import GuardMain
from conclint.fix.plan import File, Plan
from conclint.fix.refusal import RefusalError
from conclint.fix.tree import Tree

_HEADER = 'if __name__ == "__main__":'
_Line = cst.SimpleStatementLine | cst.BaseCompoundStatement


def guard_main(file: File, plan: Plan, edit: GuardMain) -> None:
    """Plan the edit: under the module's own guard where it comes later, else under a new one at the end.

    Raises:
        RefusalError: a span is no statement at module level, or one that shares its line with others.
    """
    tree = file.tree
    moved = _moved(tree, edit)
    body = list(tree.module.body)
    last = max(index for index, line in enumerate(body) if line in moved)
    own = next((line for line in body[last + 1 :] if _is_guard(line)), None)
    first = min(index for index, line in enumerate(body) if line in moved)
    if any(line not in moved and line is not own and not _only_defines(line) for line in body[first:]):
        raise RefusalError("a statement that stays would run before those that move")
    newline = tree.source.newline(tree.range(moved[0])[0])
    if own is None and body[-len(moved) :] == moved:
        _in_place(tree, plan, moved, newline)
        return
    step = _step(tree, own)
    text = ""
    for group in _groups(body, moved):
        start, end = _lines(tree, group[0])[0], _lines(tree, group[-1])[1]
        text += _indented(tree, start, end, step)
        plan.replace(*_with_gap(tree, start, end), "")
    text = text if text.endswith(("\n", "\r")) else text + newline
    if isinstance(own, cst.If) and isinstance(own.body, cst.SimpleStatementSuite):
        start = tree.range(own.body.body[0])[0]
        colon = tree.text.rindex(":", 0, start) + 1
        plan.replace(colon, start, newline + text + step)
    elif isinstance(own, cst.If):
        offset = tree.source.next_line(tree.source.line_start(_colon(tree, own)))
        plan.replace(offset, offset, text)
    else:
        end = len(tree.text)
        ended = not tree.text or tree.text[-1] in "\r\n"
        lead = newline * (2 if ended else 3)
        plan.replace(end, end, lead + _HEADER + newline + (text if ended else text.removesuffix(newline)))


def _moved(tree: Tree, edit: GuardMain) -> list[_Line]:
    starts = {tree.source.offset(span.row, span.column) for span in edit.spans}
    found: list[_Line] = []
    for line in tree.module.body:
        parts = line.body if isinstance(line, cst.SimpleStatementLine) else [line]
        chosen = [tree.range(part)[0] in starts for part in parts]
        if any(chosen):
            if not all(chosen):
                raise RefusalError("a statement to move shares its line with one that stays")
            found.append(line)
            starts -= {tree.range(part)[0] for part in parts}
    if starts or not found:
        raise RefusalError("a statement to move is not at module level")
    return found


def _only_defines(line: cst.CSTNode) -> bool:
    """Whether it does not matter for a statement if it runs before or after its neighbours: imports and definitions."""
    if isinstance(line, cst.SimpleStatementLine):
        return all(isinstance(part, cst.Import | cst.ImportFrom | cst.Pass) for part in line.body)
    return isinstance(line, cst.FunctionDef | cst.ClassDef) or _is_guard(line)


def _is_guard(line: cst.CSTNode) -> bool:
    if not isinstance(line, cst.If) or not isinstance(line.test, cst.Comparison) or len(line.test.comparisons) != 1:
        return False
    target = line.test.comparisons[0]
    sides = (line.test.left, target.comparator)
    names = [side.value for side in sides if isinstance(side, cst.Name)]
    texts = [side.evaluated_value for side in sides if isinstance(side, cst.SimpleString)]
    return isinstance(target.operator, cst.Equal) and names == ["__name__"] and texts == ["__main__"]


def _step(tree: Tree, own: cst.CSTNode | None) -> str:
    indent = own.body.indent if isinstance(own, cst.If) and isinstance(own.body, cst.IndentedBlock) else None
    return indent or tree.module.default_indent


def _colon(tree: Tree, guard: cst.If) -> int:
    return tree.range(guard.test)[1]


def _lines(tree: Tree, line: _Line) -> tuple[int, int]:
    """The whole lines of a statement, with the comments right above it and what trails it."""
    end = tree.source.next_line(tree.range(line)[1])
    start = tree.source.line_start(_decorated(tree, line))
    for empty in reversed(getattr(line, "leading_lines", ())):
        if empty.comment is None:
            break
        start = tree.source.line_start(start - 1)
    return start, end


def _decorated(tree: Tree, line: _Line) -> int:
    decorators = getattr(line, "decorators", ())
    return tree.range(decorators[0])[0] if decorators else tree.range(line)[0]


def _groups(body: list[_Line], moved: list[_Line]) -> list[list[_Line]]:
    """The moved statements, those that follow each other together."""
    groups: list[list[_Line]] = []
    near = False
    for line in body:
        here = any(line is other for other in moved)
        if here and near:
            groups[-1].append(line)
        elif here:
            groups.append([line])
        near = here
    return groups


def _with_gap(tree: Tree, start: int, end: int) -> tuple[int, int]:
    """The range with the smaller of the gaps around it: the larger one stays between what is left."""
    before = re.search(r"(?:(?<=[\r\n])[ \t\f]*(?:\r\n|\r|\n))*\Z", tree.text[:start])
    after = re.match(r"(?:[ \t\f]*(?:\r\n|\r|\n))*", tree.text[end:])
    above = before.group() if before else ""
    below = after.group() if after else ""
    if start == len(above):
        return 0, end + len(below)
    if end + len(below) == len(tree.text) or above.count("\n") < below.count("\n"):
        return start - len(above), end
    return start, end + len(below)


def _in_place(tree: Tree, plan: Plan, moved: list[_Line], newline: str) -> None:
    """The statements are the module's last: they are only indented."""
    start = _lines(tree, moved[0])[0]
    end = _lines(tree, moved[-1])[1]
    plan.replace(start, end, _HEADER + newline + _indented(tree, start, end, tree.module.default_indent))


def _indented(tree: Tree, start: int, end: int, step: str) -> str:
    """Lines of the file, indented by one step; lines that begin inside a string are part of its value and stay."""
    strings = tree.strings(start, end)
    done = []
    for match in re.finditer(r"[^\r\n]*(?:\r\n|\r|\n|\Z)", tree.text[start:end]):
        offset = start + match.start()
        free = match.group().strip() and not any(first < offset < last for first, last in strings)
        done.append(step + match.group() if free else match.group())
    return "".join(done)
