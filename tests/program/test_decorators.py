"""Decorators: those of the program count by their bodies, those of libraries by what is known of them."""

from __future__ import annotations

import pytest

from conclint.finding import Confidence
from tests.program.claims import mismatches, only, reports

THROUGH = """
import functools
import time
def logged(func):
    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        return func(*args, **kwargs)
    return wrapper
@logged
def pause():
    time.sleep(1)
async def serve():
    pause()  # CON101
"""


def test_a_decorator_that_calls_through_is_looked_through() -> None:
    assert mismatches(THROUGH) == []


def test_a_decorator_of_another_module_that_calls_through_is_looked_through() -> None:
    text = """
    # file: app.py
    import time
    from wrapping import logged
    @logged
    def pause():
        time.sleep(1)
    async def serve():
        pause()  # CON101
    # file: wrapping.py
    def logged(func):
        def wrapper(*args):
            return func(*args)
        return wrapper
    """
    assert mismatches(text) == []


def test_a_decorator_with_arguments_that_calls_through_is_looked_through() -> None:
    text = """
    import time
    def retried(times):
        def decorate(func):
            def wrapper(*args):
                for _ in range(times):
                    func(*args)
            return wrapper
        return decorate
    @retried(3)
    def pause():
        time.sleep(1)
    async def serve():
        pause()  # CON101
    """
    assert mismatches(text) == []


def test_a_decorator_that_hands_over_to_a_thread_stops_the_path() -> None:
    text = """
    import threading
    import time
    def in_background(func):
        def wrapper(*args):
            threading.Thread(target=func, args=args).start()
        return wrapper
    @in_background
    def pause():
        time.sleep(1)
    async def serve():
        pause()
    """
    assert reports(text) == []


def test_a_decorator_that_submits_to_a_pool_stops_the_path() -> None:
    text = """
    import time
    from concurrent.futures import ThreadPoolExecutor
    pool = ThreadPoolExecutor()
    def pooled(func):
        def wrapper(*args):
            return pool.submit(func, *args)
        return wrapper
    @pooled
    def pause():
        time.sleep(1)
    async def serve():
        pause()
    """
    assert reports(text) == []


def test_a_decorator_that_hands_a_nested_caller_to_a_thread_stops_the_path() -> None:
    text = """
    import threading
    import time
    def in_background(func):
        def wrapper(*args):
            def run():
                func(*args)
            threading.Thread(target=run).start()
        return wrapper
    @in_background
    def pause():
        time.sleep(1)
    async def serve():
        pause()
    """
    assert reports(text) == []


def test_a_decorator_that_hands_over_a_partial_stops_the_path() -> None:
    text = """
    import asyncio
    import functools
    import time
    def offloaded(func):
        def wrapper(*args):
            return asyncio.get_running_loop().run_in_executor(None, functools.partial(func, *args))
        return wrapper
    @offloaded
    def pause():
        time.sleep(1)
    async def serve():
        pause()
    """
    assert reports(text) == []


def test_a_decorator_that_calls_only_where_no_loop_runs_stops_the_path() -> None:
    text = """
    import asyncio
    import time
    def dispatched(func):
        def wrapper(*args):
            try:
                asyncio.get_running_loop()
            except RuntimeError:
                return func(*args)
            return asyncio.to_thread(func, *args)
        return wrapper
    @dispatched
    def pause():
        time.sleep(1)
    async def serve():
        pause()
    """
    assert reports(text) == []


def test_a_decorator_that_calls_whether_or_not_a_loop_is_wanted_is_looked_through() -> None:
    text = """
    import time
    def dispatched(func):
        def wrapper(*args, is_async=False):
            if is_async:
                return func(*args)
            result = func(*args)
            return result
        return wrapper
    @dispatched
    def pause():
        time.sleep(1)
    async def serve():
        pause()  # CON101
    """
    assert mismatches(text) == []


def test_a_decorator_that_picks_what_to_call_while_it_runs_is_not_claimed() -> None:
    text = """
    import time
    def either(other):
        def decorate(func):
            def wrapper(*args, wanted=True):
                run = func if wanted else other
                return run(*args)
            return wrapper
        return decorate
    async def rest():
        pass
    @either(rest)
    def pause():
        time.sleep(1)
    async def serve():
        pause()
    """
    assert reports(text) == []


