"""`await` is only put where it is legal and runs where the old code ran."""

from __future__ import annotations

import pytest

from tests.fix.snippets import applied, awaited_sleep, fixed


@pytest.mark.parametrize(
    "line",
    [
        "[time.sleep(1) for x in y]",
        "{time.sleep(1) for x in y}",
        "{1: time.sleep(1) for x in y}",
        "[x for x in y if time.sleep(1)]",
        "[x for x in time.sleep(1)]",
        "(x for x in time.sleep(1))",
        "[[x for x in time.sleep(1)] for z in y]",
        "lambda a=time.sleep(1): a",
        "f'{time.sleep(1)}'",
    ],
)
def test_an_await_is_put_in_a_place_that_the_coroutine_runs(line: str) -> None:
    source = f"import asyncio\n\n\nasync def f():\n    {line}\n"
    mended = fixed(source, awaited_sleep(source))
    assert mended == source.replace("time.sleep", "await asyncio.sleep").encode()
    compile(mended, "mended", "exec")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("async def f():\n    lambda: time.sleep(1)\n", "lambda"),
        ("async def f():\n    lambda: [time.sleep(1) for x in y]\n", "lambda"),
        ("async def f():\n    def g():\n        time.sleep(1)\n", "`g`, which is not an `async def`"),
        ("async def f():\n    (time.sleep(1) for x in y)\n", "generator expression"),
        ("async def f():\n    (x for x in y for z in time.sleep(1))\n", "generator expression"),
        ("async def f():\n    class A:\n        time.sleep(1)\n", "body of the class `A`"),
        ("async def f():\n    [[time.sleep(1) for x in y] for z in y]\n", "before Python 3.11"),
        ("async def f(a: time.sleep(1)): ...\n", "annotation"),
        ("async def f(a=time.sleep(1)): ...\n", "outside"),
        ("@time.sleep(1)\nasync def f(): ...\n", "outside"),
        ("time.sleep(1)\n", "outside"),
    ],
)
def test_an_await_is_refused_where_it_is_illegal_or_runs_later(body: str, reason: str) -> None:
    source = "import asyncio\n\n\n" + body
    result = applied(source, awaited_sleep(source))
    assert result.source == source.encode()
    assert reason in result.left[0].reason
