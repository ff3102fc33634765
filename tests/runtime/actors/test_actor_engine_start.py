"""Starting and ending the engine: implicit, twice, with arguments, and at the end of the interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

import conclint_runtime as ray
from conclint_runtime.actors.api import current_engine
from conclint_runtime.actors.engine import EmbeddedEngine
from conclint_runtime.exceptions import RayError
from tests.runtime.actors.gates import PATIENCE, Gate


@ray.remote
def one() -> int:
    return 1


def test_the_first_call_starts_an_engine() -> None:
    ray.shutdown()
    assert not ray.is_initialized()
    assert ray.get(one.remote()) == 1
    assert ray.is_initialized()


def test_starting_twice_is_refused_unless_told_otherwise() -> None:
    with pytest.raises(RuntimeError, match="twice by accident"):
        ray.init()
    assert ray.init(ignore_reinit_error=True).backend == "embedded"


def test_shutdown_without_an_engine_does_nothing() -> None:
    ray.shutdown()
    ray.shutdown()
    assert not ray.is_initialized()


def test_the_with_block_of_init_shuts_down() -> None:
    ray.shutdown()
    with ray.init(num_cpus=1):
        assert ray.get(one.remote()) == 1
    assert not ray.is_initialized()


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("no backend 'nope'", {"backend": "nope"}),
        ("names no backend", {"backend": "a.b"}),
        ("'threads' or in 'processes'", {"tasks": "fibres"}),
        ("no address", {"address": "ray://somewhere:1"}),
    ],
)
def test_an_engine_that_there_is_not_is_refused(text: str, options: dict[str, str]) -> None:
    ray.shutdown()
    with pytest.raises(ValueError, match=text):
        ray.init(**options)  # type: ignore[arg-type]  # what is tested
    assert not ray.is_initialized()


def test_options_of_ray_that_mean_nothing_here_are_accepted() -> None:
    ray.shutdown()
    ray.init(address="local", include_dashboard=False, log_to_driver=False, num_gpus=0)
    assert ray.get(one.remote()) == 1


def test_a_definition_outlives_the_engine() -> None:
    assert ray.get(one.remote()) == 1
    ray.shutdown()
    ray.init(num_cpus=1)
    assert ray.get(one.remote()) == 1


def test_shutdown_lets_those_go_who_wait_for_what_still_runs() -> None:
    door, seen = Gate(), list[BaseException]()
    ref = ray.remote(_hold).remote(door)
    door.arrived()

    def ask() -> None:
        try:
            ray.get(ref)
        except (RayError, ValueError) as error:
            seen.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    engine = current_engine()
    assert isinstance(engine, EmbeddedEngine)
    engine.stop(seconds=0)
    thread.join(PATIENCE)
    door.open()
    assert len(seen) == 1


def _hold(gate: Gate) -> None:
    gate.pass_through()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_has_an_engine_of_its_own() -> None:
    _run(
        "import os, warnings; warnings.simplefilter('ignore')\n"
        "import conclint_runtime as ray\n"
        "class A:\n    def m(self): return 1\n"
        "a = ray.remote(A).remote(); assert ray.get(a.m.remote()) == 1\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    assert not ray.is_initialized()\n"
        "    os._exit(ray.get(ray.remote(lambda: 7).remote()))\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7\n"
    )


def test_statistics_count_what_runs() -> None:
    door = Gate()
    held = [ray.remote(_hold).remote(door) for _ in range(3)]
    door.arrived(2)
    seen = ray.statistics()
    assert (seen.task_slots, seen.free_slots, seen.unfinished_tasks, seen.queued_tasks) == (2, 0, 3, 1)
    assert (seen.actors, seen.named_actors, seen.threads, seen.loops) == (0, 0, 2, 0)
    door.open()
    ray.get(held)


def test_there_are_no_statistics_without_an_engine() -> None:
    ray.shutdown()
    with pytest.raises(RuntimeError, match="no engine runs"):
        ray.statistics()


def test_threads_that_an_async_actor_borrowed_end_with_it() -> None:
    import asyncio

    class Borrows:
        async def ask(self) -> str:
            return await asyncio.to_thread(lambda: threading.current_thread().name)

    name = ray.get(ray.remote(Borrows).remote().ask.remote())
    ray.shutdown()
    assert name not in {thread.name for thread in threading.enumerate()}


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = (
        "import sys, conclint_runtime as ray\n"
        "assert not {'asyncio', 'inspect', 'typing', 'threading', 'logging'} & set(sys.modules), sys.modules.keys()\n"
        "ray.init(num_cpus=1)\n"
        "ray.get(ray.put(1))\n"
        "assert not {'asyncio', 'multiprocessing', 'logging'} & set(sys.modules)\n"
    )
    _run(code, "-I", "-S")


@pytest.mark.parametrize(
    "body",
    [
        "class A:\n    def m(self): threading.Event().wait()\nr = ray.remote(A).remote().m.remote()",
        "class A:\n    async def m(self): threading.Event().wait()\nr = ray.remote(A).remote().m.remote()",
        "class A:\n    async def m(self): await asyncio.Event().wait()\nr = ray.remote(A).remote().m.remote()",
        "class A:\n    def __init__(self): threading.Event().wait()\na = ray.remote(A).remote()",
        "def f(): threading.Event().wait()\nr = ray.remote(f).remote()",
        "def f():\n    while True: yield 1\nr = ray.remote(f).remote()\nnext(r)",
        "class A:\n    def m(self): return 1\na = ray.remote(A).remote(); ray.get(a.m.remote())",
        "class A:\n    async def m(self): return 1\na = ray.remote(A).remote(); ray.get(a.m.remote())",
        "class A:\n    def m(self): 1 / 0\n    def ok(self): return 1\n"
        "a = ray.remote(A).remote(); r = a.m.remote(); ray.get(a.ok.remote())",
        "class A:\n    def keep(self): self.me = ray.get_runtime_context().current_actor\n"
        "a = ray.remote(A).remote(); ray.get(a.keep.remote()); del a",
        "def f(): return 1\nray.get(ray.remote(f).remote()); ray.remote(f).remote().future().result()",
    ],
)
def test_the_interpreter_ends_without_shutdown_whatever_runs(body: str) -> None:
    _run(f"import asyncio, threading\nimport conclint_runtime as ray\n{body}\nprint('end')\n")


def test_a_program_that_waits_for_nothing_ends_before_its_tasks() -> None:
    code = "import conclint_runtime as ray, threading\nray.remote(lambda: threading.Event().wait()).remote()\n"
    _run(code)


def _run(code: str, *flags: str) -> str:
    """Run a program in a fresh interpreter; it must end by itself, without an error and without a word on stderr."""
    import conclint_runtime

    root = os.path.dirname(os.path.dirname(conclint_runtime.__file__))
    preamble = f"import sys; sys.path.insert(0, {root!r})\n"
    done = subprocess.run(
        [sys.executable, *flags, "-c", preamble + code], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout
