"""Statements become others, blocks grow, and modules get what their functions need."""

from __future__ import annotations

import pytest

from conclint.finding import AddModuleStatement, AppendToBlock, Finding, ReplaceStatements, Slot
from tests.fix.snippets import applied, finding, fixed, span, within

TASKS = "_background_tasks: set[{@asyncio.Task}] = set()"
KEEP = "_task = {call}\n_background_tasks.add(_task)\n_task.add_done_callback(_background_tasks.discard)"


def _statements(source: str, old: str, template: str, **slots: str) -> Finding:
    at = span(source, old)
    return finding(at, ReplaceStatements(at, template, within(at, old, slots)))


def _kept_task(source: str, nth: int = 0) -> Finding:
    at = span(source, "asyncio.create_task(g())", nth)
    return finding(at, ReplaceStatements(at, KEEP, (Slot("call", at),)), AddModuleStatement(TASKS))


def test_a_task_is_kept_in_a_set_that_the_module_gets() -> None:
    source = "import asyncio\n\n\nasync def f():\n    asyncio.create_task(g())  # bg\n    x = 1\n"
    assert fixed(source, _kept_task(source)).decode() == (
        "import asyncio\n\n_background_tasks: set[asyncio.Task] = set()\n\n\nasync def f():\n"
        "    _task = asyncio.create_task(g())\n    _background_tasks.add(_task)\n"
        "    _task.add_done_callback(_background_tasks.discard)  # bg\n    x = 1\n"
    )


def test_a_new_name_is_one_that_the_file_does_not_have() -> None:
    source = "def f(_task):\n    g()\n    return _task\n"
    made = _statements(source, "g()", "{=_task} = {call}\nkeep({=_task})", call="g()")
    assert fixed(source, made).decode() == "def f(_task):\n    _task_ = g()\n    keep(_task_)\n    return _task\n"


def test_the_module_gets_its_statement_once_for_several_fixes() -> None:
    source = "import asyncio\n\n\nasync def f():\n    asyncio.create_task(g())\n    asyncio.create_task(g())\n"
    mended = fixed(source, _kept_task(source), _kept_task(source, 1))
    assert mended.count(b"= set()") == 1


@pytest.mark.parametrize("there", ["_background_tasks: set[asyncio.Task] = set()", "_background_tasks = set()"])
def test_a_module_statement_that_is_there_is_not_added_again(there: str) -> None:
    source = f"import asyncio\n\n{there}\n\n\nasync def f():\n    asyncio.create_task(g())\n"
    assert (
        fixed(source, _kept_task(source))
        .decode()
        .startswith(f"import asyncio\n\n{there}\n\n\nasync def f():\n    _task")
    )


def test_a_module_statement_whose_name_is_taken_refuses_the_fix() -> None:
    source = "import asyncio\n\n_background_tasks = []\n\n\nasync def f():\n    asyncio.create_task(g())\n"
    result = applied(source, _kept_task(source))
    assert "`_background_tasks` means something else" in result.left[0].reason


def test_a_module_statement_goes_below_conditional_imports() -> None:
    source = "import asyncio\n\nif X:\n    import a\n\n\nasync def f():\n    asyncio.create_task(g())\n"
    assert "    import a\n\n_background_tasks" in fixed(source, _kept_task(source)).decode()


def test_a_module_statement_brings_the_import_that_it_needs() -> None:
    source = "from asyncio import create_task\n\n\nasync def f():\n    create_task(g())\n"
    at = span(source, "create_task(g())")
    edit = ReplaceStatements(at, KEEP, (Slot("call", at),))
    mended = fixed(source, finding(at, edit, AddModuleStatement(TASKS))).decode()
    assert mended.startswith(
        "import asyncio\nfrom asyncio import create_task\n\n_background_tasks: set[asyncio.Task] = set()\n\n\nasync"
    )


