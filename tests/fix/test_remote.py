"""An `async def` that a decorator cannot take gets a plain function around it."""

from __future__ import annotations

import ast

import pytest

from conclint.finding import Finding, WrapAsyncRemote
from tests.fix.snippets import applied, finding, fixed, span


def _wrap(source: str) -> Finding:
    at = span(source, "async def")
    return finding(at, WrapAsyncRemote(at))


def test_decorators_go_to_the_wrapper_and_the_docstring_stays_inside() -> None:
    head = "import ray\n\n\n# lead\n@ray.remote\n@other(1)  # why\n"
    source = head + 'async def f(a) -> int:  # h\n    """Doc."""\n    return a\n\n\nx = 1\n'
    assert fixed(source, _wrap(source)).decode() == (
        "import asyncio\n\nimport ray\n\n\n# lead\n"
        'async def _f(a) -> int:  # h\n    """Doc."""\n    return a\n\n\n'
        "@ray.remote\n@other(1)  # why\ndef f(a) -> int:\n    return asyncio.run(_f(a))\n\n\nx = 1\n"
    )


@pytest.mark.parametrize(
    ("parameters", "arguments"),
    [
        ("", ""),
        ("a, b=1", "a, b"),
        ("a, /, b", "a, b"),
        ("*, k, l=2", "k=k, l=l"),
        ("a, *rest, k, **more", "a, *rest, k=k, **more"),
        ("a: list[int] = [1], *rest: int", "a, *rest"),
    ],
)
def test_every_argument_is_passed_on(parameters: str, arguments: str) -> None:
    source = f"import asyncio\n@d\nasync def f({parameters}): ...\n"
    mended = fixed(source, _wrap(source)).decode()
    assert mended.endswith(f"def f({parameters}):\n    return asyncio.run(_f({arguments}))\n")
    ast.parse(mended)


def test_the_inner_name_is_one_that_the_file_does_not_have() -> None:
    source = "import asyncio\n_f = 1\n@d\nasync def f(): ...\n"
    assert "asyncio.run(_f_())" in fixed(source, _wrap(source)).decode()


def test_a_parameter_that_hides_the_import_makes_an_alias() -> None:
    source = "import asyncio\n@d\nasync def f(asyncio): ...\n"
    mended = fixed(source, _wrap(source)).decode()
    assert "_asyncio.run(_f(asyncio))" in mended


def test_a_method_is_reached_through_its_instance() -> None:
    source = "import asyncio\n\n\nclass A:\n    @d\n    async def f(self, x):\n        return x\n\n    y = 1\n"
    assert fixed(source, _wrap(source)).decode() == (
        "import asyncio\n\n\nclass A:\n    async def _f(self, x):\n        return x\n\n"
        "    @d\n    def f(self, x):\n        return asyncio.run(self._f(x))\n\n    y = 1\n"
    )


def test_a_signature_over_several_lines_is_copied_as_it_is() -> None:
    header = "def f(\n    a,  # one\n    b: dict[str, int] = {1: 2},\n) -> int:\n"
    source = f"import asyncio\n@d\nasync {header}    return 1"
    mended = fixed(source, _wrap(source)).decode()
    assert mended.endswith(f"    return 1\n\n\n@d\n{header}    return asyncio.run(_f(a, b))")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("@d\nasync def f():\n    yield 1\n", "asynchronous generator"),
        ("async def f(): ...\n", "no decorated"),
        ("class A:\n    @staticmethod\n    async def f(): ...\n", "staticmethod"),
    ],
)
def test_what_a_plain_function_cannot_run_is_refused(source: str, reason: str) -> None:
    assert reason in applied(source, _wrap(source)).left[0].reason
