from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from conclint import suppress
from conclint.config import Settings
from conclint.extract import extract
from conclint.finding import Finding, Severity
from conclint.source import Source, decode
from conclint.suppress import Suppression, comments
from tests.handmade import RULES, finding

SETTINGS = Settings(Path("/project"))


def _one(text: str, extents: Sequence[tuple[int, int]] = ()) -> Suppression:
    (found,) = comments(text, extents)
    return found


def _left(text: str, *findings: Finding, settings: Settings = SETTINGS, path: str = "a.py") -> list[tuple[str, int]]:
    found = {path: comments(text, [])}
    return [(each.code, each.place.span.row) for each in suppress.apply(findings, found, settings, RULES)]


def test_a_comment_names_codes() -> None:
    assert _one("f()  # conclint: ignore[CON101, CON102]").codes == ("CON101", "CON102")


def test_a_comment_may_name_rules() -> None:
    assert _one("f()  # conclint: ignore[blocking-sleep]").codes == ("blocking-sleep",)


def test_a_comment_without_brackets_names_everything() -> None:
    assert _one("f()  # conclint: ignore").codes == ()


def test_a_comment_with_empty_brackets_says_nothing() -> None:
    assert comments("f()  # conclint: ignore[]", []) == ()


def test_brackets_that_are_not_closed_still_hold_codes() -> None:
    assert _one("f()  # conclint: ignore[CON101").codes == ("CON101",)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("# conclint: ignore[CON101] because of this", "because of this"),
        ("# conclint: ignore[CON101] -- because", "because"),
        ("# conclint: ignore[CON101]: because", "because"),
        ("# conclint: ignore[CON101]", ""),
        ("# conclint: ignore because", "because"),
        ("# conclint: ignore[CON101] see #12  # noqa: E501", "see #12"),
        ("# type: ignore  # conclint: ignore[CON101] why", "why"),
    ],
)
def test_what_follows_is_the_reason(written: str, reason: str) -> None:
    assert comments(f"f()  {written}\n", [])[0].reason == reason


@pytest.mark.parametrize(
    "written", ["#conclint:ignore[CON101]", "# Conclint: Ignore[CON101]", "#  conclint :  ignore [CON101]"]
)
def test_blanks_and_case_do_not_matter(written: str) -> None:
    assert _one(f"f()  {written}").codes == ("CON101",)


@pytest.mark.parametrize(
    "written", ["# conclint: ignored", "# conclint: ignore-files", "# noqa-ish", "# noqax", "# conclint"]
)
def test_other_words_are_not_directives(written: str) -> None:
    assert comments(f"f()  {written}\n", []) == ()


def test_a_comment_for_the_file_is_known_as_such() -> None:
    assert _one("# conclint: ignore-file[CON101] generated").kind == "ignore-file"


def test_noqa_names_codes_of_ours() -> None:
    assert _one("f()  # noqa: E501,CON101 F401").codes == ("CON101",)


def test_noqa_for_other_tools_is_not_remembered() -> None:
    assert comments("f()  # noqa: E501, F401\n", []) == ()


@pytest.mark.parametrize("written", ["# noqa", "# NOQA", "#noqa", "# noqa : because"])
def test_a_blanket_noqa_names_everything(written: str) -> None:
    assert _one(f"f()  {written}").codes == ()


def test_two_directives_can_share_a_comment() -> None:
    assert [each.kind for each in comments("f()  # conclint: ignore[CON101] why # noqa: CON102", [])] == [
        "ignore",
        "noqa",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "x = '# conclint: ignore'",
        'x = "# conclint: ignore"',
        'x = """\n# conclint: ignore\n"""',
        "x = '''\n# conclint: ignore\n'''",
        "x = r'\\' # conclint: ignore'",
        "x = 'it\\'s # conclint: ignore'",
        "x = 'a \\\n# conclint: ignore'",
        'x = f"# conclint: ignore {y}"',
        'x = """a "" # conclint: ignore"""',
    ],
)
def test_a_string_is_not_a_comment(text: str) -> None:
    assert comments(text + "\n", []) == ()


