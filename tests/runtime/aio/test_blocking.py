"""Blocking functions on a bounded pool of threads."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import weakref
from collections.abc import Callable

import pytest

from conclint_runtime.aio import (
    AioError,
    BlockingPool,
    Bridge,
    CancelledFromWithinError,
    ClosedError,
    blocking_pool,
    check_cancelled,
    run_abandonable,
    run_blocking,
)
from tests.runtime.aio.virtual_time import run, unhandled

SAFETY_NET = 20.0


class Gate:
    """A blocking function that says when it has begun and ends when it is let."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.let = threading.Event()
        self.ended = threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.let.wait(SAFETY_NET)
        self.ended.set()
        return "through"

    async def begins(self) -> None:
        """Wait for the thread, without stopping the loop."""
        assert await asyncio.to_thread(self.begun.wait, SAFETY_NET)


def raising(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def test_the_function_runs_on_another_thread() -> None:
    assert run(run_blocking(threading.get_ident)) != threading.get_ident()


def test_arguments_reach_the_function() -> None:
    assert run(run_blocking(int, "ff", base=16)) == 255


def test_what_the_function_raises_is_raised() -> None:
    with pytest.raises(ValueError, match="mine"):
        run(run_blocking(raising(ValueError("mine"))))


def test_a_stop_iteration_does_not_hang_the_caller() -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        run(run_blocking(raising(StopIteration())))


def test_a_function_that_raises_a_cancellation_does_not_cancel_its_caller() -> None:
    with pytest.raises(CancelledFromWithinError):
        run(run_blocking(raising(asyncio.CancelledError())))


def test_context_variables_reach_the_function() -> None:
    user = contextvars.ContextVar("user", default="nobody")

    async def main() -> str:
        user.set("somebody")
        return await run_blocking(user.get)

    assert run(main()) == "somebody"


def test_no_more_threads_than_the_limit_are_started() -> None:
    together = threading.Barrier(2)

    async def main() -> tuple[int, int]:
        async with BlockingPool(2) as pool:
            await asyncio.gather(*(pool.run(together.wait, SAFETY_NET) for _ in range(6)))
            return pool.statistics().threads, pool.statistics().completed

    assert run(main()) == (2, 6)


def test_callers_wait_in_line_while_all_threads_are_busy() -> None:
    async def main() -> tuple[int, int]:
        gate = Gate()
        async with BlockingPool(1) as pool:
            first = asyncio.create_task(pool.run(gate))
            second = asyncio.create_task(pool.run(int))
            await gate.begins()
            found = pool.statistics()
            gate.let.set()
            await asyncio.gather(first, second)
        return found.running, found.waiting

    assert run(main()) == (1, 1)


def test_a_caller_in_line_is_cancelled_at_once() -> None:
    async def main() -> tuple[bool, bool]:
        gate = Gate()
        async with BlockingPool(1) as pool:
            first = asyncio.create_task(pool.run(gate))
            await gate.begins()
            second = asyncio.create_task(pool.run(int))
            await asyncio.sleep(0)
            second.cancel()
            await asyncio.wait([second])
            before = first.done()
            gate.let.set()
            await first
        return second.cancelled(), before

    assert run(main()) == (True, False)


def test_a_cancelled_caller_waits_until_the_function_has_ended() -> None:
    async def main() -> tuple[bool, bool]:
        gate = Gate()
        caller = asyncio.create_task(run_blocking(gate))
        await gate.begins()
        caller.cancel()
        await asyncio.sleep(0)
        still_there = not caller.done()
        gate.let.set()
        await asyncio.wait([caller])
        return still_there, caller.cancelled() and gate.ended.is_set()

    assert run(main()) == (True, True)


def test_a_cancelled_caller_of_an_abandonable_call_leaves_at_once() -> None:
    async def main() -> tuple[bool, int]:
        gate = Gate()
        caller = asyncio.create_task(run_abandonable(gate))
        await gate.begins()
        caller.cancel()
        await asyncio.wait([caller])
        found = (caller.cancelled() and not gate.ended.is_set(), (await blocking_pool()).statistics().abandoned)
        gate.let.set()
        return found

    assert run(main()) == (True, 1)


def test_an_abandoned_call_keeps_its_place_until_it_ends() -> None:
    async def main() -> tuple[bool, str]:
        gate = Gate()
        async with BlockingPool(1) as pool:
            caller = asyncio.create_task(pool.run_abandonable(gate))
            await gate.begins()
            caller.cancel()
            await asyncio.wait([caller])
            following = asyncio.create_task(pool.run(str))
            await asyncio.sleep(0)
            kept = pool.statistics().waiting == 1
            gate.let.set()
            return kept, await following

    assert run(main()) == (True, "")


def test_the_error_of_an_abandoned_call_goes_to_the_loop() -> None:
    async def main() -> list[str]:
        gate = Gate()

        def fail() -> None:
            gate()
            raise OSError("late")

        async with BlockingPool(1) as pool:
            caller = asyncio.create_task(pool.run_abandonable(fail))
            await gate.begins()
            caller.cancel()
            await asyncio.wait([caller])
            gate.let.set()
            await pool.run(int)
        return [repr(error) for error in unhandled()]

    assert run(main()) == ["OSError('late')"]


def test_the_error_of_a_cancelled_call_goes_to_the_loop() -> None:
    async def main() -> list[str]:
        gate = Gate()

        def fail() -> None:
            gate()
            raise OSError("late")

        caller = asyncio.create_task(run_blocking(fail))
        await gate.begins()
        caller.cancel()
        gate.let.set()
        await asyncio.wait([caller])
        return [repr(error) for error in unhandled()] if caller.cancelled() else []

    assert run(main()) == ["OSError('late')"]


def test_a_function_can_ask_whether_its_caller_was_cancelled() -> None:
    async def main() -> tuple[bool, list[BaseException]]:
        gate = Gate()

        def steps() -> None:
            gate()
            check_cancelled()

        caller = asyncio.create_task(run_blocking(steps))
        await gate.begins()
        caller.cancel()
        await asyncio.sleep(0)
        gate.let.set()
        await asyncio.wait([caller])
        return caller.cancelled(), unhandled()

    assert run(main()) == (True, [])


def test_asking_is_harmless_elsewhere() -> None:
    check_cancelled()


def test_the_end_of_the_pool_waits_for_the_calls_under_way() -> None:
    async def main() -> str:
        gate = Gate()
        async with BlockingPool(1) as pool:
            caller = asyncio.create_task(pool.run(gate))
            await gate.begins()
            asyncio.get_running_loop().call_soon(gate.let.set)
        return caller.result() if caller.done() else await caller

    assert run(main()) == "through"


def test_a_cancelled_end_of_the_pool_ends_its_threads_too() -> None:
    async def main() -> tuple[bool, int]:
        gate = Gate()
        pool = BlockingPool(1)
        caller = asyncio.create_task(pool.run(gate))
        await gate.begins()
        closing = asyncio.create_task(pool.close())
        await asyncio.sleep(0)
        closing.cancel()
        gate.let.set()
        await asyncio.wait([closing, caller])
        return closing.cancelled(), pool.statistics().threads

    assert run(main()) == (True, 0)


def test_the_end_of_the_pool_ends_its_threads() -> None:
    async def main() -> int:
        async with BlockingPool(2) as pool:
            await pool.run(int)
        return pool.statistics().threads

    assert run(main()) == 0


def test_the_threads_of_run_blocking_end_with_the_loop() -> None:
    threads: list[threading.Thread] = []

    async def main() -> None:
        threads.append(await run_blocking(threading.current_thread))

    asyncio.run(main())
    threads[0].join(SAFETY_NET)
    assert not threads[0].is_alive()


def test_the_threads_of_a_loop_that_was_merely_closed_end_when_the_next_loop_asks() -> None:
    loop = asyncio.new_event_loop()
    thread = loop.run_until_complete(run_blocking(threading.current_thread))
    loop.close()
    asyncio.run(run_blocking(int))
    thread.join(SAFETY_NET)
    assert not thread.is_alive()


def test_a_loop_that_has_ended_is_not_kept() -> None:
    loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []

    async def main() -> None:
        await run_blocking(int)
        loops.append(weakref.ref(asyncio.get_running_loop()))

    asyncio.run(main())
    gc.collect()
    assert loops[0]() is None


def test_the_error_of_a_call_that_outlived_its_loop_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate()
    threads: list[threading.Thread] = []

    def fail() -> None:
        threads.append(threading.current_thread())
        gate()
        raise OSError("late")

    async def main() -> None:
        caller = asyncio.create_task(run_abandonable(fail))
        await gate.begins()
        caller.cancel()
        await asyncio.wait([caller])

    asyncio.run(main())
    gate.let.set()
    threads[0].join(SAFETY_NET)
    assert [repr(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["OSError('late')"]


def test_an_ended_pool_runs_nothing_more() -> None:
    async def main() -> None:
        async with BlockingPool(1) as pool:
            pass
        await pool.run(int)

    with pytest.raises(ClosedError, match="has ended"):
        run(main())


def test_a_pool_belongs_to_one_loop() -> None:
    pool = BlockingPool(1)

    async def use() -> None:
        await pool.run(int)

    async def end() -> None:
        try:
            await pool.run(int)
        finally:
            pool.stop_idle()

    run(use())
    with pytest.raises(AioError, match="another event loop"):
        run(end())


def test_a_thread_that_waits_for_its_loop_lends_its_place() -> None:
    async def main() -> int:
        async with BlockingPool(1) as pool, Bridge() as bridge:

            def outer() -> int:
                return bridge.run(pool.run, int, "7")

            return await pool.run(outer)

    assert run(main()) == 7


def test_an_idle_thread_keeps_nothing_of_its_last_call() -> None:
    class Payload:
        pass

    dropped = threading.Event()

    async def main() -> bool:
        async with BlockingPool(1) as pool:
            payload = Payload()
            weakref.finalize(payload, dropped.set)
            await pool.run(id, payload)
            del payload
            return await asyncio.to_thread(dropped.wait, 5)

    assert run(main())
