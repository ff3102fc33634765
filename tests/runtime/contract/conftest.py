"""The engines that one contract is checked on: the embedded one, a real Ray, a real xoscar with and without sub-pools.

`ray itself` is Ray without an adapter between, on the same cluster: what it does is the truth. The tests of one engine
follow each other: a real one is started when its first test asks for it, and ended after its last.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar, overload

import pytest

import conclint_runtime
from conclint_runtime.actors import api
from conclint_runtime.actors.engine_protocol import Engine
from conclint_runtime.backends.differences import NotOnThisBackend, difference

F = TypeVar("F", bound=Callable[..., object])

_OPTIONS: dict[str, dict[str, Any]] = {
    "ray": {"backend": "ray", "num_cpus": 2, "log_to_driver": False},
    "xoscar": {"backend": "xoscar"},
    "xoscar-sub": {"backend": "xoscar", "n_process": 2},
}
_started: dict[str, Engine] = {}


class Ray(Protocol):
    """What a test's program knows as `ray`."""

    @overload
    def remote(self, target: Callable[..., object], /) -> Any: ...
    @overload
    def remote(self, **options: object) -> Callable[[Any], Any]: ...

    def method(self, **options: object) -> Callable[[F], F]: ...

    def __getattr__(self, name: str) -> Any: ...


def _marked(name: str, mark: pytest.MarkDecorator) -> Any:
    quiet = [
        pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Ray leaves logs and sockets to the end of the process
        pytest.mark.filterwarnings("ignore:Tip. In future versions of Ray:FutureWarning"),
    ]
    return pytest.param(name, marks=[mark, *quiet])


ENGINES = [
    "embedded",
    _marked("ray itself", pytest.mark.ray),
    _marked("ray", pytest.mark.ray),
    _marked("xoscar", pytest.mark.xoscar),
    _marked("xoscar-sub", pytest.mark.xoscar),
]
_ORDER = ["", "embedded", "ray", "xoscar", "xoscar-sub"]


def _engine_of(item: pytest.Item | None) -> str:
    """The engine that a test runs on; for other tests, and those of Ray itself, as far as they share one."""
    spec = getattr(item, "callspec", None)
    name: str = "" if spec is None else spec.params.get("engine", "")
    return "ray" if name == "ray itself" else name


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of this folder that run on the same engine one after the other, those that run on none first."""
    here = Path(__file__).parent
    places = [place for place, item in enumerate(items) if item.path.parent == here]
    ours = sorted((items[place] for place in places), key=lambda item: _ORDER.index(_engine_of(item)))
    for place, item in zip(places, ours):
        items[place] = item


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """End a real engine after the last of its tests."""
    engine = _engine_of(item)
    if engine in _started and engine != _engine_of(nextitem):
        _started.pop(engine).shutdown()


@contextlib.contextmanager
def _running(name: str) -> Iterator[Any]:
    """Make an engine the current one for the time of a test; yields the module that the test's program imports."""
    if name == "embedded":
        with conclint_runtime.init(num_cpus=2):
            yield conclint_runtime
        return
    shared = "ray" if name == "ray itself" else name
    library = pytest.importorskip(shared.removesuffix("-sub"))
    if shared not in _started:
        conclint_runtime.init(**_OPTIONS[shared])
        _started[shared] = api.current_engine()
    api._engine = None if name == "ray itself" else _started[shared]
    try:
        yield library if name == "ray itself" else conclint_runtime
    finally:
        api._engine = None  # not shut down: the next test of this engine goes on with it


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The name of the engine under test."""
    name: str = request.param
    return name


@pytest.fixture
def ray(engine: str) -> Iterator[Ray]:
    """What the test's program knows as `ray`: our package on the engine under test, or Ray itself."""
    with _running(engine) as module:
        yield module


@pytest.fixture
def unless_refused(engine: str) -> Callable[[str], AbstractContextManager[Any]]:
    """Run the block as it is, or, where the table of differences says so, expect that it is refused with that text."""

    def expecting(feature: str) -> AbstractContextManager[Any]:
        row = difference(engine, feature)
        if row is None or not row.refused:
            return contextlib.nullcontext()
        return pytest.raises(NotOnThisBackend, match=row.what)

    return expecting


def gate_class() -> type:
    """Make the class where workers, which cannot import this file, get it sent along."""

    class Gate:
        """An actor that lets tests order what happens in other processes: `wait` returns after `open`."""

        def __init__(self) -> None:
            self.opened = asyncio.Event()
            self.arrivals = 0

        async def wait(self) -> str:
            """Return when the gate has been opened."""
            self.arrivals += 1
            await self.opened.wait()
            return "opened"

        async def arrived(self, count: int) -> int:
            """Return when so many wait, or have waited."""
            while self.arrivals < count:
                await asyncio.sleep(0)
            return self.arrivals

        async def open(self) -> None:
            """Let everybody through."""
            self.opened.set()

    return Gate


@pytest.fixture
def gate(ray: Ray) -> Iterator[Any]:
    """A gate in an actor of its own."""
    handle = ray.remote(gate_class()).remote()
    yield handle
    ray.kill(handle)
