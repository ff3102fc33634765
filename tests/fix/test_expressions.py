"""One expression becomes another, and everything around it stays."""

from __future__ import annotations

import ast

import pytest

from conclint.finding import ReplaceExpression, Slot, Span
from tests.fix.snippets import applied, awaited_sleep, finding, fixed, replace, span

HEAD = "import asyncio\nimport ray\n\n\nasync def f():\n"


def _mended(line: str, old: str, template: str, **slots: str) -> str:
    source = HEAD + line
    edit = replace(source, old, template, 0, **slots)
    return fixed(source, finding(edit.span, edit)).decode().removeprefix(HEAD)


def test_a_sleep_is_awaited_and_its_trailing_comment_stays() -> None:
    mended = _mended("    time.sleep(1)  # nap\n", "time.sleep(1)", "await {@asyncio.sleep}({args})", args="1")
    assert mended == "    await asyncio.sleep(1)  # nap\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("g(1).x", "(await h(1)).x"),
        ("g(1)[0]", "(await h(1))[0]"),
        ("g(1)()", "(await h(1))()"),
        ("g(1) ** 2", "await h(1) ** 2"),
        ("2 ** g(1)", "2 ** await h(1)"),
        ("-g(1)", "-await h(1)"),
        ("await g(1)", "await (await h(1))"),
        ("k(g(1), x=g(1))", "k(await h(1), x=g(1))"),
        ("k(*g(1))", "k(*await h(1))"),
        ("a if g(1) else b", "a if await h(1) else b"),
        ("(g(1)).x", "(await h(1)).x"),
        ("1if g(1)else 2", "1if await h(1)else 2"),
        ("{g(1): 2}", "{await h(1): 2}"),
        ("a[g(1):2]", "a[await h(1):2]"),
        ("not g(1)", "not await h(1)"),
        ("x.y(g(1)).z", "x.y(await h(1)).z"),
    ],
)
def test_an_await_gets_parentheses_only_where_its_place_needs_them(before: str, after: str) -> None:
    assert _mended(f"    r = {before}\n", "g(1)", "await h({args})", args="1") == f"    r = {after}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x + g(a)", "x + (a or b)"),
        ("g(a).c", "(a or b).c"),
        ("[g(a)]", "[a or b]"),
        ("g(a) and c", "(a or b) and c"),
        ("c or g(a)", "c or (a or b)"),
        ("x if y else g(a)", "x if y else a or b"),
        ("g(a) < 3", "(a or b) < 3"),
        ("[i for i in g(a)]", "[i for i in a or b]"),
        ("[*g(a)]", "[*(a or b)]"),
        ("{**g(a)}", "{**(a or b)}"),
        ("lambda: g(a)", "lambda: a or b"),
        ('f"{g(a)}"', 'f"{a or b}"'),
    ],
)
def test_a_looser_expression_keeps_its_meaning(before: str, after: str) -> None:
    mended = _mended(f"    r = {before}\n", "g(a)", "{arg} or b", arg="a")
    assert mended == f"    r = {after}\n"
    ast.parse(HEAD + mended)


def test_a_named_expression_gets_parentheses_at_statement_level() -> None:
    assert _mended("    g(x := a)\n", "g(x := a)", "{arg}", arg="x := a") == "    (x := a)\n"


def test_a_lambda_in_an_f_string_gets_parentheses() -> None:
    assert _mended('    r = f"{g(a)}"\n', "g(a)", "lambda: {arg}", arg="a") == '    r = f"{(lambda: a)}"\n'


def test_a_slot_gets_parentheses_where_the_template_needs_them() -> None:
    assert _mended("    g(a or b)\n", "g(a or b)", "{arg}.result()", arg="a or b") == "    (a or b).result()\n"


def test_a_slot_loses_parentheses_that_only_its_old_place_needed() -> None:
    mended = _mended("    (a or b).result()\n", "(a or b).result()", "h({receiver})", receiver="a or b")
    assert mended == "    h(a or b)\n"


def test_a_future_is_awaited_through_wrap_future() -> None:
    mended = _mended(
        "    r = fut.result()\n", "fut.result()", "await {@asyncio.wrap_future}({receiver})", receiver="fut"
    )
    assert mended == "    r = await asyncio.wrap_future(fut)\n"


def test_a_run_becomes_an_await_of_its_argument() -> None:
    mended = _mended("    r = asyncio.run(g(1))\n", "asyncio.run(g(1))", "await {arg}", arg="g(1)")
    assert mended == "    r = await g(1)\n"


