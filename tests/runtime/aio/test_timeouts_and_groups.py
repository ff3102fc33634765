"""`timeout` and `TaskGroup`, of asyncio or for Python 3.10: whose cancellation it was."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Callable, Coroutine

import pytest

from conclint_runtime.aio import ExceptionGroup, TaskGroup, timeout
from tests.runtime.aio.virtual_time import run


async def cancelled(task: asyncio.Task[None]) -> bool:
    await asyncio.wait([task])
    return task.cancelled()


async def forever() -> None:
    await asyncio.sleep(10_000)


@pytest.mark.parametrize("kind", [builtins.TimeoutError, asyncio.TimeoutError], ids=["builtin", "asyncio"])
def test_a_handler_of_either_timeout_error_catches_it(kind: type[BaseException]) -> None:
    async def main() -> bool:
        try:
            async with timeout(1):
                await forever()
        except kind:
            return True
        return False

    assert run(main())


@pytest.mark.parametrize("through", ["future", "task", "gather", "wait_for", "shield", "nested"])
def test_the_deadline_is_recognised_whatever_the_block_waits_for(through: str) -> None:
    async def wait() -> None:
        if through == "future":
            await forever()
        elif through == "task":
            await asyncio.create_task(forever())
        elif through == "gather":
            await asyncio.gather(forever(), forever())
        elif through == "wait_for":
            await asyncio.wait_for(forever(), 5000)
        elif through == "shield":
            await asyncio.shield(asyncio.sleep(0.5))
            await asyncio.shield(asyncio.get_running_loop().create_future())
        else:
            async with timeout(5000):
                await forever()

    async def main() -> str:
        try:
            async with timeout(1):
                await wait()
        except TimeoutError:
            return "timeout"
        return "nothing"

    assert run(main()) == "timeout"


async def is_cancelled_at(block: Coroutine[object, object, None], moment: float, *, set_before: bool = False) -> bool:
    """Whether `block`, cancelled from outside at `moment`, ends as cancelled; of one time the timer set first goes
    first.
    """
    task = asyncio.create_task(block)
    if not set_before:
        await asyncio.sleep(0)
    asyncio.get_running_loop().call_at(moment, task.cancel)
    return await cancelled(task)


async def bounded(wait: Callable[[], Coroutine[object, object, None]], cleanup: float = 0) -> None:
    """A wait with a deadline after five seconds, and a cleanup that awaits."""
    async with timeout(5):
        try:
            await wait()
        finally:
            if cleanup:
                await asyncio.sleep(cleanup)


async def forever_in_a_task() -> None:
    await asyncio.create_task(forever())


@pytest.mark.parametrize("wait", [forever, forever_in_a_task])
def test_a_cancellation_from_outside_is_no_timeout(wait: Callable[[], Coroutine[object, object, None]]) -> None:
    assert run(is_cancelled_at(bounded(wait), 1))


@pytest.mark.parametrize("set_before", [True, False], ids=["just-before", "just-after"])
def test_a_cancellation_from_outside_in_the_moment_of_the_deadline_is_not_lost(set_before: bool) -> None:
    assert run(is_cancelled_at(bounded(forever), 5, set_before=set_before))


def test_a_cancellation_from_outside_during_the_cleanup_after_the_deadline_is_not_lost() -> None:
    assert run(is_cancelled_at(bounded(forever, cleanup=10), 7))


@pytest.mark.parametrize(("outer", "inner"), [(1, 1), (1, 2), (1, 5000)])
def test_of_nested_timeouts_the_outer_raises_when_its_deadline_is_not_the_later(outer: int, inner: int) -> None:
    async def main() -> list[str]:
        said: list[str] = []
        try:
            async with timeout(outer):
                try:
                    async with timeout(inner):
                        await forever()
                except TimeoutError:
                    said.append("inner")
        except TimeoutError:
            said.append("outer")
        return said

    assert run(main()) == ["outer"]


def test_of_nested_timeouts_the_inner_raises_when_its_deadline_is_the_earlier() -> None:
    async def main() -> list[str]:
        said: list[str] = []
        async with timeout(2):
            try:
                async with timeout(1):
                    await forever()
            except TimeoutError:
                said.append("inner")
        return said

    assert run(main()) == ["inner"]


def test_after_an_inner_timeout_the_outer_still_works() -> None:
    async def main() -> list[str]:
        said: list[str] = []
        try:
            async with timeout(3):
                try:
                    async with timeout(1):
                        await forever()
                except TimeoutError:
                    said.append("inner")
                await forever()
        except TimeoutError:
            said.append("outer")
        return said

    assert run(main()) == ["inner", "outer"]


def test_a_task_can_use_timeouts_after_it_swallowed_a_cancellation() -> None:
    async def block() -> str:
        try:
            await forever()
        except asyncio.CancelledError:
            pass
        try:
            async with timeout(1):
                await forever()
        except TimeoutError:
            return "timeout"
        return "nothing"

    async def main() -> str:
        task = asyncio.create_task(block())
        await asyncio.sleep(1)
        task.cancel()
        return await task

    assert run(main()) == "timeout"


def test_a_timeout_around_a_group_ends_its_tasks() -> None:
    async def main() -> list[str]:
        said: list[str] = []

        async def work() -> None:
            try:
                await forever()
            finally:
                said.append("ended")

        try:
            async with timeout(1), TaskGroup() as group:
                group.create_task(work())
        except TimeoutError:
            said.append("timeout")
        return said

    assert run(main()) == ["ended", "timeout"]


def test_a_timeout_within_a_task_of_a_group_is_an_error_of_the_group() -> None:
    async def work() -> None:
        async with timeout(1):
            await forever()

    async def main() -> None:
        async with TaskGroup() as group:
            group.create_task(work())
            await forever()

    with pytest.raises(ExceptionGroup) as caught:
        run(main())
    assert isinstance(caught.value.exceptions[0], TimeoutError)


def test_a_group_that_fails_inside_a_timeout_is_no_timeout() -> None:
    async def fail() -> None:
        await asyncio.sleep(1)
        raise KeyError

    async def main() -> None:
        async with timeout(5), TaskGroup() as group:
            group.create_task(fail())
            await forever()

    with pytest.raises(ExceptionGroup):
        run(main())


def test_the_inner_of_two_groups_that_fails_leaves_the_outer_one_to_go_on() -> None:
    async def fail() -> None:
        raise KeyError

    async def main() -> list[str]:
        said: list[str] = []

        async def work() -> None:
            await asyncio.sleep(1)
            said.append("outer task")

        async with TaskGroup() as outer:
            outer.create_task(work())
            try:
                async with TaskGroup() as inner:
                    inner.create_task(fail())
                    await forever()
            except ExceptionGroup:
                said.append("inner failed")
            await asyncio.sleep(2)
            said.append("outer block")
        return said

    assert run(main()) == ["inner failed", "outer task", "outer block"]


def test_a_cancellation_from_outside_cancels_the_tasks_of_a_group_and_is_raised() -> None:
    async def main() -> tuple[bool, list[str]]:
        said: list[str] = []

        async def work() -> None:
            try:
                await forever()
            finally:
                said.append("ended")

        async def block() -> None:
            async with TaskGroup() as group:
                group.create_task(work())

        task = asyncio.create_task(block())
        await asyncio.sleep(1)
        task.cancel()
        return await cancelled(task), said

    assert run(main()) == (True, ["ended"])
