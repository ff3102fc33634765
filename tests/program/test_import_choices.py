"""Which of several things a name means: conditional providers, shadowing, files of the same module name."""

from __future__ import annotations

from conclint.finding import Confidence
from conclint.program.program import Options
from tests.program.claims import mismatches, only, reports


def test_with_two_providers_of_an_import_a_path_is_only_possible() -> None:
    text = """
    # file: app.py
    try:
        from fast import pause
    except ImportError:
        from slow import pause
    async def serve():
        pause()
    # file: fast.py
    def pause():
        pass
    # file: slow.py
    import time
    def pause():
        time.sleep(1)
    """
    assert only(text, Options(min_confidence=Confidence.POSSIBLE)).confidence is Confidence.POSSIBLE


def test_with_two_providers_of_an_import_nothing_is_claimed() -> None:
    text = """
    # file: app.py
    try:
        from fast import pause
    except ImportError:
        from slow import pause
    async def serve():
        pause()
    # file: fast.py
    def pause():
        pass
    # file: slow.py
    import time
    def pause():
        time.sleep(1)
    """
    assert reports(text) == []


def test_an_import_that_may_fail_to_none_is_followed() -> None:
    text = """
    try:
        import requests
    except ImportError:
        requests = None
    async def serve():
        requests.get("https://example.org")  # CON102
    """
    assert mismatches(text) == []


def test_two_providers_that_both_block_are_reported() -> None:
    text = """
    try:
        from time import sleep
    except ImportError:
        from time import sleep
    async def serve():
        sleep(1)  # CON101
    """
    assert mismatches(text) == []


def test_a_parameter_shadows_an_import() -> None:
    text = """
    import time
    async def serve(time):
        time.sleep(1)
    """
    assert reports(text) == []


def test_a_local_shadows_an_import() -> None:
    text = """
    import time
    async def serve(clock):
        time = clock()
        time.sleep(1)
    """
    assert reports(text) == []


def test_a_loop_variable_shadows_an_import() -> None:
    text = """
    import time
    async def serve(clocks):
        for time in clocks:
            time.sleep(1)
    """
    assert reports(text) == []


def test_a_comprehension_variable_shadows_an_import_in_the_comprehension_alone() -> None:
    text = """
    import time
    async def serve(clocks):
        [time.sleep(1) for time in clocks]
        time.sleep(1)  # CON101
    """
    assert mismatches(text) == []


def test_a_variable_of_an_enclosing_function_shadows_an_import() -> None:
    text = """
    import time
    def make(time):
        async def serve():
            time.sleep(1)
        return serve
    """
    assert reports(text) == []


def test_a_global_of_the_file_shadows_an_import() -> None:
    text = """
    # file: app.py
    from helpers import pause
    def pause():
        pass
    async def serve():
        pause()
    # file: helpers.py
    import time
    def pause():
        time.sleep(1)
    """
    assert reports(text) == []


def test_a_global_that_the_file_redefines_is_no_builtin() -> None:
    text = """
    import time
    def print(text):
        time.sleep(1)
    async def serve():
        print("x")  # CON101
    """
    assert mismatches(text) == []


def test_a_redefined_input_is_not_the_builtin() -> None:
    text = """
    def input(prompt):
        return prompt
    async def serve():
        input("x")
    """
    assert reports(text) == []


def test_a_class_attribute_is_not_seen_by_the_methods_as_a_name() -> None:
    text = """
    import time
    class Service:
        time = None
        async def serve(self):
            time.sleep(1)  # CON101
    """
    assert mismatches(text) == []


def test_a_file_of_the_program_shadows_the_library_for_scripts_in_its_folder() -> None:
    text = """
    # file: app.py
    import subprocess
    async def serve():
        subprocess.run(["git"])
    # file: subprocess.py
    def run(command):
        pass
    """
    assert reports(text) == []


def test_a_file_of_the_program_shadows_the_library_for_nobody_elsewhere() -> None:
    text = """
    # file: one/app.py
    import subprocess
    async def serve():
        subprocess.run(["git"])  # CON103
    # file: two/subprocess.py
    def run(command):
        pass
    """
    assert mismatches(text) == []


def test_no_file_shadows_what_is_part_of_the_interpreter() -> None:
    text = """
    # file: app.py
    import time
    async def serve():
        time.sleep(1)  # CON101
    # file: time.py
    def sleep(seconds):
        pass
    """
    assert mismatches(text) == []


def test_a_module_of_a_package_does_not_shadow_the_library_for_the_init_beside_it() -> None:
    text = """
    # file: lib/__init__.py
    import subprocess
    async def serve():
        subprocess.run(["git"])  # CON103
    # file: lib/subprocess.py
    def run(command):
        pass
    """
    assert mismatches(text) == []


def test_a_module_of_a_package_does_not_shadow_the_library() -> None:
    text = """
    # file: lib/__init__.py
    # file: lib/app.py
    import time
    async def serve():
        time.sleep(1)  # CON101
    # file: lib/time.py
    def sleep(seconds):
        pass
    """
    assert mismatches(text) == []


