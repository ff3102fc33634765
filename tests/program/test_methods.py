"""Methods: resolution order across modules, super, overrides, properties, class and static methods."""

from __future__ import annotations

import pytest

from conclint.finding import Confidence
from conclint.program.program import Options
from tests.program.claims import mismatches, only, reports

POSSIBLE = Options(min_confidence=Confidence.POSSIBLE)


def test_a_method_of_a_base_class_in_another_module_is_reached_through_self() -> None:
    text = """
    # file: app.py
    from base import Base
    class Service(Base):
        async def serve(self):
            self._pause()  # CON101
    # file: base.py
    import time
    class Base:
        def _pause(self):
            time.sleep(1)
    """
    assert mismatches(text) == []


def test_a_method_of_a_base_of_a_base_is_reached() -> None:
    text = """
    # file: app.py
    from middle import Middle
    class Service(Middle):
        async def serve(self):
            self._pause()  # CON101
    # file: middle.py
    from base import Base as Root
    class Middle(Root):
        pass
    # file: base.py
    import time
    class Base:
        def _pause(self):
            time.sleep(1)
    """
    assert mismatches(text) == []


def test_the_method_of_the_class_hides_that_of_its_base() -> None:
    text = """
    import time
    class Base:
        def _pause(self):
            time.sleep(1)
    class Service(Base):
        def _pause(self):
            pass
        async def serve(self):
            self._pause()
    """
    assert reports(text) == []


def test_in_a_diamond_the_left_sibling_comes_before_the_common_base() -> None:
    text = """
    import time
    class Root:
        def pause(self):
            time.sleep(1)
    class Left(Root):
        pass
    class Right(Root):
        def pause(self):
            pass
    class Both(Left, Right):
        async def serve(self):
            self.pause()
    """
    assert reports(text) == []


def test_in_a_diamond_the_overriding_sibling_is_reached() -> None:
    text = """
    import time
    class Root:
        def pause(self):
            pass
    class Left(Root):
        pass
    class Right(Root):
        def pause(self):
            time.sleep(1)
    class Both(Left, Right):
        async def serve(self):
            self.pause()  # CON101
    """
    assert mismatches(text) == []


def test_a_mixin_before_the_base_wins() -> None:
    text = """
    # file: app.py
    from base import Base
    from mixin import Mixin
    class Service(Mixin, Base):
        async def serve(self):
            self.pause()  # CON101
    # file: base.py
    class Base:
        def pause(self):
            pass
    # file: mixin.py
    import time
    class Mixin:
        def pause(self):
            time.sleep(1)
    """
    assert mismatches(text) == []


def test_a_mixin_does_not_reach_into_its_users_siblings() -> None:
    text = """
    import time
    class Mixin:
        async def serve(self):
            self.pause()
    class Base:
        def pause(self):
            time.sleep(1)
    class Service(Mixin, Base):
        pass
    """
    assert reports(text) == []


def test_super_runs_the_method_of_the_base() -> None:
    text = """
    import time
    class Base:
        def pause(self):
            time.sleep(1)
    class Service(Base):
        def pause(self):
            super().pause()
        async def serve(self):
            self.pause()  # CON101
    """
    assert mismatches(text) == []


def test_super_with_arguments_runs_the_method_of_the_base() -> None:
    text = """
    import time
    class Base:
        def pause(self):
            time.sleep(1)
    class Service(Base):
        async def serve(self):
            super(Service, self).pause()  # CON101
    """
    assert mismatches(text) == []


def test_a_chain_of_super_calls_is_followed() -> None:
    text = """
    # file: app.py
    from middle import Middle
    class Service(Middle):
        async def serve(self):
            self.pause()  # CON101
        def pause(self):
            super().pause()
    # file: middle.py
    from base import Base
    class Middle(Base):
        def pause(self):
            super().pause()
    # file: base.py
    import time
    class Base:
        def pause(self):
            time.sleep(1)
    """
    assert mismatches(text) == []


def test_super_does_not_run_the_class_own_method() -> None:
    text = """
    import time
    class Base:
        def pause(self):
            pass
    class Service(Base):
        def pause(self):
            time.sleep(1)
        async def serve(self):
            super().pause()
    """
    assert reports(text) == []


