"""What an observer is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import conclint_runtime as ray
from conclint_runtime.actors.observe import ObservedCall, ObservedWait, observe
from tests.runtime.actors.gates import Gate


class Log:
    """An observer that writes down what it is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.waits: list[ObservedWait] = []
        self.submitters: dict[str, str | None] = {}
        self.calls: dict[str, ObservedCall] = {}

    def call_submitted(self, call: ObservedCall, submitter: ObservedCall | None) -> None:
        self.submitters[call.name] = None if submitter is None else submitter.name
        self.calls[call.name] = call

    def call_started(self, call: ObservedCall) -> None:
        self.lines.append(("started", call.name))

    def call_finished(self, call: ObservedCall, error: BaseException | None) -> None:
        self.lines.append((f"finished {type(error).__name__ if error else 'well'}", call.name))

    def wait_began(self, wait: ObservedWait) -> None:
        self.waits.append(wait)

    def wait_ended(self, wait: ObservedWait) -> None:
        self.lines.append(("wait ended", wait.function))


@pytest.fixture
def log() -> Iterator[Log]:
    """An observer that is told of everything until the test ends."""
    log = Log()
    before = observe(log)
    yield log
    observe(before)


class Plain:
    def answer(self) -> int:
        return 1

    def boom(self) -> None:
        raise ValueError

    def outer(self) -> int:
        return int(ray.get(ray.remote(Plain).remote().answer.remote()))

    def pass_gate(self, gate: Gate) -> None:
        gate.pass_through()


class Asynchronous:
    async def answer(self) -> int:
        return 1

    async def blocks(self, refs: list[ray.ObjectRef[None]]) -> None:
        ray.wait(refs)


@pytest.mark.parametrize(
    ("cls", "options", "kind", "workers"),
    [(Plain, {}, "sync", 1), (Plain, {"max_concurrency": 3}, "threaded", 3), (Asynchronous, {}, "async", 1000)],
)
def test_a_call_is_seen_from_submission_to_end(
    log: Log, cls: type, options: dict[str, int], kind: str, workers: int
) -> None:
    actor = ray.remote(cls).options(**options).remote()
    ray.get(actor.answer.remote())
    name = f"{cls.__name__}.answer"
    assert log.submitters[name] is None
    seen = log.calls[name]
    assert (seen.kind, seen.workers, seen.actor_id) == (kind, workers, actor._actor_id)
    ray.shutdown()
    assert [line for line in log.lines if line[1] == name] == [("started", name), ("finished well", name)]


def test_a_task_is_seen_too(log: Log) -> None:
    ray.get(ray.remote(_named).remote())
    assert log.calls["_named"].kind == "task"
    assert log.calls["_named"].workers == 2


def _named() -> int:
    return 1


def test_an_error_is_seen_as_it_was_raised(log: Log) -> None:
    ref = ray.remote(Plain).remote().boom.remote()
    with pytest.raises(ValueError):  # noqa: PT011 - it has no text
        ray.get(ref)
    ray.shutdown()
    assert ("finished ValueError", "Plain.boom") in log.lines


def test_the_submitter_of_a_nested_call_is_the_call_around_it(log: Log) -> None:
    ray.get(ray.remote(Plain).remote().outer.remote())
    assert log.submitters["Plain.answer"] == "Plain.outer"


def test_a_blocking_get_is_seen_with_whom_it_waits_for(log: Log, gate: Gate) -> None:
    held = ray.remote(Plain).remote().pass_gate.remote(gate)
    gate.arrived()
    with pytest.raises(ray.exceptions.GetTimeoutError):
        ray.get(held, timeout=0.001)
    (wait,) = log.waits
    assert [call.name for call in wait.calls] == ["Plain.pass_gate"]
    assert (wait.function, wait.waiter, wait.on_loop, wait.all_needed, wait.timeout) == (
        "get",
        None,
        False,
        True,
        0.001,
    )
    assert ("wait ended", "get") in log.lines


def test_a_wait_that_blocks_a_loop_is_seen_as_such(log: Log, gate: Gate) -> None:
    held = ray.remote(Plain).remote().pass_gate.remote(gate)
    gate.arrived()
    blocks = ray.remote(Asynchronous).remote().blocks.remote([held])
    while not any(wait.on_loop for wait in log.waits):
        ray.wait([blocks], timeout=0)
    gate.open()
    ray.get(blocks)
    seen = [wait for wait in log.waits if wait.on_loop]
    assert [(wait.function, wait.waiter.name if wait.waiter else None) for wait in seen] == [
        ("wait", "Asynchronous.blocks")
    ]


def test_a_value_that_is_there_is_no_wait(log: Log) -> None:
    ray.get(ray.put(1))
    assert log.waits == []
