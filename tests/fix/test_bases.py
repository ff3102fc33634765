"""A base of a class gives way to another."""

from __future__ import annotations

import pytest

from conclint.finding import Finding, ReplaceBase
from tests.fix.snippets import applied, finding, fixed, span

NEW = "{@unittest.IsolatedAsyncioTestCase}"


def _replaced(source: str, cls: str) -> Finding:
    at = span(source, cls)
    return finding(at, ReplaceBase(at, "unittest.TestCase", NEW))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "import unittest\n\n\nclass T(unittest.TestCase):\n    pass\n",
            "import unittest\n\n\nclass T(unittest.IsolatedAsyncioTestCase):\n    pass\n",
        ),
        (
            "import unittest\n\n\nclass T(Mixin, unittest.TestCase, keyword=1):  # why\n    pass\n",
            "import unittest\n\n\nclass T(Mixin, unittest.IsolatedAsyncioTestCase, keyword=1):  # why\n    pass\n",
        ),
        (
            "from unittest import TestCase\n\n\nclass T(TestCase):\n    pass\n",
            "import unittest\nfrom unittest import TestCase\n\n\n"
            "class T(unittest.IsolatedAsyncioTestCase):\n    pass\n",
        ),
    ],
)
def test_the_base_is_replaced_and_the_rest_is_kept(before: str, after: str) -> None:
    assert fixed(before, _replaced(before, "class T")).decode() == after


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import unittest\n\n\nclass T(Other):\n    pass\n", "has no base that is written `TestCase`"),
        ("import unittest\n\n\nclass T(*unittest.TestCase):\n    pass\n", "has no base that is written `TestCase`"),
    ],
)
def test_another_base_is_left_alone(source: str, reason: str) -> None:
    (left,) = applied(source, _replaced(source, "class T")).left
    assert reason in left.reason


def test_what_is_no_class_is_left_alone() -> None:
    source = "import unittest\n\nthing = unittest.TestCase\n"
    (left,) = applied(source, _replaced(source, "thing")).left
    assert "no class statement starts" in left.reason
