"""Objects are written as the file's imports allow; what is missing is added where imports live."""

from __future__ import annotations

import pytest

from tests.fix.snippets import applied, awaited_sleep, finding, fixed, replace

BODY = "async def f():\n    time.sleep(1)\n"


def _mended(source: str) -> str:
    return fixed(source, awaited_sleep(source)).decode()


@pytest.mark.parametrize(
    ("imports", "written"),
    [
        ("import asyncio", "asyncio.sleep"),
        ("import asyncio as aio", "aio.sleep"),
        ("import asyncio.events", "asyncio.sleep"),
        ("from asyncio import sleep", "sleep"),
        ("from asyncio import run, sleep as nap", "nap"),
        ("import os, asyncio", "asyncio.sleep"),
    ],
)
def test_an_import_that_is_there_is_used(imports: str, written: str) -> None:
    source = f"{imports}\n\n\n{BODY}"
    assert _mended(source) == source.replace("time.sleep", f"await {written}")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "import asyncio\n\n\n"),
        ("import time\n\n\n", "import asyncio\nimport time\n\n\n"),
        ("import abc\nimport time\n\n\n", "import abc\nimport asyncio\nimport time\n\n\n"),
        ("import abc\n\nimport numpy\n\n\n", "import abc\nimport asyncio\n\nimport numpy\n\n\n"),
        ("import numpy\n\n\n", "import asyncio\n\nimport numpy\n\n\n"),
        ("from os import path\n\n\n", "import asyncio\nfrom os import path\n\n\n"),
        ("import time\nimport abc\n\n\n", "import time\nimport abc\nimport asyncio\n\n\n"),
        ('"""Doc."""\n\n\n', '"""Doc."""\n\nimport asyncio\n\n\n'),
        (
            '"""Doc."""\nfrom __future__ import annotations\n\n\n',
            '"""Doc."""\nfrom __future__ import annotations\n\nimport asyncio\n\n\n',
        ),
        (
            "from __future__ import annotations\n\nimport time\n\n\n",
            "from __future__ import annotations\n\nimport asyncio\nimport time\n\n\n",
        ),
        (
            "#!/usr/bin/env python\n# Licence.\nimport time\n\n\n",
            "#!/usr/bin/env python\n# Licence.\nimport asyncio\nimport time\n\n\n",
        ),
        (
            "try:\n    import asyncio\nexcept ImportError:\n    pass\nimport time\n\n\n",
            "try:\n    import asyncio\nexcept ImportError:\n    pass\nimport asyncio\nimport time\n\n\n",
        ),
        ("# Licence.\n\n# About.\n", "# Licence.\n\nimport asyncio\n\n\n# About.\n"),
        ("# Licence.\n", "# Licence.\nimport asyncio\n\n\n"),
        ("x = 1\n", "import asyncio\n\nx = 1\n"),
        ("@d\nclass A: ...\n", "import asyncio\n\n\n@d\nclass A: ...\n"),
        ("# A.\n\n# B.\n@d\ndef g(): ...\n", "# A.\n\nimport asyncio\n\n\n# B.\n@d\ndef g(): ...\n"),
        ("from . import x\n\n\n", "import asyncio\n\nfrom . import x\n\n\n"),
        ("from asyncio import run\n\n\n", "import asyncio\nfrom asyncio import run\n\n\n"),
    ],
)
def test_a_missing_import_is_added_where_the_others_live(before: str, after: str) -> None:
    assert _mended(before + BODY) == after + BODY.replace("time.sleep", "await asyncio.sleep")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import time\n\n", "import time\n\nimport ray\n\n"),
        ("import time\n\nimport numpy\nimport torch\n\n", "import time\n\nimport numpy\nimport ray\nimport torch\n\n"),
        ("import time\n\nfrom . import x\n\n", "import time\n\nimport ray\n\nfrom . import x\n\n"),
    ],
)
def test_a_missing_import_of_a_package_goes_below_the_standard_library(before: str, after: str) -> None:
    source = before + "x = get(1)\n"
    edit = replace(source, "get(1)", "{@ray.get}({args})", args="1")
    assert fixed(source, finding(edit.span, edit)).decode() == after + "x = ray.get(1)\n"


