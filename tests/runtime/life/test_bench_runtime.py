"""The verdict of the runtime's bench: which targets hold, of samples that are given."""

from __future__ import annotations

import pytest

from bench.runtime import OURS, Samples, compared, judged, targets
from bench.runtime_executors import of_executors

ROW = "pipelined, sync actor"


def verdict(samples: Samples, row: str) -> str:
    [line] = [text for text in judged(samples, idle=False) if text.startswith(f"{row} ")]
    return line


@pytest.mark.parametrize(("ours", "told"), [(1e-6, "holds"), (6e-6, "FALLS SHORT")])
def test_a_target_beside_a_rival_is_judged_by_the_ratio(ours: float, told: str) -> None:
    assert verdict({ROW: {OURS: [ours], "ray": [1e-4]}}, ROW).endswith(told)


@pytest.mark.parametrize(("ours", "told"), [(19.9e6, "holds"), (20.1e6, "FALLS SHORT")])
def test_a_target_of_our_own_is_judged_by_its_bound(ours: float, told: str) -> None:
    row = "memory of 1000 actors"
    assert verdict({row: {OURS: [ours]}}, row).endswith(told)


def test_what_was_not_measured_is_said_and_not_judged() -> None:
    assert verdict({ROW: {OURS: [1e-6]}}, ROW).endswith("not measured")


def test_rounds_are_compared_with_each_other_and_not_with_the_whole() -> None:
    assert compared([1.0, 10.0, 100.0], [2.0, 20.0, 50.0]) == 0.5


def test_medians_are_compared_where_one_has_fewer_rounds() -> None:
    assert compared([1.0, 2.0, 3.0], [4.0]) == 0.5


def test_a_busy_machine_has_the_wider_bound() -> None:
    bounds = [[each.bound for each in targets(idle) if each.row == "round trip, sync actor"] for idle in (True, False)]
    assert bounds == [[20e-6], [80e-6]]


def test_both_kinds_of_executors_have_the_same_rows() -> None:
    with of_executors(ours=True) as ours, of_executors(ours=False) as standard:
        assert list(ours) == list(standard)


def test_every_target_of_the_executors_is_a_row() -> None:
    with of_executors(ours=True) as rows:
        assert {each.row for each in targets(idle=True) if each.rival == "concurrent.futures"} == set(rows)
