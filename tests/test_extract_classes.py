"""Claims about functions, parameters, decorators and classes."""

from __future__ import annotations

import pytest

from conclint.facts import Class, Cls, Const, Facts, Fn, Item, Mix
from tests.extracting import facts_of, function


def cls(text: str) -> Class:
    """The only class."""
    (found,) = facts_of(text).classes
    return found


def methods(found: Facts) -> dict[str, str]:
    return {name: found.functions[number].qualname for name, number in found.classes[0].methods}


def test_functions_are_named_by_their_place() -> None:
    text = "def f():\n    def g():\n        class C:\n            async def h(self):\n                lambda: 1\n"
    assert {each.qualname for each in facts_of(text).functions} == {
        "<module>",
        "f",
        "f.g",
        "f.g.C",
        "f.g.C.h",
        "f.g.C.h.<lambda>",
    }


def test_the_first_function_is_the_module() -> None:
    assert facts_of("").functions[0].name == "<module>"


def test_an_async_def_is_async() -> None:
    assert function(facts_of("async def f(): pass\n"), "f").is_async


def test_a_lambda_in_an_async_def_is_not_async() -> None:
    assert not function(facts_of("async def f():\n    lambda: 1\n"), "<lambda>").is_async


def test_a_function_names_its_owner() -> None:
    found = facts_of("def f():\n    def g(): pass\n")
    assert found.functions[function(found, "f.g").owner].name == "f"


def test_parameters_keep_kind_default_and_annotation() -> None:
    found = facts_of("def f(a, /, b: int, c=1, *d: str, e, g=2, **h): pass\n")
    assert [
        (each.name, each.kind, each.annotation, each.default, each.required) for each in function(found, "f").params
    ] == [
        ("a", "/", None, None, True),
        ("b", "", "builtins.int", None, True),
        ("c", "", None, Const(1), False),
        ("d", "*", "builtins.str", None, False),
        ("e", "k", None, None, True),
        ("g", "k", None, Const(2), False),
        ("h", "**", None, None, False),
    ]


def test_a_function_knows_what_it_returns() -> None:
    assert function(facts_of("def f() -> 'list[int] | None': pass\n"), "f").returns == Mix(
        "|", (Item("builtins.list", "builtins.int"), Const(None))
    )


def test_a_decorator_without_brackets_is_not_called() -> None:
    (decorator,) = function(facts_of("from functools import cache\n@cache\ndef f(): pass\n"), "f").decorators
    assert (decorator.func, decorator.called) == ("functools.cache", False)


def test_a_decorator_with_brackets_keeps_its_arguments() -> None:
    (decorator,) = function(facts_of("import ray\n@ray.remote(1, num_cpus=2)\ndef f(): pass\n"), "f").decorators
    assert (decorator.func, decorator.called, decorator.args, decorator.keywords) == (
        "ray.remote",
        True,
        (Const(1),),
        (("num_cpus", Const(2)),),
    )


def test_decorators_are_in_the_order_of_the_file() -> None:
    assert [each.func for each in function(facts_of("@a\n@b\ndef f(): pass\n"), "f").decorators] == ["?a", "?b"]


def test_a_class_keeps_bases_keywords_and_decorators() -> None:
    found = cls("import abc, ray\n@ray.remote\nclass C(abc.ABC, Base, metaclass=abc.ABCMeta): pass\n")
    assert (found.bases, found.keywords, [each.func for each in found.decorators]) == (
        ("abc.ABC", "?Base"),
        (("metaclass", "abc.ABCMeta"),),
        ["ray.remote"],
    )


def test_a_generic_base_keeps_its_arguments() -> None:
    assert cls("from typing import Generic\nclass C(Generic[T]): pass\n").bases == (Item("typing.Generic", "?T"),)


def test_methods_are_listed_with_their_functions() -> None:
    assert methods(facts_of("class C:\n    def a(self): pass\n    async def b(self): pass\n")) == {
        "a": "C.a",
        "b": "C.b",
    }


def test_a_method_knows_its_class() -> None:
    assert function(facts_of("class C:\n    def a(self): pass\n"), "C.a").in_class == 0


def test_a_function_in_a_method_is_in_no_class() -> None:
    assert function(facts_of("class C:\n    def a(self):\n        def b(): pass\n"), "C.a.b").in_class == -1


def test_attributes_of_a_class_keep_value_and_annotation() -> None:
    assert cls("class C:\n    a = 1\n    b: int\n    c: str = 'x'\n").attributes == (
        ("a", Const(1), None),
        ("b", None, "builtins.int"),
        ("c", Mix("typed", ("builtins.str", Const("x"))), "builtins.str"),
    )


def test_a_class_in_a_class_is_an_attribute() -> None:
    found = facts_of("class C:\n    class D: pass\n")
    outer = next(each for each in found.classes if each.name == "C")
    assert outer.attributes == (("D", Cls(1), None),)


def test_an_import_in_a_class_is_an_attribute() -> None:
    assert cls("class C:\n    from time import sleep\n").attributes == (("sleep", "time.sleep", None),)


def test_a_field_is_what_a_method_assigns_to_its_first_parameter() -> None:
    (field,) = cls("class C:\n    def __init__(me, a):\n        me.x = a\n").fields
    assert (field[0], field[2]) == ("x", "$a")


def test_a_field_keeps_its_annotation() -> None:
    (field,) = cls("class C:\n    def __init__(self, a):\n        self.x: int = a\n").fields
    assert field[3] == "builtins.int"


@pytest.mark.parametrize(
    "method",
    [
        "def a(self, other):\n        other.x = 1",
        "@staticmethod\n    def a(self):\n        self.x = 1",
        "def a(self):\n        self.b.x = 1",
        "def a(self):\n        del self.x",
        "def a():\n        self.x = 1",
    ],
)
def test_what_is_assigned_to_something_else_is_no_field(method: str) -> None:
    assert cls(f"class C:\n    {method}\n").fields == ()


def test_fields_that_are_unpacked_are_one_each() -> None:
    assert [field[0] for field in cls("class C:\n    def a(self):\n        self.x, self.y = 1, 2\n").fields] == [
        "x",
        "y",
    ]


def test_a_def_is_a_binding_of_the_module() -> None:
    found = facts_of("def f(): pass\n")
    assert [(each.name, each.how, each.value) for each in found.bindings] == [("f", "def", Fn(1))]


def test_a_class_is_a_binding_of_the_module() -> None:
    assert [(each.name, each.how, each.value) for each in facts_of("class C: pass\n").bindings] == [
        ("C", "class", Cls(0))
    ]


def test_a_bare_annotation_says_what_a_global_will_hold() -> None:
    (binding,) = facts_of("x: int\n").bindings
    assert (binding.name, binding.how, binding.annotation) == ("x", "typed", "builtins.int")


def test_a_local_function_is_no_binding_of_the_module() -> None:
    assert [each.name for each in facts_of("def f():\n    def g(): pass\n    class C: pass\n").bindings] == ["f"]


def test_a_function_knows_its_rows_without_its_decorators() -> None:
    found = function(facts_of("@a\n@b\ndef f():\n    pass\n\n"), "f")
    assert (found.row, found.column, found.end_row, found.end_column) == (3, 0, 4, 8)
