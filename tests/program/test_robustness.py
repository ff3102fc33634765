"""Awkward programs end, and give what is claimed of them."""

from __future__ import annotations

from conclint.testing import link_text, lint_text
from tests.program.claims import PROBES, mismatches, reports


def test_a_function_that_calls_itself_is_followed_once() -> None:
    text = """
    import time
    def pause(times):
        time.sleep(1)
        pause(times - 1)
    async def serve():
        pause(3)  # CON101
    """
    assert mismatches(text) == []


def test_functions_that_call_each_other_are_followed_once() -> None:
    text = """
    import time
    def even(times):
        odd(times - 1)
    def odd(times):
        time.sleep(1)
        even(times - 1)
    async def serve():
        even(3)  # CON101
    """
    assert mismatches(text) == []


def test_methods_of_two_classes_that_call_each_other_are_followed_once() -> None:
    text = """
    # file: left.py
    import time
    import right
    class Left:
        def ask(self, other: "right.Right"):
            time.sleep(1)
            other.ask(self)
    # file: right.py
    import left
    class Right:
        def ask(self, other: "left.Left"):
            other.ask(self)
        async def serve(self):
            self.ask(left.Left())  # CON101
    """
    assert mismatches(text) == []


def cycle(modules: int, each: int) -> dict[str, str]:
    """Functions of which each calls the next, over several modules, the last the first; the first sleeps."""
    files = {}
    for number in range(modules):
        after = (number + 1) % modules
        lines = [f"from m{after} import f{after}_0", "import time"]
        for index in range(each):
            target = f"f{number}_{index + 1}" if index + 1 < each else f"f{after}_0"
            sleep = "    time.sleep(1)\n" if number == index == 0 else ""
            lines.append(f"def f{number}_{index}():\n{sleep}    {target}()")
        files[f"m{number}.py"] = "\n".join(lines) + "\n"
    files[f"m{modules - 1}.py"] += f"async def serve():\n    f{modules - 1}_{each - 1}()\n"
    return files


def test_a_cycle_of_ten_thousand_functions_across_modules_ends() -> None:
    files = cycle(20, 500)
    text = "".join(f"# file: {path}\n{content}" for path, content in files.items())
    row = files["m19.py"].count("\n")
    assert [(one.place.path, one.place.span.row) for one in lint_text(text, PROBES)] == [("m19.py", row)]


def test_the_values_of_a_cycle_of_ten_thousand_returns_are_unknown() -> None:
    lines = [f"def f{index}():\n    return f{(index + 1) % 10000}()" for index in range(10000)]
    text = "\n".join(lines) + "\nasync def serve():\n    f0().get('x')\n"
    assert lint_text(text, PROBES) == ()


def test_a_chain_of_ten_thousand_aliases_ends() -> None:
    lines = ["import time", "a0 = time.sleep"] + [f"a{index} = a{index - 1}" for index in range(1, 10000)]
    text = "\n".join(lines) + "\nasync def serve():\n    a9999(1)\n"
    assert lint_text(text, PROBES) == ()


def test_classes_with_cyclic_bases_end() -> None:
    text = """
    # file: one.py
    from two import B
    class A(B):
        async def serve(self):
            self.pause()
    # file: two.py
    from three import C
    class B(C):
        pass
    # file: three.py
    from one import A
    class C(A):
        pass
    """
    assert reports(text) == []


def test_a_class_that_is_its_own_base_ends() -> None:
    text = """
    import time
    class A(A):
        def pause(self):
            time.sleep(1)
        async def serve(self):
            self.pause()  # CON101
    """
    assert mismatches(text) == []


def test_bases_without_a_consistent_order_end() -> None:
    text = """
    import time
    class X: pass
    class Y: pass
    class A(X, Y): pass
    class B(Y, X): pass
    class C(A, B):
        def pause(self):
            time.sleep(1)
        async def serve(self):
            self.pause()  # CON101
    """
    assert mismatches(text) == []


