"""The locks that know their owner do what those of `threading` do."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from conclint_runtime.executors import DeadlockError, ThreadPoolExecutor
from conclint_runtime.locks import Lock, RLock

BOUND = 30.0
KINDS = pytest.mark.parametrize("make", [Lock, RLock])
Make = Callable[[], Lock | RLock]


@KINDS
def test_a_lock_is_free_again_after_its_block(make: Make) -> None:
    lock = make()
    with lock:
        assert lock.locked()
    assert not lock.locked()


@KINDS
def test_another_thread_cannot_take_a_lock_that_is_held(make: Make) -> None:
    lock = make()
    with ThreadPoolExecutor(1) as pool, lock:
        assert not pool.submit(lock.acquire, False).result()
        assert not pool.submit(lock.acquire, timeout=0.01).result()


@KINDS
def test_a_lock_that_is_not_held_cannot_be_released(make: Make) -> None:
    with pytest.raises(RuntimeError):
        make().release()


@KINDS
def test_a_timeout_without_blocking_is_refused(make: Make) -> None:
    with pytest.raises(ValueError, match="timeout"):
        make().acquire(False, 1)


@KINDS
def test_a_lock_serves_a_condition(make: Make) -> None:
    condition = threading.Condition(make())  # type: ignore[arg-type]  # the typeshed knows the standard locks only
    seen: list[str] = []
    with ThreadPoolExecutor(1) as pool:

        def wait() -> None:
            with condition:
                assert condition.wait_for(lambda: seen == ["said"], BOUND)
                seen.append("heard")

        waiting = pool.submit(wait)
        with condition:
            seen.append("said")
            condition.notify_all()
        waiting.result(BOUND)
    assert seen == ["said", "heard"]


@KINDS
def test_the_statistics_name_the_owner_and_where_it_took_the_lock(make: Make) -> None:
    lock = make()
    with lock:
        moment = lock.statistics()
    assert moment.owner == threading.current_thread().name
    assert moment.taken_at is not None
    assert "test_owned_locks.py" in moment.taken_at
    assert lock.statistics().owner is None


def test_a_re_entrant_lock_is_taken_as_often_as_it_is_released() -> None:
    lock = RLock()
    with lock, lock:
        assert lock.locked()
    assert not lock.locked()


def test_a_re_entrant_lock_is_released_by_its_owner_only() -> None:
    lock = RLock()
    with ThreadPoolExecutor(1) as pool, lock:
        assert isinstance(pool.submit(lock.release).exception(), RuntimeError)


def test_taking_a_plain_lock_twice_is_refused_where_a_block_holds_it() -> None:
    lock = Lock()
    with lock, pytest.raises(DeadlockError, match="taken by"):
        lock.acquire()
    assert not lock.locked()


def test_a_lock_lent_to_another_thread_says_so() -> None:
    lock = Lock()
    lock.acquire()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lock.release).result()
    assert lock.statistics().lent


def test_a_lock_whose_owner_has_ended_is_refused() -> None:
    lock = RLock()
    owner = threading.Thread(target=lock.acquire)
    owner.start()
    owner.join(BOUND)
    with pytest.raises(DeadlockError, match="what has ended for ever"), lock:
        pass
