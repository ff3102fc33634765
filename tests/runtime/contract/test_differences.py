"""The table of differences: each row is tried on the engine that it is about."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conclint_runtime.backends.differences import DIFFERENCES, NotOnThisBackend, difference

if TYPE_CHECKING:
    from .conftest import Ray

PATIENCE = 60


class Plain:
    def method(self) -> int:
        return 1


def _actor(**options: object) -> Callable[[Ray, Any], object]:
    return lambda ray, _gate: ray.remote(Plain).options(**options).remote()


def _task(**options: object) -> Callable[[Ray, Any], object]:
    return lambda ray, _gate: ray.remote(lambda: 1).options(**options).remote()


def _in_a_task(ask: str) -> Callable[[Ray, Any], object]:
    return lambda ray, _gate: getattr(ray.get_runtime_context(), ask)()


def _force(ray: Ray, gate: Any) -> None:
    @ray.remote
    def use(value: object) -> object:
        return value

    ray.cancel(use.remote(gate.wait.remote()), force=True)


def _blocking(ray: Ray, gate: Any) -> None:
    class Blocking:
        async def block(self, gate: Any) -> object:
            return ray.get(gate.wait.remote())

    ray.get(ray.remote(Blocking).remote().block.remote(gate))


_REFUSED: tuple[tuple[str, Callable[[Ray, Any], object]], ...] = (
    ("concurrency groups", _actor(concurrency_groups={"io": 1})),
    ("max_pending_calls", _actor(max_pending_calls=1)),
    ("restarts", _actor(max_restarts=1)),
    ("restarts", _actor(max_restarts=-1)),
    ("retries", _task(retry_exceptions=True)),
    ("resources", _task(num_gpus=1)),
    ("resources", _task(resources={"disk": 1})),
    ("resources", lambda ray, _gate: ray.cluster_resources()),
    ("placement", _task(scheduling_strategy="SPREAD")),
    ("runtime_env", _task(runtime_env={"env_vars": {"A": "1"}})),
    ("num_returns='dynamic'", _task(num_returns="dynamic")),
    ("forced cancellation", _force),
    ("task identifiers", _in_a_task("get_task_id")),
    ("task identifiers", _in_a_task("is_canceled")),
    ("blocking in an async actor", _blocking),
    ("references in containers", lambda ray, _gate: ray.remote(lambda refs: refs).remote([ray.put(1)])),
    ("list_named_actors", lambda ray, _gate: ray.util.list_named_actors()),
)


def _on(engine: str, *values: object) -> Any:
    """A case that names its engine, with the mark that the engine's tests carry."""
    if engine == "embedded":
        return pytest.param(engine, *values)
    mark = getattr(pytest.mark, engine.replace("-", " ").partition(" ")[0])
    return pytest.param(engine, *values, marks=[mark, _QUIET])


# Ray leaves logs and sockets to the end of the process.
_QUIET = pytest.mark.filterwarnings("ignore::ResourceWarning")

_REFUSALS = [
    _on(engine, feature, ask)
    for feature, ask in _REFUSED
    for row in DIFFERENCES
    if row.feature == feature
    for engine in row.engines
]


@pytest.mark.parametrize(("engine", "feature", "ask"), _REFUSALS)
def test_what_an_engine_cannot_do_it_refuses_with_a_way_out(
    ray: Ray, engine: str, gate: Any, feature: str, ask: Callable[[Ray, Any], object]
) -> None:
    row = difference(engine, feature)
    assert row is not None
    with pytest.raises(NotOnThisBackend) as caught:
        ask(ray, gate)
    gate.open.remote()
    assert row.what in str(caught.value)
    assert row.instead in str(caught.value)


def test_every_row_that_is_refused_is_tried() -> None:
    assert {row.feature for row in DIFFERENCES if row.refused} == {feature for feature, _ in _REFUSED}


def test_a_feature_has_one_row_on_an_engine() -> None:
    keys = [(engine, row.feature) for row in DIFFERENCES for engine in row.engines]
    assert len(keys) == len(set(keys))


def _differs(engine: str, feature: str) -> bool:
    return difference("ray" if engine == "ray itself" else engine, feature) is not None


def test_module_globals_are_shared_where_the_table_says_so(ray: Ray, engine: str) -> None:
    @ray.remote
    def mark(by: str) -> None:
        import string

        string.marked_by = by  # type: ignore[attr-defined]  # a global of a module that nobody else looks at

    import string

    ray.get(mark.remote(engine))
    assert (getattr(string, "marked_by", None) == engine) is _differs(engine, "module globals")


