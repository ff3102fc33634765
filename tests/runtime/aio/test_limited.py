"""Many awaits, some at a time: bound, order, laziness, errors, early exit."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Iterator

import pytest

from conclint_runtime.aio import (
    AioError,
    CancelledFromWithinError,
    ClosedError,
    gather_limited,
    map_limited,
    timeout,
)
from tests.runtime.aio.virtual_time import run, unhandled


async def double_after(delay: int) -> int:
    await asyncio.sleep(delay)
    return 2 * delay


async def fail_at(delay: int) -> int:
    await asyncio.sleep(delay)
    raise KeyError(delay)


async def counting(items: list[int]) -> AsyncIterator[int]:
    for item in items:
        yield item


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync-input", "async-input"])
def test_the_results_come_in_the_order_of_the_input(asynchronous: bool) -> None:
    async def main() -> list[int]:
        delays = [3, 1, 2]
        return await map_limited(double_after, counting(delays) if asynchronous else delays, limit=3)

    assert run(main()) == [6, 2, 4]


def test_the_results_come_as_they_are_completed_when_asked_for() -> None:
    async def main() -> list[int]:
        return await map_limited(double_after, [3, 1, 2], limit=3, ordered=False)

    assert run(main()) == [2, 4, 6]


def test_a_gather_has_the_results_of_its_coroutines() -> None:
    async def main() -> list[int]:
        return await gather_limited((double_after(delay) for delay in (3, 1)), limit=2)

    assert run(main()) == [6, 2]


def test_a_gather_takes_futures_and_tasks_too() -> None:
    async def main() -> list[int]:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        future.set_result(7)
        return await gather_limited([future, asyncio.create_task(double_after(1))], limit=2)

    assert run(main()) == [7, 2]


def test_no_input_gives_no_results() -> None:
    async def main() -> list[int]:
        return await map_limited(double_after, [], limit=1)

    assert run(main()) == []


def test_no_more_than_the_limit_are_under_way() -> None:
    async def main() -> tuple[int, int]:
        pages = map_limited(double_after, [1] * 7, limit=3)
        await pages
        return pages.statistics().peak, pages.statistics().delivered

    assert run(main()) == (3, 7)


def test_an_endless_input_is_read_no_further_than_the_reader_needs() -> None:
    taken: list[int] = []

    def endless() -> Iterator[int]:
        while True:
            taken.append(len(taken))
            yield 0

    async def main() -> int:
        async with map_limited(double_after, endless(), limit=2) as results:
            await anext(results)
            await asyncio.sleep(1)
        return len(taken)

    assert run(main()) == 5  # one read, two finished ones in the window, two more places of it


def test_finished_results_that_wait_for_a_slow_first_one_are_bounded() -> None:
    async def main() -> tuple[int, int]:
        async with map_limited(double_after, [100] + [0] * 50, limit=2) as results:
            await asyncio.sleep(1)
            found = results.statistics()
        return found.taken, found.unread

    assert run(main()) == (4, 3)


@pytest.mark.parametrize("ordered", [True, False])
def test_the_first_error_is_raised(ordered: bool) -> None:
    async def main() -> list[int]:
        return await gather_limited([double_after(9), fail_at(2), fail_at(1)], limit=3, ordered=ordered)

    with pytest.raises(KeyError, match="1"):
        run(main())


def test_the_first_error_cancels_the_others_and_waits_for_their_cleanup() -> None:
    async def main() -> list[str]:
        said: list[str] = []

        async def slow() -> int:
            try:
                return await double_after(100)
            finally:
                await asyncio.sleep(5)
                said.append("cleaned up")

        try:
            await gather_limited([slow(), fail_at(1)], limit=2)
        except KeyError:
            said.append("raised")
        return said

    assert run(main()) == ["cleaned up", "raised"]


def test_an_error_that_is_seen_in_the_moment_it_happens_still_cancels_and_waits() -> None:
    async def main() -> list[str]:
        said: list[str] = []
        failing: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def slow() -> int:
            try:
                return await double_after(100)
            finally:
                await asyncio.sleep(1)
                said.append("cleaned up")

        async def read() -> None:
            async with gather_limited([failing, slow()], limit=2) as results:
                await asyncio.sleep(1)
                failing.set_exception(KeyError())
                await anext(results)

        with pytest.raises(KeyError):
            await read()
        return said + [repr(error) for error in unhandled()]

    assert run(main()) == ["cleaned up"]


def test_an_error_keeps_the_rest_of_the_input_from_starting() -> None:
    async def main() -> int:
        pages = map_limited(fail_at, range(1, 100), limit=1)
        with pytest.raises(KeyError):
            await pages
        return pages.statistics().taken

    assert run(main()) == 1


def test_coroutines_of_a_list_that_never_started_are_closed() -> None:
    async def main() -> None:
        with pytest.raises(KeyError):
            await gather_limited([fail_at(1), double_after(1), double_after(1)], limit=1)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(main())
        gc.collect()


def test_a_second_error_goes_to_the_loop() -> None:
    async def main() -> list[str]:
        async def fails_in_cleanup() -> int:
            try:
                return await double_after(100)
            finally:
                raise OSError("cleanup")

        with pytest.raises(KeyError):
            await gather_limited([fails_in_cleanup(), fail_at(1)], limit=2)
        return [repr(error) for error in unhandled()]

    assert run(main()) == ["OSError('cleanup')"]


def test_an_error_of_the_input_is_raised() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise LookupError("input")

    async def main() -> list[int]:
        return await map_limited(double_after, broken(), limit=2)

    with pytest.raises(LookupError, match="input"):
        run(main())


def test_an_input_that_is_cancelled_from_within_is_not_taken_for_its_end() -> None:
    async def broken() -> AsyncIterator[int]:
        yield 1
        raise asyncio.CancelledError

    async def main() -> list[int]:
        return await map_limited(double_after, broken(), limit=2)

    with pytest.raises(CancelledFromWithinError, match="the reading of the input"):
        run(main())


def test_work_that_is_cancelled_from_within_does_not_cancel_the_reader() -> None:
    async def cancels_itself() -> int:
        raise asyncio.CancelledError

    async def main() -> list[int]:
        return await gather_limited([cancels_itself()], limit=1)

    with pytest.raises(CancelledFromWithinError):
        run(main())


def test_leaving_the_block_early_ends_what_is_under_way() -> None:
    async def main() -> tuple[int, int]:
        async with map_limited(double_after, [1, 100, 100], limit=3) as results:
            async for result in results:
                first = result
                break
        return first, results.statistics().running

    assert run(main()) == (2, 0)


def test_leaving_the_block_early_closes_a_generator_that_was_the_input() -> None:
    said: list[str] = []

    async def source() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            said.append("closed")

    async def main() -> None:
        async with map_limited(double_after, source(), limit=2) as results:
            await anext(results)

    run(main())
    assert said == ["closed"]


def test_an_error_that_the_reader_has_handled_is_not_raised_again() -> None:
    async def main() -> list[BaseException]:
        async with gather_limited([fail_at(1)], limit=1) as results:
            with pytest.raises(KeyError):
                await anext(results)
        return unhandled()

    assert run(main()) == []


def test_work_that_an_input_begins_in_spite_of_its_cancellation_is_cancelled() -> None:
    async def stubborn() -> AsyncIterator[int]:
        yield 1
        try:
            await asyncio.sleep(50)
        except asyncio.CancelledError:
            yield 1000

    async def main() -> float:
        async with map_limited(double_after, stubborn(), limit=2) as results:
            await anext(results)
        return asyncio.get_running_loop().time()

    assert run(main()) == 1


def test_an_error_that_the_reader_did_not_reach_is_raised_at_the_end_of_the_block() -> None:
    async def main() -> None:
        async with gather_limited([double_after(1), fail_at(2)], limit=2) as results:
            await anext(results)
            await asyncio.sleep(10)

    with pytest.raises(KeyError):
        run(main())


def test_an_error_that_the_reader_did_not_reach_is_told_to_the_loop_when_the_block_has_its_own() -> None:
    async def block() -> None:
        async with gather_limited([fail_at(1)], limit=1):
            await asyncio.sleep(10)
            raise ValueError("mine")

    async def main() -> list[str]:
        with pytest.raises(ValueError, match="mine"):
            await block()
        return [repr(error) for error in unhandled()]

    assert run(main()) == ["KeyError(1)"]


def test_cancelling_the_reader_ends_the_work_first() -> None:
    async def main() -> int:
        pages = map_limited(double_after, [100, 100], limit=2)
        task = asyncio.ensure_future(pages)
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        return pages.statistics().running

    assert run(main()) == 0


def test_a_timeout_ends_it() -> None:
    async def main() -> None:
        async with timeout(5):
            await map_limited(double_after, [100, 100], limit=1)

    with pytest.raises(TimeoutError):
        run(main())


def test_a_function_that_cannot_be_awaited_is_an_error_that_says_what_to_do() -> None:
    async def main() -> list[int]:
        return await map_limited(abs, [1], limit=1)  # type: ignore[arg-type]  # the mistake that is to be found

    with pytest.raises(TypeError, match="run_blocking"):
        run(main())


def test_reading_outside_the_block_is_refused() -> None:
    async def main() -> None:
        results = map_limited(double_after, [1], limit=1)
        with pytest.raises(ClosedError, match="async with"):
            await anext(results)
        await results

    run(main())


def test_a_second_reader_is_refused() -> None:
    async def main() -> None:
        async with map_limited(double_after, [1, 1], limit=1) as results:
            first = asyncio.ensure_future(anext(results))
            await asyncio.sleep(0)
            with pytest.raises(AioError, match="one reader"):
                await anext(results)
            await first

    run(main())


def test_it_runs_once() -> None:
    async def main() -> None:
        results = map_limited(double_after, [1], limit=1)
        await results
        with pytest.raises(ClosedError, match="runs once"):
            await results

    run(main())


def test_one_that_is_never_awaited_warns() -> None:
    with pytest.warns(RuntimeWarning, match="never awaited"):
        map_limited(double_after, [1], limit=1)


def test_a_limit_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing would ever run"):
        map_limited(double_after, [1], limit=0)
