"""Guards: a branch that constants make dead is not followed, one that asks for the loop neither; memos run once."""

from __future__ import annotations

import pytest

from conclint.finding import Confidence
from tests.program.claims import is_note, mismatches, only, reports


def guarded(test: str, call: str, parameters: str = "flag") -> str:
    """A program whose helper sleeps under a test, and a coroutine that makes one call of it."""
    return f"""\
import time

LIMIT = 3

def helper({parameters}):
    if {test}:
        time.sleep(1)

async def serve(unknown):
    {call}  # CON101
"""


DEAD = [
    ("flag", "helper(False)"),
    ("flag", "helper(None)"),
    ("flag", "helper(0)"),
    ("flag", "helper('')"),
    ("flag", "helper(flag=False)"),
    ("not flag", "helper(True)"),
    ("flag is None", "helper(1)"),
    ("flag is not None", "helper(None)"),
    ("flag == 'slow'", "helper('fast')"),
    ("flag != 'slow'", "helper('slow')"),
    ("flag > 3", "helper(3)"),
    ("flag >= 3", "helper(2)"),
    ("flag < 3", "helper(3)"),
    ("flag and LIMIT", "helper(False)"),
    ("LIMIT and flag", "helper(False)"),
    ("not (flag or LIMIT)", "helper(True)"),
    ("flag in ('a', 'b')", "helper('c')"),
    ("flag not in ('a', 'b')", "helper('a')"),
]
ALIVE = [
    ("flag", "helper(True)"),
    ("flag", "helper(1)"),
    ("flag", "helper('x')"),
    ("flag", "helper(flag=True)"),
    ("flag", "helper(unknown)"),
    ("flag", "helper(*unknown)"),
    ("flag", "helper(**unknown)"),
    ("not flag", "helper(False)"),
    ("flag is None", "helper(None)"),
    ("flag is not None", "helper(1)"),
    ("flag == 'slow'", "helper('slow')"),
    ("flag > 3", "helper(4)"),
    ("flag or LIMIT", "helper(False)"),
    ("flag in ('a', 'b')", "helper('a')"),
]


def unmarked(text: str) -> str:
    return text.replace("  # CON101", "")


@pytest.mark.parametrize(("test", "call"), DEAD)
def test_a_constant_argument_makes_a_branch_dead(test: str, call: str) -> None:
    assert reports(unmarked(guarded(test, call))) == []


@pytest.mark.parametrize(("test", "call"), ALIVE)
def test_an_argument_that_may_hold_keeps_a_branch_alive(test: str, call: str) -> None:
    assert mismatches(guarded(test, call)) == []


@pytest.mark.parametrize(
    ("parameters", "call"),
    [
        ("flag=False", "helper()"),
        ("flag=None", "helper()"),
        ("*, flag=False", "helper()"),
        ("other, flag=False", "helper(1)"),
        ("other=1, flag=False", "helper(other=2)"),
        ("flag=True", "helper(False)"),
        ("flag=True, /", "helper(False)"),
        ("other, flag=True", "helper(1, False)"),
        ("other, *, flag=True", "helper(1, flag=False)"),
    ],
)
def test_a_default_makes_a_branch_dead(parameters: str, call: str) -> None:
    assert reports(unmarked(guarded("flag", call, parameters))) == []


@pytest.mark.parametrize(
    ("parameters", "call"),
    [("flag=True", "helper()"), ("flag=False", "helper(True)"), ("*args, flag=True", "helper(False)")],
)
def test_a_default_keeps_a_branch_alive(parameters: str, call: str) -> None:
    assert mismatches(guarded("flag", call, parameters)) == []


def test_a_constant_is_carried_through_two_calls() -> None:
    text = """
    # file: app.py
    from helpers import outer
    async def serve():
        outer(wait=False)
    async def poll():
        outer(wait=True)  # CON101
    # file: helpers.py
    import time
    def outer(wait):
        inner(1, wait)
    def inner(times, flag):
        if flag:
            time.sleep(times)
    """
    assert mismatches(text) == []


def test_a_default_on_the_way_is_carried() -> None:
    text = """
    import time
    def outer(wait=False):
        inner(flag=wait)
    def inner(flag=True):
        if flag:
            time.sleep(1)
    async def serve():
        outer()
    async def poll():
        outer(True)  # CON101
    """
    assert mismatches(text) == []


