"""Unknown stays unknown: no finding rests on a guess."""

from __future__ import annotations

import pytest

from tests.program.claims import mismatches, reports


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("async def serve(session):\n    session.get('x')", id="parameter-without-annotation"),
        pytest.param("async def serve(session: Any):\n    session.get('x')", id="parameter-that-may-be-anything"),
        pytest.param("async def serve():\n    make().get('x')", id="result-of-an-unknown-function"),
        pytest.param("async def serve(name):\n    getattr(requests, name)('x')", id="dynamic-getattr"),
        pytest.param("async def serve(d):\n    d['session'].get('x')", id="item-of-an-unknown-mapping"),
        pytest.param("async def serve(f):\n    f(requests.Session()).get('x')", id="unknown-function-of-a-session"),
        pytest.param("async def serve():\n    globals()['session'].get('x')", id="globals"),
        pytest.param("async def serve(*sessions):\n    sessions[0].get('x')", id="unannotated-star-args"),
        pytest.param("async def serve(s: requests.Unknown):\n    s.get('x')", id="unknown-type-of-a-known-library"),
        pytest.param("async def serve(get):\n    get('x')", id="parameter-called-like-a-function"),
        pytest.param("async def serve():\n    {}.get('x')", id="get-of-a-dict"),
        pytest.param("async def serve():\n    requests.get", id="function-that-is-not-called"),
        pytest.param("async def serve():\n    return requests.get", id="function-that-is-returned"),
        pytest.param("async def serve(r):\n    r.register(requests.get)", id="function-that-is-handed-on"),
    ],
)
def test_nothing_is_claimed_of(body: str) -> None:
    assert reports(f"import requests\nfrom typing import Any\n{body}\n") == []


def test_an_attribute_of_an_unknown_base_class_may_hide_what_is_known() -> None:
    text = """
    from somewhere import Base
    import time
    class Service(Base):
        async def serve(self):
            self.pause()
    class Other:
        def pause(self):
            time.sleep(1)
    """
    assert reports(text) == []


def test_two_types_of_a_local_of_which_one_blocks_are_not_claimed() -> None:
    text = """
    import aiohttp
    import requests
    class Client:
        def get(self, url):
            pass
    async def serve(plain):
        if plain:
            session = requests.Session()
        else:
            session = Client()
        session.get("https://example.org")
    """
    assert reports(text) == []


def test_two_types_of_an_annotation_of_which_one_blocks_are_not_claimed() -> None:
    text = """
    import requests
    class Client:
        def get(self, url):
            pass
    async def serve(session: requests.Session | Client):
        session.get("https://example.org")
    """
    assert reports(text) == []


def test_two_functions_of_a_dict_of_which_one_blocks_are_not_claimed() -> None:
    text = """
    import time
    def pause():
        time.sleep(1)
    def run():
        pass
    ACTIONS = {"pause": pause, "run": run}
    async def serve(action):
        ACTIONS[action]()
    """
    assert reports(text) == []


def test_two_values_of_a_global_of_which_one_blocks_are_not_claimed() -> None:
    text = """
    import requests
    class Client:
        def get(self, url):
            pass
    session = Client()
    def connect():
        global session
        session = requests.Session()
    async def serve():
        session.get("https://example.org")
    """
    assert reports(text) == []


def test_two_values_of_an_attribute_of_which_one_blocks_are_not_claimed() -> None:
    text = """
    import requests
    class Client:
        def get(self, url):
            pass
    class Service:
        def __init__(self):
            self.session = Client()
        def connect(self):
            self.session = requests.Session()
        async def serve(self):
            self.session.get("https://example.org")
    """
    assert reports(text) == []


def test_entering_a_request_of_an_async_library_does_not_block() -> None:
    text = """
    import aiohttp
    async def serve():
        async with aiohttp.ClientSession() as session:
            async with session.get("https://example.org") as response:
                return await response.text()
    """
    assert reports(text) == []


def test_an_awaited_call_is_no_blocking_primitive() -> None:
    text = """
    import requests
    async def serve():
        session = requests.Session()
        await session.get("https://example.org")
    """
    assert reports(text) == []


def test_an_awaited_call_does_not_run_a_plain_function_that_gives_nothing_to_await() -> None:
    text = """
    import time
    class Client:
        def ask(self):
            time.sleep(1)
    async def serve(client: Client):
        await client.ask()
    """
    assert reports(text) == []


def test_an_awaited_call_runs_a_plain_function_that_returns_a_coroutine() -> None:
    text = """
    import time
    async def answer():
        return 1
    def ask():
        time.sleep(1)
        return answer()
    async def serve():
        await ask()  # CON101
    """
    assert mismatches(text) == []


def test_a_name_that_is_assigned_to_itself_is_unknown() -> None:
    text = """
    session = session
    async def serve():
        session.get("https://example.org")
    """
    assert reports(text) == []


