"""Actors in bands on real engines come to the same boards as in this process."""

from __future__ import annotations

import pytest

from conclint_runtime.life import Grid, LifeError, Setting
from conclint_runtime.life.strategies.catalogue import strategy


def agrees(backend: str, workers: int) -> bool:
    grid = Grid.random(11, 13, seed=5)
    with strategy("serial").started(Setting(11, 13)) as advance:
        right = advance(grid, 4)
    with strategy("actor-bands").started(Setting(11, 13, workers=workers, backend=backend)) as advance:
        return advance(advance(grid, 1), 3) == right


@pytest.mark.ray
def test_actors_on_ray_agree_with_serial() -> None:
    pytest.importorskip("ray")
    assert agrees("ray", 2)


@pytest.mark.xoscar
def test_actors_on_xoscar_agree_with_serial() -> None:
    pytest.importorskip("xoscar")
    assert agrees("xoscar", 3)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_actors_in_this_process_agree_with_serial(workers: int) -> None:
    assert agrees("embedded", workers)


def test_more_generations_than_are_sent_ahead_agree_with_serial() -> None:
    grid = Grid.random(6, 7, seed=1)
    with strategy("serial").started(Setting(6, 7)) as advance:
        right = advance(grid, 50)
    with strategy("actor-bands").started(Setting(6, 7)) as advance:
        assert advance(grid, 50) == right


def test_an_engine_that_runs_already_is_used_and_left_running() -> None:
    import conclint_runtime as ray

    with ray.init():
        assert agrees("embedded", 2)
        assert ray.is_initialized()


def test_an_unknown_engine_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(LifeError, match=r"no backend `dask`; there are: embedded, ray, xoscar"):
        Setting(2, 2, backend="dask")
