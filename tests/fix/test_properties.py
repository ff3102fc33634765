"""What must hold for every source: meaning changes only where a fix says so, and nothing outside of it moves."""

from __future__ import annotations

import ast
import asyncio
import concurrent.futures
import io
import random
import tokenize
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conclint.finding import ReplaceExpression, Slot, Span
from tests.fix.snippets import applied, finding

NEWLINES = st.sampled_from(["\n", "\r\n"])
COMMENTS = st.sampled_from(["", "  # plain", "\t# tab", " # é€😀", " #: {braces} 'quote", "# noqa: E501"])
GAPS = st.sampled_from(["", " ", "  ", "\t", "\\\n  "])
INDENTS = st.sampled_from(["    ", "\t", "  "])
WRAPPERS = st.sampled_from(
    [
        "{}",
        "x = {}",
        "x: int = {}",
        "return {}",
        "x = ({}).y",
        "x = -{} ** 2",
        "x = 'é😀', {}, 'ü'",
        "x = [{} for i in y if i]",
        "x = f'{{{}}} é'",
        "g(a, *{}, k=1)",
        "if {}: pass",
        "with {} as z: pass",
        "x = a if {} else b",
        "x = {}; y = 1 ;",
        "assert {}, 'message'",
        "x = {{'a': {}, **b}}",
        "del x[{}:]",
        "x = not {} or b",
    ]
)
LEADS = st.lists(
    st.sampled_from(["", "\x0c", "  ", "# é", "y = 'é'", "'''doc\n  # no comment\n'''", "z = (1,  # one\n 2)"]),
    max_size=4,
)


@st.composite
def programs(draw: st.DrawFn) -> tuple[str, str, str]:
    """The text before a call of `old`, the call's arguments with their parentheses, and the text after it."""
    newline, indent = draw(NEWLINES), draw(INDENTS)
    wrapper = draw(WRAPPERS)
    inside = "f'" not in wrapper
    lines = draw(st.booleans()) and inside
    brk = draw(COMMENTS) + "\n" + draw(GAPS).replace("\\\n", "") if lines else draw(GAPS) if inside else ""
    comma = draw(st.sampled_from(["", ",", " ,"]))
    arguments = f"({brk}1{draw(COMMENTS)}\n {comma}{brk})" if lines else f"({brk}1{comma})"
    head = "import asyncio\n" + "\n".join(draw(LEADS)) + "\nasync def f():\n"
    before, after = wrapper.replace("{}", "\0").replace("{{", "{").replace("}}", "}").split("\0")
    tail = draw(COMMENTS) + draw(st.sampled_from(["", "\n", "\n\n\n", "\n" + indent + "# end\n", "\n\x0c\ny = 1"]))
    parts = (head + indent + before, arguments, after + tail)
    return parts[0].replace("\n", newline), parts[1].replace("\n", newline), parts[2].replace("\n", newline)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(programs())
def test_replacing_a_call_keeps_all_comments_and_every_byte_around_it(parts: tuple[str, str, str]) -> None:
    before, arguments, after = parts
    source = f"{before}old{arguments}{after}"
    call = next(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and _name(node) == "old")
    at = _span(call)
    edit = ReplaceExpression(at, "await {@asyncio.new}({args})", (Slot("args", at, "args"),))
    result = applied(source, finding(at, edit))
    assert result.left == ()
    mended = result.source.decode()
    assert mended.startswith(before)
    assert mended.endswith(after)
    assert _comments(mended) == _comments(source)
    assert "await asyncio.new(" in mended
    compile(mended, "mended", "exec")


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _span(node: ast.expr) -> Span:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return Span(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)


def _comments(source: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(source, newline="").readline)
    return sorted(token.string.rstrip() for token in tokens if token.type == tokenize.COMMENT)


def _named(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


CHANGES: dict[str, Callable[[ast.Call], ast.expr]] = {
    "-{callee}({args})": lambda call: ast.UnaryOp(ast.USub(), call),
    "{callee}({args}) if _x else 1": lambda call: ast.IfExp(_named("_x"), call, ast.Constant(1)),
    "_x and {callee}({args})": lambda call: ast.BoolOp(ast.And(), [_named("_x"), call]),
    "_t({callee}, {args})": lambda call: ast.Call(_named("_t"), [call.func, *call.args], call.keywords),
    "_t({callee})": lambda call: ast.Call(_named("_t"), [call.func], []),
    "{callee}.x": lambda call: ast.Attribute(call.func, "x", ast.Load()),
    "(_x := {callee}({args}))": lambda call: ast.NamedExpr(ast.Name("_x", ast.Store()), call),
}


class _Changed(ast.NodeTransformer):
    def __init__(self, at: Span, change: Callable[[ast.Call], ast.expr]) -> None:
        self.at, self.change = at, change

    def visit_Call(self, node: ast.Call) -> ast.expr:
        here = _span(node) == self.at
        inner = self.generic_visit(node)
        assert isinstance(inner, ast.Call)
        return self.change(inner) if here else inner


def _libraries() -> list[Path]:
    folders = [Path(module.__file__ or "").parent for module in (asyncio, concurrent.futures)]
    return sorted(path for folder in folders for path in folder.glob("*.py") if path.name != "__init__.py")


@pytest.mark.parametrize("path", _libraries(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_in_real_files_a_fix_means_what_its_template_says(path: Path) -> None:
    data = path.read_bytes()
    chosen = random.Random(path.name)
    calls = [node for node in ast.walk(ast.parse(data)) if isinstance(node, ast.Call)]
    for template, change in CHANGES.items():
        at = _span(chosen.choice(calls))
        slots = (Slot("callee", at, "func"), Slot("args", at, "args"))
        result = applied(data, finding(at, ReplaceExpression(at, template, slots)))
        if result.left:
            assert "would be lost" in result.left[0].reason
            continue
        expected = _Changed(at, change).visit(ast.parse(data))
        assert _flat(ast.parse(result.source)) == _flat(expected)


class _Flat(ast.NodeTransformer):
    """`a and (b and c)` is `a and b and c`."""

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.BoolOp:
        self.generic_visit(node)
        values: list[ast.expr] = []
        for value in node.values:
            same = isinstance(value, ast.BoolOp) and type(value.op) is type(node.op)
            values += value.values if same and isinstance(value, ast.BoolOp) else [value]
        return ast.BoolOp(node.op, values)


def _flat(tree: ast.AST) -> str:
    return ast.dump(_Flat().visit(tree)).replace("ctx=Del()", "ctx=Load()")