def test_a_parameter_that_is_bound_anew_on_the_way_is_unknown() -> None:
    text = """
    import time
    def outer(wait, unknown):
        wait = wait or unknown
        inner(wait)
    def inner(flag):
        if flag:
            time.sleep(1)
    async def serve():
        outer(False, 1)  # CON101
    """
    assert mismatches(text) == []


def test_an_early_return_guards_what_follows() -> None:
    text = """
    import time
    def helper(quick):
        if quick:
            return
        time.sleep(1)
    async def serve():
        helper(True)
    async def poll():
        helper(False)  # CON101
    """
    assert mismatches(text) == []


def test_an_early_raise_guards_what_follows() -> None:
    text = """
    import time
    def helper(name=None):
        if name is None:
            raise ValueError
        time.sleep(1)
    async def serve():
        helper()
    async def poll():
        helper("a")  # CON101
    """
    assert mismatches(text) == []


def test_an_early_continue_guards_the_rest_of_the_loop() -> None:
    text = """
    import time
    def helper(items, quick):
        for item in items:
            if quick:
                continue
            time.sleep(1)
    async def serve():
        helper([1], True)
    async def poll():
        helper([1], False)  # CON101
    """
    assert mismatches(text) == []


def test_an_else_branch_is_the_negated_test() -> None:
    text = """
    import time
    def helper(quick):
        if quick:
            pass
        else:
            time.sleep(1)
    async def serve():
        helper(True)
    async def poll():
        helper(False)  # CON101
    """
    assert mismatches(text) == []


def test_an_elif_branch_needs_the_tests_before_it_to_fail() -> None:
    text = """
    import time
    def helper(mode):
        if mode == "quick":
            pass
        elif mode == "slow":
            time.sleep(1)
    async def serve():
        helper("quick")
    async def poll():
        helper("slow")  # CON101
    """
    assert mismatches(text) == []


def test_a_conditional_expression_is_a_branch() -> None:
    text = """
    import time
    def helper(slow):
        return time.sleep(1) if slow else None
    async def serve():
        helper(False)
    async def poll():
        helper(True)  # CON101
    """
    assert mismatches(text) == []


def test_a_short_circuit_is_a_branch() -> None:
    text = """
    import time
    def helper(slow):
        slow and time.sleep(1)
    async def serve():
        helper(False)
    async def poll():
        helper(True)  # CON101
    """
    assert mismatches(text) == []


def test_a_while_loop_over_a_false_constant_does_not_run() -> None:
    text = """
    import time
    def helper(again):
        while again:
            time.sleep(1)
    async def serve():
        helper(False)
    async def poll():
        helper(True)  # CON101
    """
    assert mismatches(text) == []


@pytest.mark.parametrize("test", ["False", "0", "TYPE_CHECKING", "typing.TYPE_CHECKING", "not True", "None"])
def test_a_branch_that_never_runs_is_dead(test: str) -> None:
    text = f"""
    import time
    import typing
    from typing import TYPE_CHECKING
    async def serve():
        if {test}:
            time.sleep(1)
    """
    assert reports(text) == []


def test_the_else_of_type_checking_runs() -> None:
    text = """
    import time
    from typing import TYPE_CHECKING
    async def serve():
        if TYPE_CHECKING:
            pass
        else:
            time.sleep(1)  # CON101
    """
    assert mismatches(text) == []


def test_what_follows_an_early_return_of_true_is_dead() -> None:
    text = """
    import time
    async def serve():
        if True:
            return
        time.sleep(1)
    """
    assert reports(text) == []


def test_a_path_with_a_branch_is_likely() -> None:
    text = """
    import time
    def helper(ready):
        if not ready():
            time.sleep(1)
    async def serve(ready):
        helper(ready)
    """
    assert only(text).confidence is Confidence.LIKELY


def test_a_path_without_a_branch_is_certain() -> None:
    text = """
    import time
    def helper():
        time.sleep(1)
    async def serve():
        helper()
    """
    assert only(text).confidence is Confidence.CERTAIN


@pytest.mark.parametrize(
    "call",
    [
        "q.get(timeout=0)",
        "q.get(block=False)",
        "q.get(False)",
        "q.get_nowait()",
        "q.put(1)",
        "lock.acquire(blocking=False)",
        "lock.acquire(False)",
        "lock.acquire(timeout=0)",
        "event.wait(0)",
        "event.wait(timeout=0)",
        "thread.join(0)",
        "time.sleep(0)",
    ],
)
def test_arguments_that_forbid_waiting_make_a_call_harmless(call: str) -> None:
    text = f"""
    import queue
    import threading
    import time
    async def serve():
        q = queue.Queue()
        lock = threading.Lock()
        event = threading.Event()
        thread = threading.Thread()
        {call}
    """
    assert reports(text) == []


