"""Imports lead where Python leads them: packages, roots, relative imports, re-exports and stars."""

from __future__ import annotations

from conclint.program.program import Options
from tests.program.claims import mismatches, reports

PAUSE = """\
import time

def pause():
    time.sleep(1)
"""
USE = """\
async def serve():
    pause()  # CON101
"""


def program(importing: str, *providers: str, user: str = "app.py", use: str = USE, body: str = PAUSE) -> str:
    """A program in which `user` does an import and the given files hold the function that sleeps."""
    files = "".join(f"# file: {path}\n{body}" for path in providers)
    return f"# file: {user}\n{importing}\n{use}{files}"


def test_a_module_beside_the_importing_one_is_found() -> None:
    assert mismatches(program("from helpers import pause", "helpers.py")) == []


def test_a_module_of_a_package_is_found() -> None:
    text = program("from lib.helpers import pause", "lib/helpers.py") + "# file: lib/__init__.py\n"
    assert mismatches(text) == []


def test_a_module_three_packages_deep_is_found() -> None:
    inits = "".join(f"# file: {path}/__init__.py\n" for path in ("a", "a/b", "a/b/c"))
    assert mismatches(program("from a.b.c.helpers import pause", "a/b/c/helpers.py") + inits) == []


def test_a_namespace_package_needs_no_init() -> None:
    assert mismatches(program("from lib.deep.helpers import pause", "lib/deep/helpers.py")) == []


def test_a_package_inside_a_namespace_package_is_found() -> None:
    text = program("from company.lib.helpers import pause", "company/lib/helpers.py")
    assert mismatches(text + "# file: company/lib/__init__.py\n") == []


def test_a_src_layout_is_found_from_the_tests_beside_it() -> None:
    text = program("from lib.helpers import pause", "src/lib/helpers.py", user="checks/use.py")
    assert mismatches(text + "# file: src/lib/__init__.py\n") == []


def test_packages_of_several_roots_see_each_other() -> None:
    text = program("from util.helpers import pause", "libs/util/helpers.py", user="services/api/app.py")
    assert mismatches(text + "# file: libs/util/__init__.py\n# file: services/api/__init__.py\n") == []


def test_an_extra_root_ends_the_names_of_the_modules_below_it() -> None:
    text = program("from helpers import pause", "vendor/code/helpers.py")
    assert mismatches(text, Options(roots=["vendor/code"])) == []


def test_an_extra_root_may_end_in_a_slash() -> None:
    text = program("from lib.helpers import pause", "vendor/code/lib/helpers.py")
    assert mismatches(text, Options(roots=["vendor/code/"])) == []


def test_one_dot_means_the_package_of_the_module() -> None:
    text = program("from .helpers import pause", "lib/helpers.py", user="lib/app.py")
    assert mismatches(text + "# file: lib/__init__.py\n") == []


def test_one_dot_in_an_init_means_that_package_itself() -> None:
    assert mismatches(program("from .helpers import pause", "lib/helpers.py", user="lib/__init__.py")) == []


def test_two_dots_mean_the_package_above() -> None:
    text = program("from ..helpers import pause", "lib/helpers.py", user="lib/inner/app.py")
    assert mismatches(text + "# file: lib/__init__.py\n# file: lib/inner/__init__.py\n") == []


def test_three_dots_mean_the_package_above_that() -> None:
    text = program("from ...helpers import pause", "lib/helpers.py", user="lib/b/c/app.py")
    inits = "".join(f"# file: {path}/__init__.py\n" for path in ("lib", "lib/b", "lib/b/c"))
    assert mismatches(text + inits) == []


def test_dots_alone_import_a_sibling_module() -> None:
    use = "async def serve():\n    helpers.pause()  # CON101\n"
    text = program("from . import helpers", "lib/helpers.py", user="lib/app.py", use=use)
    assert mismatches(text + "# file: lib/__init__.py\n") == []


