"""How actors end and begin again: kill, exit, restart, the last handle, names."""

from __future__ import annotations

import gc
import sys
import threading
import weakref

import pytest

import conclint_runtime as ray
from conclint_runtime.actor import exit_actor
from conclint_runtime.actors.engine import EmbeddedEngine
from conclint_runtime.exceptions import (
    ActorAlreadyExistsError,
    ActorDiedError,
    ActorUnavailableError,
    PendingCallsLimitExceeded,
)
from tests.runtime.actors.gates import PATIENCE, Gate


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def increment(self) -> int:
        self.count += 1
        return self.count

    def pass_gate(self, gate: Gate) -> int:
        gate.pass_through()
        return self.count

    def leave(self) -> None:
        exit_actor()

    def exit(self, code: object) -> None:
        sys.exit(code)  # type: ignore[arg-type]  # any code

    def rebuilt(self) -> bool:
        return ray.get_runtime_context().was_current_actor_reconstructed

    def me(self) -> ray.ActorHandle:
        return ray.get_runtime_context().current_actor


class AsyncCounter(Counter):
    async def leave_later(self) -> None:
        exit_actor()


KINDS = [(Counter, {}), (Counter, {"max_concurrency": 2}), (AsyncCounter, {})]


@pytest.mark.parametrize(("cls", "options"), KINDS)
def test_calls_of_a_killed_actor_fail(cls: type, options: dict[str, int]) -> None:
    actor = ray.remote(cls).options(**options).remote()
    ray.get(actor.increment.remote())
    ray.kill(actor)
    with pytest.raises(ActorDiedError, match=r"killed by `ray\.kill`"):
        ray.get(actor.increment.remote())


def test_running_and_queued_calls_of_a_killed_actor_fail_at_once(gate: Gate) -> None:
    actor = ray.remote(Counter).remote()
    running, queued = actor.pass_gate.remote(gate), actor.increment.remote()
    gate.arrived()
    ray.kill(actor)
    for ref in (running, queued):
        with pytest.raises(ActorDiedError, match="killed"):
            ray.get(ref, timeout=PATIENCE)
    gate.open()


def test_the_tasks_of_a_killed_async_actor_are_cancelled() -> None:
    import asyncio

    started, ended = threading.Event(), threading.Event()

    class Sleeper:
        async def sleep(self) -> None:
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

    actor = ray.remote(Sleeper).remote()
    running = actor.sleep.remote()
    assert started.wait(PATIENCE)
    ray.kill(actor)
    assert ended.wait(PATIENCE)
    with pytest.raises(ActorDiedError):
        ray.get(running)


def test_what_is_no_handle_cannot_be_killed() -> None:
    with pytest.raises(
        ValueError, match=r"only supported for actors. For tasks, try ray.cancel\(\). Got: <class 'int'>"
    ):
        ray.kill(5)  # type: ignore[arg-type]  # what is tested


@pytest.mark.parametrize(("cls", "options"), KINDS)
def test_exit_actor_ends_the_actor_and_fails_that_call(cls: type, options: dict[str, int]) -> None:
    actor = ray.remote(cls).options(max_restarts=5, **options).remote()
    with pytest.raises(ActorDiedError, match=r"`exit_actor` was called in .*Counter.leave"):
        ray.get(actor.leave.remote())
    with pytest.raises(ActorDiedError):
        ray.get(actor.increment.remote())


def test_exit_actor_works_in_a_coroutine() -> None:
    with pytest.raises(ActorDiedError, match="exit_actor"):
        ray.get(ray.remote(AsyncCounter).remote().leave_later.remote())


def test_exit_actor_outside_of_an_actor_is_refused() -> None:
    with pytest.raises(TypeError, match="non-actor"):
        exit_actor()


def test_ray_terminate_ends_the_actor_after_what_was_submitted_before() -> None:
    actor = ray.remote(Counter).remote()
    before, last = actor.increment.remote(), actor.__ray_terminate__.remote()
    assert ray.get(before) == 1
    with pytest.raises(ActorDiedError):
        ray.get(last)