def test_an_awaited_conditional_gets_parentheses() -> None:
    mended = _mended(
        "    asyncio.run(a if b else c)\n", "asyncio.run(a if b else c)", "await {arg}", arg="a if b else c"
    )
    assert mended == "    await (a if b else c)\n"


def test_a_submit_whose_result_is_waited_for_becomes_the_call() -> None:
    old = "pool.submit(g, a, k=1).result()"
    assert _mended(f"    r = {old}\n", old, "{callee}({args})", callee="g", args="a, k=1") == "    r = g(a, k=1)\n"


def test_a_get_in_a_comprehension_moves_around_it() -> None:
    old = "[ray.get(f.remote(i)) for i in xs]"
    mended = _mended(f"    r = {old}\n", old, "{@ray.get}([{call} for i in xs])", call="f.remote(i)")
    assert mended == "    r = ray.get([f.remote(i) for i in xs])\n"


def test_a_call_without_arguments_leaves_no_comma() -> None:
    source = HEAD + "    r = g()\n"
    at = span(source, "g()")
    empty = Span(at.row, at.column + 2, at.row, at.column + 2)
    slots = (
        Slot(
            "callee",
            span(source, "g", 0)._replace(column=at.column, row=at.row, end_row=at.row, end_column=at.column + 1),
        ),
        Slot("args", empty),
    )
    edit = ReplaceExpression(at, "await {@asyncio.to_thread}({callee}, {args})", slots)
    assert fixed(source, finding(at, edit)).decode().endswith("    r = await asyncio.to_thread(g)\n")


def test_a_trailing_comma_and_redundant_parentheses_of_arguments_survive() -> None:
    mended = _mended("    g((a), (b))\n", "g((a), (b))", "h(x, {args})", args="a), (b")
    assert mended == "    h(x, (a), (b))\n"


def test_arguments_on_lines_of_their_own_stay_there_with_their_comments() -> None:
    old = "g(  # why\n        a,  # one\n        b,\n        # end\n    )"
    mended = _mended(
        f"    r = {old}\n", old, "await {@asyncio.to_thread}({callee}, {args})", callee="g", args="a,  # one\n        b"
    )
    assert mended == (
        "    r = await asyncio.to_thread(\n        g,  # why\n        a,  # one\n        b,\n        # end\n    )\n"
    )


def test_a_generator_that_shares_the_parentheses_gets_its_own_among_arguments() -> None:
    source = HEAD + "    r = g(x for x in y)\n"
    at = span(source, "g(x for x in y)")
    slots = (Slot("callee", at._replace(end_column=at.column + 1)), Slot("args", at._replace(column=at.column + 1)))
    edit = ReplaceExpression(at, "{@asyncio.to_thread}({callee}, {args})", slots)
    assert fixed(source, finding(at, edit)).decode().endswith("    r = asyncio.to_thread(g, (x for x in y))\n")


def test_a_comment_that_would_be_lost_refuses_the_fix() -> None:
    source = HEAD + "    asyncio.run(  # go\n        g()\n    )\n"
    old = source[source.index("asyncio.run") :].rstrip("\n")
    edit = replace(source, old, "await {arg}", arg="g()")
    result = applied(source, finding(edit.span, edit))
    assert [left.reason for left in result.left] == ["the comment `# go` would be lost"]
    assert result.source == source.encode()


def test_a_replacement_with_a_free_newline_is_parenthesised() -> None:
    old = "g(\n        a\n        or b\n    )"
    mended = _mended(f"    r = {old}\n", old, "{arg}", arg="a\n        or b")
    assert mended == "    r = (a\n        or b)\n"


def test_nested_calls_take_the_whole_receiver() -> None:
    old = "a(b(c(1)).d()).e()"
    mended = _mended(f"    {old}\n", old, "await {@asyncio.wrap_future}({receiver})", receiver="a(b(c(1)).d())")
    assert mended == "    await asyncio.wrap_future(a(b(c(1)).d()))\n"


def test_braces_are_doubled_in_templates() -> None:
    assert _mended("    g(a)\n", "g(a)", "{{1: {arg}}}", arg="a") == "    {1: a}\n"


def test_a_call_inside_an_f_string_is_mended() -> None:
    source = HEAD + "    return f'{time.sleep(1)!r:>10} {{}}'\n"
    assert fixed(source, awaited_sleep(source)).decode().endswith("return f'{await asyncio.sleep(1)!r:>10} {{}}'\n")