def test_a_relative_import_works_in_a_namespace_package() -> None:
    assert mismatches(program("from .helpers import pause", "lib/helpers.py", user="lib/app.py")) == []


def test_more_dots_than_packages_lead_nowhere() -> None:
    use = "async def serve():\n    pause()\n"
    text = program("from ....helpers import pause", "lib/helpers.py", user="lib/app.py", use=use)
    assert reports(text + "# file: lib/__init__.py\n") == []


def test_a_re_export_through_an_init_is_followed() -> None:
    text = program("from lib import pause", "lib/helpers.py")
    assert mismatches(text + "# file: lib/__init__.py\nfrom .helpers import pause\n") == []


def test_a_re_export_under_another_name_is_followed() -> None:
    text = program("from lib import wait as pause", "lib/helpers.py")
    assert mismatches(text + "# file: lib/__init__.py\nfrom lib.helpers import pause as wait\n") == []


def test_a_re_export_through_two_packages_is_followed() -> None:
    text = program("from lib import pause", "lib/inner/helpers.py")
    inits = "# file: lib/__init__.py\nfrom .inner import pause\n"
    assert mismatches(text + inits + "# file: lib/inner/__init__.py\nfrom .helpers import pause\n") == []


def test_a_star_import_brings_the_names_of_the_module() -> None:
    assert mismatches(program("from helpers import *", "helpers.py")) == []


def test_a_star_import_brings_what_all_names() -> None:
    assert mismatches(program("from helpers import *", "helpers.py", body=f'__all__ = ["pause"]\n{PAUSE}')) == []


def test_a_star_import_does_not_bring_what_all_leaves_out() -> None:
    use = "async def serve():\n    pause()\n"
    text = program("from helpers import *", "helpers.py", use=use, body=f'__all__ = ["other"]\n{PAUSE}')
    assert reports(text) == []


def test_a_star_import_does_not_bring_private_names() -> None:
    use = "async def serve():\n    _pause()\n"
    body = PAUSE.replace("pause", "_pause")
    assert reports(program("from helpers import *", "helpers.py", use=use, body=body)) == []


def test_a_star_import_brings_a_private_name_that_all_names() -> None:
    use = "async def serve():\n    _pause()  # CON101\n"
    body = '__all__ = ["_pause"]\n' + PAUSE.replace("pause", "_pause")
    assert mismatches(program("from helpers import *", "helpers.py", use=use, body=body)) == []


def test_star_imports_re_export_through_an_init() -> None:
    text = program("from lib import pause", "lib/helpers.py")
    assert mismatches(text + "# file: lib/__init__.py\nfrom .helpers import *\n") == []


def test_a_star_import_of_the_library_brings_its_names() -> None:
    text = """
    from time import *
    async def serve():
        sleep(1)  # CON101
    """
    assert mismatches(text) == []


def test_of_two_star_imports_the_last_wins() -> None:
    text = """
    # file: app.py
    from sleeping import *
    from idle import *
    async def serve():
        pause()
    # file: sleeping.py
    import time
    def pause():
        time.sleep(1)
    # file: idle.py
    def pause():
        pass
    """
    assert reports(text) == []


def test_a_star_import_inside_a_module_with_its_own_name_does_not_replace_it() -> None:
    text = """
    # file: app.py
    from sleeping import *
    def pause():
        pass
    async def serve():
        pause()
    # file: sleeping.py
    import time
    def pause():
        time.sleep(1)
    """
    assert reports(text) == []


def test_an_alias_of_a_function_is_followed() -> None:
    use = "async def serve():\n    rest()  # CON101\n"
    assert mismatches(program("from helpers import pause as rest", "helpers.py", use=use)) == []


def test_an_alias_of_a_module_is_followed() -> None:
    use = "async def serve():\n    h.pause()  # CON101\n"
    assert mismatches(program("import helpers as h", "helpers.py", use=use)) == []