@pytest.mark.parametrize(("cls", "options"), KINDS)
def test_a_method_that_exits_with_an_error_code_kills_the_actor(cls: type, options: dict[str, int]) -> None:
    actor = ray.remote(cls).options(**options).remote()
    with pytest.raises(ActorDiedError, match=r"exited: .*Counter.exit raised SystemExit\(1\)"):
        ray.get(actor.exit.remote(1))


def test_an_actor_that_exited_unasked_is_built_anew_as_often_as_it_may() -> None:
    actor = ray.remote(max_restarts=1)(Counter).remote()
    assert ray.get(actor.increment.remote()) == 1
    with pytest.raises(ActorUnavailableError, match="restarted"):
        ray.get(actor.exit.remote(1))
    assert ray.get(actor.increment.remote()) == 1
    assert ray.get(actor.rebuilt.remote()) is True
    with pytest.raises(ActorDiedError):
        ray.get(actor.exit.remote(1))


def test_an_exit_without_an_error_is_no_reason_to_restart() -> None:
    actor = ray.remote(max_restarts=1)(Counter).remote()
    with pytest.raises(ActorDiedError):
        ray.get(actor.exit.remote(0))


@pytest.mark.parametrize(("cls", "options"), KINDS)
def test_a_kill_that_allows_it_restarts_the_actor(cls: type, options: dict[str, int], gate: Gate) -> None:
    actor = ray.remote(cls).options(max_restarts=1, **options).remote()
    ray.get(actor.increment.remote())
    running = actor.pass_gate.remote(gate)
    gate.arrived()
    ray.kill(actor, no_restart=False)
    with pytest.raises(ActorUnavailableError):
        ray.get(running, timeout=PATIENCE)
    gate.open()
    assert ray.get(actor.increment.remote()) == 1


def _alive(actor_id: str) -> bool:
    from conclint_runtime.actors.api import current_engine

    engine = current_engine()
    assert isinstance(engine, EmbeddedEngine)
    return any(actor.actor_id == actor_id for actor in engine._actors)


def _await_end(name: str) -> None:
    """Wait until no thread of the actor runs."""
    for thread in threading.enumerate():
        if thread.name.startswith(name):
            thread.join(PATIENCE)


@pytest.mark.parametrize(("cls", "options"), KINDS)
def test_an_actor_ends_with_its_last_handle_after_its_pending_calls(
    cls: type, options: dict[str, int], gate: Gate
) -> None:
    actor = ray.remote(cls).options(**options).remote()
    actor_id = ray.get(actor.me.remote())._actor_id
    held, pending = actor.pass_gate.remote(gate), actor.increment.remote()
    gate.arrived()
    del actor
    gc.collect()
    assert _alive(actor_id)
    gate.open()
    ray.get(held)
    assert ray.get(pending) == 1
    _await_end(cls.__name__)
    assert not _alive(actor_id)


def test_a_handle_that_a_method_took_to_its_own_actor_keeps_it_alive(gate: Gate) -> None:
    class Selfish(Counter):
        def keep(self, gate: Gate) -> list[ray.ActorHandle]:
            gate.pass_through()
            return [ray.get_runtime_context().current_actor]

    actor = ray.remote(Selfish).remote()
    kept = actor.keep.remote(gate)
    gate.arrived()
    del actor
    gc.collect()
    gate.open()
    (again,) = ray.get(kept)
    assert ray.get([again.increment.remote(), again.increment.remote()]) == [1, 2]


class Sum:
    def __init__(self, first: int, second: int) -> None:
        self.total = first + second

    def get(self) -> int:
        return self.total


class AsyncSum(Sum):
    async def _async(self) -> None: ...


SUMS = [ray.remote(Sum), ray.remote(max_concurrency=2)(Sum), ray.remote(AsyncSum)]


