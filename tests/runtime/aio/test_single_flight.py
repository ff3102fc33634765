"""Concurrent callers of one key share one await."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import traceback
import weakref
from collections.abc import Coroutine

import pytest

from conclint_runtime.aio import CancelledFromWithinError, SingleFlight, WaitsForItselfError, single_flight
from tests.runtime.aio.virtual_time import run, unhandled


class Loads:
    """Counts its loads, each of which takes a second."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.ended: list[str] = []

    async def __call__(self, key: str) -> str:
        self.started.append(key)
        try:
            await asyncio.sleep(1)
            return key.upper()
        finally:
            self.ended.append(key)


async def cancelled(task: asyncio.Task[object]) -> bool:
    task.cancel()
    await asyncio.wait([task])
    return task.cancelled()


def test_concurrent_callers_of_one_key_share_one_call() -> None:
    async def main() -> tuple[list[str], list[str]]:
        load, flights = Loads(), SingleFlight()
        got = await asyncio.gather(*(flights.run("a", load, "a") for _ in range(10)))
        return got, load.started

    assert run(main()) == (["A"] * 10, ["a"])


def test_callers_of_different_keys_do_not_share() -> None:
    async def main() -> list[str]:
        load, flights = Loads(), SingleFlight()
        await asyncio.gather(flights.run("a", load, "a"), flights.run("b", load, "b"))
        return load.started

    assert run(main()) == ["a", "b"]


def test_it_is_no_cache() -> None:
    async def main() -> list[str]:
        load, flights = Loads(), SingleFlight()
        await flights.run("a", load, "a")
        await flights.run("a", load, "a")
        return load.started

    assert run(main()) == ["a", "a"]


def test_a_cancelled_caller_leaves_the_others_their_call() -> None:
    async def main() -> tuple[bool, str]:
        load, flights = Loads(), SingleFlight()
        first = asyncio.ensure_future(flights.run("a", load, "a"))
        second = asyncio.ensure_future(flights.run("a", load, "a"))
        await asyncio.sleep(0.5)
        return await cancelled(first), await second

    assert run(main()) == (True, "A")


def test_the_last_caller_to_be_cancelled_cancels_the_call_and_waits_for_its_end() -> None:
    async def main() -> tuple[list[str], int]:
        load, flights = Loads(), SingleFlight()
        callers = [asyncio.ensure_future(flights.run("a", load, "a")) for _ in range(2)]
        await asyncio.sleep(0.5)
        for caller in callers:
            assert await cancelled(caller)
        return load.ended, flights.statistics().abandoned

    assert run(main()) == (["a"], 1)


def test_a_caller_that_comes_while_an_abandoned_call_ends_gets_a_call_of_its_own() -> None:
    async def main() -> str:
        flights = SingleFlight()

        async def slow_to_end() -> str:
            try:
                await asyncio.sleep(100)
            finally:
                await asyncio.sleep(5)
            return "old"

        async def fresh() -> str:
            return "new"

        first = asyncio.ensure_future(flights.run("a", slow_to_end))
        await asyncio.sleep(1)
        first.cancel()
        await asyncio.sleep(1)
        got = await flights.run("a", fresh)
        await asyncio.wait([first])
        return got

    assert run(main()) == "new"


def test_an_error_reaches_every_caller() -> None:
    async def fail() -> None:
        await asyncio.sleep(1)
        raise KeyError("shared")

    async def main() -> list[str]:
        flights = SingleFlight()
        got = await asyncio.gather(*(flights.run("a", fail) for _ in range(3)), return_exceptions=True)
        return [repr(error) for error in got]

    assert run(main()) == ["KeyError('shared')"] * 3


def test_the_traceback_of_a_shared_error_does_not_grow_with_its_callers() -> None:
    async def fail() -> None:
        await asyncio.sleep(1)
        raise KeyError("shared")

    async def main() -> list[int]:
        flights = SingleFlight()
        depths: list[int] = []

        async def call() -> None:
            try:
                await flights.run("a", fail)
            except KeyError as error:
                depths.append(len(traceback.extract_tb(error.__traceback__)))

        await asyncio.gather(*(call() for _ in range(20)))
        return depths

    assert len(set(run(main()))) == 1


def test_a_call_that_was_cancelled_by_others_does_not_cancel_its_callers() -> None:
    async def cancels_itself() -> None:
        await asyncio.sleep(1)
        raise asyncio.CancelledError

    async def main() -> None:
        await SingleFlight().run("a", cancels_itself)

    with pytest.raises(CancelledFromWithinError, match="'a'"):
        run(main())


