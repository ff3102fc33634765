"""Outside of an edit every byte stays."""

from __future__ import annotations

import codecs

import pytest

from tests.fix.snippets import applied, awaited_sleep, fixed

CRLF = b"import asyncio\r\n\r\n\r\nasync def f():\r\n    time.sleep(1)\r\n"


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(CRLF, id="crlf"),
        pytest.param(CRLF.replace(b"\r\n", b"\r"), id="carriage returns alone"),
        pytest.param(b"import asyncio\r\nasync def f():\n    a\r    time.sleep(1)\r\n", id="mixed newlines"),
        pytest.param(codecs.BOM_UTF8 + b"import asyncio\nasync def f():\n    time.sleep(1)\n", id="byte order mark"),
        pytest.param(
            "# coding: latin-1\nimport asyncio\nasync def f():\n    'é', time.sleep(1)  # ü\n".encode("latin-1"),
            id="latin-1",
        ),
        pytest.param("import asyncio\nasync def f():\n    '€😀', time.sleep(1)  # ü\n".encode(), id="wide characters"),
        pytest.param(b"import asyncio\nasync def f():\n\ttime.sleep(1)\n\tif x:\n\t\tpass\n", id="tabs"),
        pytest.param(
            b"import asyncio\n\x0c\nasync def f():\n    x\x0c = time.sleep(1)\n\x0c\n\x0cy = 1\n", id="form feeds"
        ),
        pytest.param(b"import asyncio\nasync def f():\n    time.sleep(1)", id="no newline at the end"),
        pytest.param(
            b"import asyncio\nasync def f():\n    x = \\\n  time.sleep(1) ;\n  \n  \n\n# odd\n ", id="odd spaces"
        ),
        pytest.param(
            b"import asyncio\nasync def f():\n    try: a\n    except (A) :\n        time.sleep(1)\n\n   # odd\n",
            id="blanks that the parser loses",
        ),
        pytest.param(b"import asyncio\n\n\nasync def f() : time.sleep(1)\n\n\n\n", id="one-line body"),
    ],
)
def test_nothing_but_the_call_changes(source: bytes) -> None:
    assert fixed(source, awaited_sleep(source)) == source.replace(b"time.sleep", b"await asyncio.sleep")


def test_an_added_import_has_the_newline_of_its_neighbours() -> None:
    source = b"import abc\r\n\r\nasync def f():\r\n    time.sleep(1)\r\n"
    assert fixed(source, awaited_sleep(source)).startswith(b"import abc\r\nimport asyncio\r\n\r\n")


def test_an_import_added_below_the_last_line_ends_that_line_first() -> None:
    source = b"async def f(): time.sleep(1)\nimport abc"
    assert fixed(source, awaited_sleep(source)) == b"async def f(): await asyncio.sleep(1)\nimport abc\nimport asyncio"


def test_an_import_goes_below_the_byte_order_mark() -> None:
    source = codecs.BOM_UTF8 + b"async def f():\n    time.sleep(1)\n"
    assert fixed(source, awaited_sleep(source)).startswith(codecs.BOM_UTF8 + b"import asyncio\n")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"async def f():\n    time.sleep(1)\n\0", "null byte"),
        (b"# coding: nonsense\nasync def f():\n    time.sleep(1)\n", "nonsense"),
        (b"async def f():\n    time.sleep(1)\n\xff", "utf-8"),
        (b"async def f():\n    time.sleep(1)\n" + b"(" * 300, "open brackets"),
        (b"async def f():\n    time.sleep(1)\n)\n", "does not parse"),
    ],
)
def test_a_file_that_cannot_be_read_is_left_with_the_reason(source: bytes, reason: str) -> None:
    at = awaited_sleep(b"async def f():\n    time.sleep(1)\n")
    result = applied(source, at)
    assert result.source == source
    assert reason in result.left[0].reason
