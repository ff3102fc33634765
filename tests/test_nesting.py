"""What would end the process never reaches the parser."""

from __future__ import annotations

import pytest

from conclint.nesting import too_deep


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("(" * 201, "200 open brackets in line 1"),
        ("x\n" + "[" * 3000 + "]" * 3000, "200 open brackets in line 2"),
        ("f'{" + "(" * 300, "open brackets"),
        ('f"{"a" + ' + "(" * 300 + ")" * 300 + '}"', "open brackets"),
        ("f'{x:{" + "(" * 300, "open brackets"),
        ("f'{f\"" * 300, "open brackets"),
        ("x = " + "-" * 50000 + "1", "chain of more than 1000 operators"),
        ("x = " + "not " * 2000 + "1", "chain"),
        ("x = " + "+".join("1" * 2000), "chain"),
        ("x = (" + "+\n".join("1" * 2000) + ")", "chain"),
        ("x" + ".y" * 2000, "chain"),
        ("x" + "()" * 2000, "chain"),
        ("x = " + " ".join(["'a'"] * 2000), "chain"),
        ("x = " + "a if b else " * 2000 + "c", "chain"),
        ("x = " + "lambda: " * 2000 + "c", "chain"),
        ("if a: pass\n" + "elif b: pass\n" * 2000, "branches of one `if`"),
        ("".join(" " * level + "if a:\n" for level in range(101)), "levels of indentation"),
    ],
)
def test_what_is_nested_too_deeply_is_named(source: str, reason: str) -> None:
    assert reason in (too_deep(source) or "")


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("x = '" + "(" * 500 + "'", id="brackets in a string"),
        pytest.param("'''\n" + "[" * 500 + "\n'''", id="brackets in a docstring"),
        pytest.param("f'" + "(" * 500 + "{x}'", id="brackets in the text of an f-string"),
        pytest.param("f'" + "{{" * 500 + "'", id="doubled braces"),
        pytest.param("# " + "(" * 500, id="brackets in a comment"),
        pytest.param("x = [" + "-1, " * 5000 + "]", id="a table of numbers"),
        pytest.param("x = {" + "'a': 1,\n" * 5000 + "}", id="a table of names"),
        pytest.param("x = 1\n" * 5000, id="many statements"),
        pytest.param("x = '\\''; y = (" + "'\\\\', " * 2000 + ")", id="escaped quotes"),
        pytest.param("if a: pass\nelif b: pass\n" * 2000, id="many short ifs"),
        pytest.param("f'{x!r:\\'>10}{y:{w}.{p}}' f\"{d['a']}\"\n" * 300, id="format specifications"),
        pytest.param("(\n)\n" * 500, id="brackets one after the other"),
        pytest.param("@a\n" * 50 + "def f(): pass", id="decorators"),
    ],
)
def test_what_people_write_passes(source: str) -> None:
    assert too_deep(source) is None
