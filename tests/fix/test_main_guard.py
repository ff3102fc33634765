"""Top-level statements go under the main guard."""

from __future__ import annotations

from conclint.finding import GuardMain
from tests.fix.snippets import applied, finding, fixed, span

GUARD = 'if __name__ == "__main__":\n'


def _guarded(source: str, *statements: str) -> str:
    spans = tuple(span(source, statement) for statement in statements)
    return fixed(source, finding(spans[0], GuardMain(spans))).decode()


def test_the_last_statements_are_indented_with_their_comments() -> None:
    source = "import a\n\n\n# start\np = a.P()  # p\n\np.start()\n"
    assert (
        _guarded(source, "p =", "p.start") == f"import a\n\n\n{GUARD}    # start\n    p = a.P()  # p\n\n    p.start()\n"
    )


def test_lines_inside_a_string_are_not_indented() -> None:
    source = 'x = """a\nb\n"""\ny(\n    1)\n'
    assert _guarded(source, "x =", "y(") == f'{GUARD}    x = """a\nb\n"""\n    y(\n        1)\n'


def test_statements_from_the_middle_move_to_the_end() -> None:
    source = "import a\n\n# start\np = a.P()\n\n\ndef f(): ...\n"
    assert _guarded(source, "p =") == f"import a\n\n\ndef f(): ...\n\n\n{GUARD}    # start\n    p = a.P()\n"


def test_statements_apart_from_each_other_come_into_one_guard_in_order() -> None:
    source = "a()\n\n\ndef f(): ...\n\n\nb()\n"
    assert _guarded(source, "a()", "b()") == f"def f(): ...\n\n\n{GUARD}    a()\n    b()\n"


def test_they_join_the_guard_that_follows_with_its_indentation() -> None:
    source = 'import a\n\nrun(1)\n\nif "__main__" == __name__:  # main\n  # first\n  go()\n'
    expected = 'import a\n\nif "__main__" == __name__:  # main\n  run(1)\n  # first\n  go()\n'
    assert _guarded(source, "run(1)") == expected


def test_a_guard_on_one_line_gets_lines_of_its_own() -> None:
    source = 'import a\n\nrun(1)\n\nif __name__ == "__main__": go()  # g\n'
    expected = 'import a\n\nif __name__ == "__main__":\n    run(1)\n    go()  # g\n'
    assert _guarded(source, "run(1)") == expected


def test_compound_statements_move_whole() -> None:
    source = "for x in y:\n    # c\n    if x:\n        p(x)\n"
    assert _guarded(source, "for x") == f"{GUARD}    for x in y:\n        # c\n        if x:\n            p(x)\n"


def test_newlines_and_a_missing_last_one_stay() -> None:
    source = "import a\r\na.b()"
    assert _guarded(source, "a.b()") == 'import a\r\nif __name__ == "__main__":\r\n    a.b()'


def test_a_statement_that_shares_its_line_with_one_that_stays_is_refused() -> None:
    source = "a(); b()\n"
    result = applied(source, finding(span(source, "b()"), GuardMain((span(source, "b()"),))))
    assert "shares its line" in result.left[0].reason


def test_a_statement_inside_a_function_is_refused() -> None:
    source = "def f():\n    b()\n"
    result = applied(source, finding(span(source, "b()"), GuardMain((span(source, "b()"),))))
    assert "not at module level" in result.left[0].reason


def test_a_statement_that_would_stay_ahead_is_refused() -> None:
    source = "p = a.P()\nassert p\np.start()\n"
    spans = (span(source, "p ="), span(source, "p.start"))
    result = applied(source, finding(spans[0], GuardMain(spans)))
    assert "would run before" in result.left[0].reason
