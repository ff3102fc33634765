"""`cancel`: what has not started never will; what runs is told as far as it can be."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import conclint_runtime as ray
from conclint_runtime.exceptions import RayTaskError, TaskCancelledError
from tests.runtime.actors.gates import PATIENCE, Gate


class Worker:
    def __init__(self) -> None:
        self.done: list[str] = []

    def pass_gate(self, gate: Gate, name: str = "held") -> str:
        gate.pass_through()
        self.done.append(name)
        return name

    def note(self, name: str) -> None:
        self.done.append(name)

    def cancelled(self, gate: Gate) -> bool:
        gate.pass_through()
        self.done.append(str(ray.get_runtime_context().is_canceled()))
        return True

    def all(self) -> list[str]:
        return self.done


class AsyncWorker(Worker):
    async def sleep(self, swallow: bool) -> str:
        self.done.append("started")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.done.append("told")
            if not swallow:
                raise
        return "swallowed"


@ray.remote
def hold(gate: Gate) -> str:
    gate.pass_through()
    return "done"


@pytest.mark.parametrize("options", [{}, {"max_concurrency": 1, "concurrency_groups": {"io": 1}}])
def test_a_queued_call_of_an_actor_never_runs(gate: Gate, options: dict[str, object]) -> None:
    actor = ray.remote(Worker).options(**options).remote()
    held, queued = actor.pass_gate.remote(gate), actor.note.remote("queued")
    gate.arrived()
    ray.cancel(queued)
    with pytest.raises(TaskCancelledError, match="was cancelled"):
        ray.get(queued)
    gate.open()
    ray.get(held)
    assert ray.get(actor.all.remote()) == ["held"]


def test_a_call_that_waits_for_its_argument_can_be_cancelled_and_lets_the_later_ones_go(gate: Gate) -> None:
    actor = ray.remote(Worker).remote()
    waiting, later = actor.note.remote(hold.remote(gate)), actor.note.remote("later")
    ray.cancel(waiting)
    ray.get(later)
    with pytest.raises(TaskCancelledError):
        ray.get(waiting)
    gate.open()
    assert ray.get(actor.all.remote()) == ["later"]


def test_a_queued_task_never_runs(gate: Gate) -> None:
    held = [hold.remote(gate), hold.remote(gate)]
    gate.arrived(2)
    ran = threading.Event()
    queued = ray.remote(_set).remote(_Shared(ran))
    ray.cancel(queued)
    with pytest.raises(TaskCancelledError):
        ray.get(queued)
    gate.open()
    ray.get(held)
    assert not ran.is_set()


def test_a_running_task_fails_for_its_caller_at_once(gate: Gate) -> None:
    running = hold.remote(gate)
    gate.arrived()
    ray.cancel(running)
    with pytest.raises(TaskCancelledError):
        ray.get(running, timeout=PATIENCE)
    gate.open()


def test_a_running_task_is_interrupted_in_its_python_code() -> None:
    started, ended = threading.Event(), threading.Event()

    @ray.remote
    def spin() -> None:
        started.set()
        try:
            while True:
                pass
        finally:
            ended.set()

    running = spin.remote()
    assert started.wait(PATIENCE)
    ray.cancel(running)
    assert ended.wait(PATIENCE)
    assert ray.get(ray.remote(len).remote([1])) == 1  # the thread's slot is free again


# In a process of its own: on Python 3.11 the traced call would never return, and could not be stopped.
TRACED_AFTER_AN_INTERRUPT = """
import sys
from conclint_runtime.actors.interrupt import Interruptible
stretch = Interruptible()
with stretch.held():
    stretch.interrupt()
    stretch.close()
