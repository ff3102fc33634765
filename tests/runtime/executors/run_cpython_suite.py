"""Runs CPython's own tests of `concurrent.futures` with the executors of this package put in.

    python tests/runtime/executors/run_cpython_suite.py [--standard] [module ...]

The interpreter that runs this script must ship the tests: the package `test.test_concurrent_futures` (Python 3.12 and
later; then modules are named as in it, such as `test_wait`) or the module `test.test_concurrent_futures` (earlier).
`--standard` leaves the standard classes in, for comparison; `--list` prints the modules there are.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import importlib
import importlib.util
import pkgutil
import sys
import unittest
from pathlib import Path

RUNTIME = Path(__file__).resolve().parents[3] / "runtime"
SUITE = "test.test_concurrent_futures"
OUTSIDE = frozenset(("executor", "util", "test_interpreter_pool"))
"""Support modules, and the pool of sub-interpreters, which is not one of ours."""


def modules() -> tuple[str, ...]:
    """The suite's modules by their full names; empty where this interpreter has no tests."""
    if importlib.util.find_spec("test") is None or importlib.util.find_spec(SUITE) is None:
        return ()
    found = importlib.util.find_spec(SUITE)
    if found is None or found.submodule_search_locations is None:
        return (SUITE,)
    names = (module.name for module in pkgutil.iter_modules(list(found.submodule_search_locations)))
    return tuple(f"{SUITE}.{name}" for name in sorted(names) if name not in OUTSIDE)


def put_ours_in() -> None:
    """Replace the names that the suite reads when it is imported."""
    sys.path.insert(0, str(RUNTIME))
    from conclint_runtime import executors

    for name in ("ThreadPoolExecutor", "ProcessPoolExecutor", "Future"):
        setattr(concurrent.futures, name, getattr(executors, name))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="module", help="such as test_wait; all of them by default")
    parser.add_argument("--standard", action="store_true", help="leave the standard classes in")
    parser.add_argument("--list", action="store_true", help="print the modules and stop")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    there = modules()
    if options.list or not there:
        print("\n".join(there) if there else f"{sys.executable} ships no tests of concurrent.futures")
        return 0 if there else 2
    if not options.standard:
        put_ours_in()
    chosen = [f"{SUITE}.{name}" for name in options.names] if options.names and len(there) > 1 else list(there)
    suite = unittest.TestSuite()
    for name in chosen:
        module = importlib.import_module(name)
        suite.addTests(unittest.defaultTestLoader.loadTestsFromModule(module))
    result = unittest.TextTestRunner(verbosity=2 if options.verbose else 1).run(suite)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