def test_a_timeout_that_a_caller_decides_is_carried() -> None:
    text = """
    import queue
    class Inbox:
        def __init__(self):
            self.queue = queue.Queue()
        def take(self, block=True):
            return self.queue.get(block=block)
        async def serve(self):
            self.take(block=False)
        async def poll(self):
            self.take()  # CON105
    """
    assert mismatches(text) == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            "try:\n    asyncio.get_running_loop()\nexcept RuntimeError:\n    time.sleep(1)",
            id="handler-of-the-question",
        ),
        pytest.param(
            "try:\n    asyncio.get_running_loop()\nexcept RuntimeError:\n    pass\nelse:\n    return\ntime.sleep(1)",
            id="return-where-a-loop-runs",
        ),
        pytest.param(
            "try:\n    return asyncio.get_running_loop()\nexcept RuntimeError:\n    pass\ntime.sleep(1)",
            id="return-inside-the-question",
        ),
        pytest.param("if not in_async():\n    time.sleep(1)", id="function-that-asks"),
        pytest.param("if threading.current_thread() is threading.main_thread():\n    time.sleep(1)", id="thread"),
        pytest.param("if loop.is_running():\n    return\ntime.sleep(1)", id="loop-is-running"),
        pytest.param("if is_async:\n    return\ntime.sleep(1)", id="flag-is-async"),
        pytest.param("if self.async_mode:\n    pass\nelse:\n    time.sleep(1)", id="attribute-async-mode"),
    ],
)
def test_a_branch_that_asks_for_the_loop_is_not_followed(body: str) -> None:
    indented = body.replace("\n", "\n    ")
    text = f"""\
import asyncio
import threading
import time
def helper(self, loop, in_async, is_async):
    {indented}
async def serve(self, loop, in_async, is_async):
    helper(self, loop, in_async, is_async)
"""
    assert reports(text) == []


def test_a_memo_in_an_attribute_is_a_note() -> None:
    text = """
    import subprocess
    class Service:
        def __init__(self):
            self._version = None
        def version(self):
            if self._version is None:
                self._version = subprocess.run(["git"])
            return self._version
        async def serve(self):
            return self.version()
    """
    assert is_note(text)


def test_a_memo_in_a_global_is_a_note() -> None:
    text = """
    import subprocess
    _version = None
    def version():
        global _version
        if not _version:
            _version = subprocess.run(["git"])
        return _version
    async def serve():
        return version()
    """
    assert is_note(text)


def test_a_memo_with_an_early_return_is_a_note() -> None:
    text = """
    import subprocess
    class Service:
        _version = None
        def version(self):
            if self._version is not None:
                return self._version
            self._version = subprocess.run(["git"])
            return self._version
        async def serve(self):
            return self.version()
    """
    assert is_note(text)


@pytest.mark.parametrize("decorator", ["functools.lru_cache", "functools.lru_cache(maxsize=None)", "functools.cache"])
def test_a_function_that_remembers_its_result_is_a_note(decorator: str) -> None:
    text = f"""
    import functools
    import subprocess
    @{decorator}
    def version():
        return subprocess.run(["git"])
    async def serve():
        return version()
    """
    assert is_note(text)


def test_a_test_of_something_that_is_not_stored_is_no_memo() -> None:
    text = """
    import subprocess
    class Service:
        def __init__(self, given):
            self.given = given
        def version(self):
            if self.given is None:
                return subprocess.run(["git"])
        async def serve(self):
            return self.version()
    """
    assert not is_note(text)


def test_a_condition_in_the_primitive_s_own_coroutine_does_not_hide_it() -> None:
    text = """
    import time
    async def serve(slow=False):
        if slow:
            time.sleep(1)  # CON101
    """
    assert mismatches(text) == []


def test_a_match_on_a_constant_is_not_claimed_to_be_certain() -> None:
    text = """
    import time
    async def serve(mode):
        match mode:
            case "slow":
                time.sleep(1)
    """
    assert only(text).confidence is Confidence.LIKELY
