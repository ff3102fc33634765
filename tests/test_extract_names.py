"""Claims about which thing a name stands for, as far as one file can tell."""

from __future__ import annotations

import pytest

from conclint.facts import Assign, Binding, Item
from tests.extracting import assigned, body, callees, facts_of, function, ops


def resolved(text: str, qualname: str = "f") -> object:
    """What the only call calls."""
    (callee,) = callees(text, qualname)
    return callee


@pytest.mark.parametrize(
    ("imports", "call", "meaning"),
    [
        ("import time", "time.sleep", "time.sleep"),
        ("import time as t", "t.sleep", "time.sleep"),
        ("from time import sleep", "sleep", "time.sleep"),
        ("from time import sleep as nap", "nap", "time.sleep"),
        ("import os.path", "os.path.join", "os.path.join"),
        ("import os.path as p", "p.join", "os.path.join"),
        ("import a.b.c", "a.b.c.d", "a.b.c.d"),
        ("import a.b, a.c", "a.c.d", "a.c.d"),
        ("from a.b import c", "c.d.e", "a.b.c.d.e"),
        ("from . import sibling", "sibling.go", "@1:sibling.go"),
        ("from .. import uncle", "uncle.go", "@2:uncle.go"),
        ("from .sibling import go", "go", "@1:sibling.go"),
        ("from ...far.away import go as g", "g.x", "@3:far.away.go.x"),
        ("", "open", "builtins.open"),
        ("", "ExceptionGroup", "builtins.ExceptionGroup"),
        ("", "unheard_of", "?unheard_of"),
        ("from time import *", "sleep", "?sleep"),
    ],
)
def test_an_imported_name_is_what_it_was_imported_as(imports: str, call: str, meaning: str) -> None:
    assert resolved(f"{imports}\ndef f():\n    {call}()\n") == meaning


def test_a_star_import_is_remembered() -> None:
    assert facts_of("from a.b import *\nfrom .c import *\nfrom . import *\n").stars == ("a.b", "@1:c", "@1:")


def test_the_packages_of_absolute_imports_are_remembered() -> None:
    assert facts_of("import a.b\nfrom c.d import e\nfrom .f import g\ndef h():\n    import i\n").packages == {
        "a",
        "c",
        "i",
    }


def test_a_name_with_two_imports_is_a_global() -> None:
    text = "try:\n    import json\nexcept ImportError:\n    import simplejson as json\ndef f():\n    json.dumps()\n"
    assert resolved(text) == ":json.dumps"


def test_each_import_of_a_name_is_a_binding() -> None:
    found = facts_of("try:\n    import json\nexcept ImportError:\n    import simplejson as json\n")
    assert [(each.name, each.value) for each in found.bindings] == [("json", "json"), ("json", "simplejson")]


def test_a_name_that_is_imported_twice_alike_is_an_import() -> None:
    assert resolved("if x:\n    import time\nelse:\n    import time\ndef f():\n    time.sleep()\n") == "time.sleep"


def test_an_imported_name_that_is_bound_again_is_a_global() -> None:
    assert resolved("from time import sleep\nsleep = print\ndef f():\n    sleep()\n") == ":sleep"


def test_a_builtin_that_the_module_binds_is_a_global() -> None:
    assert resolved("def open(): pass\ndef f():\n    open()\n") == ":open"


def test_an_import_inside_a_function_is_an_import() -> None:
    assert resolved("def f():\n    from time import sleep\n    sleep()\n") == "time.sleep"


def test_a_parameter_hides_an_import() -> None:
    assert resolved("import time\ndef f(time):\n    time.sleep()\n") == "$time.sleep"


@pytest.mark.parametrize("parameter", ["time, /", "*, time", "*time", "**time", "time=None", "time: int"])
def test_every_kind_of_parameter_hides_an_import(parameter: str) -> None:
    assert resolved(f"import time\ndef f({parameter}):\n    time.sleep()\n") == "$time.sleep"


@pytest.mark.parametrize(
    "binding",
    [
        "time = 1",
        "time += 1",
        "time: int",
        "a, (b, *time) = c",
        "for time in a: pass",
        "with a as time: pass",
        "with a as (b, time): pass",
        "try: pass\n    except E as time: pass",
        "def time(): pass",
        "class time: pass",
        "if a:\n        time = 1",
        "while a:\n        pass\n    else:\n        time = 1",
        "try: pass\n    finally: time = 1",
        "match a:\n        case [time]: pass",
        "match a:\n        case {'k': 1, **time}: pass",
        "match a:\n        case [1, *time]: pass",
        "match a:\n        case int() as time: pass",
        "del time",
    ],
)
def test_a_local_binding_anywhere_in_the_function_hides_an_import(binding: str) -> None:
    assert "$time.sleep" in callees(f"import time\ndef f(a, c):\n    time.sleep()\n    {binding}\n")


def test_an_assignment_expression_binds_a_local() -> None:
    assert callees("import time\ndef f(a):\n    if (time := a):\n        time.sleep()\n") == ["$time.sleep"]


