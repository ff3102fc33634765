"""Tasks in processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import conclint_runtime as ray
from conclint_runtime.exceptions import TaskCancelledError, WorkerCrashedError
from tests.runtime.actors.gates import PATIENCE

COUNTER = 0


@pytest.fixture(autouse=True)
def processes(engine: None) -> Iterator[None]:  # noqa: ARG001 - it must be there before this one
    """Put an engine whose tasks run in processes in the place of the ordinary one."""
    ray.shutdown()
    ray.init(num_cpus=2, tasks="processes")
    yield
    ray.shutdown()


@ray.remote
def pid_of_worker() -> int:
    return os.getpid()


@ray.remote
def count_up() -> int:
    global COUNTER  # noqa: PLW0603 - whose copy it is, is the question
    COUNTER += 1
    return COUNTER


@ray.remote
def echo(value: object) -> object:
    return value


@ray.remote
def boom(text: str) -> None:
    raise ValueError(text)


@ray.remote
def numbers(to: int) -> Iterator[int]:
    yield from range(to)


@ray.remote
def crash(code: int) -> None:
    os._exit(code)


@ray.remote
def crash_once(marker: str) -> str:
    path = Path(marker)
    if path.exists():
        return "second try"
    path.touch()
    os._exit(3)


@ray.remote
def spin(marker: str) -> None:
    Path(marker).touch()
    while True:
        pass


@ray.remote
def nested(number: int) -> int:
    return int(ray.get(double.remote(number))) + 1


@ray.remote
def double(number: int) -> int:
    return 2 * number


def test_a_task_runs_in_another_process() -> None:
    assert ray.get(pid_of_worker.remote()) != os.getpid()


def test_globals_are_not_shared() -> None:
    ray.get(count_up.remote())
    assert COUNTER == 0


def test_arguments_references_and_results_pass() -> None:
    assert ray.get(echo.remote(ray.put({"a": [1]}))) == {"a": [1]}
    assert ray.get(echo.remote(echo.remote(5))) == 5


def test_arrays_are_read_only_on_both_sides() -> None:
    numpy = pytest.importorskip("numpy")
    assert ray.get(writable.remote(numpy.zeros(10))) is False
    assert ray.get(echo.remote(numpy.zeros(10))).flags.writeable is False


@ray.remote
def writable(array: object) -> bool:
    return bool(array.flags.writeable)  # type: ignore[attr-defined]  # an array, where there is numpy


def test_an_error_arrives_as_its_own_kind_with_the_workers_traceback() -> None:
    with pytest.raises(ValueError, match=r"raise ValueError\(text\)(?s:.*)ValueError: no power"):
        ray.get(boom.remote("no power"))


def test_a_generator_streams() -> None:
    assert [ray.get(ref) for ref in numbers.remote(3)] == [0, 1, 2]


def test_tasks_of_a_task_run() -> None:
    assert ray.get(nested.remote(3)) == 7


def test_a_worker_that_dies_is_told_with_its_exit_code() -> None:
    with pytest.raises(WorkerCrashedError, match=r"crash ended before the task did \(exit code 7\)"):
        ray.get(crash.options(max_retries=0).remote(7))
    assert ray.get(echo.remote(1)) == 1


def test_a_task_whose_worker_died_is_tried_again(tmp_path: Path) -> None:
    assert ray.get(crash_once.remote(str(tmp_path / "tried"))) == "second try"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no way to interrupt one process")
def test_a_running_task_can_be_cancelled(tmp_path: Path) -> None:
    marker = tmp_path / "started"
    running = spin.remote(str(marker))
    while not marker.exists():
        ray.wait([running], timeout=0.01)
    ray.cancel(running)
    with pytest.raises(TaskCancelledError):
        ray.get(running, timeout=PATIENCE)


def test_a_running_task_can_be_cancelled_by_force(tmp_path: Path) -> None:
    marker = tmp_path / "started"
    running = spin.remote(str(marker))
    while not marker.exists():
        ray.wait([running], timeout=0.01)
    ray.cancel(running, force=True)
    with pytest.raises(TaskCancelledError):
        ray.get(running, timeout=PATIENCE)
    assert ray.get(echo.remote(1)) == 1


def test_a_closure_is_refused_with_the_way_out() -> None:
    offset = 1
    closure = ray.remote(lambda: offset)
    with pytest.raises(TypeError, match=r"cannot run in a process.*top level of a module, or start with init\(tasks="):
        closure.remote()


def test_a_handle_cannot_be_passed_to_a_process() -> None:
    class Plain:
        def method(self) -> int:
            return 1

    actor = ray.remote(Plain).remote()
    with pytest.raises(
        ray.exceptions.OufOfBandObjectRefSerializationException, match="reaches an actor of this process"
    ):
        ray.get(echo.remote([actor]))


def test_actors_stay_in_this_process() -> None:
    class Where:
        def pid(self) -> int:
            return os.getpid()

    assert ray.get(ray.remote(Where).remote().pid.remote()) == os.getpid()
