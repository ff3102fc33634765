"""Runs CPython's own `test.test_sched` with `Scheduler` in the place of `sched.scheduler`.

`python tests/runtime/timers/run_cpython_suite.py` exits with 0 when all pass, 1 when one fails, and 77 when this Python
comes without the package `test`.
"""

from __future__ import annotations

import importlib
import sched
import sys
import unittest

from conclint_runtime.timers import Scheduler

MISSING = 77


def main() -> int:
    sched.scheduler = Scheduler  # type: ignore[misc]  # the replacement is what this script is for
    try:
        suite = importlib.import_module("test.test_sched")
    except ImportError:
        print("this Python comes without test.test_sched")
        return MISSING
    result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromModule(suite))
    return 0 if result.wasSuccessful() and result.testsRun > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
