"""Claims about what a function does, in which order, and what becomes of the results."""

from __future__ import annotations

import pytest

from conclint.facts import (
    Assign,
    Attr,
    Await,
    Call,
    Const,
    Define,
    Expr,
    Fn,
    Gather,
    Item,
    Leave,
    Load,
    Mix,
    Seq,
    Use,
    Yield,
)
from conclint.facts import Test as Truth
from tests.extracting import assigned, body, callees, facts_of, function, ops


def names(text: str) -> list[Expr]:
    """The callees inside a function with these statements."""
    return callees("async def f(self):\n    " + text.replace("\n", "\n    ") + "\n")


def use(text: str) -> Use:
    """What becomes of the call of `g` in these statements."""
    (call,) = [
        op for op in ops("async def f(self):\n    " + text.replace("\n", "\n    ") + "\n", Call) if op.func == "?g"
    ]
    return Use(call.use)


# Order ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("a(b(), c())", "bca"),
        ("a()(b())", "ab?"),
        ("x = a() + b() * c()", "abc"),
        ("x[a()] = b()", "ba"),
        ("x = {a(): b(), c(): d()}", None),
        ("a(k=b(), *c())", "cba"),
        ("a() if b() else c()", "bac"),
        ("a() and b() or c()", "abc"),
        ("a() < b() < c()", "abc"),
        ("return a(), b()", "ab"),
        ("raise a() from b()", "ab"),
        ("assert a(), b()", "ab"),
        ("x = f'{a()}{b():{c()}}'", "abc"),
        ("x += a()", "a"),
        ("del x[a()]", "a"),
        ("with a() as x, b(): c()", "abc"),
        ("for x in a(): b()", "ab"),
        ("while a(): b()", "ab"),
        ("x = [a() for y in b() if c()]", "bca"),
        ("x = {a(): b() for y in c()}", "cab"),
        ("x: int = a()", "a"),
        ("@a()\ndef g(x=b()): c()", "ab"),
        ("@a()\nclass G(b(), k=c()): d()", None),
        ("a(lambda x=b(): c())", "ba"),
        ("match a():\n    case int() if b(): c()", "abc"),
        ("try: a()\nexcept b(): c()\nelse: d()\nfinally: e()", None),
    ],
)
def test_calls_are_listed_in_the_order_of_evaluation(text: str, order: str | None) -> None:
    found = [name[1:] if isinstance(name, str) else "?" for name in names(text)]
    if order is None:
        assert len(set(found)) == len(found) > 1
    else:
        assert "".join(found) == order


def test_the_result_of_a_call_is_its_number() -> None:
    inner, outer = ops("def f():\n    a(b())\n", Call)
    assert (inner.func, outer.args) == ("?b", (0,))


def test_a_statement_knows_its_operations() -> None:
    (first, second) = body("def f():\n    a(b())\n    c()\n").statements
    assert (first.first, first.end, second.first, second.end) == (0, 2, 2, 3)


def test_a_statement_without_operations_is_not_listed() -> None:
    assert body("def f():\n    '''Text.'''\n    pass\n    1\n").statements == ()


# Calls ----------------------------------------------------------------------------------------------------------------


def test_arguments_keep_their_kind() -> None:
    (call,) = ops("def f(a, b, c, d):\n    g(a, *b, k=c, **d)\n", Call)
    assert (call.args, call.keywords) == (("$a", Mix("star", ("$b",))), (("k", "$c"), ("", "$d")))


def test_a_call_knows_where_it_is_in_bytes() -> None:
    (call,) = ops("def f():\n    'é', g(\n  1)\n", Call)
    assert (call.row, call.column, call.end_row, call.end_column) == (2, 10, 3, 4)


def test_a_method_of_a_result_is_an_attribute_of_its_operation() -> None:
    assert names("a().b()") == ["?a", Attr(0, "b")]


def test_a_chain_of_results_is_followed() -> None:
    assert names("a().b().c.d()") == ["?a", Attr(0, "b"), Attr(Attr(1, "c"), "d")]


def test_an_item_can_be_called() -> None:
    assert names("self[0]()") == [Item("$self", Const(0))]


def test_constants_are_arguments_by_value() -> None:
    (call,) = ops("def f():\n    g(1, -1.5, 'a', None, True)\n", Call)
    assert call.args == (Const(1), Const(-1.5), Const("a"), Const(None), Const(True))


def test_a_long_string_is_cut() -> None:
    (call,) = ops(f"def f():\n    g('{'a' * 1000}')\n", Call)
    assert call.args == (Const("a" * 80),)


