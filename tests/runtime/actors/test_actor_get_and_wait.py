"""`get` and `wait`: what they return, what they refuse, and that tasks which block give their slot back."""

from __future__ import annotations

import pytest

import conclint_runtime as ray
from conclint_runtime.exceptions import GetTimeoutError, RayError
from tests.runtime.actors.gates import Gate


@ray.remote
def echo(value: object) -> object:
    return value


@ray.remote
def pass_gate(gate: Gate, value: object) -> object:
    gate.pass_through()
    return value


@ray.remote
def boom() -> None:
    raise ValueError("boom")


def test_get_keeps_the_order_of_the_list() -> None:
    assert ray.get([echo.remote(number) for number in range(50)]) == list(range(50))


def test_get_of_an_empty_list_is_an_empty_list() -> None:
    assert ray.get([]) == []


def test_get_of_one_reference_twice_in_a_list_gives_it_twice(gate: Gate) -> None:
    ref = pass_gate.remote(gate, 1)
    gate.open()
    assert ray.get([ref, ref]) == [1, 1]


@pytest.mark.parametrize("timeout", [0, 0.001])
def test_get_times_out_with_an_error_that_is_a_timeout(gate: Gate, timeout: float) -> None:
    with pytest.raises(GetTimeoutError, match=r"Get timed out: some object\(s\) not ready.") as caught:
        ray.get(pass_gate.remote(gate, 1), timeout=timeout)
    assert isinstance(caught.value, TimeoutError)
    assert isinstance(caught.value, RayError)


def test_a_timeout_of_zero_takes_what_is_there() -> None:
    assert ray.get(ray.put(1), timeout=0) == 1


def test_a_negative_timeout_of_get_waits_for_ever(gate: Gate) -> None:
    ref = pass_gate.remote(gate, 1)
    gate.arrived()
    gate.open()
    assert ray.get(ref, timeout=-1) == 1


@pytest.mark.parametrize("wrong", [(), {1}, 3, "text", None])
def test_get_refuses_what_is_neither_a_reference_nor_a_list(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"Invalid type of object refs, .*must either be an ObjectRef or a list"):
        ray.get(wrong)


@pytest.mark.parametrize("wrong", [[1], [[]]])
def test_get_refuses_a_list_with_something_else_in_it(wrong: object) -> None:
    with pytest.raises(TypeError, match="Attempting to call `get` on the value"):
        ray.get(wrong)


def test_the_timeout_of_get_is_a_keyword() -> None:
    with pytest.raises(TypeError, match="positional argument"):
        ray.get(ray.put(1), 1)  # type: ignore[call-arg]  # what is tested


def test_wait_returns_exactly_as_many_as_were_asked_for() -> None:
    refs = [ray.put(number) for number in range(5)]
    assert ray.wait(refs) == (refs[:1], refs[1:])
    assert ray.wait(refs, num_returns=3) == (refs[:3], refs[3:])


def test_wait_keeps_the_order_of_the_list_in_both_parts(gate: Gate) -> None:
    late = [pass_gate.remote(gate, number) for number in range(2)]
    refs = [late[0], ray.put(1), late[1], ray.put(2)]
    assert ray.wait(refs, num_returns=2) == ([refs[1], refs[3]], [refs[0], refs[2]])


def test_wait_returns_what_is_ready_when_the_time_is_up(gate: Gate) -> None:
    refs = [pass_gate.remote(gate, 1), ray.put(2)]
    assert ray.wait(refs, num_returns=2, timeout=0.001) == ([refs[1]], [refs[0]])


def test_wait_wakes_when_the_last_needed_one_is_ready(gate: Gate) -> None:
    refs = [pass_gate.remote(gate, number) for number in range(2)]
    gate.arrived(2)
    gate.open()
    assert ray.wait(refs, num_returns=2) == (refs, [])


def test_a_failed_reference_counts_as_ready() -> None:
    ref = boom.remote()
    assert ray.wait([ref]) == ([ref], [])
    with pytest.raises(ValueError, match="boom"):
        ray.get(ref)


def test_wait_of_nothing_is_nothing() -> None:
    assert ray.wait([]) == ([], [])


@pytest.mark.parametrize(
    ("error", "text", "call"),
    [
        (TypeError, "got a single ObjectRef", ray.wait),
        (
            TypeError,
            "expected a list .*got <class 'tuple'>",
            lambda ref: ray.wait((ref,)),  # type: ignore[arg-type]  # what is tested
        ),
        (TypeError, "got list containing <class 'int'>", lambda ref: ray.wait([ref, 1])),
        (ValueError, "unique", lambda ref: ray.wait([ref, ref])),
        (ValueError, "Invalid number of objects to return 0", lambda ref: ray.wait([ref], num_returns=0)),
        (ValueError, "num_returns cannot be greater", lambda ref: ray.wait([ref], num_returns=2)),
        (ValueError, "'timeout' argument must be nonnegative. Received -1", lambda ref: ray.wait([ref], timeout=-1)),
    ],
)
def test_wait_refuses_arguments_that_make_no_sense(error: type[Exception], text: str, call: object) -> None:
    with pytest.raises(error, match=text):
        call(ray.put(1))  # type: ignore[operator]  # one of the lambdas above


def test_waits_that_found_nothing_leave_nothing_behind(gate: Gate) -> None:
    ref = pass_gate.remote(gate, 1)
    gate.arrived()
    before = len(ref._waiters)
    for _ in range(20):
        ray.wait([ref], timeout=0.0001)
    assert len(ref._waiters) == before


def test_one_by_one_waits_take_every_reference_once() -> None:
    refs, seen = [echo.remote(number) for number in range(300)], list[int]()
    while refs:
        ready, refs = ray.wait(refs)
        seen.extend(ray.get(ready))
    assert sorted(seen) == list(range(300))


@ray.remote
def depth(level: int) -> int:
    return 0 if level == 0 else 1 + int(ray.get(depth.remote(level - 1)))


@ray.remote
def depth_by_wait(level: int) -> int:
    if level == 0:
        return 0
    ready, _ = ray.wait([depth_by_wait.remote(level - 1)])
    return 1 + int(ray.get(ready[0]))


@pytest.mark.parametrize("function", [depth, depth_by_wait])
def test_tasks_that_wait_for_tasks_never_run_out_of_slots(function: ray.RemoteFunction[int]) -> None:
    assert ray.get(function.remote(60)) == 60


def test_no_more_tasks_run_than_there_are_slots(gate: Gate) -> None:
    refs = [pass_gate.remote(gate, number) for number in range(6)]
    gate.arrived(2)
    assert ray.available_resources()["CPU"] == 0
    assert gate.nobody_else()
    gate.open()
    assert ray.get(refs) == list(range(6))
    assert ray.cluster_resources()["CPU"] == 2


def test_a_task_may_take_more_slots_or_none(gate: Gate) -> None:
    wide = pass_gate.options(num_cpus=2).remote(gate, "wide")
    gate.arrived()
    assert ray.get(echo.options(num_cpus=0).remote("free")) == "free"
    narrow = echo.remote("narrow")
    assert ray.wait([narrow], timeout=0)[0] == []
    gate.open()
    assert ray.get([wide, narrow]) == ["wide", "narrow"]


def test_a_task_that_wants_more_slots_than_there_are_runs_alone() -> None:
    assert ray.get(echo.options(num_cpus=64).remote(1)) == 1