@pytest.mark.parametrize("cls", SUMS)
def test_a_constructor_waits_for_its_late_arguments(cls: ray.ActorClass[type[Sum]], gate: Gate) -> None:
    @ray.remote
    def late(gate: Gate) -> int:
        gate.pass_through()
        return 1

    actor = cls.remote(late.remote(gate), second=ray.put(2))
    total = actor.get.remote()
    gate.arrived()
    assert ray.wait([total], timeout=0)[0] == []
    gate.open()
    assert ray.get(total) == 3


@pytest.mark.parametrize("cls", SUMS)
def test_a_constructor_whose_argument_failed_fails_the_actor(cls: ray.ActorClass[type[Sum]]) -> None:
    @ray.remote
    def fails() -> int:
        raise ValueError("no value")

    with pytest.raises(ActorDiedError, match="no value"):
        ray.get(cls.remote(1, second=fails.remote()).get.remote())


def test_calls_submitted_while_an_actor_restarts_end_one_way_or_the_other() -> None:
    actor = ray.remote(max_restarts=-1)(Counter).remote()
    stop, refs = threading.Event(), list[ray.ObjectRef[int]]()

    def submit() -> None:
        while not stop.is_set():
            refs.append(actor.increment.remote())
            ray.wait(refs[-1:])

    thread = threading.Thread(target=submit)
    thread.start()
    for _ in range(50):
        ray.kill(actor, no_restart=False)
    stop.set()
    thread.join(PATIENCE)
    ready, lost = ray.wait(refs, num_returns=len(refs), timeout=PATIENCE)
    assert lost == []
    for ref in ready:
        try:
            ray.get(ref)
        except ActorUnavailableError:
            pass


def test_a_method_object_keeps_its_actor_alive() -> None:
    increment = ray.remote(Counter).remote().increment
    gc.collect()
    assert ray.get([increment.remote(), increment.remote()]) == [1, 2]


def test_an_actor_whose_handle_was_never_kept_still_answers() -> None:
    assert ray.get(ray.remote(Counter).remote().increment.remote()) == 1


def test_the_instance_is_released_with_its_actor() -> None:
    released: list[weakref.ref[Counter]] = []

    class Watched(Counter):
        def __init__(self) -> None:
            super().__init__()
            released.append(weakref.ref(self))

    actor = ray.remote(Watched).remote()
    ray.get(actor.increment.remote())
    ray.kill(actor)
    _await_end("Watched")
    gc.collect()
    assert released[0]() is None


def test_a_named_actor_is_found_by_its_name_and_is_the_same() -> None:
    actor = ray.remote(Counter).options(name="counter").remote()
    found = ray.get_actor("counter")
    assert found == actor
    assert hash(found) == hash(actor)
    assert ray.get([actor.increment.remote(), found.increment.remote()]) == [1, 2]
    assert ray.util.list_named_actors() == ["counter"]
    assert ray.util.list_named_actors(all_namespaces=True) == [{"name": "counter", "namespace": "tests"}]


def test_a_taken_name_is_refused_unless_the_present_actor_will_do() -> None:
    actor = ray.remote(Counter).options(name="counter").remote()
    with pytest.raises(ActorAlreadyExistsError, match="already taken") as caught:
        ray.remote(Counter).options(name="counter").remote()
    assert isinstance(caught.value, ValueError)
    assert ray.remote(Counter).options(name="counter", get_if_exists=True).remote() == actor


def test_namespaces_keep_names_apart() -> None:
    here = ray.remote(Counter).options(name="counter").remote()
    there = ray.remote(Counter).options(name="counter", namespace="other").remote()
    assert here != there
    assert ray.get_actor("counter", namespace="other") == there


def test_a_name_is_free_again_after_a_kill() -> None:
    ray.kill(ray.remote(Counter).options(name="counter").remote())
    again = ray.remote(Counter).options(name="counter").remote()
    assert ray.get_actor("counter") == again