def test_a_huge_integer_is_some_number() -> None:
    (call,) = ops("def f():\n    g(123456789012345678901234567890)\n", Call)
    assert call.args == (Mix("int", ()),)


def test_bytes_and_complex_numbers_are_known_by_their_kind() -> None:
    (call,) = ops("def f():\n    g(b'', 1j, ...)\n", Call)
    assert call.args == (Mix("bytes", ()), Mix("complex", ()), Mix("ellipsis", ()))


def test_displays_keep_their_items() -> None:
    (call,) = ops("def f(a, b):\n    g([a], (a, b), {a}, {'k': b, **a})\n", Call)
    assert call.args == (
        Seq("list", ("$a",)),
        Seq("tuple", ("$a", "$b")),
        Seq("set", ("$a",)),
        Seq("dict", ("$b", "$a")),
    )


@pytest.mark.parametrize(
    ("expression", "test"),
    [
        ("not a", Truth("not", ("$a",))),
        ("a is None", Truth("is", ("$a", Const(None)))),
        ("a is not b", Truth("is not", ("$a", "$b"))),
        ("a not in b", Truth("not in", ("$a", "$b"))),
        ("a == 1", Truth("==", ("$a", Const(1)))),
        ("a and b", Truth("and", ("$a", "$b"))),
        ("a or b or 1", Truth("or", ("$a", "$b", Const(1)))),
        ("a < b < 1", Truth("chain", ("$a", "$b", Const(1)))),
    ],
)
def test_what_can_be_evaluated_is_a_test(expression: str, test: Truth) -> None:
    (call,) = ops(f"def f(a, b):\n    g({expression})\n", Call)
    assert call.args == (test,)


def test_a_lambda_as_an_argument_is_a_function() -> None:
    found = facts_of("def f():\n    g(lambda: 1)\n")
    (call,) = ops("def f():\n    g(lambda: 1)\n", Call)
    assert call.args == (Fn(found.functions.index(function(found, "<lambda>"))),)


# Use ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("g()", Use.DISCARDED),
        ("await g()", Use.AWAITED),
        ("return g()", Use.RETURNED),
        ("yield g()", Use.YIELDED),
        ("x = g()", Use.ASSIGNED),
        ("x: int = g()", Use.ASSIGNED),
        ("x = (y := g())", Use.ASSIGNED),
        ("g().a", Use.ATTRIBUTE),
        ("g().a()", Use.ATTRIBUTE),
        ("g()[0]", Use.ITEM),
        ("h(g())", Use.ARGUMENT),
        ("h(k=g())", Use.ARGUMENT),
        ("with g(): pass", Use.ENTERED),
        ("async with g() as x: pass", Use.ENTERED),
        ("for x in g(): pass", Use.ITERATED),
        ("[x for x in g()]", Use.ITERATED),
        ("h(*g())", Use.ITERATED),
        ("if g(): pass", Use.TESTED),
        ("while g(): pass", Use.TESTED),
        ("not g()", Use.TESTED),
        ("assert g()", Use.TESTED),
        ("g() and x", Use.TESTED),
        ("x and g()", Use.DISCARDED),
        ("x = y or g()", Use.ASSIGNED),
        ("return g() if x else y", Use.RETURNED),
        ("g() == 1", Use.COMPARED),
        ("f'{g()}'", Use.FORMATTED),
        ("'%s' % g()", Use.FORMATTED),
        ("[g()]", Use.COLLECTED),
        ("{1: g()}", Use.COLLECTED),
        ("g()()", Use.CALLED),
        ("1 + g()", Use.OPERAND),
        ("-g()", Use.OPERAND),
        ("x += g()", Use.OPERAND),
        ("raise g()", Use.RAISED),
    ],
)
def test_what_becomes_of_a_call_is_known(text: str, expected: Use) -> None:
    assert use(text) is expected


# Other operations -----------------------------------------------------------------------------------------------------


def test_an_await_follows_what_it_awaits() -> None:
    call, wait = body("async def f():\n    x = await g()\n").ops[:2]
    assert (isinstance(call, Call), isinstance(wait, Await) and wait.value, isinstance(wait, Await) and wait.use) == (
        True,
        0,
        Use.ASSIGNED,
    )


@pytest.mark.parametrize(
    "text", ["async for x in a: pass", "async with a: pass", "async with a as x: pass", "[x async for x in a]"]
)
def test_what_suspends_without_await_is_an_await_of_nothing(text: str) -> None:
    assert ops(f"async def f(a):\n    {text}\n", Await)[0].value is None


