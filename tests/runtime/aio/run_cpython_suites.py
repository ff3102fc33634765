"""Runs CPython's own tests of `asyncio.timeout` and `asyncio.TaskGroup` against the versions for Python 3.10.

`python3.10 tests/runtime/aio/run_cpython_suites.py FILE ...`, each FILE being `test_timeouts.py` or
`test_taskgroups.py` of a newer Python. The text is adapted when it is read, not copied into this repository:
`asyncio.timeout` and the like are put into the module `asyncio`, and the tests of what 3.10 cannot have are left out
by name (`LEFT_OUT`). Exits with 0 when all others pass.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import re
import sys
import types
import unittest
from pathlib import Path

from conclint_runtime.aio import exception_groups, py310_cancellation, py310_task_group, py310_timeouts

# What 3.10 cannot have: a task that runs in the very context that it is given, and eager tasks.
LEFT_OUT = frozenset({"test_taskgroup_task_context"})
NOT_IN_310 = ("eager_task_factory",)
# `except*` is syntax of 3.11; where these tests use it, one kind of error is expected, and nothing is left over.
STARRED = re.compile(r"except\*\s*\w+")


async def await_without_task(coro: types.CoroutineType[object, object, object]) -> None:
    """What `test.test_asyncio.utils` of a newer Python has: drive `coro` outside any task."""
    caught: list[BaseException] = []

    def drive() -> None:
        try:
            for _ in coro.__await__():
                pass
        except BaseException as error:
            caught.append(error)

    asyncio.get_running_loop().call_soon(drive)
    await asyncio.sleep(0)
    if caught:
        raise caught[0]


def adapted(path: Path) -> tuple[ast.Module, list[str]]:
    """The tree of the test file without what 3.10 cannot run, and the names of the tests left out."""
    source = STARRED.sub("except ExceptionGroup", path.read_text())
    source = source.replace("from test.test_asyncio.utils import await_without_task", "")
    tree = ast.parse(source.replace("from asyncio import taskgroups", ""))
    left_out: list[str] = []
    for owner in ast.walk(tree):
        if not isinstance(owner, ast.ClassDef):
            continue
        for test in list(owner.body):
            if not isinstance(test, (ast.AsyncFunctionDef, ast.FunctionDef)) or not test.name.startswith("test_"):
                continue
            attributes = {node.attr for node in ast.walk(test) if isinstance(node, ast.Attribute)}
            if test.name in LEFT_OUT or attributes.intersection(NOT_IN_310):
                owner.body.remove(test)
                left_out.append(test.name)
    return tree, left_out


def main(paths: list[str]) -> int:
    for name in ("timeout", "timeout_at", "Timeout"):
        setattr(asyncio, name, getattr(py310_timeouts, name))
    setattr(asyncio, "TaskGroup", py310_task_group.TaskGroup)  # noqa: B010  # no stub of 3.10 has it
    for name in ("ExceptionGroup", "BaseExceptionGroup"):
        setattr(builtins, name, getattr(exception_groups, name))
    new_event_loop = asyncio.new_event_loop

    def counting_event_loop() -> asyncio.AbstractEventLoop:
        loop = new_event_loop()
        py310_cancellation.count_on(loop)  # before its first task, which is that of the test
        return loop

    asyncio.new_event_loop = counting_event_loop
    failed = False
    for path in map(Path, paths):
        tree, left_out = adapted(path)
        module = types.ModuleType(f"adapted_{path.stem}")
        module.__dict__.update(await_without_task=await_without_task, taskgroups=py310_task_group)
        exec(compile(tree, str(path), "exec"), module.__dict__)
        suite = unittest.defaultTestLoader.loadTestsFromModule(module)
        result = unittest.TextTestRunner(verbosity=1).run(suite)
        failed = failed or not result.wasSuccessful() or result.testsRun == 0
        print(f"{path}: {result.testsRun} run, left out: {', '.join(left_out) or 'none'}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
