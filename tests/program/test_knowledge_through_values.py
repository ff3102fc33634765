"""The tables are asked about what values are, not about how code spells them."""

from __future__ import annotations

import pytest

from tests.program.claims import mismatches, reports


def test_another_public_name_of_a_type_is_that_type() -> None:
    text = """
    from requests.sessions import Session
    async def serve():
        session = Session()
        session.get("https://example.org")  # CON102
    """
    assert mismatches(text) == []


def test_another_public_name_of_a_module_is_that_module() -> None:
    text = """
    import requests.api
    async def serve():
        requests.api.get("https://example.org")  # CON102
    """
    assert mismatches(text) == []


def test_a_method_of_a_known_base_of_a_library_type_is_found() -> None:
    text = """
    import queue
    async def serve():
        inbox = queue.PriorityQueue()
        inbox.get()  # CON105
    """
    assert mismatches(text) == []


def test_a_subclass_in_another_module_has_the_methods_of_its_library_base() -> None:
    text = """
    # file: app.py
    from client import Client
    class Special(Client):
        pass
    async def serve(client: Special):
        client.get("https://example.org")  # CON102
    # file: client.py
    import requests
    class Client(requests.Session):
        pass
    """
    assert mismatches(text) == []


def test_a_call_of_super_reaches_the_method_of_a_library_base() -> None:
    text = """
    import requests
    class Client(requests.Session):
        def get(self, url):
            return super().get(url)
    async def serve():
        Client().get("https://example.org")  # CON102
    """
    assert mismatches(text) == []


def test_what_a_method_of_a_library_returns_has_its_methods() -> None:
    text = """
    import threading
    from concurrent.futures import ThreadPoolExecutor
    def work():
        pass
    async def serve():
        pool = ThreadPoolExecutor()
        future = pool.submit(work)
        future.result()  # CON105
    """
    assert mismatches(text) == []


def test_a_method_on_the_result_of_a_call_is_found() -> None:
    text = """
    from concurrent.futures import ThreadPoolExecutor
    pool = ThreadPoolExecutor()
    async def serve(work):
        pool.submit(work).result()  # CON105
    """
    assert mismatches(text) == []


def test_entering_an_annotated_lock_blocks() -> None:
    text = """
    import threading
    class Service:
        def __init__(self, event: threading.Event):
            self.event = event
        def rest(self):
            self.event.wait()
        async def serve(self):
            self.rest()  # CON105
    """
    assert mismatches(text) == []


@pytest.mark.parametrize("call", ["asyncio.Event().wait()", "asyncio.Queue().get()", "asyncio.Condition().wait()"])
def test_async_twins_with_the_same_method_names_do_not_block(call: str) -> None:
    assert reports(f"import asyncio\nasync def serve():\n    await {call}\n") == []


def test_a_method_of_the_same_name_on_another_type_does_not_block() -> None:
    text = """
    import collections
    async def serve():
        d = collections.OrderedDict()
        d.get("x")
    """
    assert reports(text) == []


def test_a_safe_method_of_a_type_does_not_block() -> None:
    text = """
    import requests
    async def serve():
        session = requests.Session()
        session.close()
    """
    assert reports(text) == []


def test_a_process_that_is_waited_for_through_a_returned_handle_blocks() -> None:
    text = """
    # file: app.py
    from starting import begin
    async def serve():
        process = begin()
        process.wait()  # CON103
    # file: starting.py
    import subprocess
    def begin():
        return subprocess.Popen(["git"])
    """
    assert mismatches(text) == []


def test_a_timeout_of_zero_in_a_variable_is_read() -> None:
    text = """
    import queue
    async def serve():
        inbox = queue.Queue()
        limit = 0
        inbox.get(timeout=limit)
    """
    assert reports(text) == []


def test_a_timeout_in_a_global_constant_is_read() -> None:
    text = """
    # file: app.py
    import queue
    from settings import LIMIT
    async def serve():
        inbox = queue.Queue()
        inbox.get(timeout=LIMIT)
    # file: settings.py
    LIMIT = 0
    """
    assert reports(text) == []


def test_arguments_spread_from_elsewhere_may_forbid_waiting_so_nothing_is_claimed() -> None:
    text = """
    import queue
    async def serve(options):
        inbox = queue.Queue()
        inbox.get(**options)
    """
    assert reports(text) == []