def test_super_in_a_nested_function_is_that_of_the_method() -> None:
    text = """
    import time
    class Base:
        def pause(self):
            time.sleep(1)
    class Service(Base):
        async def serve(self):
            def inner():
                super(Service, self).pause()
            inner()  # CON101
    """
    assert mismatches(text) == []


def test_super_in_a_class_method_runs_the_class_method_of_the_base() -> None:
    text = """
    import time
    class Base:
        @classmethod
        def pause(cls):
            time.sleep(1)
    class Service(Base):
        @classmethod
        async def serve(cls):
            super().pause()  # CON101
    """
    assert mismatches(text) == []


def test_a_method_of_the_base_called_by_the_name_of_the_class_is_followed() -> None:
    text = """
    import time
    class Base:
        def pause(self):
            time.sleep(1)
    class Service(Base):
        async def serve(self):
            Base.pause(self)  # CON101
    """
    assert mismatches(text) == []


def test_a_generic_base_is_a_base() -> None:
    text = """
    import time
    from typing import Generic, TypeVar
    T = TypeVar("T")
    class Base(Generic[T]):
        def pause(self):
            time.sleep(1)
    class Service(Base[int]):
        async def serve(self):
            self.pause()  # CON101
    """
    assert mismatches(text) == []


def test_a_base_of_the_library_gives_its_methods() -> None:
    text = """
    import requests
    class Client(requests.Session):
        async def serve(self):
            self.get("https://example.org")  # CON102
    """
    assert mismatches(text) == []


def test_an_override_hides_the_method_of_a_library_base() -> None:
    text = """
    import requests
    class Client(requests.Session):
        def get(self, url):
            return None
        async def serve(self):
            self.get("https://example.org")
    """
    assert reports(text) == []


OVERRIDDEN = """
import time
class Base:
    def pause(self):
        pass
    async def serve(self):
        self.pause()
class Service(Base):
    def pause(self):
        time.sleep(1)
"""


def test_an_override_in_a_subclass_is_not_claimed() -> None:
    assert reports(OVERRIDDEN) == []


def test_an_override_in_a_subclass_is_possible() -> None:
    assert only(OVERRIDDEN, POSSIBLE).confidence is Confidence.POSSIBLE


ABSTRACT = """
import time
from abc import ABC, abstractmethod
class Base(ABC):
    @abstractmethod
    def pause(self): ...
    async def serve(self):
        self.pause()
class Service(Base):
    def pause(self):
        time.sleep(1)
"""


def test_the_only_override_of_an_abstract_method_is_likely() -> None:
    assert only(ABSTRACT).confidence is Confidence.LIKELY


def test_one_of_two_overrides_of_an_abstract_method_is_not_claimed() -> None:
    assert reports(f"{ABSTRACT}class Other(Base):\n    def pause(self):\n        pass\n") == []


def test_a_method_that_only_raises_not_implemented_counts_as_abstract() -> None:
    text = """
    import time
    class Base:
        def pause(self):
            raise NotImplementedError
        async def serve(self):
            self.pause()  # CON101
    class Service(Base):
        def pause(self):
            time.sleep(1)
    """
    assert mismatches(text) == []


def test_an_instance_that_was_made_here_has_no_override() -> None:
    text = """
    import time
    class Base:
        def pause(self):
            pass
    class Service(Base):
        def pause(self):
            time.sleep(1)
    async def serve():
        Base().pause()
    """
    assert reports(text, POSSIBLE) == []


def test_reading_a_property_runs_it() -> None:
    text = """
    import time
    class Service:
        @property
        def state(self):
            time.sleep(1)
            return 1
        async def serve(self):
            return self.state  # CON101
    """
    assert mismatches(text) == []


def test_reading_a_property_of_a_base_in_another_module_runs_it() -> None:
    text = """
    # file: app.py
    from base import Base
    class Service(Base):
        async def serve(self):
            if self.state:  # CON101
                return 1
    # file: base.py
    import time
    class Base:
        @property
        def state(self):
            time.sleep(1)
            return 1
    """
    assert mismatches(text) == []


def test_reading_a_property_on_the_way_to_a_method_runs_it() -> None:
    text = """
    import time
    class Client:
        def ask(self):
            return 1
    class Service:
        @property
        def client(self) -> Client:
            time.sleep(1)
            return Client()
        async def serve(self):
            self.client.ask()  # CON101
    """
    assert mismatches(text) == []


