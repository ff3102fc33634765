"""`pytest --guard`: each test runs under the guard, and fails where an error rule was certainly witnessed in it.

Entry point `pytest11`; nothing but this module is imported where the option is not given.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conclint_runtime.guard.report import Witness
    from conclint_runtime.guard.session import Session

_KEY = pytest.StashKey["Watch"]()


class Watch:
    """The guard of a test run: one session, whose witnesses are told apart by the test that they came up in."""

    def __init__(self, session: Session, evidence: str) -> None:
        self.session = session
        self.evidence = evidence
        self.seen: list[tuple[str, Witness]] = []

    def take(self, test: str) -> tuple[Witness, ...]:
        """What was witnessed since the last call, which is this test's."""
        # What the test has lost is found when it is collected, which must not wait until another test runs.
        gc.collect()
        found = self.session.report.take()
        self.seen.extend((test, witness) for witness in found)
        return found


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("guard", "conclint's guard")
    group.addoption("--guard", action="store_true", help="watch the concurrency of each test, and fail it on errors")
    group.addoption("--guard-evidence", metavar="FILE", default="", help="write what was witnessed for conclint")
    group.addoption(
        "--guard-threshold", metavar="MS", type=float, default=100.0, help="report loops that stand so long"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Put the guard on before the tests are imported."""
    if not config.getoption("--guard"):
        return
    from conclint_runtime.guard.places import Scope
    from conclint_runtime.guard.session import Session
    from conclint_runtime.guard.settings import Settings

    session = Session(Settings(config.getoption("--guard-threshold") / 1000, (), Scope(str(config.rootpath))))
    session.begin()
    config.stash[_KEY] = Watch(session, config.getoption("--guard-evidence"))


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the guard and write the evidence."""
    watch = config.stash.get(_KEY, None)
    if watch is None:
        return
    from conclint_runtime.guard.report import evidence

    watch.session.end()
    watch.take("the end of the run")
    if watch.evidence:
        with open(watch.evidence, "w", encoding="utf-8") as file:
            file.write(evidence(witness for _, witness in watch.seen))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Run the test's function under the guard."""
    watch = item.config.stash.get(_KEY, None)
    if watch is None:
        return (yield)
    from conclint_runtime.guard.report import rendered

    watch.take("before the first test")
    try:
        result = yield
    finally:
        found = watch.take(item.nodeid)
        if found:
            item.add_report_section("call", "guard", "\n".join(rendered(witness) for witness in found))
    errors = [witness for witness in found if witness.weight == "error" and witness.certainty == "certain"]
    if errors:
        pytest.fail("the guard witnessed:\n" + "\n".join(rendered(witness) for witness in errors), pytrace=False)
    return result


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """List what was witnessed, test by test."""
    watch = config.stash.get(_KEY, None)
    if watch is None:
        return
    terminalreporter.section("guard")
    for test, witness in watch.seen:
        terminalreporter.write_line(f"{test}: {witness.code or 'note'} {witness.name} at {witness.place}")
    terminalreporter.write_line(f"{len(watch.seen)} witnessed")
