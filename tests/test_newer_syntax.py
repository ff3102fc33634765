"""Claims about reading a grammar that the interpreter does not know: facts are the same under every Python."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conclint import facts
from conclint.extract import extract, newer_syntax
from conclint.facts import Call, Facts
from conclint.source import Source, read

ROOT = Path(__file__).parents[1]
CORPUS = sorted((Path(__file__).parent / "corpus" / "newer_syntax").glob("*.py"))
PYTHONS = [path for path in os.environ.get("CONCLINT_PYTHONS", "").split(os.pathsep) if path]
ENCODE = """
import sys
from conclint import facts
from conclint.extract import extract
from conclint.source import read
for path in sys.argv[1:]:
    print(path, facts.encode(extract(read(path))).hex())
"""


def source_of(path: Path) -> Source:
    source = read(str(path))
    assert isinstance(source, Source)
    return source


def facts_of(text: str) -> Facts:
    return extract(Source("a.py", b"", text, "utf-8", False, b""))


def converted(text: str) -> ast.Module:
    tree = newer_syntax.parse(text)
    assert isinstance(tree, ast.Module), tree
    return tree


def sleeps(found: Facts) -> set[tuple[int, int]]:
    """Where `time.sleep` is called, by row and column."""
    return {
        (op.row, op.column)
        for function in found.functions
        for op in facts.decode_body(function).ops
        if isinstance(op, Call) and op.func == "time.sleep"
    }


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_each_file_of_the_corpus_is_read(path: Path) -> None:
    assert extract(source_of(path)).error is None


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_each_sleep_is_found_where_it_is_written(path: Path) -> None:
    rows = re.split(r"\r\n|\r|\n", path.read_bytes().decode())
    written = {
        (row, len(line[: found.start()].encode()))
        for row, line in enumerate(rows, 1)
        for found in re.finditer(r"\btime\.sleep\(|(?<=: )time\.sleep\(", line)
    }
    assert sleeps(extract(source_of(path))) == written


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_a_tree_made_through_libcst_says_the_same_as_one_of_this_python(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = source_of(path)
    expected = facts.encode(extract(source))

    with monkeypatch.context() as patch:
        tree = converted(source.text)
        patch.setattr("conclint.extract.parse", lambda _: tree)
        assert facts.encode(extract(source)) == expected


@pytest.mark.parametrize("python", [sys.executable, *PYTHONS])
def test_the_facts_of_the_corpus_are_the_same_bytes_under_each_python(python: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [python, "-c", ENCODE, *map(str, CORPUS)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=environment,
    )
    expected = [f"{path} {facts.encode(extract(source_of(path))).hex()}" for path in CORPUS]
    assert done.stdout.splitlines() == expected


def test_every_module_of_the_extractor_is_converted_to_the_tree_that_python_makes() -> None:
    for path in sorted((ROOT / "conclint" / "extract").rglob("*.py")):
        text = source_of(path).text
        assert dump(converted(text)) == dump(ast.parse(text)), path


def dump(tree: ast.Module) -> str:
    """All that facts can depend on: what is between an f-string's fields, and where the fields begin, they do not."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            node.values = [part for part in node.values if not isinstance(part, ast.Constant)]
        if isinstance(node, ast.FormattedValue | ast.Slice):
            node.lineno = node.col_offset = node.end_lineno = node.end_col_offset = 0
            spec = getattr(node, "format_spec", None)
            if spec is not None:
                spec.lineno = spec.col_offset = spec.end_lineno = spec.end_col_offset = 0
        for name in ("kind", "type_comment"):
            if getattr(node, name, None) is not None:
                setattr(node, name, None)
    return ast.dump(tree, include_attributes=True, indent=0)


@pytest.mark.parametrize(
    "text",
    [
        "f() = 1\ntype X = int\n",
        "type X = int\nx = 'a' b'b'\n",
        "type X = int\nx = 0777\n",
        "type X = int\n1 += 2\n",
        "type X = int\n(a, b): int = 1\n",
        "type X = int\nprint 'hello'\n",
        "type X = int\n  x = 1\n",
        "type X = (\n",
        "type X = int\nx = f'{'\n",
        "type X = int\nx = '" + "\\N{NO SUCH CHARACTER}" + "'\n",
    ],
)
def test_what_no_python_accepts_is_a_syntax_error(text: str) -> None:
    error = facts_of(text).error
    assert error is not None
    assert error[2] == "does not parse as Python 3"


def test_an_error_is_told_where_it_is() -> None:
    assert facts_of("x = 1\ny = 'é' + )\n").error == (2, 11, "does not parse as Python 3")


def test_what_would_crash_the_other_parser_is_not_given_to_it() -> None:
    assert facts_of("type X = int\nx = " + "(" * 5000 + ")" * 5000 + "\n").error is not None


def test_a_deep_file_of_a_newer_grammar_is_read() -> None:
    deep = "type X = int\nx = " + "+".join(["time.sleep(1)"] * 300) + "\nimport time\n"
    assert len(sleeps(facts_of(deep))) == 300


def test_a_long_chain_of_branches_of_a_newer_grammar_is_read() -> None:
    branches = "".join(f"elif x == {number}:\n    time.sleep({number})\n" for number in range(900))
    found = facts_of(f"import time\ntype X = int\nif x:\n    pass\n{branches}")
    assert len(sleeps(found)) == 900


def test_space_that_libcst_forgets_shifts_nothing() -> None:
    text = "import time\ntype X = int\nx = f'{a!r  } {time.sleep(1)}'; time.sleep(2)\n"
    assert sleeps(facts_of(text)) == {(3, 15), (3, 32)}


def test_a_form_feed_shifts_nothing() -> None:
    text = "import time\ntype X = int\nif X:\n\f    time.sleep(1)\n\f\ntime.sleep(2)\n"
    assert sleeps(facts_of(text)) == {(4, 5), (6, 0)}


def test_a_last_line_without_a_newline_is_read() -> None:
    assert sleeps(facts_of("import time\ntype X = int; time.sleep(1)")) == {(2, 14)}


def test_names_are_normalised() -> None:
    found = facts_of("type X = int\nimport time as \ufb01le\nfile.sleep(1)\n")
    assert sleeps(found) == {(3, 0)}


def test_template_strings_side_by_side_are_read() -> None:
    assert sleeps(facts_of("import time\nx = t'{time.sleep(1)}' rt'{time.sleep(2)}'\n")) == {(2, 7), (2, 27)}
