"""Threads call into a loop and get the answer back."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import signal
import threading

import pytest

from conclint_runtime.aio import (
    Bridge,
    BridgeFullError,
    CancelledFromWithinError,
    ClosedError,
    WaitsForItselfError,
    run_blocking,
)
from tests.runtime.aio.virtual_time import run, unhandled

SAFETY_NET = 20.0


async def never() -> None:
    await asyncio.get_running_loop().create_future()


def test_a_thread_gets_the_result_of_a_coroutine() -> None:
    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return 2 * number

    async def main() -> int:
        async with Bridge() as bridge:
            return await run_blocking(bridge.run, double, 4)

    assert run(main()) == 8


def test_a_plain_function_is_called_on_the_loop() -> None:
    async def main() -> bool:
        async with Bridge() as bridge:
            return await run_blocking(bridge.call, threading.get_ident) == threading.get_ident()

    assert run(main())


def test_a_coroutine_function_in_the_place_of_a_plain_one_is_an_error_that_says_what_to_do() -> None:
    async def main() -> None:
        async with Bridge() as bridge:
            await run_blocking(bridge.call, never)  # type: ignore[unused-coroutine]  # the mistake to be found

    with pytest.raises(TypeError, match="use `run`"):
        run(main())


def test_a_thread_gets_the_error_of_its_call() -> None:
    async def fail() -> None:
        raise KeyError("on the loop")

    async def main() -> None:
        async with Bridge() as bridge:
            await run_blocking(bridge.run, fail)

    with pytest.raises(KeyError, match="on the loop"):
        run(main())


def test_a_call_has_the_context_variables_of_its_thread() -> None:
    user = contextvars.ContextVar("user", default="nobody")

    async def main() -> str:
        async with Bridge() as bridge:

            def work() -> str:
                user.set("thread")
                return bridge.call(user.get)

            return await run_blocking(work)

    assert run(main()) == "thread"


def test_a_call_that_would_wait_for_its_own_loop_is_refused_and_says_why() -> None:
    async def main() -> None:
        async with Bridge() as bridge:
            bridge.run(never)

    with pytest.raises(WaitsForItselfError, match=r"never.* would wait for itself: this thread runs the loop"):
        run(main())


def test_a_call_that_would_stop_another_loop_is_refused_and_says_what_to_do() -> None:
    async def main() -> None:
        async with Bridge() as bridge:

            async def other() -> None:
                bridge.run(never)

            await run_blocking(run, other())

    with pytest.raises(WaitsForItselfError, match="wrap_future"):
        run(main())


def test_another_loop_may_await_the_future() -> None:
    async def answer() -> int:
        return 42

    async def main() -> int:
        async with Bridge() as bridge:

            async def other() -> int:
                return await asyncio.wrap_future(bridge.submit(answer))

            return await run_blocking(run, other())

    assert run(main()) == 42


def test_the_end_of_the_bridge_lets_the_waiting_threads_go() -> None:
    async def main() -> BaseException | None:
        begun = asyncio.Event()

        async def wait() -> None:
            begun.set()
            await never()

        async with Bridge() as bridge:
            worker = asyncio.ensure_future(run_blocking(bridge.run, wait))
            await begun.wait()
        await asyncio.wait([worker])
        return worker.exception()

    assert isinstance(run(main()), ClosedError)


def test_the_end_of_the_bridge_waits_for_the_cleanup_of_its_calls() -> None:
    async def main() -> list[str]:
        said: list[str] = []
        begun = asyncio.Event()

        async def wait() -> None:
            begun.set()
            try:
                await never()
            finally:
                await asyncio.sleep(0)
                said.append("cleaned up")

        async with Bridge() as bridge:
            bridge.submit(wait)
            await begun.wait()
        return said

    assert run(main()) == ["cleaned up"]


def test_an_ended_bridge_refuses_calls() -> None:
    async def main() -> None:
        async with Bridge() as bridge:
            pass
        await run_blocking(bridge.call, int)

    with pytest.raises(ClosedError, match="inside its `async with` block"):
        run(main())


def test_a_call_made_before_the_end_of_the_bridge_and_not_begun_is_cancelled() -> None:
    async def main() -> bool:
        async with Bridge() as bridge:
            future = bridge.submit(never)
        return future.cancelled()

    assert run(main())


def test_cancelling_the_future_cancels_the_call() -> None:
    async def main() -> bool:
        begun, ended = asyncio.Event(), asyncio.Event()

        async def wait() -> None:
            begun.set()
            try:
                await never()
            finally:
                ended.set()

        async with Bridge() as bridge:
            future = bridge.submit(wait)
            await begun.wait()
            future.cancel()
            await ended.wait()
            return future.cancelled()

    assert run(main())


def test_a_timeout_leaves_the_call_to_the_caller() -> None:
    async def main() -> bool:
        async with Bridge() as bridge:

            def work() -> bool:
                future = bridge.submit(never)
                try:
                    future.result(timeout=0)
                except concurrent.futures.TimeoutError:
                    return future.cancel()
                return False

            return await run_blocking(work)

    assert run(main())


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="there is no signal to spare")
def test_an_interrupt_of_the_waiting_thread_cancels_its_call() -> None:
    class Interrupted(BaseException):  # as KeyboardInterrupt is named
        pass

    def interrupt(*_: object) -> None:
        raise Interrupted

    opened: concurrent.futures.Future[Bridge] = concurrent.futures.Future()
    said: list[str] = []

    async def wait(bridge: Bridge) -> None:
        (call,) = bridge._calls
        while not call._condition._waiters:  # type: ignore[attr-defined]  # only so can it be seen that the thread waits
            await asyncio.sleep(0)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        try:
            await never()
        finally:
            said.append("cancelled")
            ended.set()

    async def main() -> None:
        async with Bridge() as bridge:
            opened.set_result(bridge)
            await ended.wait()

    ended = asyncio.Event()
    before = signal.signal(signal.SIGUSR1, interrupt)
    loop = threading.Thread(target=run, args=(main(),))
    loop.start()
    try:
        bridge = opened.result(SAFETY_NET)
        with pytest.raises(Interrupted):
            bridge.run(wait, bridge)
    finally:
        signal.signal(signal.SIGUSR1, before)
    loop.join(SAFETY_NET)
    assert (said, loop.is_alive()) == (["cancelled"], False)


def test_a_call_that_cancels_itself_is_an_error_of_its_own_kind() -> None:
    async def cancels_itself() -> None:
        raise asyncio.CancelledError

    async def main() -> None:
        async with Bridge() as bridge:
            await run_blocking(bridge.run, cancels_itself)

    with pytest.raises(CancelledFromWithinError):
        run(main())


def test_an_error_that_nobody_waits_for_any_more_goes_to_the_loop() -> None:
    async def main() -> list[str]:
        begun = asyncio.Event()

        async def fails_in_cleanup() -> None:
            begun.set()
            try:
                await never()
            finally:
                raise OSError("cleanup")

        async with Bridge() as bridge:
            future = bridge.submit(fails_in_cleanup)
            await begun.wait()
            future.cancel()
        return [repr(error) for error in unhandled()]

    assert run(main()) == ["OSError('cleanup')"]


def test_a_full_bridge_refuses_the_next_call() -> None:
    async def main() -> None:
        async with Bridge(limit=1) as bridge:
            bridge.submit(never)
            bridge.submit(never)

    with pytest.raises(BridgeFullError, match="`limit`"):
        run(main())


def test_statistics_tell_calls_and_refusals() -> None:
    async def main() -> tuple[int, int, int]:
        async with Bridge() as bridge:
            await run_blocking(bridge.call, int)
            with pytest.raises(WaitsForItselfError):
                bridge.call(int)
            bridge.submit(never)
            found = bridge.statistics()
        return found.under_way, found.completed, found.refused

    assert run(main()) == (1, 1, 1)
