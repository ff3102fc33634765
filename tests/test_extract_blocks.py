"""Claims about the conditions under which an operation runs."""

from __future__ import annotations

import pytest

from conclint.facts import Const
from conclint.facts import Test as Truth
from tests.extracting import block, body, facts_of, function, paths


def inside(text: str) -> list[str]:
    """The blocks around the call of `g`."""
    return paths("async def f(a, b):\n    " + text.replace("\n", "\n    ") + "\n")["g"]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("g()", []),
        ("if a:\n    g()", ["if"]),
        ("if a: pass\nelse:\n    g()", ["else"]),
        ("if a: pass\nelif b:\n    g()", ["else", "if"]),
        ("if a: pass\nelif b: pass\nelse:\n    g()", ["else", "else"]),
        ("if a: pass\ng()", []),
        ("if a: pass\nelif b: pass\ng()", []),
        ("if a: return\ng()", ["else"]),
        ("if a: raise b\ng()", ["else"]),
        ("if a: return\nif b: return\ng()", ["else", "else"]),
        ("if a: return\nelif b: return\ng()", ["else", "else"]),
        ("if a: return\nelif b: pass\ng()", None),
        ("if a: pass\nelse: return\ng()", ["if"]),
        ("for x in a:\n    if b: continue\n    g()", ["for", "else"]),
        ("for x in a:\n    if b: break\ng()", []),
        ("while a:\n    if b: break\ng()", []),
        ("for x in a:\n    g()", ["for"]),
        ("for x in a: pass\nelse:\n    g()", ["loop-else"]),
        ("for x in g(): pass", []),
        ("async for x in a:\n    g()", ["async-for"]),
        ("while a:\n    g()", ["while"]),
        ("while g(): pass", ["while"]),
        ("while a: pass\nelse:\n    g()", ["loop-else"]),
        ("with a:\n    g()", ["with"]),
        ("with a, b:\n    g()", ["with", "with"]),
        ("with a, g(): pass", ["with"]),
        ("async with a:\n    g()", ["async-with"]),
        ("with a: pass\ng()", []),
        ("try:\n    g()\nfinally: pass", ["try"]),
        ("try: pass\nexcept a:\n    g()", ["except"]),
        ("try: pass\nexcept a: pass\nelse:\n    g()", ["try-else"]),
        ("try: pass\nfinally:\n    g()", ["finally"]),
        ("try: pass\nexcept a: pass\ng()", []),
        ("match a:\n    case 1:\n        g()", ["case"]),
        ("match a:\n    case 1 if b:\n        g()", ["case", "if"]),
        ("a and g()", ["and"]),
        ("a or b or g()", ["or", "or"]),
        ("g() and a", []),
        ("x = g() if a else b", ["if"]),
        ("x = b if a else g()", ["else"]),
        ("x = b if g() else a", []),
        ("[g() for x in a]", ["comp"]),
        ("[g() for x in a if b]", ["comp", "if"]),
        ("[x for x in g()]", []),
        ("[x for y in a for x in g()]", ["comp"]),
        ("[g() async for x in a]", ["async-comp"]),
    ],
)
def test_an_operation_stands_in_the_blocks_around_it(text: str, blocks: list[str] | None) -> None:
    if blocks is None:
        assert inside(text) in ([], ["else"])
    else:
        assert inside(text) == blocks


def test_a_branch_carries_its_test() -> None:
    assert block("def f(a):\n    if a is None:\n        g()\n", "if").value == Truth("is", ("$a", Const(None)))


def test_what_follows_an_early_exit_carries_the_test_that_failed() -> None:
    assert block("def f(a):\n    if a is None:\n        return\n    g()\n", "else").value == Truth(
        "is", ("$a", Const(None))
    )


def test_a_loop_carries_its_iterable_and_target() -> None:
    loop = block("def f(a):\n    for x in a:\n        g()\n", "for")
    assert (loop.value, loop.target) == ("$a", "$x")


def test_a_while_carries_its_test() -> None:
    assert block("def f():\n    while True:\n        g()\n", "while").value == Const(True)


def test_a_with_carries_its_manager_and_name() -> None:
    entered = block("def f(a):\n    with a as x:\n        g()\n", "with")
    assert (entered.value, entered.target) == ("$a", "$x")


def test_a_handler_carries_its_type_and_name() -> None:
    handler = block("def f():\n    try: pass\n    except KeyError as e:\n        g()\n", "except")
    assert (handler.value, handler.target) == ("builtins.KeyError", "$e")


def test_a_handler_for_everything_carries_no_type() -> None:
    assert block("def f():\n    try: pass\n    except:\n        g()\n", "except").value is None


def test_the_parts_of_a_try_name_it() -> None:
    blocks = body("def f():\n    try: a()\n    except b: c()\n    else: d()\n    finally: e()\n").blocks
    number = next(number for number, each in enumerate(blocks) if each.kind == "try")
    assert {each.kind for each in blocks if each.partner == number} == {"except", "try-else", "finally"}


@pytest.mark.parametrize(
    ("last", "exits"),
    [
        ("return", "return"),
        ("raise", "raise"),
        ("g()", ""),
        ("if b: return\n        else: return", "return"),
        ("if b: return", ""),
        ("import sys\n        sys.exit()", "exit"),
        ("with b: return", "return"),
        ("with b: raise", ""),
    ],
)
def test_a_block_knows_how_it_is_left(last: str, exits: str) -> None:
    blocks = body(f"def f(a, b):\n    if a:\n        {last}\n").blocks
    assert next(each.exits for each in blocks if each.kind == "if") == exits


@pytest.mark.parametrize("last", ["break", "continue"])
def test_a_block_in_a_loop_knows_how_it_is_left(last: str) -> None:
    assert block(f"def f(a):\n    for x in a:\n        if x:\n            {last}\n", "if").exits == last


@pytest.mark.parametrize("test", ['__name__ == "__main__"', '"__main__" == __name__', "__name__ == '__main__'"])
def test_the_main_guard_has_a_block_of_its_kind(test: str) -> None:
    assert paths(f"if {test}:\n    g()\n", "<module>") == {"g": ["main"]}


@pytest.mark.parametrize("test", ['__name__ != "__main__"', '__name__ == "main"', 'name == "__main__"'])
def test_what_looks_like_the_main_guard_is_a_branch(test: str) -> None:
    assert paths(f"if {test}:\n    g()\n", "<module>") == {"g": ["if"]}


@pytest.mark.parametrize("test", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_what_is_for_type_checkers_has_a_block_of_its_kind(test: str) -> None:
    found = facts_of(f"import typing\nfrom typing import TYPE_CHECKING\nif {test}:\n    import b\n")
    (binding,) = [each for each in found.bindings if each.name == "b"]
    assert (
        body(f"import typing\nfrom typing import TYPE_CHECKING\nif {test}:\n    g()\n", "<module>")
        .blocks[binding.block]
        .kind
        == "typing"
    )


def test_what_follows_the_main_guard_is_not_under_it() -> None:
    assert paths('if __name__ == "__main__":\n    a()\ng()\n', "<module>")["g"] == []


def test_a_function_knows_the_block_that_it_is_defined_in() -> None:
    found = facts_of("if a:\n    def f(): pass\n")
    assert function(found, "f").block != 0


def test_operands_without_operations_leave_no_blocks() -> None:
    assert [each.kind for each in body("def f(a, b):\n    x = a and b or (a if b else 1)\n    g()\n").blocks] == [
        "body"
    ]
