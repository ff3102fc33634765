"""Choosing an engine: by name, with what it needs, and what is said where that is not there."""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import conclint_runtime
from conclint_runtime.backends.installed import BackendNotInstalled, library

if TYPE_CHECKING:
    from .conftest import Ray


def test_a_backend_that_there_is_not_is_a_value_error_that_names_those_there_are() -> None:
    with pytest.raises(ValueError, match="'embedded', 'ray' or 'xoscar'"):
        conclint_runtime.init(backend="dask")


@pytest.mark.parametrize("backend", ["ray", "xoscar"])
def test_a_library_that_is_not_installed_is_named_with_the_extra_that_installs_it(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(BackendNotInstalled, match=rf"install conclint\[{backend}\]"):
        conclint_runtime.init(backend=backend)


@pytest.mark.parametrize("backend", ["ray", "xoscar"])
def test_no_engine_is_left_where_a_backend_could_not_start(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ImportError):
        conclint_runtime.init(backend=backend)
    assert not conclint_runtime.is_initialized()


def test_a_library_is_found_without_being_imported_by_statement() -> None:
    assert library("json") is importlib.import_module("json")


@pytest.mark.xoscar
@pytest.mark.parametrize("options", [{}, {"n_process": 1}], ids=["in this process", "with a sub-process"])
def test_after_shutdown_another_engine_can_be_started(options: dict[str, Any]) -> None:
    pytest.importorskip("xoscar")
    conclint_runtime.init(backend="xoscar", **options)
    ref = conclint_runtime.put(1)
    conclint_runtime.shutdown()
    with conclint_runtime.init(), pytest.raises(ValueError, match="owner is unknown"):
        conclint_runtime.get(ref)


@pytest.mark.xoscar
def test_a_call_under_way_raises_when_the_engine_is_shut_down() -> None:
    pytest.importorskip("xoscar")
    import asyncio

    class Waiting:
        async def wait(self) -> None:
            await asyncio.Event().wait()

    conclint_runtime.init(backend="xoscar")
    future = conclint_runtime.remote(Waiting).remote().wait.remote().future()
    conclint_runtime.shutdown()
    with pytest.raises(conclint_runtime.exceptions.ActorDiedError):
        future.result(60)


@pytest.mark.xoscar
def test_a_second_engine_is_refused_while_one_runs() -> None:
    pytest.importorskip("xoscar")
    with conclint_runtime.init(backend="xoscar"), pytest.raises(RuntimeError, match=r"init twice"):
        conclint_runtime.init(backend="xoscar")


@pytest.mark.xoscar
def test_an_engine_can_be_put_on_a_pool_that_runs_already() -> None:
    pytest.importorskip("xoscar")
    with conclint_runtime.init(backend="xoscar"):
        address = conclint_runtime.get_runtime_context().get_node_id()
        from conclint_runtime.backends import xoscar

        other = xoscar.start(address)
        assert other.name == "xoscar"
        other.shutdown()

        @conclint_runtime.remote
        def one() -> int:
            return 1

        assert conclint_runtime.get(one.remote()) == 1


_JOINS = """
import sys
import conclint_runtime as ray

@ray.remote
def outer(n):
    return ray.get([inner.remote(i) for i in range(n)])

@ray.remote
def inner(n):
    return n * n

if __name__ == "__main__":
    with ray.init(backend="ray", address=sys.argv[1], log_to_driver=False):
        print(ray.get(outer.remote(3)))
"""


@pytest.mark.parametrize(
    "engine", [pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.filterwarnings("ignore::ResourceWarning")])]
)
def test_a_program_joins_a_ray_that_runs_already_by_its_address(ray: Ray, engine: str, tmp_path: Path) -> None:
    del ray
    address = import_module(engine).get_runtime_context().gcs_address
    program = tmp_path / "program.py"
    program.write_text(_JOINS)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(
        [sys.executable, str(program), address],
        env=environment,
        check=False,
        timeout=120,
        capture_output=True,
        text=True,
    )
    assert ended.stdout.strip() == "[0, 1, 4]", ended.stderr


@pytest.mark.parametrize(
    "engine", [pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.filterwarnings("ignore::ResourceWarning")])]
)
def test_a_ray_that_the_program_started_itself_is_used_and_left_running(ray: Ray, engine: str) -> None:
    del ray
    from conclint_runtime.backends import ray as adapter

    adapter.start().shutdown()
    assert import_module(engine).is_initialized()


_NEVER_RETURNS = """
import sys
import threading
import conclint_runtime as ray

@ray.remote
class Stuck:
    def hang(self, gate):
        ray.get(gate.reached.remote())
        threading.Event().wait()

@ray.remote
class Gate:
    def __init__(self):
        self.count = 0

    async def reached(self):
        self.count += 1

    async def passed(self):
        while not self.count:
            await __import__("asyncio").sleep(0)

if __name__ == "__main__":
    ray.init(backend="xoscar", n_process=int(sys.argv[1]))
    gate = Gate.remote()
    Stuck.remote().hang.remote(gate)
    ray.get(gate.passed.remote())
    print("the end")
"""


@pytest.mark.xoscar
@pytest.mark.parametrize("n_process", ["0", "1"])
def test_the_interpreter_ends_although_a_method_never_returns(n_process: str, tmp_path: Path) -> None:
    pytest.importorskip("xoscar")
    program = tmp_path / "program.py"
    program.write_text(_NEVER_RETURNS)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(program), n_process]
    ended = subprocess.run(command, env=environment, check=False, timeout=120, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout.strip()) == (0, "the end"), ended.stderr
