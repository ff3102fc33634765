"""Where values come from: constructors, annotations, attributes, returns, containers, tests of type."""

from __future__ import annotations

import pytest

from tests.program.claims import mismatches

CALL = 'get("https://example.org")  # CON102'


def test_a_local_holds_the_instance_that_it_was_given() -> None:
    text = f"""
    import requests
    async def serve():
        session = requests.Session()
        session.{CALL}
    """
    assert mismatches(text) == []


@pytest.mark.parametrize(
    "annotation",
    [
        "requests.Session",
        "'requests.Session'",
        "Optional[requests.Session]",
        "'Optional[requests.Session]'",
        "Optional['requests.Session']",
        "requests.Session | None",
        "None | requests.Session",
        "'requests.Session | None'",
        "Union[requests.Session, None]",
        "Annotated[requests.Session, 'shared']",
    ],
)
def test_an_annotated_parameter_holds_an_instance(annotation: str) -> None:
    text = f"""
    import requests
    from typing import Annotated, Optional, Union
    async def serve(session: {annotation}):
        session.{CALL}
    """
    assert mismatches(text) == []


def test_a_parameter_with_an_alias_of_a_type_holds_an_instance() -> None:
    text = f"""
    from typing import Optional
    import requests
    Session = Optional[requests.Session]
    async def serve(session: Session):
        session.{CALL}
    """
    assert mismatches(text) == []


def test_a_type_parameter_holds_an_instance_of_its_bound() -> None:
    text = """
    import time
    from typing import TypeVar
    class Client:
        def pause(self):
            time.sleep(1)
    T = TypeVar("T", bound=Client)
    async def serve(client: T):
        client.pause()  # CON101
    """
    assert mismatches(text) == []


def test_an_annotated_local_holds_an_instance() -> None:
    text = f"""
    import requests
    async def serve(make):
        session: requests.Session = make()
        session.{CALL}
    """
    assert mismatches(text) == []


def test_an_annotated_parameter_of_a_class_of_the_program_has_its_methods() -> None:
    text = """
    # file: app.py
    from client import Client
    async def serve(client: Client):
        client.pause()  # CON101
    # file: client.py
    import time
    class Client:
        def pause(self):
            time.sleep(1)
    """
    assert mismatches(text) == []


def test_an_attribute_set_in_init_is_known_in_all_methods() -> None:
    text = f"""
    import requests
    class Service:
        def __init__(self):
            self.session = requests.Session()
        async def serve(self):
            self.session.{CALL}
    """
    assert mismatches(text) == []


def test_an_attribute_set_in_any_method_is_known() -> None:
    text = f"""
    import requests
    class Service:
        async def serve(self):
            self.session.{CALL}
        def open(self):
            self.session = requests.Session()
    """
    assert mismatches(text) == []


def test_an_attribute_set_in_a_base_in_another_module_is_known() -> None:
    text = f"""
    # file: app.py
    from base import Base
    class Service(Base):
        async def serve(self):
            self.session.{CALL}
    # file: base.py
    import requests
    class Base:
        def __init__(self):
            self.session = requests.Session()
    """
    assert mismatches(text) == []


def test_an_attribute_that_is_first_none_is_known() -> None:
    text = f"""
    import requests
    class Service:
        def __init__(self):
            self.session = None
        def open(self):
            self.session = requests.Session()
        async def serve(self):
            self.session.{CALL}
    """
    assert mismatches(text) == []


def test_an_attribute_given_an_annotated_parameter_is_known() -> None:
    text = f"""
    import requests
    class Service:
        def __init__(self, session: requests.Session):
            self._session = session
        async def serve(self):
            self._session.{CALL}
    """
    assert mismatches(text) == []


def test_an_annotated_attribute_is_known() -> None:
    text = f"""
    import requests
    class Service:
        def __init__(self, session):
            self.session: requests.Session = session
        async def serve(self):
            self.session.{CALL}
    """
    assert mismatches(text) == []


def test_an_attribute_annotated_in_the_class_is_known() -> None:
    text = f"""
    import requests
    class Service:
        session: requests.Session
        async def serve(self):
            self.session.{CALL}
    """
    assert mismatches(text) == []


def test_a_class_attribute_is_known() -> None:
    text = f"""
    import requests
    class Service:
        session = requests.Session()
        async def serve(self):
            self.session.{CALL}
        @classmethod
        async def poll(cls):
            cls.session.{CALL}
    """
    assert mismatches(text) == []


def test_a_field_of_a_dataclass_is_known() -> None:
    text = f"""
    from dataclasses import dataclass, field
    import requests
    @dataclass
    class Service:
        session: requests.Session = field(default_factory=requests.Session)
        async def serve(self):
            self.session.{CALL}
    async def serve(service: Service):
        service.session.{CALL}
    """
    assert mismatches(text) == []


def test_an_attribute_of_an_attribute_is_known() -> None:
    text = f"""
    import requests
    class Client:
        def __init__(self):
            self.session = requests.Session()
    class Service:
        def __init__(self):
            self.client = Client()
        async def serve(self):
            self.client.session.{CALL}
    """
    assert mismatches(text) == []


def test_an_attribute_set_from_outside_is_not_needed_where_the_class_sets_it_too() -> None:
    text = f"""
    import requests
    class Service:
        session = None
        def open(self):
            self.session = requests.Session()
    async def serve():
        service = Service()
        service.session.{CALL}
    """
    assert mismatches(text) == []


def test_what_a_with_statement_binds_is_known() -> None:
    text = f"""
    import requests
    async def serve():
        with requests.Session() as session:
            session.{CALL}
    """
    assert mismatches(text) == []


def test_a_with_statement_binds_what_enter_returns() -> None:
    text = f"""
    import requests
    class Opened:
        def __enter__(self):
            return requests.Session()
        def __exit__(self, *args):
            pass
    async def serve():
        with Opened() as session:
            session.{CALL}
    """
    assert mismatches(text) == []


def test_an_async_with_statement_binds_what_aenter_returns() -> None:
    text = f"""
    import requests
    class Opened:
        async def __aenter__(self):
            return requests.Session()
        async def __aexit__(self, *args):
            pass
    async def serve():
        async with Opened() as session:
            session.{CALL}
    """
    assert mismatches(text) == []


def test_a_with_statement_binds_the_object_where_enter_returns_self() -> None:
    text = """
    import time
    class Client:
        def __enter__(self):
            return self
        def __exit__(self, *args):
            pass
        def pause(self):
            time.sleep(1)
    async def serve():
        with Client() as client:
            client.pause()  # CON101
    """
    assert mismatches(text) == []


def test_what_a_function_returns_is_known() -> None:
    text = f"""
    # file: app.py
    from making import make
    async def serve():
        make().{CALL}
    # file: making.py
    import requests
    def make():
        session = requests.Session()
        return session
    """
    assert mismatches(text) == []


def test_what_a_function_is_annotated_to_return_is_known() -> None:
    text = f"""
    import requests
    def make(registry) -> requests.Session:
        return registry["session"]
    async def serve():
        session = make({{}})
        session.{CALL}
    """
    assert mismatches(text) == []


def test_what_an_awaited_coroutine_returns_is_known() -> None:
    text = f"""
    import requests
    async def make():
        return requests.Session()
    async def serve():
        session = await make()
        session.{CALL}
    """
    assert mismatches(text) == []


def test_what_a_library_call_returns_is_known() -> None:
    text = """
    import subprocess
    async def serve():
        process = subprocess.Popen(["git"])
        process.wait()  # CON103
    """
    assert mismatches(text) == []


def test_a_method_that_returns_self_keeps_the_type() -> None:
    text = """
    import time
    class Client:
        def named(self, name):
            self.name = name
            return self
        def pause(self):
            time.sleep(1)
    async def serve():
        Client().named("a").pause()  # CON101
    """
    assert mismatches(text) == []


def test_a_method_annotated_to_return_self_keeps_the_type() -> None:
    text = """
    import time
    from typing import Self
    class Base:
        def named(self, name) -> Self:
            return make(self, name)
    class Client(Base):
        def pause(self):
            time.sleep(1)
    async def serve():
        Client().named("a").pause()  # CON101
    """
    assert mismatches(text) == []


