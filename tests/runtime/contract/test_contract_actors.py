"""Actors: kinds, order, names, ends; the same on every engine."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Ray

PATIENCE = 60


def counter() -> type:
    class Counter:
        def __init__(self, start: int = 0) -> None:
            self.count = start

        def add(self, n: int = 1) -> int:
            self.count += n
            return self.count

        def fail(self) -> None:
            raise ValueError("boom")

        def state(self) -> list[int]:
            return [self.count]

    return Counter


def test_an_actor_keeps_its_state(ray: Ray) -> None:
    actor = ray.remote(counter()).remote(10)
    assert ray.get([actor.add.remote(), actor.add.remote(2)]) == [11, 13]


def test_a_sync_actor_handles_calls_in_the_order_of_submission(ray: Ray) -> None:
    actor = ray.remote(counter()).remote()
    assert ray.get([actor.add.remote() for _ in range(50)]) == list(range(1, 51))


def test_a_late_argument_holds_up_the_later_calls_of_a_sync_actor(ray: Ray, gate: Any) -> None:
    class Log:
        def __init__(self) -> None:
            self.seen: list[str] = []

        def note(self, text: str) -> list[str]:
            self.seen.append(text)
            return self.seen

    actor = ray.remote(Log).remote()
    actor.note.remote(gate.wait.remote())
    last = actor.note.remote("later")
    gate.open.remote()
    assert ray.get(last, timeout=PATIENCE) == ["opened", "later"]


def test_a_late_argument_is_overtaken_in_an_async_actor(ray: Ray, gate: Any) -> None:
    class Echo:
        async def echo(self, text: str) -> str:
            return text

    actor = ray.remote(Echo).remote()
    late = actor.echo.remote(gate.wait.remote())
    assert ray.get(actor.echo.remote("sooner"), timeout=PATIENCE) == "sooner"
    gate.open.remote()
    assert ray.get(late, timeout=PATIENCE) == "opened"


def test_the_state_of_an_actor_cannot_be_changed_through_its_results(ray: Ray) -> None:
    actor = ray.remote(counter()).remote()
    ray.get(actor.state.remote()).append(99)
    assert ray.get(actor.state.remote()) == [0]


def test_an_actor_is_usable_after_a_method_raised(ray: Ray) -> None:
    actor = ray.remote(counter()).remote()
    with pytest.raises(ValueError, match="boom"):
        ray.get(actor.fail.remote())
    assert ray.get(actor.add.remote()) == 1


def test_the_error_of_a_constructor_comes_with_the_first_call(ray: Ray) -> None:
    class Broken:
        def __init__(self) -> None:
            raise RuntimeError("no such thing")

        def method(self) -> None:
            pass

    actor = ray.remote(Broken).remote()
    with pytest.raises(ray.exceptions.ActorDiedError, match=r"raised in its creation task[\s\S]*no such thing"):
        ray.get(actor.method.remote())


def test_the_error_of_a_constructor_comes_with_each_later_call(ray: Ray) -> None:
    class Broken:
        def __init__(self) -> None:
            raise RuntimeError("no such thing")

        def method(self) -> None:
            pass

    actor = ray.remote(Broken).remote()
    for _ in range(2):
        with pytest.raises(ray.exceptions.RayActorError):
            ray.get(actor.method.remote())


@pytest.mark.parametrize("what", ["constructor", "method"])
def test_arguments_that_do_not_fit_are_a_type_error_at_once(ray: Ray, what: str) -> None:
    cls = ray.remote(counter())
    with pytest.raises(TypeError, match="too many positional arguments"):
        cls.remote(1, 2) if what == "constructor" else cls.remote().add.remote(1, 2)


def test_a_method_that_the_class_lacks_is_an_attribute_error(ray: Ray) -> None:
    actor = ray.remote(counter()).remote()
    with pytest.raises(AttributeError, match="nothing"):
        _ = actor.nothing


def test_creating_an_actor_directly_says_what_to_do(ray: Ray) -> None:
    with pytest.raises(TypeError, match=r"Actors cannot be instantiated directly[\s\S]*remote\(\)"):
        ray.remote(counter())()


def test_calling_a_method_directly_says_what_to_do(ray: Ray) -> None:
    actor = ray.remote(counter()).remote()
    with pytest.raises(TypeError, match=r"Actor methods cannot be called directly[\s\S]*remote\(\)"):
        actor.add()


def meeting() -> type:
    """Methods that return when two of them are under way at the same time."""

    class Meeting:
        def __init__(self) -> None:
            self.barrier = threading.Barrier(2)

        def meet(self) -> int:
            return self.barrier.wait(60) // 2

    return Meeting


def test_a_threaded_actor_runs_methods_side_by_side(ray: Ray) -> None:
    actor = ray.remote(meeting()).options(max_concurrency=2).remote()
    assert ray.get([actor.meet.remote(), actor.meet.remote()], timeout=PATIENCE) == [0, 0]


def test_max_concurrency_of_an_async_actor_is_exact(ray: Ray, gate: Any) -> None:
    class Peak:
        def __init__(self) -> None:
            self.running = self.most = 0

        async def stay(self, gate: Any) -> int:
            self.running += 1
            self.most = max(self.most, self.running)
            await gate.wait.remote()
            self.running -= 1
            return self.most

    actor = ray.remote(Peak).options(max_concurrency=2).remote()
    calls = [actor.stay.remote(gate) for _ in range(8)]
    ray.get(gate.arrived.remote(2), timeout=PATIENCE)
    gate.open.remote()
    assert max(ray.get(calls, timeout=PATIENCE)) == 2


def asynchronous(how: str) -> type:
    """Classes that are async actors, for one member each; the method told about runs on a thread with a loop."""

    class Plain:
        def has_loop(self) -> bool:
            try:
                asyncio.get_running_loop()
            except RuntimeError:
                return False
            return True

    class WithMethod(Plain):
        async def method(self) -> None:
            pass

    class WithPrivate(Plain):
        async def _helper(self) -> None:
            pass

    class WithStatic(Plain):
        @staticmethod
        async def helper() -> None:
            pass

    class WithGenerator(Plain):
        async def items(self) -> AsyncIterator[int]:
            yield 1

    class Inheriting(WithMethod):
        pass

    kinds: dict[str, type] = {
        "none": Plain,
        "method": WithMethod,
        "private": WithPrivate,
        "static": WithStatic,
        "generator": WithGenerator,
        "inherited": Inheriting,
    }
    return kinds[how]


@pytest.mark.parametrize("how", ["none", "method", "private", "static", "generator", "inherited"])
def test_sync_methods_run_on_the_loop_of_a_class_with_any_async_member(ray: Ray, how: str) -> None:
    actor = ray.remote(asynchronous(how)).remote()
    assert ray.get(actor.has_loop.remote(), timeout=PATIENCE) is (how != "none")


def test_the_methods_of_an_async_actor_interleave_where_they_await(ray: Ray, gate: Any) -> None:
    waiting = [gate.wait.remote() for _ in range(3)]
    assert ray.get(gate.arrived.remote(3), timeout=PATIENCE) == 3
    gate.open.remote()
    assert ray.get(waiting, timeout=PATIENCE) == ["opened"] * 3


def test_an_async_constructor_is_awaited(ray: Ray) -> None:
    class Late:
        async def __init__(self) -> None:  # type: ignore[misc]  # Ray allows it
            await asyncio.sleep(0)
            self.ready = True

        async def get(self) -> bool:
            return self.ready

    assert ray.get(ray.remote(Late).remote().get.remote(), timeout=PATIENCE) is True


def test_a_generator_method_streams(ray: Ray) -> None:
    class Source:
        def plain(self, n: int) -> Iterator[int]:
            for number in range(n):  # noqa: UP028 - Ray drives it by `send`, which a range has not
                yield number

    source = ray.remote(Source).remote()
    assert [ray.get(ref) for ref in source.plain.remote(3)] == [0, 1, 2]


def test_an_async_generator_method_streams(ray: Ray) -> None:
    class Source:
        async def coroutine(self, n: int) -> AsyncIterator[int]:
            for number in range(n):
                yield number

    source = ray.remote(Source).remote()
    assert [ray.get(ref) for ref in source.coroutine.remote(3)] == [0, 1, 2]


def test_a_method_can_be_declared_with_several_returns(ray: Ray) -> None:
    class Pair:
        @ray.method(num_returns=2)
        def both(self) -> tuple[int, int]:
            return 1, 2

    first, second = ray.remote(Pair).remote().both.remote()
    assert ray.get([first, second]) == [1, 2]


def test_a_blocked_concurrency_group_does_not_hold_up_another(ray: Ray, gate: Any, unless_refused: Any) -> None:
    class Grouped:
        @ray.method(concurrency_group="io")
        def io(self, gate: Any) -> object:
            return ray.get(gate.wait.remote())

        def other(self) -> str:
            return "other"

    with unless_refused("concurrency groups"):
        actor = ray.remote(concurrency_groups={"io": 1})(Grouped).remote()
        held = actor.io.remote(gate)
        assert ray.get(actor.other.remote(), timeout=PATIENCE) == "other"
        gate.open.remote()
        assert ray.get(held, timeout=PATIENCE) == "opened"


def test_too_many_pending_calls_are_refused(ray: Ray, gate: Any, unless_refused: Any) -> None:
    class Waiter:
        def wait(self, gate: Any) -> object:
            return ray.get(gate.wait.remote())

    with unless_refused("max_pending_calls"):
        actor = ray.remote(Waiter).options(max_pending_calls=1).remote()
        held = actor.wait.remote(gate)
        with pytest.raises(ray.exceptions.PendingCallsLimitExceeded):
            actor.wait.remote(gate)
        gate.open.remote()
        assert ray.get(held, timeout=PATIENCE) == "opened"


def test_a_handle_can_be_given_to_a_task(ray: Ray) -> None:
    @ray.remote
    def use(handle: Any) -> object:
        return ray.get(handle.add.remote(5))

    actor = ray.remote(counter()).remote()
    ray.get(use.remote(actor))
    assert ray.get(actor.add.remote()) == 6


def test_a_handle_can_be_given_in_a_container(ray: Ray) -> None:
    @ray.remote
    def use(handles: list[Any]) -> object:
        return ray.get(handles[0].add.remote(5))

    actor = ray.remote(counter()).remote()
    assert ray.get(use.remote([actor])) == 5


def test_an_actor_calls_another_one(ray: Ray) -> None:
    class Caller:
        def __init__(self, other: Any) -> None:
            self.other = other

        def call(self) -> object:
            return ray.get(self.other.add.remote(3))

    assert ray.get(ray.remote(Caller).remote(ray.remote(counter()).remote(1)).call.remote(), timeout=PATIENCE) == 4


def test_an_async_actor_awaits_the_call_of_another_one(ray: Ray) -> None:
    class Caller:
        async def call(self, other: Any) -> object:
            return await other.add.remote(3)

    actor = ray.remote(Caller).remote()
    assert ray.get(actor.call.remote(ray.remote(counter()).remote(1)), timeout=PATIENCE) == 4


def test_a_method_knows_its_own_actor(ray: Ray) -> None:
    class Selfish:
        def who(self) -> object:
            return ray.get_runtime_context().current_actor

    actor = ray.remote(Selfish).remote()
    assert ray.get(actor.who.remote()) == actor


def test_an_actor_prints_as_its_class_and_identifier(ray: Ray) -> None:
    actor = ray.remote(counter()).remote()
    assert re.fullmatch(r"Actor\((\S+\.)?Counter, [0-9a-f]+\)", repr(actor))


def test_a_named_actor_is_found_by_its_name(ray: Ray) -> None:
    actor = ray.remote(counter()).options(name="found").remote()
    found = ray.get_actor("found")
    ray.get(found.add.remote(3))
    assert (found == actor, ray.get(actor.add.remote())) == (True, 4)
    ray.kill(actor)


def test_looking_for_a_name_that_nobody_has_is_a_value_error(ray: Ray) -> None:
    with pytest.raises(ValueError, match="Failed to look up actor with name 'nobody'"):
        ray.get_actor("nobody")


def test_a_name_that_is_taken_is_refused(ray: Ray) -> None:
    cls = ray.remote(counter())
    actor = cls.options(name="taken").remote()
    ray.get(actor.add.remote())
    with pytest.raises(ValueError, match="already taken") as caught:
        cls.options(name="taken").remote()
    assert isinstance(caught.value, ray.exceptions.ActorAlreadyExistsError)
    ray.kill(actor)


def test_get_if_exists_returns_the_living_actor(ray: Ray) -> None:
    cls = ray.remote(counter())
    actor = cls.options(name="shared", get_if_exists=True).remote()
    again = cls.options(name="shared", get_if_exists=True).remote()
    assert again == actor
    ray.kill(actor)


def test_get_if_exists_without_a_name_is_a_value_error(ray: Ray) -> None:
    with pytest.raises(ValueError, match="actor name must be specified"):
        ray.remote(counter()).options(get_if_exists=True).remote()


def test_an_empty_name_is_a_value_error(ray: Ray) -> None:
    with pytest.raises(ValueError, match="empty"):
        ray.remote(counter()).options(name="").remote()


def test_calls_of_a_killed_actor_raise(ray: Ray) -> None:
    actor = ray.remote(counter()).remote()
    ray.get(actor.add.remote())
    ray.kill(actor)

    def call_until_dead() -> None:
        while True:  # kill does not wait for the end
            ray.get(actor.add.remote(), timeout=PATIENCE)

    with pytest.raises(ray.exceptions.ActorDiedError, match=r"killed by `ray.kill`"):
        call_until_dead()


def test_a_call_under_way_raises_when_its_actor_is_killed(ray: Ray, gate: Any) -> None:
    class Waiter:
        async def wait(self, gate: Any) -> object:
            return await gate.wait.remote()

    actor = ray.remote(Waiter).remote()
    held = actor.wait.remote(gate)
    ray.get(gate.arrived.remote(1), timeout=PATIENCE)
    ray.kill(actor)
    with pytest.raises(ray.exceptions.ActorDiedError):
        ray.get(held, timeout=PATIENCE)
    gate.open.remote()


def test_killing_what_is_no_actor_is_a_value_error(ray: Ray) -> None:
    with pytest.raises(ValueError, match=r"ray.kill\(\) only supported for actors"):
        ray.kill(5)


def test_an_actor_that_exits_ends_with_that_call(ray: Ray) -> None:
    class Leaving:
        def leave(self) -> None:
            ray.actor.exit_actor()

        def method(self) -> None:
            pass

    actor = ray.remote(Leaving).remote()
    with pytest.raises(ray.exceptions.ActorDiedError):
        ray.get(actor.leave.remote(), timeout=PATIENCE)
    with pytest.raises(ray.exceptions.ActorDiedError):
        ray.get(actor.method.remote(), timeout=PATIENCE)


def test_exit_actor_outside_of_an_actor_is_a_type_error(ray: Ray) -> None:
    with pytest.raises(TypeError, match="exit_actor"):
        ray.actor.exit_actor()


def test_the_calls_under_way_end_when_the_handle_is_dropped(ray: Ray) -> None:
    actor = ray.remote(counter()).remote()
    refs = [actor.add.remote() for _ in range(3)]
    del actor
    assert ray.get(refs) == [1, 2, 3]


def test_cancelling_a_running_async_method_raises_in_it_and_at_its_caller(ray: Ray, gate: Any) -> None:
    class Waiter:
        def __init__(self) -> None:
            self.cancelled = False

        async def wait(self, gate: Any) -> None:
            try:
                await gate.wait.remote()
            except asyncio.CancelledError:
                self.cancelled = True
                raise

        async def was_cancelled(self) -> bool:
            while not self.cancelled:
                await asyncio.sleep(0)
            return self.cancelled

    actor = ray.remote(Waiter).remote()
    ref = actor.wait.remote(gate)
    ray.get(gate.arrived.remote(1), timeout=PATIENCE)
    ray.cancel(ref)
    with pytest.raises((ray.exceptions.TaskCancelledError, ray.exceptions.RayTaskError), match=r"ancel"):
        ray.get(ref, timeout=PATIENCE)
    assert ray.get(actor.was_cancelled.remote(), timeout=PATIENCE) is True
    gate.open.remote()


def test_force_cannot_be_used_on_the_call_of_an_actor(ray: Ray, gate: Any) -> None:
    ref = gate.wait.remote()
    with pytest.raises(ValueError, match="force=True is not supported for actor tasks"):
        ray.cancel(ref, force=True)
    gate.open.remote()


def test_an_option_that_there_is_not_is_a_value_error(ray: Ray) -> None:
    with pytest.raises(ValueError, match="Invalid option keyword max_concurency for actors"):
        ray.remote(counter()).options(max_concurency=2).remote()


def test_the_members_that_every_actor_has(ray: Ray) -> None:
    actor = ray.remote(counter()).remote(7)
    assert ray.get(actor.__ray_ready__.remote()) is True
    assert ray.get(actor.__ray_call__.remote(lambda self, n: self.count + n, 1)) == 8


def test_an_actor_pool_maps_in_order(ray: Ray) -> None:
    cls = ray.remote(counter())
    pool = ray.util.ActorPool([cls.remote() for _ in range(2)])
    assert sorted(pool.map(lambda actor, n: actor.add.remote(n), [1, 1, 1, 1])) == [1, 1, 2, 2]


def test_a_queue_is_shared_by_tasks(ray: Ray) -> None:
    from importlib import import_module

    queue = import_module(f"{ray.__name__}.util.queue").Queue(maxsize=2)

    @ray.remote
    def fill(queue: Any) -> None:
        for number in range(4):
            queue.put(number, timeout=60)

    filled = fill.remote(queue)
    assert [queue.get(timeout=60) for _ in range(4)] == [0, 1, 2, 3]
    ray.get(filled)
    queue.shutdown()


def test_an_empty_queue_says_so(ray: Ray) -> None:
    from importlib import import_module

    module = import_module(f"{ray.__name__}.util.queue")
    queue = module.Queue()
    with pytest.raises(module.Empty):
        queue.get(block=False)
    queue.shutdown()
