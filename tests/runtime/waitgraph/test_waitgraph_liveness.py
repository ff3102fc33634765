"""Who is dead and who is live, on graphs that are made by hand."""

from __future__ import annotations

import gc
import itertools
import threading
import weakref

import pytest

from conclint_runtime.waitgraph import (
    NEVER,
    DeadlockError,
    External,
    Mode,
    Need,
    Node,
    Wait,
    WorkerPool,
    current,
    dead_nodes,
    deadlock_of,
    node_of,
)

BOUND = 30.0


class Named:
    """A node that needs what the test says."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.needed: Need | None = None

    def waits(self, mode: Mode, *nodes: Node, likely: bool = False) -> Named:
        self.needed = Need(mode, nodes, likely=likely)
        return self

    def need(self) -> Need | None:
        return self.needed

    def describe(self) -> str:
        return self.name


def named(names: str) -> list[Named]:
    return [Named(name) for name in names]


def test_a_node_that_needs_nothing_is_live() -> None:
    assert not dead_nodes([Named("a"), External("the network")])


def test_two_nodes_that_need_each_other_are_dead() -> None:
    a, b = named("ab")
    a.waits(Mode.ALL, b)
    b.waits(Mode.ALL, a)
    assert set(dead_nodes([a])) == {a, b}


def test_one_live_node_is_enough_for_any() -> None:
    a, b = named("ab")
    a.waits(Mode.ANY, a, b)
    assert not dead_nodes([a])


def test_one_dead_node_is_enough_against_all() -> None:
    a, b = named("ab")
    a.waits(Mode.ALL, a, b)
    assert set(dead_nodes([a])) == {a}


def test_any_of_nothing_is_dead_and_all_of_nothing_is_live() -> None:
    a, b = named("ab")
    a.needed = NEVER
    b.waits(Mode.ALL)
    assert set(dead_nodes([a, b])) == {a}


def test_a_node_named_twice_in_a_need_counts_once() -> None:
    a, b = named("ab")
    a.waits(Mode.ALL, b, b)
    assert not dead_nodes([a])


def test_a_need_that_rests_on_an_assumption_counts_only_where_asked_for() -> None:
    a, b = named("ab")
    a.waits(Mode.ALL, b)
    b.waits(Mode.ALL, a, likely=True)
    assert not dead_nodes([a])
    dead = dead_nodes([a], likely=True)
    assert not deadlock_of(a, dead).certain


def test_a_node_that_changes_between_the_two_readings_is_not_dead() -> None:
    class Moving(Named):
        def need(self) -> Need | None:
            return Need(Mode.ALL, (self,), token=object())

    assert not dead_nodes([Moving("a")])


def test_the_cycle_leaves_out_who_only_waits_for_it() -> None:
    victim, a, b = named("vab")
    victim.waits(Mode.ALL, a)
    a.waits(Mode.ALL, b)
    b.waits(Mode.ALL, a)
    assert set(deadlock_of(victim, dead_nodes([victim])).cycle) == {a, b}


def test_the_steps_name_each_node_and_what_it_needs() -> None:
    a, b = named("ab")
    a.waits(Mode.ALL, b)
    b.waits(Mode.ANY, a, b)
    steps = deadlock_of(a, dead_nodes([a])).steps
    assert [step.strip() for step in steps] == ["a needs b", "b needs any of (a, b)"]


def test_a_chain_of_thousands_needs_no_recursion() -> None:
    chain = [Named(str(index)) for index in range(5000)]
    for node, following in itertools.pairwise(chain):
        node.waits(Mode.ALL, following)
    assert not dead_nodes([chain[0]])
    chain[-1].waits(Mode.ALL, chain[0])
    assert len(dead_nodes([chain[0]])) == len(chain)


def test_a_wait_for_something_dead_raises_when_it_begins() -> None:
    dead = Named("dead")
    dead.needed = NEVER
    with pytest.raises(DeadlockError, match="dead"), Wait((dead,)):
        pass


def test_a_thread_is_in_its_wait_as_long_as_the_block_lasts() -> None:
    outside = External("outside")
    with Wait((outside,)) as wait:
        assert current().wait is wait
    assert current().wait is None


def test_a_wait_in_a_wait_counts_until_it_ends() -> None:
    with Wait((External("outer"),)) as outer:
        with Wait((External("inner"),)) as inner:
            assert current().wait is inner
        assert current().wait is outer


def test_a_wait_that_ended_keeps_nothing_alive() -> None:
    node = Named("awaited")
    gone = weakref.ref(node)
    gc.disable()
    try:
        with Wait((node,)):
            pass
        del node
        assert gone() is None
    finally:
        gc.enable()


def test_a_thread_that_has_ended_can_give_nothing_back() -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join(BOUND)
    assert node_of(thread).need() is NEVER


def test_a_thread_that_was_not_started_yet_has_not_ended() -> None:
    assert node_of(threading.Thread(target=lambda: None)).need() is None


def test_a_pool_that_may_grow_is_live() -> None:
    assert WorkerPool("p", 1).need() is None


def test_an_idle_worker_makes_its_pool_live() -> None:
    pool = WorkerPool("p", 1)
    pool.enter()
    assert pool.need() is None
    pool.leave()


def test_a_pool_whose_only_worker_waits_for_it_is_dead() -> None:
    pool = WorkerPool("p", 1)
    node = pool.enter()
    node.job = External("a job")
    try:
        with pytest.raises(DeadlockError, match="1 of its 1 workers wait"), Wait((pool,)):
            pass
    finally:
        node.job = None
        pool.leave()