def test_an_isinstance_test_gives_a_type() -> None:
    text = f"""
    import requests
    async def serve(client):
        if isinstance(client, requests.Session):
            client.{CALL}
    """
    assert mismatches(text) == []


def test_an_isinstance_test_gives_a_type_in_the_same_condition() -> None:
    text = f"""
    import requests
    async def serve(client):
        if isinstance(client, requests.Session) and client.{CALL.replace("  #", ":  #")}
            pass
    """
    assert mismatches(text) == []


def test_a_negated_isinstance_test_with_an_early_return_gives_a_type() -> None:
    text = f"""
    import requests
    async def serve(client):
        if not isinstance(client, requests.Session):
            return
        client.{CALL}
    """
    assert mismatches(text) == []


@pytest.mark.parametrize(
    "annotation", ["list[requests.Session]", "List[requests.Session]", "Iterable[requests.Session]",
                   "tuple[requests.Session, ...]", "set[requests.Session]", "Sequence[requests.Session]"]
)  # fmt: skip
def test_a_loop_over_an_annotated_container_gives_its_elements(annotation: str) -> None:
    text = f"""
    import requests
    from typing import Iterable, List, Sequence
    async def serve(sessions: {annotation}):
        for session in sessions:
            session.{CALL}
    """
    assert mismatches(text) == []


@pytest.mark.parametrize("display", ["[{}]", "({},)", "{{{}}}", "[{0}, {0}]", "[{} for _ in range(3)]"])
def test_a_loop_over_a_display_gives_its_elements(display: str) -> None:
    text = f"""
    import requests
    async def serve():
        for session in {display.format("requests.Session()")}:
            session.{CALL}
    """
    assert mismatches(text) == []


@pytest.mark.parametrize("view", ["values()", "items()"])
def test_a_loop_over_the_values_of_an_annotated_dict_gives_them(view: str) -> None:
    target = "session" if view == "values()" else "name, session"
    text = f"""
    import requests
    async def serve(sessions: dict[str, requests.Session]):
        for {target} in sessions.{view}:
            session.{CALL}
    """
    assert mismatches(text) == []


@pytest.mark.parametrize("access", ['["a"]', '.get("a")', '.pop("a")', '.setdefault("a", None)'])
def test_an_item_of_an_annotated_dict_is_known(access: str) -> None:
    text = f"""
    import requests
    async def serve(sessions: dict[str, requests.Session]):
        sessions{access}.{CALL}
    """
    assert mismatches(text) == []


def test_an_item_of_an_attribute_that_is_a_list_is_known() -> None:
    text = f"""
    import requests
    class Service:
        def __init__(self):
            self.sessions: list[requests.Session] = []
        async def serve(self):
            self.sessions[0].{CALL}
            for session in self.sessions:
                session.{CALL}
    """
    assert mismatches(text) == []


def test_a_loop_with_enumerate_gives_the_elements() -> None:
    text = f"""
    import requests
    async def serve(sessions: list[requests.Session]):
        for number, session in enumerate(sessions):
            session.{CALL}
    """
    assert mismatches(text) == []


def test_a_loop_with_zip_gives_the_elements() -> None:
    text = f"""
    import requests
    async def serve(names: list[str], sessions: list[requests.Session]):
        for name, session in zip(names, sessions):
            session.{CALL}
    """
    assert mismatches(text) == []


def test_a_tuple_is_unpacked_by_position() -> None:
    text = f"""
    import requests
    async def serve():
        name, session = "a", requests.Session()
        session.{CALL}
    """
    assert mismatches(text) == []


def test_a_returned_tuple_is_unpacked_by_position() -> None:
    text = f"""
    import requests
    def make():
        return "a", requests.Session()
    async def serve():
        name, session = make()
        session.{CALL}
    """
    assert mismatches(text) == []


def test_an_annotated_tuple_is_unpacked_by_position() -> None:
    text = f"""
    import requests
    def make(registry) -> tuple[str, requests.Session]:
        return registry["both"]
    async def serve():
        name, session = make({{}})
        session.{CALL}
    """
    assert mismatches(text) == []


