"""How sure CON502 is."""

from __future__ import annotations

from conclint.finding import Confidence
from conclint.testing import lint_text
from conclint_rules.threads.lock_reacquired import RULE

PROGRAM = """\
import threading


class Store:
    def __init__(self):
        self.lock = threading.Lock()
        self.size = 0

    def clear(self):
        with self.lock:
            self.size = 0

    def put(self):
        with self.lock:
            {call}
"""


def confidence(call: str, more: str = "") -> Confidence:
    (finding,) = lint_text(PROGRAM.format(call=call) + more, [RULE])
    return finding.confidence


def test_a_call_that_is_always_made_is_certain() -> None:
    assert confidence("self.clear()") == Confidence.CERTAIN


def test_a_call_in_a_branch_is_likely() -> None:
    assert confidence("if self.size > 9: self.clear()") == Confidence.LIKELY


def test_a_method_that_a_subclass_overrides_is_only_possible() -> None:
    more = "\n\nclass Other(Store):\n    def clear(self):\n        self.size = 0\n"
    assert confidence("self.clear()", more) == Confidence.POSSIBLE