def test_the_value_of_a_property_is_what_it_returns() -> None:
    text = """
    import requests
    class Service:
        @property
        def session(self):
            return requests.Session()
        async def serve(self):
            self.session.get("https://example.org")  # CON102
    """
    assert mismatches(text) == []


def test_a_cached_property_runs_when_it_is_read() -> None:
    text = """
    import subprocess
    from functools import cached_property
    class Service:
        @cached_property
        def version(self):
            return subprocess.run(["git", "--version"])
        async def serve(self):
            return self.version  # CON103
    """
    assert mismatches(text) == []


def test_reading_a_property_that_has_a_setter_runs_the_getter() -> None:
    text = """
    import time
    class Service:
        @property
        def state(self):
            time.sleep(1)
            return 1
        @state.setter
        def state(self, value):
            pass
        async def serve(self):
            return self.state  # CON101
    """
    assert mismatches(text) == []


def test_the_value_of_a_property_that_has_a_setter_is_what_it_returns() -> None:
    text = """
    import requests
    class Service:
        @property
        def session(self):
            return requests.Session()
        @session.setter
        def session(self, value):
            pass
        async def serve(self):
            self.session.get("https://example.org")  # CON102
    """
    assert mismatches(text) == []


def test_assigning_to_a_property_is_not_followed_into_its_setter() -> None:
    text = """
    import time
    class Service:
        @property
        def state(self):
            return 1
        @state.setter
        def state(self, value):
            time.sleep(1)
        async def serve(self):
            self.state = 2
    """
    assert reports(text) == []


def test_the_setter_of_a_property_is_not_run_by_reading() -> None:
    text = """
    import time
    class Service:
        @property
        def state(self):
            return 1
        @state.setter
        def state(self, value):
            time.sleep(1)
        async def serve(self):
            return self.state
    """
    assert reports(text) == []


@pytest.mark.parametrize("call", ["Service.pause()", "self.pause()", "type(self).pause()", "self.__class__.pause()"])
def test_a_class_method_is_reached_however_it_is_called(call: str) -> None:
    text = f"""
    import time
    class Service:
        @classmethod
        def pause(cls):
            time.sleep(1)
        async def serve(self):
            {call}  # CON101
    """
    assert mismatches(text) == []


@pytest.mark.parametrize("call", ["Service.pause()", "self.pause()"])
def test_a_static_method_is_reached_however_it_is_called(call: str) -> None:
    text = f"""
    import time
    class Service:
        @staticmethod
        def pause():
            time.sleep(1)
        async def serve(self):
            {call}  # CON101
    """
    assert mismatches(text) == []


def test_a_class_method_is_reached_through_cls() -> None:
    text = """
    import time
    class Service:
        @classmethod
        def pause(cls):
            time.sleep(1)
        @classmethod
        async def serve(cls):
            cls.pause()  # CON101
    """
    assert mismatches(text) == []


def test_an_instance_made_by_cls_has_the_methods_of_the_class() -> None:
    text = """
    import time
    class Service:
        def pause(self):
            time.sleep(1)
        @classmethod
        async def serve(cls):
            one = cls()
            one.pause()  # CON101
    """
    assert mismatches(text) == []


def test_a_static_method_has_no_receiver_so_its_arguments_are_not_shifted() -> None:
    text = """
    import time
    class Service:
        @staticmethod
        def pause(quick):
            if not quick:
                time.sleep(1)
        async def serve(self):
            self.pause(True)
        async def poll(self):
            self.pause(False)  # CON101
    """
    assert mismatches(text) == []


def test_arguments_of_a_method_are_not_shifted_by_self() -> None:
    text = """
    import time
    class Service:
        def pause(self, quick):
            if not quick:
                time.sleep(1)
        async def serve(self):
            self.pause(True)
        async def poll(self):
            self.pause(False)  # CON101
    """
    assert mismatches(text) == []


def test_arguments_of_a_class_method_are_not_shifted_by_cls() -> None:
    text = """
    import time
    class Service:
        @classmethod
        def pause(cls, quick):
            if not quick:
                time.sleep(1)
        async def serve(self):
            Service.pause(True)
        async def poll(self):
            Service.pause(False)  # CON101
    """
    assert mismatches(text) == []