@pytest.mark.parametrize("text", ["x = '\n", "x = (\n", "if x:\n      y\n   z\n", "x = $\n", "\0\n", 'x = f"{a!}\n'])
def test_comments_are_found_in_files_that_do_not_parse(text: str) -> None:
    assert _one(f"{text}f()  # conclint: ignore[CON101]\n").codes == ("CON101",)


def test_a_string_that_never_ends_swallows_what_follows() -> None:
    assert comments('x = """\nf()  # conclint: ignore\n', []) == ()


@pytest.mark.parametrize(
    "text", ["#" * 400_000, "# conclint: ignore" + " " * 400_000 + "x", "# conclint: ignore[" + "," * 400_000]
)
def test_a_comment_made_to_take_long_does_not(text: str) -> None:
    assert len(comments(f"f()  # noqa\n{text}\n", [])) <= 2


def test_a_comment_covers_all_rows_of_its_statement() -> None:
    found = _one("f(\n  1,  # conclint: ignore\n  2,\n)\n", [(1, 4)])
    assert (found.first_row, found.last_row) == (1, 4)


def test_a_comment_in_a_statement_of_one_row_covers_that_row() -> None:
    found = _one("f()\ng()  # conclint: ignore\nh()\n")
    assert (found.first_row, found.last_row) == (2, 2)


def test_a_comment_alone_on_its_line_speaks_for_the_statement_below() -> None:
    found = _one("# conclint: ignore\n\n# more\nf(\n)\n", [(4, 5)])
    assert (found.first_row, found.last_row) == (1, 5)


def test_a_noqa_alone_on_its_line_speaks_for_nothing_else() -> None:
    found = _one("# noqa: CON101\nf()\n")
    assert (found.first_row, found.last_row) == (1, 1)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_rows_are_counted_with_any_newline(newline: str) -> None:
    assert _one(newline.join(["a", "b", "f()  # conclint: ignore", ""])).span.row == 3


def test_columns_are_counted_in_bytes() -> None:
    assert _one("é = 1  # conclint: ignore").span.column == 8


def test_the_span_of_a_comment_ends_with_it() -> None:
    assert _one("f()  # conclint: ignore[CON1] why  ").span.end_column == len("f()  # conclint: ignore[CON1] why")


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("x = f(\n  1,  # conclint: ignore\n  2)\n", (1, 3)),
        ("x = f(  # conclint: ignore\n  1)\n", (1, 2)),
        ("x = f(\n  1)  # conclint: ignore\n", (1, 2)),
        ("if f(\n  1  # conclint: ignore\n):\n  g()\n", (1, 3)),
        ("with a as b, \\\n  c as d:  # conclint: ignore\n  g()\n", (1, 2)),
        ("def f(\n  a,  # conclint: ignore\n):\n  g()\n", (1, 3)),
        ("for x in (\n  1,\n):  # conclint: ignore\n  g()\n", (1, 3)),
        ("try:\n  pass\nexcept (\n  A,  # conclint: ignore\n):\n  g()\n", (3, 5)),
        ('x = """\na\n"""  # conclint: ignore\n', (1, 3)),
        ("def f():\n  g()  # conclint: ignore\n  h()\n", (2, 2)),
        ("while x:  # conclint: ignore\n  g()\n", (1, 1)),
        ("match f(\n  1  # conclint: ignore\n):\n  case 1:\n    g()\n", (1, 3)),
        ("if (\n  a\n):  # conclint: ignore\n  g()\n", (1, 3)),
        ("async def f():\n  async with (\n    a as b,  # conclint: ignore\n  ):\n    g()\n", (2, 4)),
        ("x = f'{a[\"(\"]}'\ny = 1  # conclint: ignore\n", (2, 2)),
        ("x = [\n  f()  # conclint: ignore\n  for x in y\n]\n", (1, 4)),
        ("@made(\n    1,\n)  # conclint: ignore\ndef f(): ...", (1, 3)),
    ],
)
def test_a_comment_covers_what_the_extractor_takes_for_its_statement(text: str, rows: tuple[int, int]) -> None:
    source = decode("a.py", text.encode())
    assert isinstance(source, Source)
    (found,) = extract(source).suppressions
    assert (found.first_row, found.last_row) == rows


def test_a_suppression_survives_the_cache() -> None:
    found = _one("f()  # conclint: ignore[CON101] why")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Suppression) == found