def test_a_walrus_binds_its_value() -> None:
    text = f"""
    import requests
    async def serve():
        if (session := requests.Session()):
            session.{CALL}
    """
    assert mismatches(text) == []


def test_a_conditional_expression_with_none_is_the_other_value() -> None:
    text = f"""
    import requests
    async def serve(wanted):
        session = requests.Session() if wanted else None
        session.{CALL}
    """
    assert mismatches(text) == []


def test_a_conditional_expression_whose_sides_have_one_type_is_of_that_type() -> None:
    text = f"""
    import requests
    async def serve(wanted):
        session = requests.Session() if wanted else requests.Session()
        session.{CALL}
    """
    assert mismatches(text) == []


def test_an_or_gives_its_default() -> None:
    text = f"""
    import requests
    async def serve(session: requests.Session | None = None):
        session = session or requests.Session()
        session.{CALL}
    """
    assert mismatches(text) == []


def test_a_partial_runs_its_function() -> None:
    text = """
    import time
    from functools import partial
    def pause(seconds):
        time.sleep(seconds)
    async def serve():
        rest = partial(pause, 1)
        rest()  # CON101
    """
    assert mismatches(text) == []


def test_a_partial_of_a_library_function_is_that_function() -> None:
    text = """
    import functools
    import time
    async def serve():
        rest = functools.partial(time.sleep, 1)
        rest()  # CON101
    """
    assert mismatches(text) == []


def test_a_bound_method_in_a_local_is_that_method() -> None:
    text = f"""
    import requests
    async def serve():
        session = requests.Session()
        get = session.get
        {CALL}
    """
    assert mismatches(text) == []


def test_a_bound_method_of_the_program_in_a_local_is_that_method() -> None:
    text = """
    import time
    class Client:
        def pause(self):
            time.sleep(1)
    async def serve():
        rest = Client().pause
        rest()  # CON101
    """
    assert mismatches(text) == []


def test_a_bound_method_in_an_attribute_is_that_method() -> None:
    text = """
    import time
    class Service:
        def __init__(self):
            self.rest = self._pause
        def _pause(self):
            time.sleep(1)
        async def serve(self):
            self.rest()  # CON101
    """
    assert mismatches(text) == []


def test_a_library_function_in_an_attribute_is_that_function() -> None:
    text = """
    import time
    class Service:
        def __init__(self):
            self.rest = time.sleep
        async def serve(self):
            self.rest(1)  # CON101
    """
    assert mismatches(text) == []


def test_a_library_function_in_a_global_is_that_function() -> None:
    text = """
    # file: app.py
    from compat import rest
    async def serve():
        rest(1)  # CON101
    # file: compat.py
    import time
    rest = time.sleep
    """
    assert mismatches(text) == []


def test_a_function_in_a_global_is_that_function() -> None:
    text = """
    import time
    def pause():
        time.sleep(1)
    rest = pause
    async def serve():
        rest()  # CON101
    """
    assert mismatches(text) == []


def test_a_function_in_a_class_attribute_is_that_function() -> None:
    text = """
    import time
    def pause(seconds):
        time.sleep(seconds)
    class Service:
        rest = staticmethod(pause)
        async def serve(self):
            self.rest(1)  # CON101
    """
    assert mismatches(text) == []


def test_the_one_function_of_a_dict_is_called_through_it() -> None:
    text = """
    import time
    def pause():
        time.sleep(1)
    ACTIONS = {"pause": pause}
    async def serve(action):
        ACTIONS[action]()  # CON101
    """
    assert mismatches(text) == []


def test_an_instance_in_a_global_is_known() -> None:
    text = f"""
    # file: app.py
    from shared import session
    async def serve():
        session.{CALL}
    # file: shared.py
    import requests
    session = requests.Session()
    """
    assert mismatches(text) == []


def test_an_instance_that_a_function_stores_in_a_global_is_known() -> None:
    text = f"""
    import requests
    session = None
    def open_session():
        global session
        session = requests.Session()
    async def serve():
        session.{CALL}
    """
    assert mismatches(text) == []


