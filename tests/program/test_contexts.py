"""Contexts: what runs on the loop, what is handed elsewhere, and in which phase of life."""

from __future__ import annotations

import pytest

from conclint.program.program import Program
from conclint.testing import link_text, split
from tests.program.claims import is_note, mismatches, reports


@pytest.mark.parametrize(
    "registration",
    [
        "loop.call_soon(tick)",
        "loop.call_soon_threadsafe(tick)",
        "loop.call_later(1, tick)",
        "loop.call_at(1, tick)",
        "loop.add_reader(0, tick)",
        "loop.add_signal_handler(2, tick)",
        "loop.call_soon(functools.partial(tick, 1))",
        "loop.create_task(work()).add_done_callback(tick)",
        "asyncio.create_task(work()).add_done_callback(tick)",
    ],
)
def test_a_callback_of_the_loop_runs_on_it(registration: str) -> None:
    text = f"""
    import asyncio
    import functools
    import time
    def tick(*args):
        time.sleep(1)  # CON101
    async def work():
        pass
    async def serve():
        loop = asyncio.get_running_loop()
        {registration}
    """
    assert mismatches(text) == []


def test_a_method_that_is_a_callback_of_the_loop_runs_on_it() -> None:
    text = """
    # file: app.py
    import asyncio
    from base import Base
    class Service(Base):
        def start_ticking(self):
            self.loop = asyncio.get_event_loop()
            self.loop.call_later(1, self.tick)
    # file: base.py
    import time
    class Base:
        def tick(self):
            self._pause()  # CON101
        def _pause(self):
            time.sleep(1)
    """
    assert mismatches(text) == []


def test_a_lambda_that_is_a_callback_of_the_loop_runs_on_it() -> None:
    text = """
    import asyncio
    import time
    async def serve():
        asyncio.get_running_loop().call_soon(lambda: time.sleep(1))  # CON101
    """
    assert mismatches(text) == []


ELSEWHERE = [
    "await asyncio.to_thread(pause)",
    "await loop.run_in_executor(None, pause)",
    "await loop.run_in_executor(pool, pause)",
    "pool.submit(pause)",
    "pool.map(pause, [1])",
    "threading.Thread(target=pause).start()",
    "threading.Timer(1, pause).start()",
    "multiprocessing.Process(target=pause).start()",
    "await asyncio.to_thread(functools.partial(pause, 1))",
    "await asyncio.to_thread(lambda: pause())",
    "await loop.run_in_executor(None, lambda: pause(1))",
    "await loop.run_in_executor(None, functools.partial(pause, 1))",
    "await anyio.to_thread.run_sync(pause)",
    "atexit.register(pause)",
]


@pytest.mark.parametrize("handing", ELSEWHERE)
def test_what_is_handed_elsewhere_does_not_run_on_the_loop(handing: str) -> None:
    text = f"""
    import asyncio
    import atexit
    import functools
    import multiprocessing
    import threading
    import time
    import anyio
    from concurrent.futures import ThreadPoolExecutor
    pool = ThreadPoolExecutor()
    def pause(*args):
        time.sleep(1)
    async def serve():
        loop = asyncio.get_running_loop()
        {handing}
    """
    assert reports(text) == []


def test_the_arguments_of_a_call_that_is_handed_elsewhere_are_evaluated_here() -> None:
    text = """
    import asyncio
    import time
    def pause():
        time.sleep(1)
    async def serve():
        await asyncio.to_thread(print, pause())  # CON101
    """
    assert mismatches(text) == []


def test_a_call_in_place_of_a_function_to_hand_over_is_run_here() -> None:
    text = """
    import asyncio
    import time
    def pause():
        time.sleep(1)
    async def serve():
        await asyncio.to_thread(pause())  # CON101
    """
    assert mismatches(text) == []


def test_the_run_method_of_a_thread_does_not_run_on_the_loop() -> None:
    text = """
    import threading
    import time
    class Worker(threading.Thread):
        def run(self):
            time.sleep(1)
    async def serve():
        Worker().start()
    """
    assert reports(text) == []


def test_plain_functions_outside_of_any_loop_are_silent() -> None:
    text = """
    import time
    def pause():
        time.sleep(1)
    def main():
        pause()
    main()
    """
    assert reports(text) == []


def test_what_runs_at_import_is_silent() -> None:
    text = """
    import time
    time.sleep(1)
    class Service:
        time.sleep(1)
    """
    assert reports(text) == []


@pytest.mark.parametrize("member", ["async def ask(self):\n        return 1", "async def ask(self):\n        yield 1"])
def test_plain_methods_of_an_async_actor_run_on_its_loop(member: str) -> None:
    text = f"""\
import ray
import time
@ray.remote
class Actor:
    {member}
    def pause(self):
        time.sleep(1)
"""
    assert on_loop(text, "Actor.pause")


def test_plain_methods_of_a_plain_actor_do_not_run_on_a_loop() -> None:
    text = """\
import ray
import time
@ray.remote
class Actor:
    def pause(self):
        time.sleep(1)
"""
    assert not on_loop(text, "Actor.pause")


def test_plain_methods_of_a_class_with_coroutines_that_is_no_actor_do_not_run_on_a_loop() -> None:
    text = """\
class Service:
    async def ask(self):
        pass
    def pause(self):
        pass
"""
    assert not on_loop(text, "Service.pause")


