"""CON201: whether a call gives a coroutine, through decorators, overrides and other bindings."""

from __future__ import annotations

import pytest

from conclint.finding import Finding
from conclint.testing import lint_text
from conclint_rules.tasks import coroutine_never_awaited

HEAD = """\
import asyncio
import functools
from typing import overload


def both(fn):
    if asyncio.iscoroutinefunction(fn):

        @functools.wraps(fn)
        async def waits(*args):
            return await fn(*args)

        return waits

    @functools.wraps(fn)
    def runs(*args):
        return fn(*args)

    return runs


def plain(fn):
    @functools.wraps(fn)
    def wrapper(*args):
        return asyncio.run(fn(*args))

    return wrapper


def marked(fn):
    fn.marked = True
    return fn


def mixed(fn):
    def wrapper(*args):
        if args:
            return fn(*args)

    return wrapper


def unknown(fn):
    return somewhere(fn)


"""


def found(text: str) -> tuple[Finding, ...]:
    return lint_text(HEAD + text, [coroutine_never_awaited.RULE])


def decorated(decorators: str) -> str:
    return f"{decorators}\nasync def work(*args):\n    print(args)\n\n\ndef main():\n    work()\n"


@pytest.mark.parametrize("decorators", ["@both", "@marked", "@both\n@marked", "@marked\n@both\n@functools.wraps(main)"])
def test_decorators_that_keep_the_colour_do_not_hide_a_lost_coroutine(decorators: str) -> None:
    assert len(found(decorated(decorators))) == 1


@pytest.mark.parametrize(
    "decorators",
    ["@plain", "@unknown", "@mixed", "@unknown\n@marked", "@marked\n@unknown", "@functools.lru_cache", "@nowhere.deco"],
)
def test_decorators_that_change_or_hide_the_colour_silence_the_rule(decorators: str) -> None:
    assert found(decorated(decorators)) == ()


def test_a_decorator_that_asks_for_the_colour_leaves_a_plain_function_plain() -> None:
    assert found("@both\ndef work():\n    return 1\n\n\ndef main():\n    work()\n") == ()


METHODS = """\
class Base:
    async def stop(self):
        print("stop")


class Middle(Base):
    pass


class Last(Middle):
    {definition}


def end(one: {annotation}):
    one.stop()
"""


@pytest.mark.parametrize(
    ("definition", "annotation", "reported"),
    [
        ("pass", "Base", True),
        ("async def stop(self): print(1)", "Base", True),
        ("def stop(self): print(1)", "Base", False),
        ("def stop(self): print(1)", "Middle", False),
        ("stop = print", "Base", False),
        ("def start(self): self.stop = print", "Base", False),
    ],
)
def test_a_method_counts_if_no_override_has_another_colour(definition: str, annotation: str, reported: bool) -> None:
    assert bool(found(METHODS.format(definition=definition, annotation=annotation))) is reported


def test_a_method_that_the_function_replaces_counts_as_unknown() -> None:
    text = "class Store:\n    async def put(self):\n        print(1)\n\n\n"
    assert found(f"{text}def test(mock):\n    store = Store()\n    store.put = mock\n    store.put()\n") == ()


def test_a_method_behind_a_base_that_is_not_known_counts_as_unknown() -> None:
    assert (
        found(
            "from lib import Other\n\n\nclass Mixin:\n    async def go(self):\n        print(1)\n\n\n"
            "class Both(Other, Mixin):\n    def start(self):\n        self.go()\n"
        )
        == ()
    )


def test_declared_overloads_do_not_count_as_definitions() -> None:
    text = """\
class Store:
    @overload
    def get(self, key: int) -> int: ...
    @overload
    def get(self, key: str) -> str: ...
    async def get(self, key):
        return key


def main():
    Store().get(1)
"""
    assert len(found(text)) == 1


@pytest.mark.parametrize(
    ("body", "reported"),
    [
        ("    x = work()\n", True),
        ("    x: object = work()\n", True),
        ("    x = y = work()\n    return y\n", False),
        ("    x = work()\n    return lambda: x\n", False),
        ("    x = work()\n    return locals()\n", False),
        ("    self.x = work()\n", False),
        ("    global x\n    x = work()\n", False),
    ],
)
def test_a_coroutine_bound_to_a_local_is_lost_if_nothing_reads_it(body: str, reported: bool) -> None:
    assert bool(found(f"async def work():\n    print(1)\n\n\ndef main(self):\n{body}")) is reported


def test_no_await_is_offered_in_a_plain_function_or_under_a_lock_of_threads() -> None:
    text = """\
import threading


async def work():
    print(1)


def plain_main():
    work()


async def main(lock: threading.Lock):
    with lock:
        work()
"""
    assert [finding.fix for finding in found(text)] == [None, None]
