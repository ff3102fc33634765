"""Templates: source with places for pieces of the old source and for imported objects."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

import libcst as cst

from conclint.finding import Slot
from conclint.fix.import_place import import_offset
from conclint.fix.imports import Place, reach
from conclint.fix.plan import File, Plan
from conclint.fix.precedence import demand, in_brackets, level, parenthesised
from conclint.fix.refusal import RefusalError
from conclint.fix.slots import Piece, is_clauses, piece
from conclint.fix.text import decode
from conclint.fix.tree import Tree, parse

_PART = re.compile(r"\{\{|\}\}|\{@(?P<object>\w+(?:\.\w+)*)\}|\{=(?P<fresh>\w+)\}|\{(?P<slot>\w+)\}|(?P<stray>[{}])")
# The clauses of a comprehension stand in a template as one that can be parsed.
_FOR, _IN = "for ", " in _"
_MARK = re.compile(r"__conclint_slot_(\d+)__")


class Rendered(NamedTuple):
    """A filled template. `level` is that of the expression it is (of an unparenthesised one), `kept` are the ranges of
    the old text that it holds, and `shape` is the template's own tree, in which a name stands for each slot."""

    text: str
    level: int
    kept: tuple[tuple[int, int], ...]
    shape: Tree


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the code goes: what a line of it begins with, and the file's own step of indentation."""

    margin: str
    step: str


def render(
    file: File, plan: Plan, template: str, slots: tuple[Slot, ...], place: Place, *, margin: str = "\n"
) -> Rendered:
    """Fill a template.

    Parameters:
        plan: takes the imports that the template needs.
        place: where the code will stand, to find the names of imported objects.
        margin: the newline and indentation that each further line of the template gets.

    Raises:
        RefusalError: the template is not valid Python, names no slot, or needs an import that cannot be had.
    """
    code, used = _marked(file, plan, template, {slot.name: slot for slot in slots}, place)
    shape = _shape(code)
    marks = {int(found[1]): name for name in shape.of(cst.Name) if (found := _MARK.fullmatch(name.value))}
    pieces = {index: piece(file.tree, used[index], shape, mark) for index, mark in marks.items()}
    layout = _Layout(margin, file.tree.module.default_indent)
    text = _filled(shape, marks, pieces, layout)
    return Rendered(text, _level(shape, marks, pieces), tuple(item.kept for item in pieces.values()), shape)


def _marked(file: File, plan: Plan, template: str, known: dict[str, Slot], place: Place) -> tuple[str, list[Slot]]:
    """The template as code in which a name stands for each slot, and the slots in the order of those names."""
    used: list[Slot] = []

    def part(match: re.Match[str]) -> str:
        if match["object"]:
            text, wanted = reach(file.names, match["object"], place)
            if wanted is not None:
                _require_earlier(file, wanted.module, place)
                plan.imports.add(wanted)
            return text
        if match["slot"]:
            if match["slot"] not in known:
                raise RefusalError(f"the template has no slot {match['slot']!r}")
            used.append(known[match["slot"]])
            name = f"__conclint_slot_{len(used) - 1}__"
            return name if not is_clauses(used[-1]) else f"{_FOR}{name}{_IN}"
        if match["fresh"]:
            return unused(file.tree.text, match["fresh"])
        if match["stray"]:
            raise RefusalError(f"the template {template!r} has a single brace")
        return match.group()[0]

    return _PART.sub(part, template), used


def unused(text: str, name: str) -> str:
    """The name, with underscores added until no word of the file is the same."""
    words = set(re.findall(r"\w+", text))
    while name in words:
        name += "_"
    return name


def _require_earlier(file: File, module: str, place: Place) -> None:
    deferred = any(isinstance(scope, (cst.FunctionDef, cst.Lambda)) for scope in place.scopes)
    if not deferred and import_offset(file.tree, module) > place.offset:
        raise RefusalError(f"`{module}` is not imported yet at this place")


def _shape(code: str) -> Tree:
    try:
        return parse(decode(code.encode()))
    except RefusalError as error:
        raise RefusalError(f"the template gives no valid Python: {code!r}") from error


def _filled(shape: Tree, marks: dict[int, cst.Name], pieces: dict[int, Piece], layout: _Layout) -> str:
    done = ""
    position = 0
    for index, mark in sorted(marks.items()):
        start, end = shape.range(mark)
        if isinstance(shape.parent(mark), cst.CompFor):
            start, end = start - len(_FOR), end + len(_IN)
        item = pieces[index]
        done = item.after(done + _laid_out(shape, position, start, layout))
        done += _suited(shape, mark, item)
        position = end
        if not item.text:
            position = _without_comma(shape.text, position, done)
            done = re.sub(r",\s*$", "", done)
    return done + _laid_out(shape, position, len(shape.text), layout)


def _without_comma(text: str, position: int, done: str) -> int:
    """Past the comma after an empty slot that begins a list of arguments."""
    following = re.match(r"\s*,\s*", text[position:])
    return position + following.end() if following and done.endswith("(") else position


def _laid_out(shape: Tree, start: int, end: int, layout: _Layout) -> str:
    def line(match: re.Match[str]) -> str:
        return layout.margin + layout.step * (len(match[1]) // 4)

    return re.sub(r"\n( *)", line, shape.text[start:end])


def _suited(shape: Tree, mark: cst.Name, item: Piece) -> str:
    """The text of a slot, in parentheses where its place in the template needs them."""
    if item.node is None:
        return item.text
    needed = demand(shape.parent(mark), mark) > level(item.node)
    around = list(shape.ancestors(mark))
    broken = not in_brackets(around) and _breaks(item.text)
    number = isinstance(item.node, (cst.Integer, cst.Float)) and isinstance(shape.parent(mark), cst.Attribute)
    if (needed or broken or number or item.keep_parentheses) and not parenthesised(mark):
        return item.parenthesised
    return item.text


def _breaks(text: str) -> bool:
    """Whether an expression has a newline that is not in brackets of its own."""
    return bool(re.search(r"[\r\n]", text)) and not stands_alone(text)


def stands_alone(text: str) -> bool:
    """Whether an expression may be put on a line without brackets around it."""
    try:
        shape = parse(decode(f"_ = {text}\n".encode()))
    except RefusalError:
        return False
    return len(shape.module.body) == 1


def _level(shape: Tree, marks: dict[int, cst.Name], pieces: dict[int, Piece]) -> int:
    line = shape.module.body[0] if shape.module.body else None
    if not isinstance(line, cst.SimpleStatementLine) or not isinstance(line.body[0], cst.Expr):
        return level(cst.Name("_"))
    root = line.body[0].value
    for index, mark in marks.items():
        if mark is root and not parenthesised(root):
            item = pieces[index]
            bare = item.node is not None and _suited(shape, mark, item) == item.text
            return level(item.node) if item.node is not None and bare else level(cst.Name("_"))
    return level(cst.Name("_")) if parenthesised(root) else level(root)