def test_an_assignment_to_an_attribute_binds_no_name() -> None:
    assert resolved("import time\ndef f():\n    time.zone = 1\n    time.sleep()\n") == "time.sleep"


def test_a_global_statement_makes_the_name_the_modules() -> None:
    assert resolved("x = 1\ndef f():\n    global x\n    x = g\n    x()\n") == ":x"


def test_a_global_that_a_function_binds_is_a_binding_of_the_module() -> None:
    found = facts_of("def f():\n    global x\n    x = 1\n")
    assert [(each.name, each.function) for each in found.bindings if each.name == "x"] == [("x", 1)]


def test_a_local_of_the_enclosing_function_names_its_owner() -> None:
    found = facts_of("def f(x):\n    def g():\n        x()\n")
    owner = found.functions.index(function(found, "f"))
    assert callees("def f(x):\n    def g():\n        x()\n", "f.g") == [f"&{owner}:x"]


def test_a_nonlocal_statement_makes_the_name_the_enclosing_functions() -> None:
    assert callees("def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = a\n        x()\n", "f.g") == [
        "&1:x"
    ]


def test_an_import_in_the_enclosing_function_is_an_import() -> None:
    assert resolved("def f():\n    import time\n    def g():\n        time.sleep()\n", "f.g") == "time.sleep"


def test_a_name_that_an_inner_function_reads_counts_as_read() -> None:
    assert "task" in body("def f():\n    task = a()\n    def g():\n        return task\n").loads


def test_a_name_that_is_only_bound_does_not_count_as_read() -> None:
    assert "task" not in body("def f():\n    task = a()\n").loads


def test_a_method_does_not_see_the_names_of_its_class() -> None:
    assert resolved("class C:\n    sleep = 1\n    def f(self):\n        sleep()\n", "C.f") == "?sleep"


def test_a_class_body_sees_its_own_names() -> None:
    assert resolved("class C:\n    def a(): pass\n    a()\n", "<class>C") == "$a"


def test_a_class_body_sees_the_locals_of_the_function_around_it() -> None:
    assert resolved("def f(x):\n    class C:\n        x()\n", "<class>f.C") == "&1:x"


def test_the_variable_of_a_comprehension_is_its_own() -> None:
    (callee,) = callees("import time\ndef f(a):\n    [time.sleep() for time in a]\n")
    assert isinstance(callee, str)
    assert callee.startswith("$time~")


def test_the_variable_of_a_comprehension_ends_with_it() -> None:
    assert callees("import time\ndef f(a):\n    [0 for time in a]\n    time.sleep()\n") == ["time.sleep"]


def test_the_first_iterable_of_a_comprehension_is_not_in_its_scope() -> None:
    first, *_ = callees("def f(x):\n    [x for x in x()]\n")
    assert first == "$x"


def test_two_comprehensions_with_the_same_variable_are_apart() -> None:
    first, second = callees("def f(a):\n    [x() for x in a]\n    [x() for x in a]\n")
    assert first != second


def test_an_assignment_expression_in_a_comprehension_binds_in_the_function() -> None:
    assert ("$y", "$a") in assigned("def f(a, b):\n    [0 for x in b if (y := a)]\n")


def test_a_lambda_is_a_scope() -> None:
    assert callees("import time\nf = lambda time: time.sleep()\n", "<lambda>") == ["$time.sleep"]


def test_the_names_of_calls_are_those_that_were_imported() -> None:
    assert {"nap", "sleep"} <= function(facts_of("from time import sleep as nap\ndef f():\n    nap()\n"), "f").names


def test_all_is_known_where_it_is_a_plain_list() -> None:
    assert facts_of("__all__ = ['a', 'b']\n__all__ += ('c',)\n").exports == ("a", "b", "c")


def test_without_all_nothing_is_exported_by_name() -> None:
    assert facts_of("a = 1\n").exports is None


def test_import_of_a_dotted_name_binds_its_top() -> None:
    assert Binding("a", "import", "a", None, 0, 0) in facts_of("import a.b\n").bindings


def test_an_import_under_a_condition_is_bound_there() -> None:
    (binding,) = facts_of("if a:\n    import b\n").bindings
    assert binding.block != 0


@pytest.mark.parametrize("annotation", ["'Queue[int]'", "Queue[int]", "queue.Queue[int]"])
def test_an_annotation_is_read_also_where_it_is_a_string(annotation: str) -> None:
    text = f"import queue\nfrom queue import Queue\ndef f(q: {annotation}): pass\n"
    assert function(facts_of(text), "f").params[0].annotation == Item("queue.Queue", "builtins.int")


def test_a_string_that_is_no_annotation_is_none() -> None:
    assert function(facts_of("def f(q: 'not a type'): pass\n"), "f").params[0].annotation is None


def test_a_string_with_a_lone_surrogate_is_escaped() -> None:
    (op,) = ops("def f():\n    x = '\\ud800'\n", Assign)
    assert op.value is not None
