"""Tests that pass because they never ran."""

from __future__ import annotations

import inspect
import unittest
from collections.abc import Callable

from conclint_runtime.guard.places import Place
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone


class SilentTests:
    """The observer of `async def` tests in a `unittest.TestCase`, which calls them and drops the coroutine."""

    name = "silent tests"

    def __init__(self) -> None:
        self._sight: Sight | None = None

    def install(self, report: Report, settings: Settings, /) -> None:
        """Look at what test methods return."""
        self._sight = Sight(report, settings)
        self._sight.wrap(unittest.TestCase, "_callTestMethod", self._called)

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: each test was reported as it was called."""

    def _called(self, original: Function) -> Function:
        def call(case: object, method: Callable[[], object]) -> object:
            def watched() -> object:
                made = method()
                if inspect.iscoroutine(made) and self._sight is not None:
                    code = made.cr_code
                    place = Place(code.co_filename, code.co_firstlineno, code.co_name)
                    said = f"the test `{made.__qualname__}` is a coroutine that nobody awaits: it passes and never ran"
                    self._sight.say("CON227", said, (place,))
                return made

            return original(case, watched)

        return call