def test_a_dotted_import_is_used_by_its_whole_name() -> None:
    use = "async def serve():\n    lib.helpers.pause()  # CON101\n"
    text = program("import lib.helpers", "lib/helpers.py", use=use)
    assert mismatches(text + "# file: lib/__init__.py\n") == []


def test_an_alias_of_a_dotted_import_means_the_inner_module() -> None:
    use = "async def serve():\n    h.pause()  # CON101\n"
    text = program("import lib.helpers as h", "lib/helpers.py", use=use)
    assert mismatches(text + "# file: lib/__init__.py\n") == []


def test_an_alias_of_a_library_function_is_followed() -> None:
    text = """
    from time import sleep as rest
    async def serve():
        rest(1)  # CON101
    """
    assert mismatches(text) == []


def test_a_module_re_exported_by_another_is_followed() -> None:
    text = """
    # file: app.py
    import compat
    async def serve():
        compat.time.sleep(1)  # CON101
    # file: compat.py
    import time
    """
    assert mismatches(text) == []


def test_an_import_inside_a_function_is_followed() -> None:
    text = """
    # file: app.py
    async def serve():
        from helpers import pause
        pause()  # CON101
    # file: helpers.py
    import time
    def pause():
        time.sleep(1)
    """
    assert mismatches(text) == []


def test_an_import_inside_a_function_is_local_to_it() -> None:
    text = """
    # file: app.py
    def pause():
        pass
    def other():
        from helpers import pause
    async def serve():
        pause()
    # file: helpers.py
    import time
    def pause():
        time.sleep(1)
    """
    assert reports(text) == []


def test_a_relative_import_inside_a_function_is_followed() -> None:
    text = """
    # file: lib/__init__.py
    # file: lib/app.py
    async def serve():
        from .helpers import pause
        pause()  # CON101
    # file: lib/helpers.py
    import time
    def pause():
        time.sleep(1)
    """
    assert mismatches(text) == []


def test_a_type_checking_import_gives_annotations_their_type() -> None:
    text = """
    # file: app.py
    from typing import TYPE_CHECKING
    if TYPE_CHECKING:
        from helpers import Client
    async def serve(client: "Client"):
        client.pause()  # CON101
    # file: helpers.py
    import time
    class Client:
        def pause(self):
            time.sleep(1)
    """
    assert mismatches(text) == []


def test_modules_that_import_each_other_are_followed() -> None:
    text = """
    # file: app.py
    import helpers
    def rest():
        helpers.pause()
    async def serve():
        rest()  # CON101
    # file: helpers.py
    import time
    import app
    def pause():
        time.sleep(1)
    async def poll():
        app.rest()  # CON101
    """
    assert mismatches(text) == []


def test_a_module_that_imports_itself_is_followed() -> None:
    text = """
    # file: app.py
    import time
    import app
    def pause():
        time.sleep(1)
    async def serve():
        app.pause()  # CON101
    """
    assert mismatches(text) == []


def test_what_is_imported_from_an_unknown_library_stays_unknown() -> None:
    text = """
    # file: app.py
    from helpers_of_others import pause
    async def serve():
        pause()
    # file: helpers.py
    import time
    def pause():
        time.sleep(1)
    """
    assert reports(text) == []


def test_two_names_of_one_module_are_one_module() -> None:
    text = """
    # file: repo/lib/__init__.py
    # file: repo/lib/helpers.py
    import time
    def pause():
        time.sleep(1)
    # file: repo/app.py
    import lib.helpers
    from repo.lib import helpers
    async def serve():
        lib.helpers.pause()  # CON101
    async def poll():
        helpers.pause()  # CON101
    # file: other.py
    """
    assert mismatches(text) == []


def test_a_folder_without_init_that_is_linted_alone_is_imported_by_its_own_name() -> None:
    text = """
    # file: lib/app.py
    from lib.inner.helpers import pause
    async def serve():
        pause()  # CON101
    # file: lib/inner/helpers.py
    import time
    def pause():
        time.sleep(1)
    """
    assert mismatches(text) == []