def test_an_actor_ends_with_its_last_handle_but_where_the_table_says_so(ray: Ray, engine: str) -> None:
    actor = ray.remote(Plain).options(name="dropped").remote()
    ray.get(actor.method.remote())
    del actor
    if _differs(engine, "lifetime"):
        ray.kill(ray.get_actor("dropped"))  # it is there still
        return
    with pytest.raises(ValueError, match="Failed to look up actor"):
        _look_up_until_gone(ray)


def _look_up_until_gone(ray: Ray) -> None:
    while True:  # its end is not waited for
        ray.get_actor("dropped")


@pytest.mark.parametrize("engine", [_on("xoscar"), _on("xoscar-sub")])
def test_a_task_that_asks_for_all_slots_runs_beside_another_where_the_table_says_so(
    ray: Ray, engine: str, tmp_path: Path
) -> None:
    assert _differs(engine, "num_cpus")

    @ray.remote(num_cpus=2)
    def call(fifo: str) -> int:
        with open(fifo, "w") as opened:  # until somebody opens it to read
            return opened.write("hello")

    @ray.remote(num_cpus=2)
    def answer(fifo: str) -> str:
        with open(fifo) as opened:
            return opened.read()

    os.mkfifo(tmp_path / "fifo")
    path = str(tmp_path / "fifo")
    assert ray.get([call.remote(path), answer.remote(path)], timeout=PATIENCE) == [5, "hello"]


def test_a_generator_that_delegates_works_but_where_the_table_says_so(ray: Ray, engine: str) -> None:
    @ray.remote
    def count(n: int) -> Iterator[int]:
        yield from range(n)

    refs = list(count.remote(2))
    if _differs(engine, "yield from"):
        with pytest.raises(AttributeError, match="send"):
            ray.get(refs)
    else:
        assert ray.get(refs) == [0, 1]


_ENDS_ITS_PROCESS = """
import os, sys
import conclint_runtime as ray

if __name__ == "__main__":
    ray.init(backend=sys.argv[1])

    @ray.remote
    class Ending:
        def end(self):
            os._exit(7)

    ray.get(Ending.remote().end.remote())
"""


@pytest.mark.parametrize("backend", ["embedded", pytest.param("xoscar", marks=pytest.mark.xoscar)])
def test_a_method_that_ends_its_process_ends_the_program_where_the_table_says_so(backend: str, tmp_path: Path) -> None:
    if backend == "xoscar":
        pytest.importorskip("xoscar")
    assert difference(backend, "os._exit") is not None
    program = tmp_path / "program.py"
    program.write_text(_ENDS_ITS_PROCESS)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, str(program), backend], env=environment, check=False, timeout=PATIENCE)
    assert ended.returncode == 7


@pytest.mark.parametrize("engine", [_on("ray itself"), _on("ray")])
def test_a_method_that_ends_its_process_ends_its_actor_elsewhere(ray: Ray, engine: str) -> None:
    assert not _differs(engine, "os._exit")

    class Ending:
        def end(self) -> None:
            import os

            os._exit(7)

    with pytest.raises(ray.exceptions.RayActorError):
        ray.get(ray.remote(Ending).remote().end.remote(), timeout=PATIENCE)


def test_a_killed_actor_that_may_restart_begins_anew(ray: Ray, unless_refused: Callable[[str], Any]) -> None:
    class Counting:
        def __init__(self) -> None:
            self.count = 0

        def add(self) -> int:
            self.count += 1
            return self.count

    with unless_refused("restarts"):
        actor = ray.remote(Counting).options(max_restarts=1, max_task_retries=-1).remote()
        ray.get([actor.add.remote(), actor.add.remote()])
        ray.kill(actor, no_restart=False)
        assert ray.get(actor.add.remote(), timeout=PATIENCE) in (1, 3)  # 3: the call came before the end
        assert ray.get(actor.add.remote(), timeout=PATIENCE) in (1, 2, 4)


@pytest.mark.parametrize("engine", [_on(name) for name in ("embedded", "ray", "xoscar", "xoscar-sub")])
def test_cancelling_what_has_ended_this_moment_does_nothing(ray: Ray, engine: str) -> None:
    @ray.remote
    def name() -> str:
        return engine

    for _ in range(20):  # Ray itself aborts the program now and then
        ref = name.remote()
        ray.get(ref)
        ray.cancel(ref)
        assert ray.get(ref) == engine