def test_the_error_of_an_abandoned_call_goes_to_the_loop() -> None:
    async def fails_in_cleanup() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            raise OSError("cleanup")

    async def main() -> list[str]:
        caller = asyncio.ensure_future(SingleFlight().run("a", fails_in_cleanup))
        await asyncio.sleep(1)
        assert await cancelled(caller)
        return [repr(error) for error in unhandled()]

    assert run(main()) == ["OSError('cleanup')"]


def test_a_call_runs_in_the_context_of_its_first_caller() -> None:
    user = contextvars.ContextVar("user", default="nobody")

    async def who() -> str:
        await asyncio.sleep(1)
        return user.get()

    async def main() -> list[str]:
        flights = SingleFlight()

        async def call(name: str) -> str:
            user.set(name)
            return await flights.run("a", who)

        return list(await asyncio.gather(call("first"), call("second")))

    assert run(main()) == ["first", "first"]


def test_a_loop_that_ended_with_a_call_under_way_does_not_hold_up_the_next() -> None:
    flights = SingleFlight()

    async def never() -> str:
        await asyncio.sleep(1000)
        return "never"

    async def leave_behind() -> bool:
        caller = asyncio.ensure_future(flights.run("a", never))
        await asyncio.sleep(0)
        return caller.done()

    async def answer() -> str:
        return "answered"

    async def again() -> str:
        return await flights.run("a", answer)

    run(leave_behind())
    assert run(again()) == "answered"


def test_a_call_that_asks_for_its_own_key_is_refused() -> None:
    async def main() -> None:
        flights = SingleFlight()

        async def again() -> None:
            await flights.run("a", again)

        await flights.run("a", again)

    with pytest.raises(WaitsForItselfError, match="the shared call for 'a' waits for itself"):
        run(main())


def test_calls_that_ask_for_each_other_are_refused() -> None:
    async def main() -> list[object]:
        one, other = SingleFlight(), SingleFlight()

        async def left() -> None:
            await asyncio.sleep(1)
            await other.run("b", right)

        async def right() -> None:
            await asyncio.sleep(1)
            await one.run("a", left)

        return list(await asyncio.gather(one.run("a", left), other.run("b", right), return_exceptions=True))

    assert [type(error) for error in run(main())] == [WaitsForItselfError] * 2


def test_a_call_may_ask_for_other_keys() -> None:
    async def main() -> list[str]:
        load, flights = Loads(), SingleFlight()

        async def both() -> list[str]:
            return [await flights.run(key, load, key) for key in ("a", "b")]

        return await flights.run("both", both)

    assert run(main()) == ["A", "B"]


def test_nothing_is_kept_of_a_call_that_has_ended() -> None:
    class Payload:
        pass

    async def make() -> Payload:
        await asyncio.sleep(1)
        return Payload()

    async def main() -> bool:
        flights = SingleFlight()
        watch = weakref.ref(await flights.run("a", make))
        await asyncio.sleep(1)
        gc.collect()
        return watch() is None

    assert run(main())


def test_statistics_tell_the_calls_that_were_saved() -> None:
    async def main() -> tuple[int, int, int, int]:
        load, flights = Loads(), SingleFlight()
        callers = [asyncio.ensure_future(flights.run("a", load, "a")) for _ in range(3)]
        await asyncio.sleep(0.5)
        found = flights.statistics()
        await asyncio.gather(*callers)
        return found.flights, found.waiting, found.started, found.joined

    assert run(main()) == (1, 3, 1, 2)


def test_a_decorated_function_shares_calls_with_equal_arguments() -> None:
    load = Loads()
    shared = single_flight(load.__call__)

    async def main() -> list[str]:
        await asyncio.gather(shared("a"), shared("a"), shared("b"))
        return load.started

    assert run(main()) == ["a", "b"]


def test_a_decorated_method_shares_within_its_object_only() -> None:
    class Table:
        def __init__(self) -> None:
            self.load = Loads()

        @single_flight
        async def get(self, key: str) -> str:
            return await self.load(key)

    async def main() -> tuple[list[str], list[str]]:
        one, other = Table(), Table()
        await asyncio.gather(one.get("a"), one.get("a"), other.get("a"))
        return one.load.started, other.load.started

    assert run(main()) == (["a"], ["a"])


def test_a_key_function_says_which_calls_are_equal() -> None:
    load, flights = Loads(), SingleFlight()

    @single_flight(key=lambda key, tags: key, flights=flights)  # noqa: ARG005  # lists cannot be keys
    async def get(key: str, tags: list[str]) -> str:
        return await load(key + str(len(tags)))

    async def main() -> int:
        calls: list[Coroutine[object, object, str]] = [get("a", []), get("a", ["x"])]
        await asyncio.gather(*calls)
        return flights.statistics().started

    assert run(main()) == 1
