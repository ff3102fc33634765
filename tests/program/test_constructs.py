"""What a construct runs without naming it: constructors, `with`, `for`, calls of instances, nested functions."""

from __future__ import annotations

import pytest

from tests.program.claims import mismatches, reports


def test_making_an_instance_runs_its_init() -> None:
    text = """
    # file: app.py
    from client import Client
    async def serve():
        Client()  # CON101
    # file: client.py
    import time
    class Client:
        def __init__(self):
            time.sleep(1)
    """
    assert mismatches(text) == []


def test_making_an_instance_runs_the_init_of_its_base() -> None:
    text = """
    # file: app.py
    from base import Base
    class Client(Base):
        pass
    async def serve():
        Client()  # CON101
    # file: base.py
    import time
    class Base:
        def __init__(self):
            time.sleep(1)
    """
    assert mismatches(text) == []


def test_making_an_instance_of_an_alias_runs_its_init() -> None:
    text = """
    # file: app.py
    from client import Client as Connection
    async def serve():
        Connection()  # CON101
    # file: client.py
    import time
    class Client:
        def __init__(self):
            time.sleep(1)
    """
    assert mismatches(text) == []


def test_making_an_instance_with_super_init_runs_both() -> None:
    text = """
    import time
    class Base:
        def __init__(self):
            time.sleep(1)
    class Client(Base):
        def __init__(self):
            super().__init__()
    async def serve():
        Client()  # CON101
    """
    assert mismatches(text) == []


def test_making_a_dataclass_runs_its_post_init() -> None:
    text = """
    import time
    from dataclasses import dataclass
    @dataclass
    class Client:
        name: str
        def __post_init__(self):
            time.sleep(1)
    async def serve():
        Client("a")  # CON101
    """
    assert mismatches(text) == []


def test_making_an_instance_runs_its_new() -> None:
    text = """
    import time
    class Client:
        def __new__(cls):
            time.sleep(1)
            return object.__new__(cls)
    async def serve():
        Client()  # CON101
    """
    assert mismatches(text) == []


def test_calling_an_instance_runs_its_call() -> None:
    text = """
    import time
    class Client:
        def __call__(self):
            time.sleep(1)
    async def serve():
        client = Client()
        client()  # CON101
    async def poll():
        Client()()  # CON101
    """
    assert mismatches(text) == []


def test_calling_an_instance_in_an_attribute_runs_its_call() -> None:
    text = """
    import time
    class Client:
        def __call__(self):
            time.sleep(1)
    class Service:
        def __init__(self):
            self.client = Client()
        async def serve(self):
            self.client()  # CON101
    """
    assert mismatches(text) == []


@pytest.mark.parametrize("method", ["__enter__", "__exit__"])
def test_a_with_statement_runs_enter_and_exit(method: str) -> None:
    text = f"""
    import time
    class Client:
        def __enter__(self):
            return self
        def __exit__(self, *args):
            pass
        def {method}(self, *args):
            time.sleep(1)
            return self
    async def serve():
        with Client():  # CON101
            pass
    """
    assert mismatches(text) == []


def test_an_async_with_does_not_run_enter() -> None:
    text = """
    import time
    class Client:
        def __enter__(self):
            time.sleep(1)
        async def __aenter__(self):
            pass
        async def __aexit__(self, *args):
            pass
    async def serve():
        async with Client():
            pass
    """
    assert reports(text) == []


def test_a_loop_over_an_instance_runs_its_next() -> None:
    text = """
    import time
    class Feed:
        def __iter__(self):
            return self
        def __next__(self):
            time.sleep(1)
    async def serve():
        for item in Feed():  # CON101
            pass
    """
    assert mismatches(text) == []


def test_a_loop_over_an_instance_runs_its_iter() -> None:
    text = """
    import time
    class Feed:
        def __iter__(self):
            time.sleep(1)
            return iter(())
    async def serve():
        for item in Feed():  # CON101
            pass
    """
    assert mismatches(text) == []


def test_a_comprehension_over_an_instance_runs_its_next() -> None:
    text = """
    import time
    class Feed:
        def __iter__(self):
            return self
        def __next__(self):
            time.sleep(1)
    async def serve():
        return [item for item in Feed()]  # CON101
    """
    assert mismatches(text) == []


def test_a_generator_runs_where_it_is_iterated() -> None:
    text = """
    import time
    def feed():
        while True:
            time.sleep(1)
            yield 1
    async def serve():
        for item in feed():  # CON101
            pass
    """
    assert mismatches(text) == []


def test_making_a_generator_runs_nothing_of_it() -> None:
    text = """
    import time
    def feed():
        time.sleep(1)
        yield 1
    async def serve():
        return feed()
    """
    assert reports(text) == []


@pytest.mark.parametrize("taker", ["list", "sum", "sorted", "next", "dict"])
def test_a_generator_runs_where_a_builtin_reads_it(taker: str) -> None:
    text = f"""
    import time
    def feed():
        time.sleep(1)
        yield 1
    async def serve():
        {taker}(feed())  # CON101
    """
    assert mismatches(text) == []


def test_a_generator_that_delegates_runs_the_inner_one() -> None:
    text = """
    import time
    def inner():
        time.sleep(1)
        yield 1
    def feed():
        yield from inner()
    async def serve():
        for item in feed():  # CON101
            pass
    """
    assert mismatches(text) == []


