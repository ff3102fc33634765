"""A `with` in a coroutine becomes an `async with`."""

from __future__ import annotations

import pytest

from conclint.finding import Finding, MakeAsync
from tests.fix.snippets import applied, finding, fixed, span


def _make_async(source: str, manager: str = "lock") -> Finding:
    at = span(source, manager, 1)
    return finding(at, MakeAsync(at))


def test_the_statement_gets_async_and_keeps_the_rest() -> None:
    source = "async def f(lock):\n    # why\n    with lock as held:  # how\n        g(held)\n"
    assert fixed(source, _make_async(source)).decode() == source.replace("with", "async with")


def test_a_manager_in_parentheses_is_found() -> None:
    source = "async def f(lock):\n    with (lock): pass\n"
    assert fixed(source, _make_async(source)).decode() == source.replace("with", "async with")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    for x in lock: pass\n", "    async for x in lock: pass\n"),
        ("    return [x for x in lock if x]\n", "    return [x async for x in lock if x]\n"),
        ("    return {x: y for y in z for x in lock}\n", "    return {x: y for y in z async for x in lock}\n"),
    ],
)
def test_a_loop_over_it_gets_async(before: str, after: str) -> None:
    head = "async def f(lock):\n"
    assert fixed(head + before, _make_async(head + before)).decode() == head + after


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("async def f(lock):\n    with lock, g(): pass\n", "enters other managers too"),
        ("async def f(lock):\n    async with lock: pass\n", "asynchronous already"),
        ("async def f(lock):\n    h(lock)\n", "no `with` enters"),
        ("def f(lock):\n    with lock: pass\n", "not an `async def`"),
        ("async def f(lock):\n    async for x in lock: pass\n", "asynchronous already"),
        ("def f(lock):\n    for x in lock: pass\n", "not an `async def`"),
    ],
)
def test_it_is_left_where_the_form_does_not_fit(source: str, reason: str) -> None:
    (left,) = applied(source, _make_async(source)).left
    assert reason in left.reason