def test_a_local_that_is_assigned_to_itself_in_a_loop_keeps_its_value() -> None:
    text = """
    import requests
    async def serve(times):
        session = requests.Session()
        for _ in range(times):
            session = session
            session.get("https://example.org")  # CON102
    """
    assert mismatches(text) == []


def test_functions_that_return_each_other_s_results_are_unknown() -> None:
    text = """
    def one():
        return two()
    def two():
        return one()
    async def serve():
        one().get("https://example.org")
    """
    assert reports(text) == []


def test_an_unrelated_local_deleted_and_bound_again_is_what_it_was_bound_to_last() -> None:
    text = """
    import requests
    async def serve(other):
        session = requests.Session()
        del session
        session = other
        session.get("https://example.org")
    """
    assert reports(text) == []


def test_a_reassigned_parameter_is_no_longer_of_its_annotation() -> None:
    text = """
    import requests
    async def serve(session: requests.Session, other):
        session = other.make()
        session.get("https://example.org")
    """
    assert reports(text) == []


def test_an_exception_variable_hides_the_import_of_its_name() -> None:
    text = """
    import requests
    async def serve(run):
        try:
            run()
        except ValueError as requests:
            requests.get("https://example.org")
    """
    assert reports(text) == []


def test_a_mock_in_place_of_a_library_is_not_the_library() -> None:
    text = """
    from unittest import mock
    requests = mock.Mock()
    async def serve():
        requests.get("https://example.org")
    """
    assert reports(text) == []


def test_a_local_that_is_bound_anew_under_an_isinstance_test_is_no_longer_of_that_type() -> None:
    text = """
    import requests
    async def serve(client, other):
        if isinstance(client, requests.Session):
            client = other.wrap(client)
            client.get("https://example.org")
    """
    assert reports(text) == []


def test_a_failed_isinstance_test_gives_no_type() -> None:
    text = """
    import requests
    async def serve(client):
        if not isinstance(client, requests.Session):
            client.get("https://example.org")
    """
    assert reports(text) == []


def test_one_of_two_isinstance_tests_gives_no_type() -> None:
    text = """
    import requests
    async def serve(client, other):
        if isinstance(client, requests.Session) or other:
            client.get("https://example.org")
    """
    assert reports(text) == []


def test_an_assertion_is_read_as_a_test_of_type() -> None:
    text = """
    import requests
    async def serve(client):
        assert isinstance(client, requests.Session)
        client.get("https://example.org")
    """
    assert len(reports(text)) == 1


def test_a_method_called_through_getattr_is_not_followed() -> None:
    text = """
    import time
    class Client:
        def pause(self):
            time.sleep(1)
    async def serve():
        getattr(Client(), "pause")()
    """
    assert reports(text) == []


def test_a_key_of_a_dict_is_not_one_of_its_values() -> None:
    text = """
    import requests
    async def serve(sessions: dict[str, requests.Session]):
        for key in sessions:
            key.get("https://example.org")
        for key in sessions.keys():
            key.get("https://example.org")
        for key, session in sessions.items():
            key.get("https://example.org")
    """
    assert reports(text) == []


def test_the_number_of_an_element_is_not_the_element() -> None:
    text = """
    import requests
    async def serve(sessions: list[requests.Session]):
        for number, session in enumerate(sessions):
            number.get("https://example.org")
    """
    assert reports(text) == []


def test_what_a_caller_must_pass_is_unknown_beside_what_is_known() -> None:
    text = """
    import requests
    async def serve(session, fresh):
        if fresh:
            session = requests.Session()
        session.get("https://example.org")
    """
    assert reports(text) == []


def test_a_parameter_that_may_be_left_out_is_what_it_is_replaced_by() -> None:
    text = """
    import requests
    async def serve(session=None):
        if session is None:
            session = requests.Session()
        session.get("https://example.org")  # CON102
    """
    assert mismatches(text) == []


def test_a_local_that_a_nested_function_binds_anew_may_be_either() -> None:
    text = """
    import requests
    class Client:
        def get(self, url):
            pass
    def make():
        session = requests.Session()
        def swap():
            nonlocal session
            session = Client()
        async def serve():
            session.get("https://example.org")
        return swap, serve
    """
    assert reports(text) == []


def test_an_element_that_is_only_ever_appended_is_unknown() -> None:
    text = """
    import requests
    class Service:
        def __init__(self):
            self.sessions = []
        def add(self):
            self.sessions.append(requests.Session())
        async def serve(self):
            for session in self.sessions:
                session.get("https://example.org")
    """
    assert reports(text) == []


def test_a_pattern_is_not_read_as_a_test_of_type() -> None:
    text = """
    import requests
    async def serve(client):
        match client:
            case requests.Session():
                client.get("https://example.org")
    """
    assert reports(text) == []


def test_a_class_that_merely_looks_like_a_protocol_is_not_its_implementation() -> None:
    text = """
    import time
    from typing import Protocol
    class Pausing(Protocol):
        def pause(self): ...
    class Client:
        def pause(self):
            time.sleep(1)
    async def serve(client: Pausing):
        client.pause()
    """
    assert reports(text) == []
