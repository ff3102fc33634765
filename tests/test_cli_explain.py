from __future__ import annotations

from dataclasses import replace

from conclint import explain
from conclint.finding import Applicability
from tests.handmade import rule

RULE = replace(rule("CON101", "blocking-sleep"), known_problems="It cannot see everything.")


def test_markdown_has_the_sections_in_order() -> None:
    titles = [line for line in explain.markdown(RULE).splitlines() if line.startswith("#")]
    assert titles == [
        "# CON101 blocking-sleep",
        "## What it finds",
        "## Why it is bad",
        "## Example",
        "## Use instead",
        "## Fix safety",
        "## Known problems",
        "## When it happens",
        "## References",
    ]


def test_markdown_puts_examples_into_fences() -> None:
    assert "```python\nbad()  # CON101\n```" in explain.markdown(RULE)


def test_markdown_keeps_paragraphs_apart() -> None:
    assert "Because of `this thing`.\n\nAnd of that.\n" in explain.markdown(RULE)


def test_paragraphs_are_laid_out_anew_whatever_width_they_are_written_in() -> None:
    wrapped = replace(RULE, why="one\ntwo\n  three")
    assert "\n\none two three\n\n" in explain.markdown(wrapped)


def test_a_rule_without_a_fix_says_nothing_of_one() -> None:
    assert "Fix safety" not in explain.markdown(rule("CON102", "blocking-network"))


def test_a_fix_says_which_option_applies_it() -> None:
    unsafe = replace(RULE, fix=Applicability.UNSAFE)
    assert "`--unsafe-fixes` applies it" in explain.plain(unsafe)


def test_what_is_seen_at_run_time_is_told() -> None:
    assert "When it happens\n  a stall\n" in explain.plain(replace(RULE, witness="a stall", no_witness=""))


def test_a_rule_that_is_off_says_how_to_turn_it_on() -> None:
    assert "`--extend-select CON104`" in explain.plain(rule("CON104", "blocking-file", default=False))


def test_the_page_keeps_to_the_width_of_the_terminal() -> None:
    long = replace(RULE, why="word " * 100)
    assert max(map(len, explain.terminal(long, width=60, colour=False).splitlines())) <= 60


def test_colour_replaces_the_backticks() -> None:
    assert "\x1b[36mthis thing\x1b[0m" in explain.terminal(RULE, width=80, colour=True)


def test_plain_text_has_no_escapes() -> None:
    assert "\x1b" not in explain.plain(RULE)
