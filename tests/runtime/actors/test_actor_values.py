"""What the other side gets: copies, read-only arrays, resolved references, things that are passed as they are."""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass, field

import pytest

import conclint_runtime as ray


class Keeper:
    def __init__(self, items: list[int] | None = None) -> None:
        self.items = items if items is not None else []

    def keep(self, items: list[int]) -> None:
        self.items = items
        self.items.append(99)

    def give(self) -> list[int]:
        return self.items

    def echo(self, value: object) -> object:
        return value

    def kind(self, value: object, named: object = None) -> tuple[str, str]:
        return type(value).__name__, type(named).__name__


@dataclass
class Tree:
    name: str
    children: list[Tree] = field(default_factory=list)


def test_an_argument_is_copied() -> None:
    actor, mine = ray.remote(Keeper).remote(), [1]
    ray.get(actor.keep.remote(mine))
    assert mine == [1]


def test_an_argument_is_copied_when_it_is_submitted() -> None:
    actor, mine = ray.remote(Keeper).remote(), [1]
    kept = actor.echo.remote(mine)
    mine.append(2)
    assert ray.get(kept) == [1]


def test_a_constructor_argument_is_copied() -> None:
    mine = [1]
    actor = ray.remote(Keeper).remote(mine)
    ray.get(actor.keep.remote([2]))
    mine.append(3)
    assert ray.get(actor.give.remote()) == [2, 99]


def test_a_result_is_a_copy_of_what_the_actor_keeps() -> None:
    actor = ray.remote(Keeper).remote([1])
    ray.get(actor.give.remote()).append(2)
    assert ray.get(actor.give.remote()) == [1]


def test_each_get_gives_another_copy() -> None:
    ref = ray.put([1])
    ray.get(ref).append(2)
    assert ray.get(ref) == [1]


def test_a_nested_object_is_copied_with_its_sharing_kept() -> None:
    leaf = Tree("leaf")
    got = ray.get(ray.put(Tree("root", [leaf, leaf])))
    assert got == Tree("root", [leaf, leaf])
    assert got.children[0] is got.children[1]
    assert got.children[0] is not leaf


@pytest.mark.parametrize("value", [None, 1, "text", b"bytes", 1.5, (1, ("two", None)), ..., range(3), frozenset({1})])
def test_an_immutable_value_arrives_equal(value: object) -> None:
    assert ray.get(ray.remote(Keeper).remote().echo.remote(value)) == value


def test_a_large_immutable_value_is_not_copied() -> None:
    large = bytes(10_000_000)
    assert ray.get(ray.remote(Keeper).remote().echo.remote(large)) is large


def test_arrays_arrive_read_only() -> None:
    numpy = pytest.importorskip("numpy")
    actor, mine = ray.remote(Keeper).remote(), numpy.zeros(1000)
    got = ray.get(actor.echo.remote(mine))
    with pytest.raises(ValueError, match="read-only"):
        got[0] = 1
    mine[0] = 1
    assert got[0] == 0


def test_references_at_top_level_are_resolved_and_nested_ones_are_not() -> None:
    actor, ref = ray.remote(Keeper).remote(), ray.put([1])
    assert ray.get(actor.kind.remote(ref, named=ref)) == ("list", "list")
    assert ray.get(actor.kind.remote([ref], named={"ref": ref})) == ("list", "dict")
    inner = ray.get(actor.echo.remote([ref]))[0]
    assert isinstance(inner, ray.ObjectRef)
    assert ray.get(inner) == [1]


def test_a_reference_beside_a_copied_argument_is_resolved() -> None:
    actor = ray.remote(Keeper).remote()
    assert ray.get(actor.kind.remote({1: 2}, named=ray.put("text"))) == ("dict", "str")


def test_putting_a_reference_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Calling 'put' on an ray.ObjectRef is not allowed"):
        ray.put(ray.put(1))


def test_lambdas_local_functions_and_local_classes_can_be_passed() -> None:
    class Local:
        def __init__(self, number: int) -> None:
            self.number = number

    offset = 10
    actor = ray.remote(Keeper).remote()
    assert ray.get(actor.echo.remote(lambda number: number + offset))(1) == 11
    assert ray.get(actor.echo.remote([Local, len]))[0] is Local
    got = ray.get(actor.echo.remote(Local(5)))
    assert type(got) is Local
    assert got.number == 5


def test_handles_and_remote_functions_are_passed_as_they_are() -> None:
    actor = ray.remote(Keeper).remote([7])
    one = ray.remote(_one)

    @ray.remote
    def ask(handle: ray.ActorHandle, functions: list[ray.RemoteFunction[int]]) -> tuple[object, object]:
        return ray.get(handle.give.remote()), ray.get(functions[0].remote())

    assert ray.get(ask.remote(actor, [one])) == ([7], 1)


def test_an_argument_that_cannot_be_pickled_is_named() -> None:
    actor = ray.remote(Keeper).remote()
    with pytest.raises(TypeError, match=r"Could not serialize the argument \[<unlocked .*lock.*Keeper.echo"):
        actor.echo.remote([threading.Lock()])


def test_a_result_that_cannot_be_pickled_fails_the_call() -> None:
    class Locks:
        def lock(self) -> object:
            return threading.Lock()

    with pytest.raises(TypeError, match="cannot pickle"):
        ray.get(ray.remote(Locks).remote().lock.remote())


def test_pickling_a_reference_or_a_handle_out_of_band_is_refused() -> None:
    import pickle

    actor = ray.remote(Keeper).remote()
    for thing in (ray.put(1), actor):
        with pytest.raises(ray.exceptions.OufOfBandObjectRefSerializationException, match="cannot be pickled"):
            pickle.dumps(thing)


def test_copying_a_reference_or_a_handle_gives_the_same_one() -> None:
    ref, actor = ray.put(1), ray.remote(Keeper).remote()
    assert copy.deepcopy([ref])[0] is ref
    assert copy.copy(actor) is actor


def test_a_value_that_was_put_is_read_by_many() -> None:
    actors = [ray.remote(Keeper).remote() for _ in range(3)]
    ref = ray.put({"a": 1})
    assert ray.get([actor.echo.remote(ref) for actor in actors]) == [{"a": 1}] * 3


def _one() -> int:
    return 1
