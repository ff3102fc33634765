"""What a caller sees of an error on the other side."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest

import conclint_runtime as ray
from conclint_runtime.exceptions import ActorDiedError, RayActorError, RayError, RayTaskError
from tests.runtime.actors.gates import Gate


class TwoWordsError(Exception):
    def __init__(self, one: str, two: str) -> None:
        self.one, self.two = one, two


class Fails:
    def boom(self) -> None:
        raise ValueError("boom")

    def two_words(self) -> None:
        raise TwoWordsError("a", "b")

    def nested(self) -> object:
        return ray.get(ray.remote(Fails).remote().boom.remote())

    def unpicklable(self) -> None:
        error = ValueError("held")
        error.lock = threading.Lock()  # type: ignore[attr-defined]  # what makes it unpicklable
        raise error

    def stop(self) -> None:
        raise StopIteration(3)

    def interrupted(self) -> None:
        raise KeyboardInterrupt

    def fine(self) -> str:
        return "fine"

    def __repr__(self) -> str:
        return "<the failing one>"


class FailsAsync(Fails):
    async def boom_later(self) -> None:
        await asyncio.sleep(0)
        raise ValueError("boom")


def _error(ref: ray.ObjectRef[object]) -> RayTaskError:
    with pytest.raises(RayTaskError) as caught:
        ray.get(ref)
    return caught.value


def test_the_error_is_both_a_task_error_and_the_original_kind() -> None:
    error = _error(ray.remote(Fails).remote().boom.remote())
    assert type(error).__mro__[1:4] == (RayTaskError, RayError, ValueError)
    assert type(error).__name__ == "RayTaskError(ValueError)"
    assert isinstance(error.cause, ValueError)
    assert error.cause.args == ("boom",)
    assert error.__cause__ is None


def test_the_text_says_where_in_which_actor_and_what() -> None:
    text = str(_error(ray.remote(Fails).remote().boom.remote()))
    assert "ray::Fails.boom()" in text
    assert "repr=<the failing one>" in text
    assert 'raise ValueError("boom")' in text
    assert text.endswith("ValueError: boom")
    assert "conclint_runtime" not in text


@pytest.mark.parametrize("how", ["get", "await", "future"])
def test_the_original_kind_can_be_caught_whatever_way_the_result_is_asked_for(how: str) -> None:
    ref = ray.remote(FailsAsync).remote().boom_later.remote()

    async def awaiting() -> None:
        await ref

    with pytest.raises(ValueError, match="boom"):
        ray.get(ref) if how == "get" else ref.future().result() if how == "future" else asyncio.run(awaiting())


def test_each_caller_gets_an_error_of_its_own() -> None:
    ref = ray.remote(Fails).remote().boom.remote()
    assert _error(ref) is not _error(ref)


def test_an_error_with_a_constructor_of_its_own_keeps_its_attributes() -> None:
    error = _error(ray.remote(Fails).remote().two_words.remote())
    assert isinstance(error, TwoWordsError)
    assert (error.one, error.two) == ("a", "b")


def test_an_error_that_passes_through_two_calls_is_wrapped_once() -> None:
    error = _error(ray.remote(Fails).remote().nested.remote())
    assert type(error).__name__ == "RayTaskError(ValueError)"
    assert type(error.cause) is ValueError


def test_an_error_that_cannot_be_pickled_is_told_as_text() -> None:
    error = _error(ray.remote(Fails).remote().unpicklable.remote())
    assert type(error) is RayTaskError
    assert "isn't serializable" in str(error.cause)


def test_stop_iteration_arrives_as_itself() -> None:
    assert isinstance(_error(ray.remote(Fails).remote().stop.remote()), StopIteration)


def test_an_interrupt_in_a_method_counts_as_its_cancellation() -> None:
    actor = ray.remote(Fails).remote()
    with pytest.raises(ray.exceptions.TaskCancelledError):
        ray.get(actor.interrupted.remote())
    assert ray.get(actor.fine.remote()) == "fine"


def test_a_failed_argument_fails_the_call_with_the_same_kind() -> None:
    failed = ray.remote(Fails).remote().boom.remote()
    actor = ray.remote(Fails).remote()
    error = _error(ray.remote(len).remote(failed))
    assert isinstance(error, ValueError)
    assert ray.get(actor.fine.remote()) == "fine"


def test_get_of_a_list_raises_with_the_first_failure_without_waiting_for_the_rest(gate: Gate) -> None:
    slow = ray.remote(_waits).remote(gate)
    with pytest.raises(ValueError, match="boom"):
        ray.get([slow, ray.remote(Fails).remote().boom.remote()])
    assert ray.wait([slow], timeout=0)[0] == []


def test_an_exception_group_arrives_as_one() -> None:
    if not hasattr(__builtins__, "ExceptionGroup") and "ExceptionGroup" not in dir(__import__("builtins")):
        pytest.skip("exception groups came with Python 3.11")

    @ray.remote
    def several() -> None:
        raise ExceptionGroup("both", [ValueError(1), TypeError(2)])  # noqa: F821 - 3.11

    with pytest.raises(ExceptionGroup) as caught:  # noqa: F821 - 3.11
        ray.get(several.remote())
    assert isinstance(caught.value, RayTaskError)
    assert [type(error) for error in caught.value.exceptions] == [ValueError, TypeError]


def test_a_failed_constructor_fails_every_call_and_not_the_creation() -> None:
    class Broken:
        def __init__(self) -> None:
            raise RuntimeError("no power")

        def method(self) -> None: ...

    actor = ray.remote(Broken).remote()
    for _ in range(2):
        with pytest.raises(ActorDiedError, match=r"error raised in its creation task.*Broken.__init__(?s:.*)no power"):
            ray.get(actor.method.remote())


@pytest.mark.parametrize("options", [{"max_concurrency": 2}, {"concurrency_groups": {"io": 1}}])
def test_a_failed_constructor_of_a_threaded_actor_does_so_too(options: dict[str, object]) -> None:
    class Broken:
        def __init__(self) -> None:
            raise RuntimeError("no power")

        def method(self) -> None: ...

    with pytest.raises(ActorDiedError, match="no power"):
        ray.get(ray.remote(Broken).options(**options).remote().method.remote())


def test_a_failed_constructor_of_an_async_actor_does_so_too() -> None:
    class Broken:
        def __init__(self) -> None:
            raise RuntimeError("no power")

        async def method(self) -> None: ...

    with pytest.raises(ActorDiedError, match="no power") as caught:
        ray.get(ray.remote(Broken).remote().method.remote())
    assert not isinstance(caught.value, (RayTaskError, RuntimeError))
    assert isinstance(caught.value, RayActorError)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda actor: actor.fine.remote(1), "too many positional arguments"),
        (lambda actor: actor.keyed.remote(), "missing a required argument: 'key'"),
        (lambda actor: actor.keyed.remote(other=1), "missing a required argument: 'key'|unexpected keyword"),
        (lambda _: ray.remote(Keyed).remote(1, 2, 3), "too many positional arguments"),
        (lambda _: ray.remote(abs_of).remote(), "missing a required argument: 'number'"),
    ],
)
def test_wrong_arguments_are_refused_where_the_call_is_made(call: object, text: str) -> None:
    actor = ray.remote(Keyed).remote()
    with pytest.raises(TypeError, match=text):
        call(actor)  # type: ignore[operator]  # one of the lambdas above


def _waits(gate: Gate) -> None:
    gate.pass_through()


class Keyed(Fails):
    def __init__(self, size: int = 0) -> None:
        self.size = size

    def keyed(self, key: str) -> str:
        return key


def abs_of(number: int) -> int:
    return abs(number)


def test_a_failure_that_nobody_asked_for_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    actor = ray.remote(Fails).remote()
    failed = actor.boom.remote()
    ray.get(actor.fine.remote())
    del failed
    gc.collect()
    assert "Unhandled error of Fails.boom" in caplog.text


def test_a_failure_that_was_asked_for_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    failed = ray.remote(Fails).remote().boom.remote()
    _error(failed)
    del failed
    gc.collect()
    assert "Unhandled" not in caplog.text


@pytest.mark.parametrize("name", sorted(name for name in dir(ray.exceptions) if name.endswith(("Error", "Exceeded"))))
def test_every_error_is_a_ray_error(name: str) -> None:
    assert issubclass(getattr(ray.exceptions, name), RayError)
