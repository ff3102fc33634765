"""The bench cuts code blocks out of texts, and binds the names that a block takes from elsewhere."""

from __future__ import annotations

import pytest

from bench.blocks import Block, cut
from bench.completion import prefix


@pytest.mark.parametrize("fence", ["```", "````", "~~~"])
def test_what_stands_in_a_fence_is_a_block(fence: str) -> None:
    text = f"Read this.\n\n{fence}python\nx = 1\ny = 2\n{fence}\n\nThat was it.\n"
    assert cut(text) == (Block(1, 4, "x = 1\ny = 2\n"),)


def test_a_fence_without_a_language_is_taken_for_python() -> None:
    assert cut("```\nx = 1\n```\n") == (Block(1, 2, "x = 1\n"),)


def test_a_fence_of_another_language_is_no_block() -> None:
    assert cut("```shell\nls\n```\n\n```py\nx = 1\n```\n") == (Block(1, 6, "x = 1\n"),)


def test_a_shorter_fence_inside_belongs_to_the_block() -> None:
    assert cut('````\nx = """\n```\n"""\n````\n') == (Block(1, 2, 'x = """\n```\n"""\n'),)


def test_a_block_in_a_list_loses_the_indentation_of_its_fence_and_no_more() -> None:
    assert cut("1. so\n    ```python\n    if x:\n        y\n    ```\n") == (Block(1, 3, "if x:\n    y\n"),)


def test_a_fence_that_is_never_closed_ends_with_the_text() -> None:
    assert cut("```python\nx = 1\n") == (Block(1, 2, "x = 1\n"),)


def test_an_empty_block_does_not_count() -> None:
    assert cut("```python\n\n```\n\n```python\nx\n```\n") == (Block(1, 6, "x\n"),)


@pytest.mark.parametrize("directive", ["testcode::", "code-block:: python", "code::", "sourcecode:: python"])
def test_what_is_indented_under_a_directive_is_a_block(directive: str) -> None:
    text = f"Like this:\n\n.. {directive}\n\n    x = 1\n\n    y = 2\n\nand so on\n"
    assert cut(text) == (Block(1, 5, "x = 1\n\ny = 2\n"),)


def test_the_options_of_a_directive_are_no_code() -> None:
    assert cut(".. testcode::\n    :hide:\n    :skipif: True\n\n    x = 1\n") == (Block(1, 5, "x = 1\n"),)


def test_the_output_of_a_program_is_no_block() -> None:
    assert cut(".. testoutput::\n\n    1\n\n.. testcode::\n\n    x = 1\n") == (Block(1, 7, "x = 1\n"),)


def test_the_underline_of_a_heading_is_no_fence() -> None:
    assert cut("Refs\n~~~~\n\n.. code::\n\n    x = 1\n\nMore\n~~~~\n") == (Block(1, 6, "x = 1\n"),)


def test_indented_lines_are_blocks_in_a_text_that_marks_none() -> None:
    assert cut("Thus:\n\n    x = 1\n    y = 2\n\nor:\n\n    z = 3\n") == (
        Block(1, 3, "x = 1\ny = 2\n"),
        Block(2, 8, "z = 3\n"),
    )


def test_indented_lines_are_no_blocks_beside_marked_ones() -> None:
    assert cut("- a list\n\n    its text\n\n```python\nx = 1\n```\n") == (Block(1, 6, "x = 1\n"),)


def test_a_text_without_code_has_no_blocks() -> None:
    assert cut("Nothing but words.\n") == ()


def completed(*codes: str) -> str:
    """What is put before the last of some blocks."""
    blocks = [Block(number, 1, code) for number, code in enumerate(codes, 1)]
    return prefix(blocks, blocks[-1])


def test_a_block_that_binds_its_names_needs_nothing() -> None:
    assert completed("x = 0\n", "import time\n\ndef f(x):\n    return [y for y in x] + [time.time()]\n") == ""


def test_an_import_of_an_earlier_block_is_repeated_alone() -> None:
    assert completed("import numpy as np, re\nnp.load('x')\n", "np.zeros(3)\n") == "import numpy as np, re\n"


def test_a_definition_of_an_earlier_block_brings_that_block() -> None:
    assert completed("def f():\n    return 1\n", "f()\n") == "def f():\n    return 1\n"


def test_an_earlier_block_brings_what_it_needs_before_itself() -> None:
    found = completed("import trio\n", "async def f():\n    await trio.sleep(1)\n", "trio.run(f)\n")
    assert found == "import trio\nasync def f():\n    await trio.sleep(1)\n"


def test_the_nearest_of_several_definitions_is_taken() -> None:
    assert completed("f = 1\n", "f = 2\n", "print(f)\n") == "f = 2\n"


def test_a_later_block_is_not_looked_at() -> None:
    blocks = [Block(1, 1, "print(f)\n"), Block(2, 1, "f = 2\n")]
    assert prefix(blocks, blocks[0]) == ""


def test_a_module_of_the_standard_library_is_imported_where_no_block_does() -> None:
    assert completed("time.sleep(1)\n") == "import time\n"


def test_a_well_known_class_is_imported_where_no_block_does() -> None:
    assert completed("ThreadPoolExecutor(2)\n") == "from concurrent.futures import ThreadPoolExecutor\n"


def test_a_block_that_does_not_parse_is_left_as_it_is() -> None:
    assert completed("import re\n", "re.compile(\n") == ""
