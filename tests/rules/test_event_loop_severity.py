"""How much the findings of the event-loop rules are said to matter, and how sure they are."""

from __future__ import annotations

from conclint.finding import Confidence, Finding, Severity
from conclint.rule import Rule
from conclint.testing import lint_text
from conclint_rules.event_loop import blocking_input, blocking_wait, nested_event_loop


def only(rule: Rule, source: str) -> Finding:
    (found,) = lint_text(source, [rule])
    return found


def test_a_question_in_a_command_is_a_note() -> None:
    source = "# file: tool/cli.py\nasync def ask():\n    return input()\n"
    assert only(blocking_input.RULE, source).severity is Severity.NOTE


def test_a_question_in_a_service_is_a_warning() -> None:
    source = "# file: tool/service.py\nasync def ask():\n    return input()\n"
    assert only(blocking_input.RULE, source).severity is Severity.WARNING


def test_a_question_after_looking_for_a_terminal_is_a_note() -> None:
    source = "import sys\n\n\nasync def ask():\n    if sys.stdin.isatty():\n        return input()\n"
    assert only(blocking_input.RULE, source).severity is Severity.NOTE


def test_waiting_for_what_was_started_in_a_finally_is_a_note() -> None:
    source = (
        "import threading\n\n\nasync def serve(worker: threading.Thread, run):\n"
        "    try:\n        await run()\n    finally:\n        worker.join()\n"
    )
    assert only(blocking_wait.RULE, source).severity is Severity.NOTE


def test_a_pool_whose_results_are_waited_for_inside_is_reported_there_alone() -> None:
    source = (
        "from concurrent.futures import ThreadPoolExecutor\n\n\nasync def f(job):\n"
        "    with ThreadPoolExecutor() as pool:\n        return pool.submit(job).result()\n"
    )
    assert only(blocking_wait.RULE, source).place.span.row == 6


NESTED = "import asyncio\n\n\nasync def g():\n    pass\n\n\nasync def f():\n    asyncio.run(g())\n"


def test_a_nested_loop_in_a_test_is_a_note() -> None:
    source = f"# file: app.py\nx = 1\n# file: tests/test_it.py\n{NESTED}"
    assert only(nested_event_loop.RULE, source).severity is Severity.NOTE


def test_in_a_test_file_that_is_linted_alone_it_is_an_error() -> None:
    assert only(nested_event_loop.RULE, f"# file: test_it.py\n{NESTED}").severity is Severity.ERROR


def test_where_loops_may_nest_a_nested_loop_is_possible_only() -> None:
    assert only(nested_event_loop.RULE, f"import nest_asyncio\n{NESTED}").confidence is Confidence.POSSIBLE


def test_a_nested_loop_that_a_test_expects_to_fail_is_none() -> None:
    source = NESTED.replace(
        "    asyncio.run(g())\n", "    with pytest.raises(RuntimeError):\n        asyncio.run(g())\n"
    )
    assert lint_text(f"import pytest\n{source}", [nested_event_loop.RULE]) == ()