def test_arguments_of_a_method_called_by_the_class_are_not_shifted() -> None:
    text = """
    import time
    class Service:
        def pause(self, quick):
            if not quick:
                time.sleep(1)
        async def serve(self):
            Service.pause(self, True)
        async def poll(self):
            Service.pause(self, False)  # CON101
    """
    assert mismatches(text) == []


def test_self_is_the_first_parameter_whatever_its_name() -> None:
    text = """
    import time
    class Service:
        def pause(this):
            time.sleep(1)
        async def serve(this):
            this.pause()  # CON101
    """
    assert mismatches(text) == []


def test_a_method_is_not_reached_through_an_unrelated_self() -> None:
    text = """
    import time
    class Other:
        def pause(self):
            time.sleep(1)
    class Service:
        async def serve(self):
            self.pause()
    """
    assert reports(text) == []


def test_self_of_a_nested_function_is_that_of_the_method_around_it() -> None:
    text = """
    import time
    class Service:
        def pause(self):
            time.sleep(1)
        def make(self):
            async def serve():
                self.pause()  # CON101
            return serve
    """
    assert mismatches(text) == []


def test_a_class_inside_a_class_is_found() -> None:
    text = """
    import time
    class Service:
        class Clock:
            def pause(self):
                time.sleep(1)
        async def serve(self):
            self.Clock().pause()  # CON101
        async def poll(self):
            Service.Clock().pause()  # CON101
    """
    assert mismatches(text) == []


def test_a_class_inside_a_function_is_found() -> None:
    text = """
    import time
    async def serve():
        class Clock:
            def pause(self):
                time.sleep(1)
        Clock().pause()  # CON101
    """
    assert mismatches(text) == []


def test_bases_that_form_a_cycle_are_survived() -> None:
    text = """
    # file: one.py
    from two import B
    class A(B):
        async def serve(self):
            self.pause()  # CON101
    # file: two.py
    import time
    from one import A
    class B(A):
        def pause(self):
            time.sleep(1)
    """
    assert mismatches(text) == []


def test_an_overloaded_method_is_its_last_definition() -> None:
    text = """
    import time
    from typing import overload
    class Service:
        @overload
        def pause(self, seconds: int) -> None: ...
        @overload
        def pause(self, seconds: str) -> None: ...
        def pause(self, seconds):
            time.sleep(seconds)
        async def serve(self):
            self.pause(1)  # CON101
    """
    assert mismatches(text) == []


def test_a_decorated_method_read_through_its_class_is_what_the_decorator_makes_of_it() -> None:
    text = """
    import time
    from asgiref.sync import sync_to_async
    class Service:
        @sync_to_async
        def pause(self):
            time.sleep(1)
        async def serve(self):
            await Service.pause(self)
    """
    assert reports(text) == []


def test_an_instance_made_by_cls_runs_its_init() -> None:
    text = """
    import time
    class Service:
        def __init__(self):
            time.sleep(1)
        @classmethod
        async def serve(cls):
            return cls()  # CON101
        async def poll(self):
            return self.__class__()  # CON101
    """
    assert mismatches(text) == []


def test_a_class_method_that_makes_an_instance_gives_it() -> None:
    text = """
    import time
    class Service:
        def pause(self):
            time.sleep(1)
        @classmethod
        def make(cls):
            return cls()
    async def serve():
        Service.make().pause()  # CON101
    """
    assert mismatches(text) == []


def test_a_class_method_called_on_a_subclass_makes_an_instance_of_that() -> None:
    text = """
    import time
    class Base:
        def pause(self):
            pass
        @classmethod
        def make(cls):
            return cls()
    class Service(Base):
        def pause(self):
            time.sleep(1)
    async def serve():
        Service.make().pause()  # CON101
    """
    assert mismatches(text) == []


def test_reading_an_attribute_that_a_subclass_sets_is_not_guessed() -> None:
    text = """
    import requests
    class Base:
        async def serve(self):
            self.session.get("https://example.org")
    class Service(Base):
        def __init__(self):
            self.session = requests.Session()
    """
    assert reports(text) == []