def test_a_name_goes_with_the_last_handle() -> None:
    actor = ray.remote(Counter).options(name="counter").remote()
    ray.get(actor.increment.remote())
    del actor
    gc.collect()
    with pytest.raises(ValueError, match="Failed to look up actor with name 'counter'"):
        ray.get_actor("counter")


def test_a_detached_actor_outlives_its_handles() -> None:
    actor = ray.remote(Counter).options(name="counter", lifetime="detached").remote()
    ray.get(actor.increment.remote())
    del actor
    gc.collect()
    assert ray.get(ray.get_actor("counter").increment.remote()) == 2


def test_handles_print_with_class_and_identifier() -> None:
    actor = ray.remote(Counter).remote()
    assert repr(actor) == f"Actor(Counter, {actor._actor_id})"


def test_a_handle_has_the_methods_of_its_class_and_no_others() -> None:
    actor = ray.remote(Counter).remote()
    with pytest.raises(AttributeError, match="'ActorHandle' object has no attribute 'nope'"):
        _ = actor.nope


def test_max_pending_calls_bounds_what_is_unfinished(gate: Gate) -> None:
    actor = ray.remote(max_pending_calls=2)(Counter).remote()
    held = [actor.pass_gate.remote(gate), actor.increment.remote()]
    with pytest.raises(PendingCallsLimitExceeded, match="max_pending_calls is 2"):
        actor.increment.remote()
    gate.open()
    ray.get(held)
    assert ray.get(actor.increment.remote()) == 2


def test_calls_through_the_back_door_and_readiness() -> None:
    actor = ray.remote(Counter).remote()
    assert ray.get(actor.__ray_ready__.remote()) is True
    assert ray.get(actor.__ray_call__.remote(lambda self, by: self.count + by, 5)) == 5


def test_an_actor_knows_itself() -> None:
    actor = ray.remote(Counter).options(name="me").remote()
    assert ray.get(actor.me.remote()) == actor
    name, own_id = ray.get(actor.__ray_call__.remote(_describe))
    assert (name, own_id) == ("me", actor._actor_id)


def _describe(_: Counter) -> tuple[str | None, str | None]:
    context = ray.get_runtime_context()
    return context.get_actor_name(), context.get_actor_id()


def test_outside_of_an_actor_there_is_no_current_one() -> None:
    context = ray.get_runtime_context()
    assert context.get_actor_id() is None
    assert context.get_task_id() is None
    assert context.namespace == "tests"
    with pytest.raises(RuntimeError, match="only available in an actor"):
        _ = context.current_actor


@pytest.mark.parametrize("kind", ["sync", "threaded", "async"])
def test_a_call_that_is_tried_again_keeps_its_actor_alive(kind: str) -> None:
    class Flaky:
        def __init__(self) -> None:
            self.tries = 0

        @ray.method(retry_exceptions=[ValueError], max_task_retries=2)
        def call(self) -> int:
            self.tries += 1
            if self.tries < 3:
                raise ValueError(self.tries)
            return self.tries

    class AsyncFlaky(Flaky):
        async def _async(self) -> None: ...

    cls = ray.remote(AsyncFlaky if kind == "async" else Flaky)
    assert ray.get(cls.options(max_concurrency=2 if kind == "threaded" else 1).remote().call.remote()) == 3


def test_a_failed_call_is_tried_again_where_the_method_says_so() -> None:
    class Flaky:
        def __init__(self) -> None:
            self.tries = 0

        @ray.method(retry_exceptions=[ValueError], max_task_retries=2)
        def call(self) -> int:
            self.tries += 1
            if self.tries < 3:
                raise ValueError(self.tries)
            return self.tries

        @ray.method(retry_exceptions=[KeyError], max_task_retries=2)
        def other(self) -> None:
            self.tries += 1
            raise ValueError(self.tries)

    actor = ray.remote(Flaky).remote()
    assert ray.get(actor.call.remote()) == 3
    with pytest.raises(ValueError, match="4"):
        ray.get(actor.other.remote())