def test_a_hierarchy_of_a_thousand_levels_ends() -> None:
    lines = ["import time", "class C0:\n    def pause(self):\n        time.sleep(1)"]
    lines += [f"class C{index}(C{index - 1}):\n    pass" for index in range(1, 1000)]
    text = "\n".join(lines) + "\nasync def serve(c: C999):\n    c.pause()\n"
    assert len(lint_text(text, PROBES)) <= 1


def test_a_hierarchy_of_thirty_levels_is_followed() -> None:
    lines = ["import time", "class C0:\n    def pause(self):\n        time.sleep(1)"]
    lines += [f"class C{index}(C{index - 1}):\n    pass" for index in range(1, 30)]
    text = "\n".join(lines) + "\nasync def serve(c: C29):\n    c.pause()  # CON101\n"
    assert mismatches(text) == []


def test_names_that_are_bound_to_themselves_end() -> None:
    text = """
    x = x
    y = z
    z = y
    class A:
        a = a
        def __init__(self):
            self.b = self.b
            self.c = self.d
            self.d = self.c
        async def serve(self):
            x.get("u"), y.get("u"), self.a.get("u"), self.b.get("u"), self.c.get("u")
    """
    assert reports(text) == []


def test_modules_that_re_export_each_other_end() -> None:
    text = """
    # file: one.py
    from two import get
    # file: two.py
    from one import get
    # file: app.py
    from one import get
    async def serve():
        get("u")
    """
    assert reports(text) == []


def test_star_imports_in_a_cycle_end() -> None:
    text = """
    # file: one.py
    from two import *
    async def serve():
        pause()  # CON101
        missing()
    # file: two.py
    from three import *
    # file: three.py
    import time
    from one import *
    def pause():
        time.sleep(1)
    """
    assert mismatches(text) == []


def test_a_module_that_star_imports_itself_ends() -> None:
    text = """
    # file: one.py
    import time
    from one import *
    def pause():
        time.sleep(1)
    async def serve():
        pause()  # CON101
        missing()
    """
    assert mismatches(text) == []


def test_ten_thousand_functions_of_one_name_end() -> None:
    defs = "def pause():\n    pass\n" * 9999
    text = f"import time\n{defs}def pause():\n    time.sleep(1)\nasync def serve():\n    pause()\n"
    assert len(lint_text(text, PROBES)) <= 1


def test_ten_thousand_methods_of_one_name_in_as_many_classes_end() -> None:
    classes = "".join(f"class C{index}:\n    def pause(self):\n        pass\n" for index in range(10000))
    text = f"import time\n{classes}class C:\n    def pause(self):\n        time.sleep(1)\n"
    text += "async def serve(c: C):\n    c.pause()  # CON101\n"
    assert mismatches(text) == []


def test_an_elif_chain_of_two_thousand_branches_ends() -> None:
    branches = "".join(f"    elif kind == {index}:\n        pass\n" for index in range(1, 2000))
    text = f"import time\nasync def serve(kind):\n    if kind == 0:\n        pass\n{branches}"
    text += "    else:\n        time.sleep(1)  # CON101\n"
    assert mismatches(text) == []


def test_five_thousand_early_returns_end() -> None:
    branches = "".join(f"    if kind == {index}:\n        return {index}\n" for index in range(5000))
    text = f"import time\nasync def serve(kind):\n{branches}    time.sleep(1)  # CON101\n"
    assert mismatches(text) == []


def test_a_thousand_chained_calls_end() -> None:
    text = f"async def serve(q):\n    return q{'.filter(1)' * 1000}\n"
    assert lint_text(text, PROBES) == ()


def test_a_thousand_attributes_in_a_row_end() -> None:
    text = f"import time\nasync def serve(q):\n    q{'.next' * 1000}.get('u')\n    time.sleep(1)  # CON101\n"
    assert mismatches(text) == []


