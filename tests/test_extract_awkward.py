"""Claims about files that nobody should have written."""

from __future__ import annotations

import contextlib
import gc
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from conclint import facts
from conclint.extract import extract
from conclint.facts import Call, Unusable, decode_body
from conclint.source import Source, decode
from tests.extracting import callees, facts_of, ops

ROOT = Path(__file__).parents[1]
SAMPLE = """
import time
from . import other as o
__all__ = ["f"]
class C(o.Base, metaclass=type):
    x: int = 1
    async def f(self, a=1, *b, c: "int" = 2, **d):
        self.y = [await g(z) async for z in a if z]
        with o.lock as l, open("f"):
            try:
                time.sleep(1)  # conclint: ignore[CON101] because
            except (KeyError, E) as e:
                raise
        return lambda: f"{a}"
"""


def is_refused(text: str | bytes) -> bool:
    found = facts_of(text)
    assert found.functions == ()
    return found.error is not None


@pytest.mark.parametrize(
    "text",
    [
        "print 'hello'\n",
        "exec 'code'\n",
        "raise E, 'text'\n",
        "try: pass\nexcept E, e: print e\n",
        "x = 0777\n",
        "x = `1`\n",
        "x <> y\n",
        "def f((a, b)): pass\n",
    ],
)
def test_python_2_is_refused(text: str) -> None:
    assert is_refused(text)


def test_a_null_byte_is_told_where_it_is() -> None:
    assert facts_of("x = 1\ny = '\0'\n").error == (2, 0, "contains a null byte")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "(" * 100_000 + ")" * 100_000,
        "[" * 300 + "]" * 300,
        "".join("\t" * depth + "if x:\n" for depth in range(500)) + "\t" * 500 + "pass\n",
        "x = f'" + "{f'" * 300 + "'}" * 300 + "'\n",
    ],
    ids=["open", "brackets", "lists", "indents", "strings"],
)
def test_endless_nesting_is_refused(text: str) -> None:
    assert is_refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "-" * 100_000 + "1",
        "not " * 100_000 + "1",
        "x" + ".y" * 100_000,
        "x" + "()" * 100_000,
        "lambda: " * 100_000 + "1",
        "x = " * 100_000 + "1",
        "1 if x else " * 100_000 + "1",
        "await " * 100_000 + "x",
        "x" + "[0]" * 100_000,
    ],
    ids=["minus", "not", "attributes", "calls", "lambdas", "targets", "conditions", "awaits", "items"],
)
def test_endless_chains_end(text: str) -> None:
    facts_of(text)


@pytest.mark.parametrize("length", [500, 2000])
@pytest.mark.parametrize(
    "text",
    ["x" + ".y()", "x" + "[g()]", "x" + " and g()", "x" + " + g()", "x" + " if g() else x", "[" + "g(), "],
    ids=["methods", "items", "and", "plus", "if", "list"],
)
def test_long_chains_are_read_or_refused(text: str, length: int) -> None:
    found = facts_of(text[0] + text[1:] * length + ("]" if text[0] == "[" else "") + "\n")
    if found.error is None:
        assert sum(isinstance(op, Call) for op in decode_body(found.functions[0]).ops) == length


def test_a_line_of_a_megabyte_is_read() -> None:
    text = "x = [" + "g('é'), " * 110_000 + "]\n"
    assert len(callees(text, "<module>")) == 110_000


def test_a_file_in_latin_1_counts_columns_in_utf_8() -> None:
    (call,) = [
        op
        for op in decode_body(facts_of(b"# coding: latin-1\nx = '\xe9', g()\n").functions[0]).ops
        if isinstance(op, Call)
    ]
    assert call.column == 10


def test_a_byte_order_mark_shifts_nothing() -> None:
    (call,) = [op for op in decode_body(facts_of(b"\xef\xbb\xbfg()\n").functions[0]).ops if isinstance(op, Call)]
    assert (call.row, call.column) == (1, 0)


@pytest.mark.parametrize("newline", ["\r\n", "\r", "\n"])
def test_every_newline_is_one(newline: str) -> None:
    (call,) = ops(newline.join(["a = 1", "'''", "'''", "g()", ""]), Call, "<module>")
    assert call.row == 4


def test_form_feeds_end_no_line() -> None:
    (call,) = ops("a = 1\n\f\ndef f():\n\f    pass\n\f\ng()\n", Call, "<module>")
    assert call.row == 6