def test_a_quote_that_an_old_f_string_cannot_hold_refuses_the_fix() -> None:
    source = HEAD + '    return f"{g(1)}"\n'
    edit = replace(source, "g(1)", 'h("x")')
    assert "before Python 3.12" in applied(source, finding(edit.span, edit)).left[0].reason


def test_an_expression_whose_text_is_shown_is_left() -> None:
    source = HEAD + '    return f"{time.sleep(1)=}"\n'
    assert "shown by its f-string" in applied(source, awaited_sleep(source)).left[0].reason


def test_a_span_that_holds_no_expression_refuses_the_fix() -> None:
    source = HEAD + "    time.sleep(1)\n"
    at = Span(6, 5, 6, 9)
    assert "no expression" in applied(source, finding(at, ReplaceExpression(at, "x"))).left[0].reason


def test_a_decorated_function_keeps_its_decorators() -> None:
    source = "import asyncio\n\n\n@deco(  # d\n    1)\nasync def f():\n    time.sleep(1)\n"
    assert fixed(source, awaited_sleep(source)) == source.replace("time.sleep", "await asyncio.sleep").encode()


def test_two_fixes_on_one_line_are_both_made() -> None:
    source = HEAD + "    return [time.sleep(1), time.sleep(2)]\n"
    mended = fixed(source, awaited_sleep(source), awaited_sleep(source, "2"))
    assert mended.decode().endswith("    return [await asyncio.sleep(1), await asyncio.sleep(2)]\n")


def test_of_two_fixes_that_overlap_the_first_is_made_and_the_other_waits() -> None:
    source = HEAD + "    g(time.sleep(1))\n"
    outer = replace(source, "g(time.sleep(1))", "h({args})", args="time.sleep(1)")
    result = applied(source, awaited_sleep(source), finding(outer.span, outer))
    assert result.source.decode().endswith("    h(time.sleep(1))\n")
    assert [(left.finding.place.span.column, left.waits) for left in result.left] == [(6, True)]


def _by_parts(line: str, old: str, template: str, **parts: str) -> str:
    source = HEAD + line
    at = span(source, old)
    edit = ReplaceExpression(at, template, tuple(Slot(name, at, part) for name, part in parts.items()))
    return fixed(source, finding(at, edit)).decode().removeprefix(HEAD)


@pytest.mark.parametrize(
    ("old", "template", "parts", "new"),
    [
        ("g(a, *b, k=c)", "h({callee}, {args})", {"callee": "func", "args": "args"}, "h(g, a, *b, k=c)"),
        ("g()", "h({callee}, {args})", {"callee": "func", "args": "args"}, "h(g)"),
        ("g(a, *b, k=c,)", "h({args}, z=1)", {"args": "args"}, "h(a, *b, k=c, z=1)"),
        ("g(*b)", "h({arg})", {"arg": "args.0.value"}, "h(b)"),
        ("g((a))", "h({callee}, {args})", {"callee": "func", "args": "args"}, "h(g, (a))"),
        ("g(x for x in y)", "h({callee}, {args})", {"callee": "func", "args": "args"}, "h(g, (x for x in y))"),
        ("g(a or b, c)", "{first}.x", {"first": "args.0"}, "(a or b).x"),
        ("g(a, k=c)", "h({k})", {"k": "args.k"}, "h(c)"),
        (
            "g(h(a), 1).result()",
            "{callee}({arg})",
            {"callee": "func.value.func", "arg": "func.value.args.0.args.0"},
            "g(a)",
        ),
        (
            "pool.submit(g, a).result()",
            "{callee}({arg})",
            {"callee": "func.value.args.0", "arg": "func.value.args.1"},
            "g(a)",
        ),
        ("(a or b).result()", "h({receiver})", {"receiver": "func.value"}, "h(a or b)"),
        ("g(await h(1))", "{call}", {"call": "args.0.value"}, "h(1)"),
        (
            "[ray.get(f(i)) for i in xs if i]",
            "{@ray.get}([{call} {clauses}])",
            {"call": "elt.args.0", "clauses": "clauses"},
            "ray.get([f(i) for i in xs if i])",
        ),
    ],
)
def test_a_slot_can_name_a_part_of_its_expression(old: str, template: str, parts: dict[str, str], new: str) -> None:
    assert _by_parts(f"    r = {old}\n", old, template, **parts) == f"    r = {new}\n"


def test_a_part_that_is_not_there_refuses_the_fix() -> None:
    source = HEAD + "    g(1)\n"
    at = span(source, "g(1)")
    edit = ReplaceExpression(at, "{a}", (Slot("a", at, "args.3"),))
    assert "no part '3'" in applied(source, finding(at, edit)).left[0].reason