def test_a_class_that_is_made_an_actor_elsewhere_is_one() -> None:
    text = """\
# file: app.py
import ray
from work import Worker
Actor = ray.remote(Worker)
# file: work.py
class Worker:
    async def ask(self):
        pass
    def pause(self):
        pass
"""
    assert on_loop(text, "Worker.pause")


def on_loop(text: str, qualname: str) -> bool:
    program = link_text(split(text))
    (func,) = [one for one in program.functions() if one.qualname == qualname]
    return program.contexts.on_loop(func)


THREAD = """
import asyncio
import threading
import time
async def work():
    time.sleep(1)
def worker():
    asyncio.run(work())
def launch_it():
    threading.Thread(target=worker).start()
"""


def test_a_loop_that_a_thread_runs_for_itself_is_private_so_a_stop_is_a_note() -> None:
    assert is_note(THREAD)


def test_a_loop_that_is_also_run_by_the_main_thread_is_not_private() -> None:
    assert not is_note(f"{THREAD}\ndef run():\n    asyncio.run(work())\nrun()\n")


def test_a_coroutine_that_others_await_as_well_is_not_on_a_private_loop() -> None:
    assert not is_note(f"{THREAD}\nasync def serve():\n    await work()\n")


def test_a_nested_function_of_a_coroutine_is_on_the_loop_only_where_called() -> None:
    text = """
    import asyncio
    import time
    async def serve():
        def pause():
            time.sleep(1)
        await asyncio.to_thread(pause)
    """
    assert reports(text) == []


def phase_note(root: str, path: str = "app/service.py", beside: str = "app/other.py") -> bool:
    """Whether a sleep two calls below a coroutine of that name in that file is a note."""
    body = f"import time\ndef pause():\n    time.sleep(1)\nasync def {root}():\n    pause()\n"
    return is_note(f"# file: {path}\n{body}# file: {beside}\n")


@pytest.mark.parametrize("name", ["start", "setup", "__aenter__", "on_startup", "lifespan", "init_db", "_async_setup"])
def test_what_stops_the_loop_while_the_program_starts_is_a_note(name: str) -> None:
    assert phase_note(name)


@pytest.mark.parametrize("name", ["stop", "close", "__aexit__", "shutdown", "cleanup", "aclose", "teardown"])
def test_what_stops_the_loop_while_the_program_ends_is_a_note(name: str) -> None:
    assert phase_note(name)


@pytest.mark.parametrize("name", ["serve", "start_container", "stop_replica", "handle", "restart", "closest", "setups"])
def test_what_stops_the_loop_while_the_program_serves_is_no_note(name: str) -> None:
    assert not phase_note(name)


@pytest.mark.parametrize(
    "path",
    ["app/tests/service.py", "app/test_service.py", "app/service_test.py", "app/conftest.py", "app/testing/x.py",
     "app/examples/service.py", "app/benchmarks/service.py", "app/docs/conf.py", "app/scripts/run.py",
     "app/cli/run.py", "app/cli.py", "app/__main__.py"],
)  # fmt: skip
def test_what_stops_the_loop_in_such_a_file_is_a_note(path: str) -> None:
    assert phase_note("serve", path)


@pytest.mark.parametrize(
    "path", ["app/latest.py", "app/contest/x.py", "app/client.py", "app/documents.py", "app/protest.py"]
)
def test_a_file_whose_name_merely_contains_such_a_word_is_no_note(path: str) -> None:
    assert not phase_note("serve", path)


@pytest.mark.parametrize("folder", ["examples", "tests", "benchmarks", "scripts/tests"])
def test_the_folder_that_all_files_share_says_nothing_of_the_phase(folder: str) -> None:
    assert not phase_note("serve", f"{folder}/service.py", f"{folder}/other.py")


@pytest.mark.parametrize("path", ["example.py", "demo.py", "scripts/run.py"])
def test_a_file_that_is_linted_alone_is_meant_whatever_it_is_called(path: str) -> None:
    assert not is_note(f"# file: {path}\nimport time\nasync def serve():\n    time.sleep(1)\n")


def test_a_test_function_is_a_note_wherever_it_lies() -> None:
    assert phase_note("test_service")


def test_a_coroutine_that_only_start_up_awaits_is_start_up() -> None:
    text = """
    import time
    def pause():
        time.sleep(1)
    async def connect_all():
        pause()
    async def setup():
        await connect_all()
    """
    assert is_note(text)


def test_a_coroutine_that_start_up_and_others_await_is_not_start_up() -> None:
    text = """
    import time
    def pause():
        time.sleep(1)
    async def connect_all():
        pause()
    async def setup():
        await connect_all()
    async def serve():
        await connect_all()
    """
    assert not is_note(text)


def test_a_nested_coroutine_of_start_up_is_start_up() -> None:
    text = """
    import time
    def pause():
        time.sleep(1)
    def create_app():
        async def prepare_all():
            pause()
        return prepare_all
    """
    assert is_note(text)


def test_running_a_loop_on_the_loop_is_found_through_a_helper_of_another_module() -> None:
    text = """
    # file: app.py
    from bridge import wait_for
    async def serve():
        wait_for(1)  # CON108
    # file: bridge.py
    import asyncio
    async def work(number):
        return number
    def wait_for(number):
        return asyncio.run(work(number))
    """
    assert mismatches(text) == []


def test_the_common_folder_of_absolute_files_says_nothing_of_the_phase() -> None:
    program: Program = link_text({"/srv/examples/a.py": "async def serve(): pass\n", "/srv/examples/b.py": ""})
    (func,) = [one for one in program.functions() if one.name == "serve"]
    assert program.contexts.phase(func).value == "serving"
