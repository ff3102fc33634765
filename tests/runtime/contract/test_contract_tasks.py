"""Tasks and references: what `remote`, `get`, `wait`, `put` and `cancel` do on every engine."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Ray

PATIENCE = 60


def test_a_task_returns_its_value(ray: Ray) -> None:
    @ray.remote
    def add(a: int, b: int = 1) -> int:
        return a + b

    assert ray.get(add.remote(1, b=2)) == 3


def test_get_of_a_list_keeps_its_order(ray: Ray) -> None:
    @ray.remote
    def square(n: int) -> int:
        return n * n

    assert ray.get([square.remote(n) for n in (3, 1, 2)]) == [9, 1, 4]


def test_get_of_an_empty_list_is_an_empty_list(ray: Ray) -> None:
    assert ray.get([]) == []


def test_a_reference_can_be_read_many_times(ray: Ray) -> None:
    ref = ray.put([1, 2])
    assert [ray.get(ref), ray.get(ref)] == [[1, 2], [1, 2]]


def test_references_at_top_level_arrive_as_their_values(ray: Ray) -> None:
    @ray.remote
    def both(a: object, *, b: object) -> object:
        return a, b

    assert ray.get(both.remote(ray.put(1), b=ray.put(2))) == (1, 2)


def test_references_in_a_container_arrive_as_references(ray: Ray, unless_refused: Any) -> None:
    @ray.remote
    def read(refs: list[Any]) -> object:
        return ray.get(refs)

    with unless_refused("references in containers"):
        assert ray.get(read.remote([ray.put(1), ray.put(2)])) == [1, 2]


def test_a_task_may_use_the_result_of_a_task_that_has_not_ended(ray: Ray, gate: Any) -> None:
    @ray.remote
    def exclaim(text: str) -> str:
        return text + "!"

    ref = exclaim.remote(gate.wait.remote())
    gate.open.remote()
    assert ray.get(ref, timeout=PATIENCE) == "opened!"


def test_arguments_are_copied(ray: Ray) -> None:
    @ray.remote
    def mutate(values: list[int]) -> list[int]:
        values.append(2)
        return values

    mine = [1]
    assert (ray.get(mutate.remote(mine)), mine) == ([1, 2], [1])


def test_results_are_copied_for_each_reader(ray: Ray) -> None:
    ref = ray.put([1])
    ray.get(ref).append(2)
    assert ray.get(ref) == [1]


def test_put_of_a_reference_is_a_type_error(ray: Ray) -> None:
    with pytest.raises(TypeError):
        ray.put(ray.put(1))


def test_an_error_is_both_a_task_error_and_of_its_own_class(ray: Ray) -> None:
    @ray.remote
    def fail() -> None:
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom") as caught:
        ray.get(fail.remote())
    assert isinstance(caught.value, ray.exceptions.RayTaskError)


def test_the_cause_of_a_task_error_is_the_error_that_was_raised(ray: Ray) -> None:
    @ray.remote
    def fail() -> None:
        raise ValueError("boom", 7)

    with pytest.raises(ray.exceptions.RayTaskError) as caught:
        ray.get(fail.remote())
    assert (type(caught.value.cause), caught.value.cause.args) == (ValueError, ("boom", 7))


def test_a_task_errors_text_names_the_task_and_ends_with_the_error(ray: Ray) -> None:
    @ray.remote
    def fail_here() -> None:
        raise ValueError("boom")

    with pytest.raises(ValueError, match=r"ray::(\S*\.)?fail_here\(\)[\s\S]*ValueError: boom\s*$"):
        ray.get(fail_here.remote())


def test_the_error_of_an_argument_is_the_error_of_the_call(ray: Ray) -> None:
    @ray.remote
    def fail() -> int:
        raise KeyError("missing")

    @ray.remote
    def use(value: int) -> int:
        return value

    with pytest.raises(KeyError):
        ray.get(use.remote(fail.remote()))


def test_an_error_that_passes_through_two_tasks_keeps_its_class(ray: Ray) -> None:
    @ray.remote
    def fail() -> int:
        raise KeyError("missing")

    @ray.remote
    def outer() -> object:
        return ray.get(fail.remote())

    with pytest.raises(KeyError):
        ray.get(outer.remote())


def test_get_of_several_raises_as_soon_as_one_has_failed(ray: Ray, gate: Any) -> None:
    @ray.remote
    def fail() -> None:
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        ray.get([gate.wait.remote(), fail.remote()], timeout=PATIENCE)
    gate.open.remote()


def test_get_that_may_not_wait_raises_a_timeout_error(ray: Ray, gate: Any) -> None:
    ref = gate.wait.remote()
    with pytest.raises(TimeoutError) as caught:
        ray.get(ref, timeout=0)
    assert isinstance(caught.value, ray.exceptions.GetTimeoutError)
    gate.open.remote()


def test_a_call_that_timed_out_can_still_be_read(ray: Ray, gate: Any) -> None:
    ref = gate.wait.remote()
    with pytest.raises(ray.exceptions.GetTimeoutError):
        ray.get(ref, timeout=0.01)
    gate.open.remote()
    assert ray.get(ref, timeout=PATIENCE) == "opened"


@pytest.mark.parametrize("wrong", [(), {}, 5, "text"], ids=["tuple", "dict", "number", "text"])
def test_get_of_what_is_no_list_is_a_value_error(ray: Ray, wrong: object) -> None:
    with pytest.raises(ValueError, match="Invalid type of object refs"):
        ray.get(wrong)


def test_get_of_a_list_with_a_value_in_it_says_which(ray: Ray) -> None:
    with pytest.raises(TypeError, match="5"):
        ray.get([5])


def test_gets_timeout_is_a_keyword(ray: Ray) -> None:
    with pytest.raises(TypeError, match="positional argument"):
        ray.get([], 1)


def test_wait_returns_exactly_as_many_as_were_asked_for(ray: Ray) -> None:
    refs = [ray.put(n) for n in range(3)]
    ready, rest = ray.wait(refs, num_returns=2)
    assert (len(ready), len(rest)) == (2, 1)
    assert [ref for ref in refs if ref in ready] == ready


def test_wait_keeps_the_order_it_was_given(ray: Ray, gate: Any) -> None:
    slow, fast = gate.wait.remote(), ray.put(1)
    assert ray.wait([slow, fast], timeout=PATIENCE) == ([fast], [slow])
    gate.open.remote()


def test_wait_counts_what_has_failed_as_ready(ray: Ray) -> None:
    @ray.remote
    def fail() -> None:
        raise ValueError("boom")

    ref = fail.remote()
    assert ray.wait([ref], timeout=PATIENCE) == ([ref], [])


def test_wait_that_may_not_wait_returns_what_there_is(ray: Ray, gate: Any) -> None:
    ref = gate.wait.remote()
    assert ray.wait([ref], timeout=0) == ([], [ref])
    gate.open.remote()


def test_wait_of_an_empty_list_is_two_empty_lists(ray: Ray) -> None:
    assert ray.wait([]) == ([], [])


def test_wait_for_one_reference_is_a_type_error(ray: Ray) -> None:
    with pytest.raises(TypeError, match=r"expected a list of ray\.ObjectRef"):
        ray.wait(ray.put(1))


@pytest.mark.parametrize(("count", "twice"), [(0, False), (2, False), (1, True)], ids=["none", "too many", "twice"])
def test_wait_with_arguments_that_make_no_sense_is_a_value_error(ray: Ray, count: int, twice: bool) -> None:
    ref = ray.put(1)
    with pytest.raises(ValueError, match=r"(?i)unique|num_returns|number of objects"):
        ray.wait([ref, ref] if twice else [ref], num_returns=count)


def test_num_returns_gives_as_many_references(ray: Ray) -> None:
    @ray.remote(num_returns=2)
    def pair() -> tuple[int, int]:
        return 1, 2

    first, second = pair.remote()
    assert (ray.get(first), ray.get(second)) == (1, 2)


def test_num_returns_can_be_given_for_one_call(ray: Ray) -> None:
    @ray.remote
    def pair() -> tuple[int, int]:
        return 1, 2

    assert ray.get(pair.options(num_returns=2).remote()) == [1, 2]


def test_a_result_that_does_not_fit_num_returns_is_a_value_error(ray: Ray) -> None:
    @ray.remote(num_returns=3)
    def pair() -> tuple[int, int]:
        return 1, 2

    with pytest.raises(ValueError, match="num_returns=3"):
        ray.get(pair.remote())


def test_a_generator_task_streams_references(ray: Ray) -> None:
    @ray.remote
    def count(n: int) -> Iterator[int]:
        for number in range(n):  # noqa: UP028 - Ray drives it by `send`, which a range that is delegated to has not
            yield number

    assert [ray.get(ref) for ref in count.remote(3)] == [0, 1, 2]


def test_a_stream_is_read_while_its_task_still_runs(ray: Ray, gate: Any) -> None:
    @ray.remote
    def two(gate: Any) -> Iterator[object]:
        yield "first"
        yield ray.get(gate.wait.remote())

    stream = two.remote(gate)
    assert ray.get(next(stream), timeout=PATIENCE) == "first"
    gate.open.remote()
    assert ray.get(next(stream), timeout=PATIENCE) == "opened"


def test_the_error_of_a_generator_is_its_last_reference(ray: Ray) -> None:
    @ray.remote
    def count() -> Iterator[int]:
        yield 1
        raise ValueError("boom")

    first, last = count.remote()
    assert ray.get(first) == 1
    with pytest.raises(ValueError, match="boom"):
        ray.get(last)


def test_a_task_that_calls_tasks_as_deep_as_there_are_no_slots_ends(ray: Ray) -> None:
    @ray.remote
    def depth(n: int) -> int:
        return n if n == 0 else 1 + int(ray.get(depth.remote(n - 1)))

    assert ray.get(depth.remote(4), timeout=PATIENCE) == 4


def test_get_from_several_threads(ray: Ray) -> None:
    @ray.remote
    def square(n: int) -> int:
        return n * n

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda n: ray.get(square.remote(n)), range(4))) == [0, 1, 4, 9]


def test_calling_a_remote_function_directly_says_what_to_do(ray: Ray) -> None:
    @ray.remote
    def f() -> None:
        pass

    with pytest.raises(TypeError, match=r"Remote functions cannot be called directly[\s\S]*remote\(\)"):
        f()


def test_an_async_function_as_a_task_is_refused_with_what_to_do(ray: Ray) -> None:
    async def f() -> None:
        pass

    with pytest.raises(ValueError, match="'async def' should not be used for remote tasks"):
        ray.remote(f)


def test_an_option_that_there_is_not_is_a_value_error_that_lists_those_there_are(ray: Ray) -> None:
    with pytest.raises(ValueError, match=r"Invalid option keyword num_cpu for remote functions[\s\S]*num_cpus"):
        ray.remote(num_cpu=1)(lambda: None)


def test_arguments_that_the_function_does_not_take_are_a_type_error_at_once(ray: Ray) -> None:
    @ray.remote
    def f(a: int) -> int:
        return a

    with pytest.raises(TypeError, match="too many positional arguments"):
        f.remote(1, 2)


def test_cancelling_what_is_no_reference_is_a_type_error(ray: Ray) -> None:
    with pytest.raises(TypeError, match=r"ray.cancel\(\) only supported for object refs"):
        ray.cancel(5)


def test_cancelling_what_has_ended_does_nothing(ray: Ray) -> None:
    @ray.remote
    def one() -> int:
        return 1

    ref = one.remote()
    ray.get(ref)
    ray.get(one.remote())  # by then Ray has noted that the first has ended; cancelled before, it aborts the program
    ray.cancel(ref)
    assert ray.get(ref) == 1


def test_a_cancelled_task_that_waits_for_an_argument_raises(ray: Ray, gate: Any) -> None:
    @ray.remote
    def use(value: object) -> object:
        return value

    ref = use.remote(gate.wait.remote())
    ray.cancel(ref)
    with pytest.raises(ray.exceptions.TaskCancelledError):
        ray.get(ref, timeout=PATIENCE)
    gate.open.remote()


def test_an_error_whose_class_takes_other_arguments_keeps_its_attributes(ray: Ray) -> None:
    class PickyError(Exception):
        def __init__(self, one: int, two: int) -> None:
            super().__init__(one, two)
            self.two = two

    @ray.remote
    def fail() -> None:
        raise PickyError(1, 2)

    with pytest.raises(PickyError) as caught:
        ray.get(fail.remote())
    assert caught.value.two == 2


def test_arrays_arrive_read_only(ray: Ray) -> None:
    numpy = pytest.importorskip("numpy")

    @ray.remote
    def zeros() -> object:
        return numpy.zeros(200_000)

    found = ray.get(zeros.remote())
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 1


def test_get_of_a_stream_returns_the_stream(ray: Ray) -> None:
    @ray.remote
    def one() -> Iterator[int]:
        yield 1

    stream = one.remote()
    assert ray.get(stream) is stream


def test_a_stream_cannot_be_given_to_a_task(ray: Ray) -> None:
    @ray.remote
    def one() -> Iterator[int]:
        yield 1

    @ray.remote
    def use(stream: object) -> object:
        return stream

    with pytest.raises(TypeError, match="You cannot return or pass a generator to other task"):
        use.remote(one.remote())


def test_a_streams_completion_can_be_waited_for(ray: Ray) -> None:
    @ray.remote
    def one() -> Iterator[int]:
        yield 1

    stream = one.remote()
    ready, rest = ray.wait([stream.completed()], timeout=PATIENCE)
    assert (len(ready), rest) == (1, [])


def test_a_call_without_returns_gives_no_reference(ray: Ray) -> None:
    @ray.remote(num_returns=0)
    def nothing() -> None:
        pass

    assert nothing.remote() is None