def test_one_import_serves_several_fixes() -> None:
    source = "async def f():\n    time.sleep(1)\n    time.sleep(2)\n"
    mended = fixed(source, awaited_sleep(source), awaited_sleep(source, "2"))
    assert mended.count(b"import asyncio") == 1


def test_an_import_for_type_checkers_alone_does_not_count() -> None:
    source = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import asyncio\n\n\n" + BODY
    assert _mended(source).startswith("import asyncio\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n")


def test_an_import_inside_the_function_is_used() -> None:
    source = "async def f():\n    import asyncio as a\n    time.sleep(1)\n"
    assert _mended(source) == source.replace("time.sleep", "await a.sleep")


def test_an_import_inside_another_function_does_not_count() -> None:
    source = "def g():\n    import asyncio\n\n\nasync def f():\n    time.sleep(1)\n"
    assert _mended(source).startswith("import asyncio\n\n\ndef g():\n")


def test_an_import_further_down_in_the_function_does_not_count() -> None:
    source = "async def f():\n    time.sleep(1)\n    import asyncio\n"
    assert "await _asyncio.sleep(1)" in _mended(source)


@pytest.mark.parametrize(
    "source",
    [
        "import asyncio\n\n\nasync def f(asyncio):\n    time.sleep(1)\n",
        "import asyncio\n\n\nasync def f():\n    asyncio = 1\n    time.sleep(1)\n",
        "import asyncio\n\n\nasync def f():\n    return [time.sleep(1) for asyncio in y]\n",
        "asyncio = None\n\n\nasync def f():\n    time.sleep(1)\n",
        "try:\n    import asyncio\nexcept ImportError:\n    asyncio = None\n\n\nasync def f():\n    time.sleep(1)\n",
        "def g():\n    global asyncio\n    asyncio = 1\n\n\nasync def f():\n    time.sleep(1)\n",
    ],
)
def test_a_name_that_means_something_else_is_imported_under_an_alias(source: str) -> None:
    mended = _mended(source)
    assert "import asyncio as _asyncio\n" in mended
    assert "await _asyncio.sleep(1)" in mended


def test_a_name_of_an_enclosing_class_does_not_hide_the_import() -> None:
    source = "import asyncio\n\n\nclass A:\n    asyncio = 1\n\n    async def f(self):\n        time.sleep(1)\n"
    assert _mended(source) == source.replace("time.sleep", "await asyncio.sleep")


def test_a_fix_is_refused_where_name_and_alias_are_both_taken() -> None:
    source = "asyncio = _asyncio = None\n\n\n" + BODY
    assert "taken by something else" in applied(source, awaited_sleep(source)).left[0].reason


def test_code_that_runs_before_the_imports_is_not_given_what_they_import() -> None:
    source = "x = get(1)\nimport time\n"
    edit = replace(source, "get(1)", "{@ray.get}({args})", args="1")
    assert "not imported yet" in applied(source, finding(edit.span, edit)).left[0].reason


def test_a_submodule_is_imported_by_its_whole_name() -> None:
    source = "import concurrent\n\n\nx = get(1)\n"
    edit = replace(source, "get(1)", "{@concurrent.futures.ThreadPoolExecutor}({args})", args="1")
    expected = "import concurrent\nimport concurrent.futures\n\n\nx = concurrent.futures.ThreadPoolExecutor(1)\n"
    assert fixed(source, finding(edit.span, edit)).decode() == expected


def test_an_attribute_of_a_class_is_reached_through_the_module() -> None:
    source = "import asyncio\nx = get(1)\n"
    edit = replace(source, "get(1)", "{@asyncio.Queue.put}({args})", args="1")
    assert fixed(source, finding(edit.span, edit)).decode() == "import asyncio\nx = asyncio.Queue.put(1)\n"
