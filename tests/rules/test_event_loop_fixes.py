"""What the fixes of the event-loop rules make of the forms that their examples do not show."""

from __future__ import annotations

import pytest

from conclint.finding import Applicability
from conclint.fix import apply
from conclint.rule import Rule
from conclint.testing import lint_text
from conclint_rules.event_loop import (
    blocking_input,
    blocking_network,
    blocking_wait,
    loop_waits_for_itself,
    nested_event_loop,
)


def mended(rule: Rule, source: str) -> str:
    return apply(source.encode(), lint_text(source, [rule])).source.decode()


def applicability(rule: Rule, source: str) -> list[Applicability | None]:
    return [found.fix.applicability if found.fix else None for found in lint_text(source, [rule])]


def coroutine(body: str, head: str = "import asyncio\n", parameters: str = "") -> str:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"{head}\n\nasync def f({parameters}):\n{lines}"


FUTURES = "import asyncio\nfrom concurrent.futures import Future, ThreadPoolExecutor\n"


def test_a_future_of_elsewhere_is_awaited_unsafely() -> None:
    source = coroutine("return future.result()", FUTURES, "future: Future")
    assert applicability(blocking_wait.RULE, source) == [Applicability.UNSAFE]
    assert mended(blocking_wait.RULE, source) == source.replace("future.result()", "await asyncio.wrap_future(future)")


def test_a_wait_with_a_time_limit_is_moved_to_a_thread() -> None:
    source = coroutine("return future.result(timeout=3)", FUTURES, "future: Future")
    assert mended(blocking_wait.RULE, source) == source.replace(
        "future.result(timeout=3)", "await asyncio.to_thread(future.result, timeout=3)"
    )


def test_a_job_submitted_on_the_spot_is_awaited_safely() -> None:
    source = coroutine("x = 1 + pool.submit(int, 2).result()", FUTURES, "pool: ThreadPoolExecutor")
    assert applicability(blocking_wait.RULE, source) == [Applicability.SAFE]
    assert mended(blocking_wait.RULE, source) == source.replace(
        "pool.submit(int, 2).result()", "await asyncio.wrap_future(pool.submit(int, 2))"
    )


@pytest.mark.parametrize(
    ("library", "call"),
    [
        ("asyncio", "await asyncio.to_thread(thread.join)"),
        ("anyio", "await anyio.to_thread.run_sync(thread.join)"),
        ("trio", "await trio.to_thread.run_sync(thread.join)"),
    ],
)
def test_the_thread_is_that_of_the_library_of_the_file(library: str, call: str) -> None:
    head = f"import threading\n\nimport {library}\n"
    source = coroutine("thread.join()", head, "thread: threading.Thread")
    assert call in mended(blocking_wait.RULE, source)


def test_what_is_entered_by_with_is_left() -> None:
    source = coroutine("with urlopen(url) as page:\n    return page", "from urllib.request import urlopen\n", "url")
    assert set(applicability(blocking_network.RULE, source)) == {None}


def test_a_call_under_a_lock_of_threads_is_left() -> None:
    head = "import threading\nfrom urllib.request import urlopen\n\nlock = threading.Lock()\n"
    source = coroutine("with lock:\n    return urlopen(url).status", head, "url")
    assert applicability(blocking_network.RULE, source) == [None]


def test_a_call_in_a_generator_expression_is_not_rewritten() -> None:
    source = coroutine("return list(urlopen(url) for url in urls)", "from urllib.request import urlopen\n", "urls")
    assert mended(blocking_network.RULE, source) == source


def test_a_call_that_is_reached_through_another_function_is_left() -> None:
    head = "from urllib.request import urlopen\n\n\ndef read(url):\n    return urlopen(url).status\n"
    source = coroutine("return read(url)", head, "url")
    assert applicability(blocking_network.RULE, source) == [None]


def test_a_prompt_that_keeps_state_is_left() -> None:
    assert applicability(blocking_input.RULE, coroutine("return getpass.getpass()", "import getpass\n")) == [None]


def test_run_until_complete_becomes_an_await() -> None:
    source = coroutine("loop = asyncio.new_event_loop()\nreturn loop.run_until_complete(g())")
    assert mended(nested_event_loop.RULE, source) == source.replace("loop.run_until_complete(g())", "await g()")


def test_an_option_of_run_is_not_dropped() -> None:
    assert applicability(nested_event_loop.RULE, coroutine("asyncio.run(g(), debug=True)")) == [None]


def test_a_function_that_anyio_runs_is_called() -> None:
    source = coroutine("return anyio.run(g)", "import anyio\n")
    assert mended(nested_event_loop.RULE, source) == source.replace("anyio.run(g)", "await g()")


def test_a_future_that_was_kept_is_awaited() -> None:
    head = "import asyncio\n"
    body = "loop = asyncio.get_running_loop()\nfuture = asyncio.run_coroutine_threadsafe(g(), loop)\nfuture.result()"
    source = coroutine(body, head)
    assert mended(loop_waits_for_itself.RULE, source) == source.replace(
        "future.result()", "await asyncio.wrap_future(future)"
    )


def test_a_wait_for_itself_with_a_time_limit_is_left() -> None:
    body = "return asyncio.run_coroutine_threadsafe(g(), asyncio.get_running_loop()).result(5)"
    assert applicability(loop_waits_for_itself.RULE, coroutine(body)) == [None]


def test_a_loop_that_an_object_holds_is_possibly_another() -> None:
    source = coroutine("return asyncio.run_coroutine_threadsafe(g(), self.loop).result()", parameters="self")
    (found,) = lint_text(source, [loop_waits_for_itself.RULE])
    assert (found.confidence.name, found.fix) == ("POSSIBLE", None)


def test_nothing_is_awaited_under_what_is_called_a_lock() -> None:
    source = coroutine(
        "with self._folder_lock.write():\n    thread.join()", "import threading\n", "self, thread: threading.Thread"
    )
    assert applicability(blocking_wait.RULE, source) == [None]
