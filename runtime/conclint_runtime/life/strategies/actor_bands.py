"""An actor for each band of rows; the rows at its edges go from actor to actor."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from conclint_runtime.life.grid import Grid
from conclint_runtime.life.rules import bands, next_rows
from conclint_runtime.life.strategy import Advance, Setting, refuse
from conclint_runtime.life.workloads import Workload

if TYPE_CHECKING:
    from conclint_runtime.actors.handle import ActorHandle
    from conclint_runtime.actors.ref import ObjectRef

_AHEAD = 16
"""Generations that are sent before the caller waits for the oldest of them: the bound of each actor's mailbox."""
_PATIENCE = 5.0
"""Seconds for the actors to end what they do, before they are killed."""
_Edges = tuple["ObjectRef[bytes]", "ObjectRef[bytes]"]
"""References to the first and the last row of a band: nobody fetches them but the actors that they are sent to."""


class Band:
    """The actor: some rows, which stay here from generation to generation.

    Parameters:
        width: of a row.
        workload: its logic is opened with the actor and closed by `close`.
    """

    def __init__(self, width: int, workload: Workload) -> None:
        self._width = width
        self._rows: list[bytes] = []
        self._open = ExitStack()
        self._logic = self._open.enter_context(workload.opened(_is_canceled))

    def fill(self, cells: bytes) -> tuple[bytes, bytes]:
        """Take rows, and return the first and the last of them."""
        self._rows = [cells[start : start + self._width] for start in range(0, len(cells), self._width)]
        return self._rows[0], self._rows[-1]

    def step(self, above: bytes, below: bytes) -> tuple[bytes, bytes]:
        """Bring the rows on by a generation, of the row above and the row below them; return the first and the last."""
        return self.fill(next_rows([above, *self._rows, below], self._logic, _is_canceled))

    def cells(self) -> bytes:
        """All cells, row by row."""
        return b"".join(self._rows)

    def close(self) -> None:
        """Close what the logic has opened."""
        self._open.close()


class ActorBands:
    """All generations are sent ahead, each call with references to what its neighbours will return: a band waits for
    its neighbours' edges alone, and the caller for none of them."""

    name = "actor-bands"
    summary = "an actor for each band of rows, which send their edges to each other"

    def refusal(self, setting: Setting) -> str | None:
        if setting.backend == "embedded":
            return None
        return None if find_spec(setting.backend) else f"{setting.backend} is not installed"

    @contextmanager
    def started(self, setting: Setting) -> Iterator[Advance]:
        refuse(self.refusal(setting))
        import conclint_runtime as ray

        with ExitStack() as block:
            if not ray.is_initialized():
                ray.init(backend=setting.backend)
                block.callback(ray.shutdown)
            parts = bands(setting.height, setting.workers)
            kind = ray.remote(Band)
            actors = [kind.remote(setting.width, setting.workload) for _ in parts]
            sent: list[_Edges] = []
            block.callback(_end, actors, sent)
            ray.get([actor.cells.remote() for actor in actors])  # so that they are there

            def advance(grid: Grid, generations: int) -> Grid:
                return _play(actors, parts, grid, generations, sent)

            yield advance


def _play(
    actors: list[ActorHandle], parts: list[tuple[int, int]], grid: Grid, generations: int, sent: list[_Edges]
) -> Grid:
    import conclint_runtime as ray

    cells, width = grid.cells, grid.width
    fills = [actor.fill.options(num_returns=2) for actor in actors]
    steps = [actor.step.options(num_returns=2) for actor in actors]
    edges: list[_Edges] = [
        fill.remote(cells[first * width : last * width]) for fill, (first, last) in zip(fills, parts)
    ]
    ahead = deque([edges])
    for _ in range(generations):
        edges = [
            step.remote(edges[number - 1][1], edges[(number + 1) % len(edges)][0]) for number, step in enumerate(steps)
        ]
        ahead.append(edges)
        sent[:] = [each for generation in ahead for each in generation]
        if len(ahead) > _AHEAD:
            ray.get([edge for band in ahead.popleft() for edge in band])  # ends with that generation
    # A band whose logic failed has edges that raise, in this generation or, through its neighbours, in any later one.
    ray.get([edge for band in edges for edge in band])
    sent.clear()
    return Grid(grid.height, width, b"".join(ray.get([actor.cells.remote() for actor in actors])))


def _end(actors: list[ActorHandle], sent: list[_Edges]) -> None:
    """Give up what is not done, then close and end the actors, also those that do not answer any more."""
    import conclint_runtime as ray

    for first, _ in sent:
        ray.cancel(first)
    closing = [actor.close.remote() for actor in actors]
    ray.wait(closing, num_returns=len(closing), timeout=_PATIENCE)
    for actor in actors:
        ray.kill(actor)


def _is_canceled() -> bool:
    """Whether the call that asks has been cancelled, where the engine tells that."""
    import conclint_runtime as ray

    try:
        return ray.get_runtime_context().is_canceled()
    except NotImplementedError:
        return False