def test_sequential_awaits_are_gathered_and_comments_between_move_above() -> None:
    head = "import asyncio\n\n\nasync def h():\n    # lead\n"
    source = head + "    a = await f()  # one\n    # mid\n    b = await g()  # two\n"
    at = span(source, "a = await f()  # one\n    # mid\n    b = await g()")
    slots = (Slot("first", span(source, "f()")), Slot("second", span(source, "g()")))
    edit = ReplaceStatements(at, "a, b = await {@asyncio.gather}({first}, {second})", slots)
    assert fixed(source, finding(at, edit)).decode() == (
        "import asyncio\n\n\nasync def h():\n    # lead\n    # one\n    # mid\n"
        "    a, b = await asyncio.gather(f(), g())  # two\n"
    )


def test_an_augmented_await_becomes_two_statements() -> None:
    source = "async def h():\n    global x\n    x += await f()\n"
    made = _statements(source, "x += await f()", "_value = {value}\nx += _value", value="await f()")
    assert fixed(source, made).decode() == "async def h():\n    global x\n    _value = await f()\n    x += _value\n"


def test_statements_that_share_a_line_are_joined_by_semicolons() -> None:
    source = "async def h(): x += await f(); y = 1\n"
    made = _statements(source, "x += await f()", "v = {value}\nx += v", value="await f()")
    assert fixed(source, made).decode() == "async def h(): v = await f(); x += v; y = 1\n"


def test_a_compound_statement_does_not_go_on_a_shared_line() -> None:
    source = "def h(): x(); y = 1\n"
    made = _statements(source, "x()", "if x:\n    y()")
    assert "share" in applied(source, made).left[0].reason


def test_inner_lines_get_the_indentation_and_newlines_of_the_file() -> None:
    source = "def h():\r\n\tx()\r\n"
    made = _statements(source, "x()", "if a:\n    if b:\n        {call}\nc()", call="x()")
    assert fixed(source, made) == b"def h():\r\n\tif a:\r\n\t\tif b:\r\n\t\t\tx()\r\n\tc()\r\n"


def test_a_slot_of_several_lines_keeps_its_own() -> None:
    source = "def h():\n    x(\n      1,\n    )\n"
    made = _statements(source, "x(\n      1,\n    )", "a = {call}\nb()", call="x(\n      1,\n    )")
    assert fixed(source, made).decode() == "def h():\n    a = x(\n      1,\n    )\n    b()\n"


def test_a_span_that_covers_half_a_statement_refuses_the_fix() -> None:
    source = "def h():\n    x = f()\n"
    assert "no simple statements" in applied(source, _statements(source, "x = f", "y")).left[0].reason


def _raising(source: str, at: str, template: str = "raise") -> str:
    place = span(source, at)
    return fixed(source, finding(place, AppendToBlock(place, template))).decode()


@pytest.mark.parametrize(
    ("block", "after"),
    [
        ("except E:\n    log()\n", "except E:\n    log()\n    raise\n"),
        ("except E:\n    log()  # l", "except E:\n    log()  # l\n    raise"),
        ("except E:\n    log()\n    # end\n# out\n", "except E:\n    log()\n    # end\n    raise\n# out\n"),
        ("except E:\n    if a:\n        b()\n", "except E:\n    if a:\n        b()\n    raise\n"),
        ("except E:\n    pass  # why\n", "except E:\n    raise  # why\n"),
        ("except E: pass  # why\n", "except E: raise  # why\n"),
        ("except E: a(); b()  # why\n", "except E:\n    a(); b()  # why\n    raise\n"),
        ("except E:\n\tx()\n", "except E:\n\tx()\n\traise\n"),
        ("except* E:\n    x()\n", "except* E:\n    x()\n    raise\n"),
    ],
)
def test_a_handler_gets_a_last_statement(block: str, after: str) -> None:
    assert _raising("try:\n    x\n" + block, "except") == "try:\n    x\n" + after


def test_a_decorated_function_is_found_at_its_def() -> None:
    assert _raising("@d\ndef f():\n    x()\n", "def f") == "@d\ndef f():\n    x()\n    raise\n"


def test_several_statements_make_room_for_themselves() -> None:
    assert _raising("for x in y: pass\n", "for", "a()\nb()") == "for x in y:\n    pass\n    a()\n    b()\n"


def test_nothing_is_appended_where_no_block_starts() -> None:
    source = "x()\n"
    made = finding(span(source, "x()"), AppendToBlock(span(source, "x()"), "raise"))
    assert "nothing that has a block" in applied(source, made).left[0].reason
