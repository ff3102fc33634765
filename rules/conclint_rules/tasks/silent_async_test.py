"""CON227: an `async def` test in a plain `unittest.TestCase`."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.finding import Applicability, Confidence, Finding, Fix, Related, ReplaceBase, Severity, Span
from conclint.program.model import ClassNode, Func
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule

_PLAIN = "unittest.TestCase"
_ROOTS = frozenset((_PLAIN, "unittest.case.TestCase"))
# A class that has one of these may run its tests in a way of its own.
_OWN_WAY = frozenset(
    ("run", "__call__", "_callTestMethod", "__getattribute__", "__init_subclass__", "debug", "_runTest", "__init__")
)


def check(program: Program) -> Iterator[Finding]:
    """Each coroutine function that such a class runs as a test."""
    for cls in program.classes():
        if not cls.module.reported or not cls.fact.bases:
            continue
        tests = [func for name, func in cls.methods.items() if name.startswith("test") and _is_bare(func)]
        if tests and _is_plain_test_case(program, cls):
            for func in tests:
                yield _finding(program, cls, func)


def _is_bare(func: Func) -> bool:
    """Whether a method is a coroutine function that no decorator but those of unittest has touched."""
    if not func.is_async or func.fact.is_generator or len(func.decorator_names) != len(func.fact.decorators):
        return False
    return all(name.startswith("unittest.") for name in func.decorator_names)


def _is_plain_test_case(program: Program, cls: ClassNode) -> bool:
    """Whether a class derives from `unittest.TestCase` by classes of the program alone, which run tests as it does."""
    rooted = False
    for node in program.evaluator.mro(cls):
        if not isinstance(node, ClassNode):
            if node not in _ROOTS and node != "builtins.object":
                return False
            rooted = rooted or node in _ROOTS
            continue
        if len(program.evaluator.bases(node)) != len(node.fact.bases) or node.fact.keywords or node.fact.decorators:
            return False
        if not _OWN_WAY.isdisjoint(node.methods):
            return False
    return rooted


def _finding(program: Program, cls: ClassNode, func: Func) -> Finding:
    return Finding(
        RULE.code,
        RULE.name,
        f"`{func.qualname}` is a coroutine function and `{cls.name}` a plain `TestCase`: nobody awaits the test, and "
        "it passes whatever it would find",
        func.place,
        RULE.severity,
        Confidence.CERTAIN,
        related=(Related(cls.place, f"`{cls.name}` derives from `{_PLAIN}`"),),
        help="derive the class from `unittest.IsolatedAsyncioTestCase`",
        fix=_mend(program, cls),
        root=func.dotted,
    )


def _mend(program: Program, cls: ClassNode) -> Fix | None:
    if not any(base in _ROOTS for base in program.evaluator.bases(cls)):
        return None
    fact = cls.fact
    span = Span(fact.row, fact.column, fact.end_row, fact.end_column)
    edit = ReplaceBase(span, _PLAIN, "{@unittest.IsolatedAsyncioTestCase}")
    return Fix(Applicability.SAFE, "derive from `unittest.IsolatedAsyncioTestCase`", (edit,))


RULE = Rule(
    code="CON227",
    name="silent-async-test",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="An `async def test_…` stands in a plain `unittest.TestCase`, which never awaits it.",
    why=(
        "`unittest.TestCase` calls its test methods and does not look at what they return. Calling a coroutine "
        "function runs nothing, so the test passes without a single assertion having been made: all that is seen is a "
        "deprecation warning. pytest runs such classes in the same way, whatever plug-ins are installed."
    ),
    use_instead=(
        "Derive the class from `unittest.IsolatedAsyncioTestCase`, which runs each coroutine test on an event loop of "
        "its own and leaves plain tests as they are."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe: `IsolatedAsyncioTestCase` is a `TestCase` that also awaits. Tests that never ran may now fail, which is "
        "what they are for. Offered where the class itself names `TestCase` as its base."
    ),
    bad="""\
import unittest


class AddTest(unittest.TestCase):
    async def test_sum(self):  # CON227
        self.assertEqual(1 + 1, 3)


unittest.main(argv=["add"], exit=False)
""",
    good="""\
import unittest


class AddTest(unittest.IsolatedAsyncioTestCase):
    async def test_sum(self):
        self.assertEqual(1 + 1, 3)


unittest.main(argv=["add"], exit=False)
""",
    cases=(
        """\
# file: base.py
from unittest import TestCase


class ServiceTest(TestCase):
    def setUp(self):
        self.value = 1
# file: test_service.py
from unittest import mock, skip
from base import ServiceTest


class StartTest(ServiceTest):
    async def test_start(self):  # CON227
        assert self.value == 1

    @skip("later")
    async def test_stop(self):  # CON227
        assert self.value == 2

    async def helper(self):
        pass

    def test_plain(self):
        pass
""",
    ),
    near_misses=(
        NearMiss(
            "the class awaits its tests",
            """\
import unittest


class AddTest(unittest.IsolatedAsyncioTestCase):
    async def test_sum(self):
        self.assertEqual(1 + 1, 2)
""",
        ),
        NearMiss(
            "other frameworks have their own test cases",
            """\
import django.test
from aiohttp.test_utils import AioHTTPTestCase
from tornado.testing import AsyncTestCase
from twisted.trial import unittest


class ATest(django.test.TestCase):
    async def test_it(self):
        pass


class BTest(AioHTTPTestCase):
    async def test_it(self):
        pass


class CTest(AsyncTestCase):
    async def test_it(self):
        pass


class DTest(unittest.TestCase):
    async def test_it(self):
        pass
""",
        ),
        NearMiss(
            "a decorator runs the coroutine",
            """\
import unittest
from helpers import run_async


class AddTest(unittest.TestCase):
    @run_async
    async def test_sum(self):
        self.assertEqual(1 + 1, 2)
""",
        ),
        NearMiss(
            "the class runs its tests in a way of its own",
            """\
import asyncio
import unittest


class AsyncCase(unittest.TestCase):
    def _callTestMethod(self, method):
        result = method()
        if asyncio.iscoroutine(result):
            asyncio.run(result)


class AddTest(AsyncCase):
    async def test_sum(self):
        self.assertEqual(1 + 1, 2)
""",
        ),
        NearMiss(
            "a mixin is no test case, a plain class is run by pytest's plug-ins",
            """\
class TestAdd:
    async def test_sum(self):
        assert 1 + 1 == 2
""",
        ),
    ),
    references=("https://docs.python.org/3/library/unittest.html#unittest.IsolatedAsyncioTestCase",),
    since="0.1",
    witness="lost",
)
