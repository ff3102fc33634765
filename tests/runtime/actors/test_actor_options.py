"""What `@remote`, `options` and `method` take and refuse."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest

import conclint_runtime as ray
from conclint_runtime.actor import ActorClassInheritanceException
from conclint_runtime.actors.engine_protocol import Engine


class Plain:
    size = 3

    def method(self) -> int:
        return self.size

    @ray.method(num_returns=2)
    def pair(self) -> tuple[int, int]:
        return 1, 2

    def three(self) -> list[int]:
        return [1, 2, 3]

    def one(self) -> int:
        return 1


def function(number: int = 1) -> int:
    """Return a number."""
    return number


async def coroutine() -> None: ...


@pytest.mark.parametrize(
    ("error", "text", "call"),
    [
        (ValueError, "Invalid option keyword max_concurency for actors. Valid ones are",
         lambda: ray.remote(Plain).options(max_concurency=2)),
        (ValueError, "Invalid option keyword max_concurrency for remote functions",
         lambda: ray.remote(function).options(max_concurrency=2)),
        (ValueError, "only accepts None, 0 or a positive integer", lambda: ray.remote(max_concurrency=-1)(Plain)),
        (TypeError, "keyword 'max_concurrency' must be int", lambda: ray.remote(max_concurrency="2")(Plain)),
        (TypeError, "keyword 'name' must be str", lambda: ray.remote(Plain).options(name=3)),
        (ValueError, "cannot be an empty string", lambda: ray.remote(Plain).options(name="")),
        (ValueError, "not a valid namespace", lambda: ray.remote(Plain).options(namespace="")),
        (ValueError, "must be one of 'detached'", lambda: ray.remote(Plain).options(lifetime="long")),
        (ValueError, "name must be specified", lambda: ray.remote(Plain).options(get_if_exists=True)),
        (ValueError, "non-negative integer", lambda: ray.remote(function).options(num_returns=-1)),
        (ValueError, "quantity of resource num_cpus", lambda: ray.remote(function).options(num_cpus=-1)),
        (ValueError, "boolean or a list", lambda: ray.remote(function).options(retry_exceptions=[1])),
        (ValueError, "=0 is not allowed", lambda: ray.remote(function).options(_generator_backpressure_num_objects=0)),
        (AssertionError, "no parentheses", ray.remote),
        (AssertionError, "no parentheses", lambda: ray.remote(3)),  # type: ignore[call-overload]  # what is tested
        (TypeError, "either a function or a class", lambda: ray.remote(functools.partial(function, 1))),
        (AssertionError, "Unexpected keyword argument to @ray.method", lambda: ray.method(max_concurrency=1)),
        (TypeError, "no option 'max_concurrency'",
         lambda: ray.remote(Plain).remote().method.options(max_concurrency=1).remote()),
        (ValueError, "non-empty value", lambda: ray.get_actor("")),
        (TypeError, "must be str", lambda: ray.get_actor(3)),  # type: ignore[arg-type]  # what is tested
        (ValueError, "use 'streaming'", lambda: ray.remote(function).options(num_returns="dynamic").remote()),
        (ValueError, r"asyncio.run\(coroutine\(\)\)", lambda: ray.remote(coroutine)),  # conclint: ignore[CON602]
        (TypeError, r"cannot be called directly. Instead of running '.*function\(\)', try '.*function.remote\(\)'",
         ray.remote(function)),
        (TypeError, r"Instead of 'Plain\(\)', use 'Plain.remote\(\)'", ray.remote(Plain)),
        (TypeError, r"try 'object.method.remote\(\)'",
         lambda: ray.remote(Plain).remote().method()),  # conclint: ignore[CON617]
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_the_way_out(
    error: type[Exception], text: str, call: Callable[[], object]
) -> None:
    with pytest.raises(error, match=text):
        call()


def test_an_actor_class_cannot_be_derived_from() -> None:
    actor_class = ray.remote(Plain)
    with pytest.raises(ActorClassInheritanceException, match="inherit from a plain class"):

        class Derived(actor_class):  # type: ignore[misc, valid-type]  # what is tested
            pass


def test_the_attributes_of_a_class_are_reachable_through_its_actor_class() -> None:
    actor_class = ray.remote(Plain)
    assert actor_class.size == 3
    assert actor_class.method is Plain.method
    assert actor_class.__name__ == "Plain"


def test_a_remote_function_keeps_name_and_documentation() -> None:
    remote = ray.remote(function)
    assert (remote.__name__, remote.__doc__, remote.__wrapped__) == ("function", "Return a number.", function)


def test_options_of_the_decorator_are_those_of_every_call() -> None:
    @ray.remote(num_returns=2)
    def pair() -> tuple[int, int]:
        return 1, 2

    assert ray.get(list(pair.remote())) == [1, 2]


def test_options_make_a_new_function_and_leave_the_old_one() -> None:
    plain = ray.remote(lambda: (1, 2))
    assert ray.get(list(plain.options(num_returns=2).remote())) == [1, 2]
    assert ray.get(plain.remote()) == (1, 2)


def test_several_results_are_several_references() -> None:
    actor = ray.remote(Plain).remote()
    assert ray.get(actor.pair.remote()) == [1, 2]
    assert ray.get(actor.three.options(num_returns=3).remote()) == [1, 2, 3]


def test_no_results_are_no_reference() -> None:
    assert ray.remote(function).options(num_returns=0).remote() is None


def test_too_few_results_fail_every_reference() -> None:
    for ref in ray.remote(Plain).remote().three.options(num_returns=4).remote():
        with pytest.raises(ValueError, match="Task returned 3 objects, but num_returns=4"):
            ray.get(ref)


def test_a_result_that_is_not_several_fails_every_reference() -> None:
    for ref in ray.remote(Plain).remote().one.options(num_returns=2).remote():
        with pytest.raises(TypeError, match="no len"):
            ray.get(ref)


def test_options_that_mean_nothing_here_are_accepted() -> None:
    options = {"num_gpus": 1, "resources": {"x": 1}, "runtime_env": {}, "scheduling_strategy": "SPREAD"}
    assert ray.get(ray.remote(function).options(**options).remote()) == 1
    assert ray.get(ray.remote(Plain).options(memory=1, **options).remote().method.remote()) == 3


def test_a_failed_task_is_tried_again_where_its_options_say_so() -> None:
    tries: list[int] = []

    @ray.remote(retry_exceptions=True, max_retries=2)
    def flaky() -> int:
        tries.append(1)
        if len(tries) < 3:
            raise ValueError(len(tries))
        return len(tries)

    assert ray.get(flaky.remote()) == 3


def test_a_failed_task_is_not_tried_again_by_default() -> None:
    tries: list[int] = []

    @ray.remote
    def fails() -> None:
        tries.append(1)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - it has no text
        ray.get(fails.remote())
    assert tries == [1]


def test_a_task_that_exits_is_a_crash_of_its_worker() -> None:
    with pytest.raises(ray.exceptions.WorkerCrashedError, match="SystemExit"):
        ray.get(ray.remote(_exits).remote())


def _exits() -> None:
    raise SystemExit(1)


def test_the_embedded_engine_is_an_engine() -> None:
    from conclint_runtime.actors.api import current_engine

    engine: Engine = current_engine()
    assert engine.name == "embedded"