def test_a_relative_import_reaches_a_module_that_is_called_like_the_library() -> None:
    text = """
    # file: lib/__init__.py
    # file: lib/app.py
    from . import time
    async def serve():
        time.sleep(1)
    # file: lib/time.py
    def sleep(seconds):
        pass
    """
    assert reports(text) == []


def test_a_relative_import_from_a_module_that_is_called_like_the_library_is_followed() -> None:
    text = """
    # file: lib/__init__.py
    # file: lib/app.py
    from .queue import pause
    async def serve():
        pause()  # CON101
    # file: lib/queue.py
    import time
    def pause():
        time.sleep(1)
    """
    assert mismatches(text) == []


def test_an_absolute_import_of_a_package_module_that_is_called_like_the_library_is_followed() -> None:
    text = """
    # file: lib/__init__.py
    # file: lib/app.py
    from lib.queue import pause
    async def serve():
        pause()  # CON101
    # file: lib/queue.py
    import time
    def pause():
        time.sleep(1)
    """
    assert mismatches(text) == []


def test_of_two_modules_of_one_name_the_nearest_is_meant() -> None:
    text = """
    # file: one/helpers.py
    import time
    def pause():
        time.sleep(1)
    # file: one/app.py
    from helpers import pause
    async def serve():
        pause()  # CON101
    # file: two/helpers.py
    def pause():
        pass
    # file: two/app.py
    from helpers import pause
    async def serve():
        pause()
    """
    assert mismatches(text) == []


def test_of_two_packages_of_one_name_the_nearest_is_meant() -> None:
    text = """
    # file: one/lib/__init__.py
    # file: one/lib/helpers.py
    import time
    def pause():
        time.sleep(1)
    # file: one/lib/app.py
    from lib.helpers import pause
    async def serve():
        pause()  # CON101
    # file: two/lib/__init__.py
    # file: two/lib/helpers.py
    def pause():
        pass
    # file: two/lib/app.py
    from lib.helpers import pause
    async def serve():
        pause()
    """
    assert mismatches(text) == []


def test_a_name_bound_under_a_condition_in_two_ways_is_only_possible() -> None:
    text = """
    import sys
    import time
    if sys.platform == "win32":
        def pause():
            time.sleep(1)
    else:
        def pause():
            pass
    async def serve():
        pause()
    """
    assert reports(text) == []


def test_a_submodule_and_a_name_of_the_init_are_kept_apart() -> None:
    text = """
    # file: lib/__init__.py
    def helpers():
        pass
    # file: lib/helpers.py
    import time
    def pause():
        time.sleep(1)
    # file: app.py
    from lib import helpers
    async def serve():
        helpers()
    """
    assert reports(text) == []


def test_a_submodule_is_found_through_its_package_without_being_named_in_the_init() -> None:
    text = """
    # file: lib/__init__.py
    # file: lib/helpers.py
    import time
    def pause():
        time.sleep(1)
    # file: app.py
    from lib import helpers
    async def serve():
        helpers.pause()  # CON101
    """
    assert mismatches(text) == []


def test_a_submodule_of_a_namespace_package_is_found_through_its_package() -> None:
    text = """
    # file: lib/helpers.py
    import time
    def pause():
        time.sleep(1)
    # file: app.py
    from lib import helpers
    async def serve():
        helpers.pause()  # CON101
    """
    assert mismatches(text) == []


def test_an_overloaded_function_is_its_last_definition() -> None:
    text = """
    import time
    from typing import overload
    @overload
    def pause(seconds: int) -> None: ...
    @overload
    def pause(seconds: str) -> None: ...
    def pause(seconds):
        time.sleep(seconds)
    async def serve():
        pause(1)  # CON101
    """
    assert mismatches(text) == []


def test_a_function_defined_again_is_its_last_definition() -> None:
    text = """
    import time
    def pause():
        time.sleep(1)
    def pause():
        pass
    async def serve():
        pause()
    """
    assert reports(text) == []


def test_a_global_bound_again_holds_its_last_value() -> None:
    text = """
    import requests
    class Client:
        def get(self, url):
            pass
    session = Client()
    session = requests.Session()
    async def serve():
        session.get("https://example.org")  # CON102
    """
    assert mismatches(text) == []


def test_a_global_bound_again_under_a_condition_holds_either_value() -> None:
    text = """
    import sys
    import requests
    class Client:
        def get(self, url):
            pass
    session = requests.Session()
    if sys.argv:
        session = Client()
    async def serve():
        session.get("https://example.org")
    """
    assert reports(text) == []


def test_an_import_that_a_later_definition_replaces_is_not_meant() -> None:
    text = """
    from time import sleep
    def sleep(seconds):
        pass
    async def serve():
        sleep(1)
    """
    assert reports(text) == []