def test_a_generator_in_a_local_runs_where_it_is_iterated() -> None:
    text = """
    import time
    def feed():
        time.sleep(1)
        yield 1
    async def serve():
        items = feed()
        for item in items:  # CON101
            pass
    """
    assert mismatches(text) == []


def test_a_context_manager_made_of_a_generator_runs_where_it_is_entered() -> None:
    text = """
    import time
    from contextlib import contextmanager
    @contextmanager
    def paused():
        time.sleep(1)
        yield
    async def serve():
        with paused():  # CON101
            pass
    """
    assert mismatches(text) == []


def test_what_a_context_manager_of_a_generator_yields_is_known() -> None:
    text = """
    import contextlib
    import requests
    @contextlib.contextmanager
    def opened():
        session = requests.Session()
        yield session
    async def serve():
        with opened() as session:
            session.get("https://example.org")  # CON102
    """
    assert mismatches(text) == []


def test_what_a_generator_yields_is_known_where_it_is_iterated() -> None:
    text = """
    import requests
    def sessions():
        yield requests.Session()
    async def serve():
        for session in sessions():
            session.get("https://example.org")  # CON102
    """
    assert mismatches(text) == []


def test_a_nested_function_runs_where_it_is_called() -> None:
    text = """
    import time
    async def serve():
        def pause():
            time.sleep(1)
        pause()  # CON101
    """
    assert mismatches(text) == []


def test_a_nested_function_that_is_not_called_runs_nowhere() -> None:
    text = """
    import time
    async def serve():
        def pause():
            time.sleep(1)
        return pause
    """
    assert reports(text) == []


def test_a_nested_function_called_by_its_sibling_is_followed() -> None:
    text = """
    import time
    async def serve():
        def pause():
            time.sleep(1)
        def rest():
            pause()
        rest()  # CON101
    """
    assert mismatches(text) == []


def test_a_lambda_in_a_local_runs_where_it_is_called() -> None:
    text = """
    import time
    async def serve():
        pause = lambda: time.sleep(1)
        pause()  # CON101
    """
    assert mismatches(text) == []


def test_a_lambda_in_a_global_runs_where_it_is_called() -> None:
    text = """
    import time
    pause = lambda: time.sleep(1)
    async def serve():
        pause()  # CON101
    """
    assert mismatches(text) == []


def test_a_lambda_that_is_handed_on_runs_nowhere() -> None:
    text = """
    import time
    async def serve(register):
        register(lambda: time.sleep(1))
    """
    assert reports(text) == []


def test_a_default_of_a_nested_function_is_evaluated_where_it_is_defined() -> None:
    text = """
    import time
    async def serve():
        def pause(now=time.sleep(1)):  # CON101
            return now
        return pause
    """
    assert mismatches(text) == []


def test_a_coroutine_that_is_awaited_is_reported_at_its_own_place() -> None:
    text = """
    import time
    async def pause():
        time.sleep(1)  # CON101
    async def serve():
        await pause()
    """
    assert mismatches(text) == []


def test_a_path_over_four_calls_is_followed() -> None:
    text = """
    import time
    def one(): two()
    def two(): three()
    def three(): four()
    def four(): time.sleep(1)
    async def serve():
        one()  # CON101
    """
    assert mismatches(text) == []


def test_a_path_over_five_calls_is_not_followed() -> None:
    text = """
    import time
    def one(): two()
    def two(): three()
    def three(): four()
    def four(): five()
    def five(): time.sleep(1)
    async def serve():
        one()
    """
    assert reports(text) == []


def test_an_instance_of_an_annotated_parameter_is_called() -> None:
    text = """
    # file: app.py
    from client import Client
    async def serve(ask: Client):
        ask()  # CON101
    # file: client.py
    import time
    class Client:
        def __call__(self):
            time.sleep(1)
    """
    assert mismatches(text) == []


def test_super_init_of_an_unrelated_class_does_not_run_this_one() -> None:
    text = """
    import time
    class Slow:
        def __init__(self):
            time.sleep(1)
    class Base:
        def __init__(self):
            pass
    class Client(Base):
        def __init__(self):
            super().__init__()
    async def serve():
        Client()
    """
    assert reports(text) == []


def test_what_an_async_context_manager_of_a_generator_yields_is_known() -> None:
    text = """
    import contextlib
    import requests
    @contextlib.asynccontextmanager
    async def opened():
        yield requests.Session()
    async def serve():
        async with opened() as session:
            session.get("https://example.org")  # CON102
    """
    assert mismatches(text) == []


def test_what_a_generator_is_annotated_to_give_is_known() -> None:
    text = """
    from typing import Iterator
    import requests
    def sessions(registry) -> Iterator[requests.Session]:
        yield registry["session"]
    async def serve():
        for session in sessions({}):
            session.get("https://example.org")  # CON102
    """
    assert mismatches(text) == []


def test_what_an_async_generator_yields_is_known() -> None:
    text = """
    import requests
    async def sessions():
        yield requests.Session()
    async def serve():
        async for session in sessions():
            session.get("https://example.org")  # CON102
    """
    assert mismatches(text) == []


def test_what_a_delegating_generator_yields_is_known() -> None:
    text = """
    import requests
    def sessions():
        yield from [requests.Session()]
    async def serve():
        for session in sessions():
            session.get("https://example.org")  # CON102
    """
    assert mismatches(text) == []