sys.settrace(lambda frame, event, argument: None)
(lambda: None)()
"""


def test_an_interrupt_that_was_taken_back_lets_the_process_be_traced() -> None:
    runtime = Path(ray.__file__).parent.parent
    subprocess.run(
        [sys.executable, "-c", TRACED_AFTER_AN_INTERRUPT],
        env={**os.environ, "PYTHONPATH": str(runtime)},
        timeout=PATIENCE,
        check=True,
    )


def test_a_running_sync_method_goes_on_and_its_result_is_lost(gate: Gate) -> None:
    actor = ray.remote(Worker).remote()
    running = actor.pass_gate.remote(gate)
    gate.arrived()
    ray.cancel(running)
    assert ray.wait([running], timeout=0)[0] == []
    gate.open()
    with pytest.raises(TaskCancelledError) as caught:
        ray.get(running)
    assert not isinstance(caught.value, RayTaskError)
    assert ray.get(actor.all.remote()) == ["held"]


def test_a_running_sync_method_can_ask_whether_it_was_cancelled(gate: Gate) -> None:
    actor = ray.remote(Worker).remote()
    running = actor.cancelled.remote(gate)
    gate.arrived()
    ray.cancel(running)
    gate.open()
    assert ray.get(actor.all.remote()) == ["True"]


@pytest.mark.parametrize("swallow", [False, True])
def test_a_running_async_method_is_told_and_its_result_is_lost(swallow: bool) -> None:
    actor = ray.remote(AsyncWorker).remote()
    running = actor.sleep.remote(swallow)
    while ray.get(actor.all.remote()) != ["started"]:
        pass
    ray.cancel(running)
    with pytest.raises(TaskCancelledError) as caught:
        ray.get(running)
    assert isinstance(caught.value, RayTaskError)
    assert ray.get(actor.all.remote()) == ["started", "told"]


def test_a_queued_call_of_an_async_actor_never_runs() -> None:
    actor = ray.remote(AsyncWorker).options(max_concurrency=1).remote()
    running, queued = actor.sleep.remote(False), actor.note.remote("queued")
    ray.cancel(queued)
    ray.cancel(running)
    for ref in (running, queued):
        with pytest.raises(TaskCancelledError):
            ray.get(ref)
    assert "queued" not in ray.get(actor.all.remote())


def _task_that_waits_for_another(gate: Gate) -> tuple[ray.ObjectRef[str], ray.ObjectRef[str]]:
    """Return the references of a running task and of the one that it submitted and waits for."""
    inner: list[ray.ObjectRef[str]] = []
    given = threading.Event()

    @ray.remote
    def outer() -> object:
        inner.append(hold.remote(gate))
        given.set()
        return ray.get(inner[0])

    running = outer.remote()
    gate.arrived()
    assert given.wait(PATIENCE)
    return running, inner[0]


def test_cancelling_with_recursive_cancels_what_the_task_submitted(gate: Gate) -> None:
    running, inner = _task_that_waits_for_another(gate)
    ray.cancel(running, recursive=True)
    with pytest.raises(TaskCancelledError):
        ray.get(inner)


def test_without_recursive_it_does_not(gate: Gate) -> None:
    running, inner = _task_that_waits_for_another(gate)
    ray.cancel(running, recursive=False)
    gate.open()
    assert ray.get(inner) == "done"


def test_cancelled_tasks_that_were_submitting_and_waiting_give_every_slot_back() -> None:
    leaf = ray.remote(len)

    @ray.remote
    def busy() -> None:
        while True:
            ray.get([leaf.remote([1]), leaf.remote([2])])

    for _ in range(40):
        tasks = [busy.remote() for _ in range(3)]
        ray.get(leaf.remote([]), timeout=PATIENCE)
        for task in tasks:
            ray.cancel(task)
    # It runs only when both slots are free.
    assert ray.get(leaf.options(num_cpus=2).remote([1, 2, 3]), timeout=PATIENCE) == 3


def test_cancelling_a_finished_call_or_a_value_does_nothing() -> None:
    done = ray.remote(len).remote([1])
    assert ray.get(done) == 1
    ray.cancel(done)
    ray.cancel(ray.put(1))
    assert ray.get(done) == 1


def test_what_is_no_reference_cannot_be_cancelled() -> None:
    with pytest.raises(TypeError, match=r"only supported for object refs. For actors, try ray.kill.*<class 'int'>"):
        ray.cancel(1)


def test_a_call_of_an_actor_cannot_be_forced(gate: Gate) -> None:
    running = ray.remote(Worker).remote().pass_gate.remote(gate)
    with pytest.raises(ValueError, match="force=True is not supported for actor tasks"):
        ray.cancel(running, force=True)


def _set(event: _Shared) -> None:
    event.event.set()


class _Shared(ray.actors.copying.ByIdentity):
    """Passes an event as it is, for it cannot be pickled."""

    def __init__(self, event: threading.Event) -> None:
        self.event = event
