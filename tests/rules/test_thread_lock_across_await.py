"""CON107: when the lock may become one of the loop, and how."""

from __future__ import annotations

from conclint.finding import Finding, Fix
from conclint.fix import apply
from conclint.testing import lint_text
from conclint_rules.event_loop.thread_lock_across_await import RULE

HEAD = """\
import asyncio
import threading


class Account:
    def __init__(self):
        self._lock = threading.Lock()

    async def one(self):
        with self._lock:
            await asyncio.sleep(1)

"""


def fixes(source: str) -> list[Fix | None]:
    return [one.fix for one in found(source)]


def found(source: str) -> list[Finding]:
    return list(lint_text(source, [RULE]))


def test_every_with_of_the_lock_is_changed_with_its_making() -> None:
    source = HEAD + "    async def two(self):\n        with self._lock:\n            self.x = 1\n"
    changed = source.replace("threading.Lock()", "asyncio.Lock()").replace("with self", "async with self")
    assert apply(source.encode(), found(source)).source.decode() == changed


def test_a_lock_that_plain_code_takes_too_is_left() -> None:
    assert fixes(HEAD + "    def two(self):\n        with self._lock:\n            pass\n") == [None]


def test_a_lock_that_is_handed_on_is_left() -> None:
    assert fixes(HEAD + "    def two(self):\n        return self._lock\n") == [None]


def test_a_lock_that_is_asked_for_its_state_is_left() -> None:
    assert fixes(HEAD + "    def two(self):\n        return self._lock.locked()\n") == [None]


def test_a_reentrant_lock_is_left() -> None:
    assert fixes(HEAD.replace("Lock()", "RLock()")) == [None]


def test_a_public_lock_that_another_file_names_is_left() -> None:
    source = (
        "# file: a.py\n" + HEAD.replace("_lock", "lock") + "# file: b.py\ndef f(account):\n    account.lock = None\n"
    )
    assert fixes(source) == [None]


def test_a_reentrant_lock_is_said_to_exclude_nobody() -> None:
    (one,) = found(HEAD.replace("Lock()", "RLock()"))
    assert one.message.endswith("it excludes none of them")
