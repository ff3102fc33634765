"""How sure CON301 is, how bad it says it is, and what it offers, by the size and use of the pool."""

from __future__ import annotations

import pytest

from conclint.finding import Applicability, Confidence, Finding, Severity
from conclint.testing import lint_text
from conclint_rules.executors.executor_self_wait import RULE

PROGRAM = """\
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor({size})


def outer(x):
    return pool.submit(len, x).result()


def run(items):
    {given}
"""


def found(size: str, given: str) -> list[Finding]:
    return list(lint_text(PROGRAM.format(size=size, given=given), [RULE]))


def test_the_only_worker_that_waits_is_certain() -> None:
    (finding,) = found("1", "pool.submit(outer, items)")
    assert (finding.severity, finding.confidence) == (Severity.ERROR, Confidence.CERTAIN)


def test_as_many_jobs_as_workers_are_likely() -> None:
    (finding,) = found("3", "list(pool.map(outer, [1, 2, 3]))")
    assert (finding.severity, finding.confidence) == (Severity.ERROR, Confidence.LIKELY)


def test_fewer_jobs_than_workers_are_silent() -> None:
    assert found("3", "list(pool.map(outer, [1, 2]))") == []


def test_any_number_of_jobs_may_fill_a_pool_of_unknown_size() -> None:
    (finding,) = found("", "[pool.submit(outer, item) for item in items]")
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.LIKELY)


def test_a_pool_of_unknown_size_has_room_for_one_job() -> None:
    assert found("", "pool.submit(outer, items)") == []


@pytest.mark.parametrize("size", ["2", ""])
def test_jobs_that_are_waited_for_one_by_one_do_not_add_up(size: str) -> None:
    assert found(size, "[pool.submit(outer, item).result() for item in items]") == []


def test_a_callback_that_waits_is_at_most_likely() -> None:
    text = (
        "from concurrent.futures import ThreadPoolExecutor\n\npool = ThreadPoolExecutor(1)\n\n\n"
        "def after(done):\n    pool.submit(len, 'a').result()\n\n\n"
        "def run():\n    job = pool.submit(len, 'b')\n    job.add_done_callback(after)\n"
    )
    (finding,) = lint_text(text, [RULE])
    assert finding.confidence == Confidence.LIKELY


def test_the_fix_is_unsafe_for_a_function_that_others_call_too() -> None:
    (finding,) = found("1", "outer(items), pool.submit(outer, items)")
    assert finding.fix is not None
    assert finding.fix.applicability == Applicability.UNSAFE


def test_spread_arguments_have_no_fix() -> None:
    text = PROGRAM.format(size=1, given="pool.submit(outer, items)").replace("len, x", "len, *x")
    (finding,) = lint_text(text, [RULE])
    assert finding.fix is None