def test_a_wrapper_that_sleeps_before_it_hands_over_is_not_followed() -> None:
    text = """
    import threading
    import time
    def in_background(func):
        def wrapper(*args):
            time.sleep(1)
            threading.Thread(target=func, args=args).start()
        return wrapper
    @in_background
    def ask():
        pass
    async def serve():
        ask()
    """
    assert reports(text) == []


def test_what_a_decorator_with_arguments_does_around_the_call_is_reached() -> None:
    text = """
    # file: retries.py
    import time
    def retried(times):
        def decorate(func):
            def wrapper(*args):
                for _ in range(times):
                    try:
                        return func(*args)
                    except OSError:
                        time.sleep(1)
            return wrapper
        return decorate
    # file: app.py
    from retries import retried
    class Client:
        @retried(3)
        def ask(self):
            return 1
    async def serve(client: Client):
        client.ask()  # CON101
    """
    assert mismatches(text) == []


def test_what_a_decorator_does_around_a_coroutine_function_is_not_followed() -> None:
    text = """
    import time
    def slowed(func):
        def wrapper(*args):
            time.sleep(1)
            return func(*args)
        return wrapper
    @slowed
    async def ask():
        pass
    async def serve():
        await ask()
    """
    assert reports(text) == []


def test_a_decorator_that_makes_a_coroutine_function_stops_the_path() -> None:
    text = """
    import asyncio
    import time
    def offloaded(func):
        async def wrapper(*args):
            return await asyncio.to_thread(func, *args)
        return wrapper
    @offloaded
    def pause():
        time.sleep(1)
    async def serve():
        await pause()
    """
    assert reports(text) == []


def test_a_decorator_of_an_unknown_library_makes_a_path_likely_at_most() -> None:
    text = """
    import time
    from somewhere import logged
    @logged
    def pause():
        time.sleep(1)
    async def serve():
        pause()
    """
    assert only(text).confidence is Confidence.LIKELY


@pytest.mark.parametrize("name", ["run_in_executor", "background_task", "threaded", "celery_app.task", "defer"])
def test_a_decorator_whose_name_says_elsewhere_is_not_claimed(name: str) -> None:
    top = name.partition(".")[0]
    text = f"""
    import time
    from somewhere import {top}
    @{name}
    def pause():
        time.sleep(1)
    async def serve():
        pause()
    """
    assert reports(text) == []


def test_lru_cache_runs_its_function_once_for_each_argument() -> None:
    text = """
    import subprocess
    from functools import lru_cache
    @lru_cache
    def version():
        return subprocess.run(["git", "--version"])
    async def serve():
        return version()  # CON103
    """
    assert mismatches(text) == []


def test_sync_to_async_takes_a_function_off_the_loop() -> None:
    text = """
    import time
    from asgiref.sync import sync_to_async
    @sync_to_async
    def pause():
        time.sleep(1)
    async def serve():
        await pause()
    """
    assert reports(text) == []


def test_a_remote_function_does_not_run_where_it_is_called() -> None:
    text = """
    import ray
    import time
    @ray.remote
    def pause():
        time.sleep(1)
    async def serve():
        await pause.remote()
    """
    assert reports(text) == []


def test_a_retry_decorator_of_a_library_calls_through() -> None:
    text = """
    import requests
    from tenacity import retry
    @retry
    def ask():
        return requests.get("https://example.org")
    async def serve():
        ask()  # CON102
    """
    assert mismatches(text) == []


def test_a_decorated_method_is_looked_through() -> None:
    text = """
    import time
    def logged(func):
        def wrapper(self):
            return func(self)
        return wrapper
    class Service:
        @logged
        def pause(self):
            time.sleep(1)
        async def serve(self):
            self.pause()  # CON101
    """
    assert mismatches(text) == []


def test_what_a_decorator_does_around_the_call_is_reached() -> None:
    text = """
    import time
    def slowed(func):
        def wrapper(*args):
            time.sleep(1)
            return func(*args)
        return wrapper
    @slowed
    def ask():
        pass
    async def serve():
        ask()  # CON101
    """
    assert mismatches(text) == []


def test_a_coroutine_function_under_a_plain_wrapper_is_on_the_loop() -> None:
    text = """
    import functools
    import time
    def logged(func):
        @functools.wraps(func)
        def wrapper(*args):
            return func(*args)
        return wrapper
    @logged
    async def serve():
        time.sleep(1)  # CON101
    """
    assert mismatches(text) == []