def test_a_finding_on_the_row_of_a_comment_is_silenced() -> None:
    assert _left("f()  # conclint: ignore[CON101]", finding(row=1)) == []


def test_a_finding_of_another_rule_is_not_silenced() -> None:
    assert ("CON102", 1) in _left("f()  # conclint: ignore[CON101]", finding(row=1), finding(row=1, code="CON102"))


def test_a_finding_on_another_row_is_not_silenced() -> None:
    assert ("CON101", 2) in _left("f()  # conclint: ignore[CON101]\nf()", finding(row=1), finding(row=2))


@pytest.mark.parametrize("code", ["CON101", "CON1", "con101", "blocking-sleep", "ALL"])
def test_codes_prefixes_and_names_silence(code: str) -> None:
    assert _left(f"f()  # conclint: ignore[{code}]", finding(row=1)) == []


def test_a_comment_for_the_file_silences_every_row() -> None:
    assert _left("\n\n# conclint: ignore-file[CON101]", finding(row=1), finding(row=2)) == []


def test_noqa_with_our_code_silences() -> None:
    assert _left("f()  # noqa: CON101", finding(row=1)) == []


def test_a_blanket_noqa_silences() -> None:
    assert _left("f()  # noqa", finding(row=1)) == []


def test_a_comment_at_the_primitive_silences_the_whole_group() -> None:
    group = finding("b.py", 9, primitive=("a.py", 1), also=[("c.py", 3)])
    assert _left("f()  # conclint: ignore[CON101]", group) == []


def test_a_comment_at_the_place_that_is_shown_moves_the_finding_to_the_next() -> None:
    group = finding("a.py", 1, primitive=("p.py", 5), also=[("b.py", 2), ("c.py", 3)])
    found = {"a.py": comments("f()  # conclint: ignore[CON101]", [])}
    (left,) = suppress.apply([group], found, SETTINGS, RULES)
    assert (left.place.path, [place.path for place in left.also]) == ("b.py", ["c.py"])


def test_of_the_path_of_a_moved_finding_the_primitive_is_kept() -> None:
    group = finding(
        "a.py", 1, primitive=("p.py", 5), also=[("b.py", 2)], related=[("a.py", 1, "calls"), ("p.py", 5, "sleeps")]
    )
    found = {"a.py": comments("f()  # conclint: ignore[CON101]", [])}
    (left,) = suppress.apply([group], found, SETTINGS, RULES)
    assert [step.message for step in left.related] == ["sleeps"]


def test_the_next_of_a_group_is_shown_with_its_own_path_where_it_is_known() -> None:
    other = finding("b.py", 2, message="the other", related=[("b.py", 2, "its own way")])
    group = msgspec.structs.replace(finding("a.py", 1, also=[("b.py", 2)]), others=(other,))
    found = {"a.py": comments("f()  # conclint: ignore[CON101]", [])}
    (left,) = suppress.apply([group], found, SETTINGS, RULES)
    assert (left.message, left.related) == ("the other", other.related)


def test_a_comment_at_another_place_takes_that_place_out() -> None:
    group = finding("b.py", 9, also=[("a.py", 1), ("c.py", 3)])
    found = {"a.py": comments("f()  # conclint: ignore[CON101]", [])}
    (left,) = suppress.apply([group], found, SETTINGS, RULES)
    assert [place.path for place in left.also] == ["c.py"]


def test_a_group_whose_places_are_all_silenced_is_gone() -> None:
    group = finding("a.py", 1, also=[("a.py", 2)])
    assert _left("f()  # conclint: ignore[CON101]\nf()  # conclint: ignore[CON101]", group) == []


@pytest.mark.parametrize(
    "pattern", ["tests/*", "tests/**", "tests", "test_a.py", "tests/test_a.py", "**/test_*.py", "!src/*"]
)
def test_findings_in_a_file_of_a_pattern_are_ignored(pattern: str) -> None:
    settings = replace(SETTINGS, per_file_ignores=((pattern, ("CON1",)),))
    assert _left("", finding("/project/tests/test_a.py"), settings=settings) == []


