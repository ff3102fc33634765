"""The faces that one contract is checked on: ours embedded, and the real xoscar; each with and without a
sub-pool.

What an actor does is told by its class, and a class is made for a face: `def counter(xo)` has a
`class Counter(xo.Actor)` in it.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Coroutine, Iterator
from types import ModuleType
from typing import Any, TypeVar

import pytest

T = TypeVar("T")

_REAL = ["xoscar", "xoscar-sub"]


class Face:
    """A module of xoscar's shape with a running pool; actors go to the main pool or to its one sub-pool."""

    def __init__(self, module: str, sub: bool) -> None:
        # Any: the two modules have the same names, and their own types.
        self.xo: Any = importlib.import_module(module)
        self.real = module == "xoscar"
        self.sub = sub
        self._loop = asyncio.new_event_loop()
        self.pool = self.run(self.xo.create_actor_pool("127.0.0.1:0", n_process=int(sub)))

    @property
    def address(self) -> str:
        """The address of the main pool."""
        address: str = self.pool.external_address
        return address

    def run(self, work: Coroutine[object, object, T]) -> T:
        """Run a coroutine on the loop that the pool was made on."""
        return self._loop.run_until_complete(asyncio.wait_for(work, 60))

    async def create(self, kind: type, *args: object, uid: str | None = None) -> Any:
        """Make an actor where the actors of this face go, and return the reference that sends messages."""
        strategy = self.xo.allocate_strategy.ProcessIndex(int(self.sub))
        return await self.xo.create_actor(kind, *args, uid=uid, address=self.address, allocate_strategy=strategy)

    async def local(self, ref: Any) -> Any:
        """Return what `actor_ref` gives for the actor."""
        return await self.xo.actor_ref(address=ref.address, uid=ref.uid)

    def close(self) -> None:
        """Stop the pool."""
        self.run(self.pool.stop())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


@pytest.fixture(scope="session")
def real_faces() -> Iterator[dict[str, Face]]:
    """The pools of the real xoscar that tests have asked for so far: each is started once, and stopped at the end."""
    started: dict[str, Face] = {}
    yield started
    for face in started.values():
        face.close()


def _face(name: str, real_faces: dict[str, Face]) -> Iterator[Face]:
    if name not in _REAL:
        embedded = Face("conclint_runtime.xo", sub=name.endswith("-sub"))
        yield embedded
        embedded.close()
        return
    pytest.importorskip("xoscar")
    if name not in real_faces:
        real_faces[name] = Face("xoscar", sub=name.endswith("-sub"))
    yield real_faces[name]


def _marked(name: str) -> Any:
    return pytest.param(name, marks=[pytest.mark.xoscar, pytest.mark.filterwarnings("ignore:::xoscar")])


@pytest.fixture(params=["embedded", "embedded-sub", _marked("xoscar"), _marked("xoscar-sub")])
def face(request: pytest.FixtureRequest, real_faces: dict[str, Face]) -> Iterator[Face]:
    """Each of the four."""
    yield from _face(request.param, real_faces)


@pytest.fixture(params=["embedded", _marked("xoscar")])
def one_loop(request: pytest.FixtureRequest, real_faces: dict[str, Face]) -> Iterator[Face]:
    """The two whose actors live on the caller's loop."""
    yield from _face(request.param, real_faces)


@pytest.fixture(params=["embedded-sub", _marked("xoscar-sub")])
def two_loops(request: pytest.FixtureRequest, real_faces: dict[str, Face]) -> Iterator[Face]:
    """The two whose actors live on another loop than the caller's."""
    yield from _face(request.param, real_faces)


@pytest.fixture
def xo() -> ModuleType:
    """Our face alone."""
    return importlib.import_module("conclint_runtime.xo")