def test_a_variable_of_the_enclosing_function_is_known() -> None:
    text = f"""
    import requests
    def make():
        session = requests.Session()
        async def serve():
            session.{CALL}
        return serve
    """
    assert mismatches(text) == []


def test_a_default_value_gives_a_parameter_its_type() -> None:
    text = f"""
    import requests
    shared = requests.Session()
    async def serve(session=shared):
        session.{CALL}
    """
    assert mismatches(text) == []


def test_the_last_assignment_before_the_use_counts() -> None:
    text = f"""
    import requests
    async def serve(other):
        session = other
        session = requests.Session()
        session.{CALL}
    """
    assert mismatches(text) == []


def test_a_cast_gives_a_type() -> None:
    text = f"""
    import requests
    from typing import cast
    async def serve(client):
        cast(requests.Session, client).{CALL}
    """
    assert mismatches(text) == []


def test_getattr_with_a_constant_gives_the_value_of_that_attribute() -> None:
    text = f"""
    import requests
    class Service:
        session = requests.Session()
    async def serve():
        getattr(Service(), "session").{CALL}
    """
    assert mismatches(text) == []


def test_an_isinstance_test_of_several_types_gives_what_they_share() -> None:
    text = f"""
    import requests
    class Client(requests.Session):
        pass
    async def serve(client):
        if isinstance(client, (requests.Session,)):
            client.{CALL}
    """
    assert mismatches(text) == []


def test_a_super_class_attribute_is_known_through_super_init() -> None:
    text = f"""
    import requests
    class Base:
        def __init__(self, session):
            self.session = session
    class Service(Base):
        def __init__(self):
            super().__init__(requests.Session())
            self.session = requests.Session()
        async def serve(self):
            self.session.{CALL}
    """
    assert mismatches(text) == []


def test_a_local_that_a_nested_function_fills_is_known() -> None:
    text = f"""
    import requests
    def make():
        session = None
        def connect():
            nonlocal session
            session = requests.Session()
        async def serve():
            session.{CALL}
        return connect, serve
    """
    assert mismatches(text) == []


def test_annotated_star_arguments_hold_instances() -> None:
    text = f"""
    import requests
    async def serve(*sessions: requests.Session):
        for session in sessions:
            session.{CALL}
    async def poll(**sessions: requests.Session):
        for session in sessions.values():
            session.{CALL}
    """
    assert mismatches(text) == []


def test_a_field_of_a_named_tuple_is_known() -> None:
    text = f"""
    from typing import NamedTuple
    import requests
    class Shared(NamedTuple):
        session: requests.Session
    async def serve(shared: Shared):
        shared.session.{CALL}
    """
    assert mismatches(text) == []


@pytest.mark.parametrize(
    "alias",
    [
        "Session = requests.Session",
        "Session: TypeAlias = Optional[requests.Session]",
        "Session = requests.Session | None",
        'Session = NewType("Session", requests.Session)',
    ],
)
def test_an_alias_of_a_type_stands_for_it(alias: str) -> None:
    text = f"""
    import requests
    from typing import NewType, Optional, TypeAlias
    {alias}
    async def serve(session: Session):
        session.{CALL}
    """
    assert mismatches(text) == []


def test_an_alias_of_a_type_in_another_module_stands_for_it() -> None:
    text = f"""
    # file: app.py
    from kinds import Session
    async def serve(session: Session):
        session.{CALL}
    # file: kinds.py
    from typing import Optional
    import requests
    Session = Optional[requests.Session]
    """
    assert mismatches(text) == []


@pytest.mark.parametrize("entering", ["stack.enter_context", "await stack.enter_async_context"])
def test_what_an_exit_stack_enters_is_known(entering: str) -> None:
    text = f"""
    import contextlib
    import requests
    class Opened:
        def __enter__(self):
            return requests.Session()
        async def __aenter__(self):
            return requests.Session()
    async def serve():
        async with contextlib.AsyncExitStack() as stack:
            session = {entering}(Opened())
            session.{CALL}
    """
    assert mismatches(text) == []