def test_a_sum_of_a_thousand_calls_ends() -> None:
    terms = " + ".join(["f(1)"] * 1000)
    text = f"import time\ndef f(x):\n    time.sleep(x)\nasync def serve():\n    return {terms}  # CON101\n"
    assert mismatches(text) == []


def test_five_thousand_assignments_of_one_local_end() -> None:
    lines = "".join("    x = x.next\n" for _ in range(5000))
    text = f"async def serve(x):\n{lines}    x.get('u')\n"
    assert lint_text(text, PROBES) == ()


def test_a_file_that_is_only_a_package_marker_is_linked() -> None:
    program = link_text({"__init__.py": "", "a.py": "from . import b\n", "b.py": "x = 1\n"})
    assert [module.path for module in program.modules] == ["__init__.py", "a.py", "b.py"]


def test_five_thousand_assertions_end() -> None:
    lines = "".join(f"    assert kind != {index}\n" for index in range(5000))
    text = f"import time\nasync def serve(kind):\n{lines}    time.sleep(1)  # CON101\n"
    assert mismatches(text) == []


def test_decorators_that_decorate_each_other_end() -> None:
    text = """
    import time
    @two
    def one(func):
        def wrapper(*args):
            time.sleep(1)
            return func(*args)
        return wrapper
    @one
    def two(func):
        def wrapper(*args):
            return func(*args)
        return wrapper
    @one
    @two
    def ask():
        pass
    async def serve():
        ask()
    """
    assert all(line.startswith("example.py:") for line in reports(text))


def test_a_decorator_that_decorates_itself_ends() -> None:
    text = """
    def one(func):
        @one
        def wrapper(*args):
            return func(*args)
        return wrapper
    @one
    def ask():
        pass
    async def serve():
        ask()
    """
    assert reports(text) == []


def test_aliases_of_types_that_stand_for_each_other_end() -> None:
    text = """
    from typing import Optional
    One = Optional[Two]
    Two = Optional[One]
    Three = Three | None
    async def serve(first: One, second: Three):
        first.get("u"), second.get("u")
    """
    assert reports(text) == []


def test_a_generator_that_delegates_to_itself_ends() -> None:
    text = """
    def feed(node):
        yield node.value
        yield from feed(node.next)
    async def serve(node):
        for item in feed(node):
            item.get("u")
    """
    assert reports(text) == []


def test_functions_that_call_what_they_are_given_end() -> None:
    text = """
    import time
    def call(func):
        func(call)
    def pause(func):
        time.sleep(1)
    async def serve():
        call(call)
        call(pause)  # CON101
    """
    assert mismatches(text) == []


def test_a_container_that_holds_itself_ends() -> None:
    text = """
    everything = [everything]
    table = {"table": table}
    async def serve():
        for one in everything:
            one.get("u")
        table["table"]["table"].get("u")
    """
    assert reports(text) == []


def test_five_thousand_functions_in_a_dict_end() -> None:
    defs = "".join(f"def f{index}():\n    pass\n" for index in range(5000))
    table = ", ".join(f"'f{index}': f{index}" for index in range(5000))
    text = f"import time\n{defs}ACTIONS = {{{table}, 'sleep': time.sleep}}\n"
    text += "async def serve(name):\n    ACTIONS[name](1)\n"
    assert reports(text) == []


def test_five_thousand_classes_below_one_end() -> None:
    classes = "".join(f"class C{index}(Base):\n    pass\n" for index in range(5000))
    text = f"import time\nclass Base:\n    def __init__(self):\n        time.sleep(1)\n{classes}"
    text += "async def serve():\n    C4999()  # CON101\n"
    assert mismatches(text) == []


def test_functions_that_each_return_what_any_other_gives_end() -> None:
    bodies = "".join(f"    if n == {index}:\n        return f{index}(n)\n" for index in range(40))
    defs = "".join(f"def f{index}(n):\n{bodies}" for index in range(40))
    assert reports(f"{defs}async def serve():\n    f0(1).get('u')\n") == []