def test_a_last_line_without_a_newline_is_read() -> None:
    assert callees("g()", "<module>") == ["?g"]


@pytest.mark.parametrize("text", ["", "\n", "# only this\n", '"""Only this."""\n', "\f", " ", "\\\n"])
def test_a_file_without_code_has_no_operations(text: str) -> None:
    found = facts_of(text)
    assert found.error is not None or decode_body(found.functions[0]).ops == ()


@pytest.mark.parametrize(
    "literal",
    [
        "'\\ud800'",
        "'\\udcff' 'x'",
        "'\U0001f600'",
        "9" * 4000,
        "1e999",
        "-1e999",
        "0x" + "f" * 5000,
        "1e999j",
        "'\\N{DASH}'",
    ],
)
def test_an_odd_literal_is_written_and_read_back(literal: str) -> None:
    facts_of(f"g({literal})\n")


def test_an_integer_of_too_many_digits_ends() -> None:
    facts_of(f"g({'9' * 5000})\n")


def test_a_name_with_a_lone_surrogate_in_an_annotation_ends() -> None:
    facts_of("def f(x: '\\ud800'): pass\n")


def test_invalid_escapes_warn_nobody() -> None:
    assert callees("g('\\d')\n", "<module>") == ["?g"]


def test_assertions_and_comparisons_that_python_warns_of_warn_nobody() -> None:
    assert facts_of("assert (1, 'x')\nx is 1\n1 ()\n").error is None


def test_the_collector_runs_after_as_before() -> None:
    assert gc.isenabled()
    facts_of("g()\n")
    assert gc.isenabled()


def test_no_thread_stays_behind() -> None:
    before = threading.active_count()
    facts_of("x" + ".y()" * 900 + "\n")
    assert threading.active_count() == before


def test_the_recursion_limit_is_what_it_was() -> None:
    before = sys.getrecursionlimit()
    facts_of("x" + ".y()" * 900 + "\n")
    assert sys.getrecursionlimit() == before


def test_the_bytes_do_not_depend_on_the_hash_seed() -> None:
    program = (
        "import sys; from conclint import facts; from conclint.extract import extract;"
        "from conclint.source import decode;"
        "sys.stdout.write(facts.encode(extract(decode('a.py', sys.argv[1].encode()))).hex())"
    )
    written = {
        subprocess.run(
            [sys.executable, "-c", program, SAMPLE],
            capture_output=True,
            check=True,
            timeout=60,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(written) == 1


def test_facts_do_not_depend_on_the_path() -> None:
    one, two = decode("a.py", SAMPLE.encode()), decode("far/b.py", SAMPLE.encode())
    assert isinstance(one, Source)
    assert isinstance(two, Source)
    assert facts.encode(extract(one)) == facts.encode(extract(two))


# What comes out of a cache --------------------------------------------------------------------------------------------


def encoded() -> bytes:
    source = decode("a.py", SAMPLE.encode())
    assert isinstance(source, Source)
    return facts.encode(extract(source))


def read_whole(data: bytes) -> None:
    for function in facts.decode(data).functions:
        decode_body(function)


def test_undamaged_facts_are_read() -> None:
    read_whole(encoded())


def test_every_truncation_is_unusable() -> None:
    whole = encoded()
    for length in range(len(whole)):
        with pytest.raises(Unusable):
            facts.decode(whole[:length])


def test_every_changed_byte_is_read_or_unusable() -> None:
    whole = bytearray(encoded())
    for position in range(len(whole)):
        before = whole[position]
        for value in (0x00, 0x90, 0xC0, 0xC1, 0xD4, 0xDD, 0xFF, before ^ 1):
            whole[position] = value
            with contextlib.suppress(Unusable):
                read_whole(bytes(whole))
        whole[position] = before


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc0",
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\x91" * 1_000_000,
        b"\x9b" * 1_000_000,
        b"\xc7\xff\x01" + bytes(255),
        b"pickle",
    ],
)
def test_hostile_bytes_are_unusable(data: bytes) -> None:
    with pytest.raises(Unusable):
        facts.decode(data)


def test_facts_of_another_version_are_unusable(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = encoded()
    monkeypatch.setattr(facts, "VERSION", facts.VERSION + 1)
    with pytest.raises(Unusable, match="version"):
        facts.decode(whole)