@pytest.mark.parametrize("pattern", ["src/*", "test_b.py", "test", "!tests/*", "!**/test_*.py"])
def test_findings_in_other_files_are_not_ignored(pattern: str) -> None:
    settings = replace(SETTINGS, per_file_ignores=((pattern, ("CON1",)),))
    assert _left("", finding("/project/tests/test_a.py"), settings=settings) == [("CON101", 1)]


def test_findings_of_rules_that_are_not_selected_are_taken_out() -> None:
    assert _left("", finding(code="CON104")) == []


def test_a_comment_that_silences_nothing_is_unused() -> None:
    assert _left("f()  # conclint: ignore[CON101]") == [("CON003", 1)]


def test_of_two_codes_only_the_unused_one_is_reported() -> None:
    found = {"a.py": comments("f()  # conclint: ignore[CON101, CON102]", [])}
    (left,) = suppress.apply([finding(row=1)], found, SETTINGS, RULES)
    assert left.message.startswith("`CON102` is silenced but not found")


def test_a_comment_for_a_rule_that_is_not_selected_is_not_unused() -> None:
    assert _left("f()  # conclint: ignore[CON104]") == []


def test_a_comment_that_is_not_run_is_not_unused() -> None:
    assert _left("f()  # conclint: ignore", settings=replace(SETTINGS, select=("CON003", "CON101"))) == []


def test_a_blanket_comment_that_silences_nothing_is_unused() -> None:
    assert _left("f()  # conclint: ignore why") == [("CON003", 1)]


def test_a_blanket_noqa_is_never_unused() -> None:
    assert _left("f()  # noqa") == []


def test_a_noqa_with_our_code_can_be_unused() -> None:
    assert _left("f()  # noqa: CON101") == [("CON003", 1)]


def test_a_noqa_with_another_tools_code_is_not_unused() -> None:
    assert _left("f()  # noqa: RUF006") == []


def test_a_comment_that_silences_a_finding_of_low_confidence_is_used() -> None:
    low = finding(row=1, severity=Severity.NOTE)
    assert _left("f()  # conclint: ignore[CON101]", low) == []


def test_a_comment_in_a_file_that_does_not_parse_is_not_judged() -> None:
    assert _left("f(  # conclint: ignore[CON101]", finding(row=1, code="CON002")) == [("CON002", 1)]


def test_a_comment_for_a_rule_that_broke_is_not_judged() -> None:
    found = {"a.py": comments("f()  # conclint: ignore[CON101]", [])}
    assert suppress.apply([], found, SETTINGS, RULES, frozenset({"CON101"})) == ()


def test_an_unused_comment_can_be_silenced_by_name() -> None:
    assert _left("f()  # conclint: ignore[CON101, CON003]") == []


def test_a_code_that_is_no_rule_is_reported() -> None:
    assert _left("f()  # conclint: ignore[CON999]") == [("CON004", 1)]


def test_the_nearest_rule_is_told_for_a_code_that_is_none() -> None:
    found = {"a.py": comments("f()  # conclint: ignore[blocking-slep]", [])}
    (left,) = suppress.apply([], found, SETTINGS, RULES)
    assert left.help == "the nearest is `blocking-sleep`"


def test_an_unknown_code_of_ours_in_noqa_is_reported() -> None:
    assert _left("f()  # noqa: CON999") == [("CON004", 1)]


def test_an_unknown_code_of_others_in_noqa_is_not_reported() -> None:
    assert _left("f()  # noqa: XYZ999") == []


def test_a_comment_without_a_reason_is_only_reported_when_it_is_asked_for() -> None:
    settings = replace(SETTINGS, extend_select=("CON005",))
    text = "f()  # conclint: ignore[CON101]\nf()  # conclint: ignore[CON101] why\nf()  # noqa: CON101"
    rows = [finding(row=row) for row in (1, 2, 3)]
    assert (_left(text, *rows), _left(text, *rows, settings=settings)) == ([], [("CON005", 1)])


def test_what_is_left_comes_in_order() -> None:
    findings = [finding("b.py", 2), finding("a.py", 3), finding("a.py", 1)]
    left = suppress.apply(findings, {}, SETTINGS, RULES)
    assert [(each.place.path, each.place.span.row) for each in left] == [("a.py", 1), ("a.py", 3), ("b.py", 2)]