def test_an_unpacking_is_one_assignment_each() -> None:
    assert assigned("def f(a):\n    x, (y, *z) = a\n") == [
        ("$x", Item("$a", Const(0))),
        ("$y", Item(Item("$a", Const(1)), Const(0))),
        ("$z", None),
    ]


def test_a_display_is_unpacked_item_by_item() -> None:
    assert assigned("def f(a, b):\n    x, y = b, a\n") == [("$x", "$b"), ("$y", "$a")]


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("x = a", ""),
        ("x += a", "+="),
        ("x //= a", "//="),
        ("for x in a: pass", "for"),
        ("with a as x: pass", "with"),
        ("try: pass\n    except a as x: pass", "except"),
        ("(x := a)", "walrus"),
        ("match a:\n        case x: pass", "case"),
        ("del a[0]", "del"),
    ],
)
def test_an_assignment_tells_how_it_binds(text: str, how: str) -> None:
    (op,) = ops(f"def f(a):\n    {text}\n", Assign)
    assert op.how == how


def test_an_assignment_to_an_attribute_is_of_its_chain() -> None:
    assert assigned("def f(self, a):\n    self.b.c = a\n") == [("$self.b.c", "$a")]


def test_an_assignment_to_several_targets_is_one_each() -> None:
    assert assigned("def f(a):\n    x = y = a\n") == [("$x", "$a"), ("$y", "$a")]


def test_an_annotated_value_carries_its_type() -> None:
    assert assigned("def f(a):\n    x: int = a\n") == [("$x", Mix("typed", ("builtins.int", "$a")))]


def test_reading_an_attribute_of_a_value_is_a_load() -> None:
    (load,) = ops("def f(self):\n    return self.ready\n", Load)
    assert (load.value, load.use) == ("$self.ready", Use.RETURNED)


def test_reading_an_attribute_of_a_module_is_no_load() -> None:
    assert ops("import sys\ndef f():\n    return sys.argv\n", Load) == []


def test_a_call_of_a_method_is_no_load() -> None:
    assert ops("def f(self):\n    self.ready()\n", Load) == []


def test_a_yield_makes_a_generator() -> None:
    found = facts_of("def f():\n    yield 1\n    yield from g()\n")
    assert function(found, "f").is_generator
    assert [op.whole for op in ops("def f():\n    yield 1\n    yield from g()\n", Yield)] == [False, True]


def test_a_yield_in_a_nested_function_makes_no_generator_of_the_outer_one() -> None:
    assert not function(facts_of("def f():\n    def g():\n        yield\n"), "f").is_generator


@pytest.mark.parametrize("how", ["return", "raise", "break", "continue"])
def test_leaving_is_an_operation(how: str) -> None:
    (leave,) = ops(f"def f():\n    for x in a:\n        {how}\n", Leave)
    assert leave.how == how


def test_a_lambda_returns_its_expression() -> None:
    (leave,) = ops("f = lambda x: x\n", Leave, "<lambda>")
    assert leave.value == "$x"


def test_a_def_and_a_class_are_operations() -> None:
    assert [op.kind for op in ops("def f():\n    def g(): pass\n    class C: pass\n", Define)] == ["def", "class"]


def test_a_comprehension_is_gathered_after_its_parts() -> None:
    whole = body("def f(a):\n    return [g(x) for x in a]\n")
    gather = next(op for op in whole.ops if isinstance(op, Gather))
    element = next(number for number, op in enumerate(whole.ops) if isinstance(op, Call))
    assert (gather.kind, gather.element, gather.use) == ("list", element, Use.RETURNED)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[x for x in a]", "list"),
        ("{x for x in a}", "set"),
        ("{x: x for x in a}", "dict"),
        ("g(x for x in a)", "generator"),
    ],
)
def test_a_comprehension_knows_its_kind(text: str, kind: str) -> None:
    (gather,) = ops(f"def f(a):\n    {text}\n", Gather)
    assert gather.kind == kind


def test_what_statements_call_is_among_the_names() -> None:
    found = facts_of("async def f(a):\n    with a: pass\n    async with a: pass\n    for x in a: pass\n")
    assert {"__enter__", "__aenter__", "__iter__"} <= function(found, "f").names


def test_a_long_sum_is_read() -> None:
    text = "def f():\n    return " + " + ".join(f"g({number})" for number in range(2900)) + "\n"
    assert len(callees(text)) == 2900


def test_a_long_chain_of_branches_is_read() -> None:
    branches = "".join(f"    elif a == {number}:\n        g()\n" for number in range(2900))
    assert len(callees(f"def f(a):\n    if a:\n        pass\n{branches}")) == 2900
