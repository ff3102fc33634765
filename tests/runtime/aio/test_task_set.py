"""Background tasks are kept, heard and ended."""

from __future__ import annotations

import asyncio
import gc
from typing import Literal

import pytest

from conclint_runtime.aio import (
    BaseExceptionGroup,
    ClosedError,
    ExceptionGroup,
    TaskSet,
    TaskSetFullError,
    WaitsForItselfError,
)
from tests.runtime.aio.virtual_time import run, unhandled


async def fail(error: BaseException) -> None:
    raise error


def test_a_task_that_nobody_else_keeps_survives_the_garbage_collector() -> None:
    async def wait_for_something_unrooted() -> str:
        await asyncio.get_running_loop().create_future()
        return "never"

    async def main() -> int:
        tasks = TaskSet(at_exit="cancel")
        async with tasks:
            tasks.create_task(wait_for_something_unrooted())
            await asyncio.sleep(0)
            gc.collect()
            return len(tasks)

    assert run(main()) == 1


def test_leaving_the_block_waits_for_the_tasks() -> None:
    async def main() -> list[str]:
        done: list[str] = []

        async def work(name: str) -> None:
            await asyncio.sleep(1)
            done.append(name)

        async with TaskSet() as tasks:
            tasks.create_task(work("first"))
            tasks.create_task(work("second"))
        return done

    assert run(main()) == ["first", "second"]


def test_a_task_may_start_another_while_the_block_ends() -> None:
    async def main() -> list[str]:
        done: list[str] = []

        async def child() -> None:
            done.append("child")

        async def parent(tasks: TaskSet) -> None:
            await asyncio.sleep(1)
            tasks.create_task(child())

        async with TaskSet() as tasks:
            tasks.create_task(parent(tasks))
        return done

    assert run(main()) == ["child"]


@pytest.mark.parametrize("leave", ["cancel", "error"])
def test_leaving_by_choice_or_error_cancels_the_tasks_and_waits_for_their_cleanup(leave: str) -> None:
    async def main() -> list[str]:
        said: list[str] = []
        started = asyncio.Event()

        async def work() -> None:
            started.set()
            try:
                await asyncio.sleep(100)
            finally:
                await asyncio.sleep(1)
                said.append("cleaned up")

        try:
            async with TaskSet(at_exit="cancel" if leave == "cancel" else "wait") as tasks:
                tasks.create_task(work())
                await started.wait()
                if leave == "error":
                    raise KeyError(leave)
        except KeyError:
            said.append("raised")
        return said

    assert run(main()) == (["cleaned up", "raised"] if leave == "error" else ["cleaned up"])


def test_cancelling_the_block_ends_the_tasks_before_the_cancellation_leaves_it() -> None:
    async def main() -> list[str]:
        said: list[str] = []

        async def work() -> None:
            try:
                await asyncio.sleep(100)
            finally:
                await asyncio.sleep(1)
                said.append("task ended")

        async def block() -> None:
            try:
                async with TaskSet() as tasks:
                    tasks.create_task(work())
            except asyncio.CancelledError:
                said.append("block cancelled")
                raise

        task = asyncio.create_task(block())
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        return said

    assert run(main()) == ["task ended", "block cancelled"]


@pytest.mark.parametrize("at_exit", ["wait", "cancel"])
def test_a_second_cancellation_neither_leaves_the_tasks_behind_nor_breaks_off_their_cleanup(
    at_exit: Literal["wait", "cancel"],
) -> None:
    async def main() -> list[str]:
        said: list[str] = []

        async def work() -> None:
            try:
                await asyncio.sleep(100)
            finally:
                await asyncio.sleep(10)
                said.append("task ended")

        async def block() -> None:
            async with TaskSet(at_exit=at_exit) as tasks:
                tasks.create_task(work())
                await asyncio.sleep(0.5)

        task = asyncio.create_task(block())
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])
        return said

    assert run(main()) == ["task ended"]


def test_errors_are_raised_together_at_the_end() -> None:
    async def main() -> None:
        async with TaskSet(name="mail") as tasks:
            tasks.create_task(fail(KeyError("a")))
            tasks.create_task(fail(ValueError("b")))

    with pytest.raises(ExceptionGroup, match="errors in the tasks of mail") as caught:
        run(main())
    assert [type(part) for part in caught.value.exceptions] == [KeyError, ValueError]


def test_the_block_s_own_error_is_raised_together_with_those_of_the_tasks() -> None:
    async def main() -> None:
        async with TaskSet() as tasks:
            tasks.create_task(fail(KeyError("task")))
            await asyncio.sleep(0)
            raise ValueError("block")

    with pytest.raises(ExceptionGroup) as caught:
        run(main())
    assert [type(part) for part in caught.value.exceptions] == [ValueError, KeyError]


def test_an_error_is_told_to_the_loop_at_once() -> None:
    async def main() -> list[BaseException]:
        tasks = TaskSet()
        tasks.create_task(fail(KeyError("a")))
        await asyncio.sleep(1)
        told = unhandled()
        with pytest.raises(ExceptionGroup):
            await tasks.close()
        return told

    assert [repr(error) for error in run(main())] == ["KeyError('a')"]


def test_a_handler_gets_the_errors_instead() -> None:
    async def main() -> list[str]:
        told: list[str] = []
        async with TaskSet(on_error=lambda task, error: told.append(f"{task.get_name()}: {error!r}")) as tasks:
            tasks.create_task(fail(KeyError("a")), name="reader")
        return told + [repr(error) for error in unhandled()]

    assert run(main()) == ["reader: KeyError('a')"]


def test_the_error_of_a_handler_is_not_lost() -> None:
    def handler(*_: object) -> None:
        raise OSError("handler")

    async def main() -> None:
        async with TaskSet(on_error=handler) as tasks:
            tasks.create_task(fail(KeyError("a")))

    with pytest.raises(ExceptionGroup) as caught:
        run(main())
    (error,) = caught.value.exceptions
    assert (repr(error), repr(error.__context__)) == ("OSError('handler')", "KeyError('a')")


def test_a_cancelled_block_raises_its_cancellation_and_not_the_errors() -> None:
    async def main() -> tuple[bool, list[str]]:
        async def block() -> None:
            async with TaskSet() as tasks:
                tasks.create_task(fail(KeyError("a")))
                await asyncio.sleep(10)

        task = asyncio.create_task(block())
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled(), [repr(error) for error in unhandled()]

    assert run(main()) == (True, ["KeyError('a')"])


def test_a_full_set_refuses_the_next_task() -> None:
    async def main() -> None:
        async with TaskSet(limit=1, at_exit="cancel") as tasks:
            tasks.create_task(asyncio.sleep(10))
            tasks.create_task(asyncio.sleep(10))

    with pytest.raises(TaskSetFullError, match="create_task_when_free"):
        run(main())


def test_waiting_for_room_keeps_the_limit() -> None:
    async def main() -> tuple[int, int]:
        async with TaskSet(limit=2) as tasks:
            for _ in range(5):
                await tasks.create_task_when_free(asyncio.sleep(1))
        return tasks.statistics().peak, tasks.statistics().succeeded

    assert run(main()) == (2, 5)


def test_a_cancelled_wait_for_room_gives_its_turn_to_the_next() -> None:
    async def main() -> list[str]:
        ran: list[str] = []

        async def note(name: str) -> None:
            ran.append(name)

        async with TaskSet(limit=1) as tasks:
            first = tasks.create_task(asyncio.sleep(1))
            impatient = asyncio.create_task(tasks.create_task_when_free(note("impatient")))
            patient = asyncio.create_task(tasks.create_task_when_free(note("patient")))
            await first
            impatient.cancel()
            await asyncio.wait([impatient, patient])
        return ran

    assert run(main()) == ["patient"]


def test_who_waits_for_room_while_the_set_ends_is_told() -> None:
    async def main() -> BaseException | None:
        tasks = TaskSet(limit=1)
        tasks.create_task(asyncio.sleep(100))
        waiting = asyncio.ensure_future(tasks.create_task_when_free(asyncio.sleep(100)))
        await asyncio.sleep(0)
        await tasks.close()
        await asyncio.wait([waiting])
        return waiting.exception()

    assert isinstance(run(main()), ClosedError)


def test_an_ended_set_starts_nothing() -> None:
    async def main() -> None:
        async with TaskSet() as tasks:
            pass
        tasks.create_task(asyncio.sleep(0))

    with pytest.raises(ClosedError, match="has ended"):
        run(main())


def test_a_task_that_would_wait_for_itself_is_refused() -> None:
    async def main() -> None:
        async with TaskSet() as tasks:
            await tasks.create_task(tasks.join())

    with pytest.raises(WaitsForItselfError, match="waits for the whole set"):
        run(main())


def test_a_task_that_would_close_its_own_set_is_refused_and_cancels_nothing() -> None:
    async def main() -> int:
        tasks = TaskSet()
        tasks.create_task(asyncio.sleep(1))
        with pytest.raises(WaitsForItselfError):
            await tasks.create_task(tasks.close())
        with pytest.raises(ExceptionGroup):
            async with tasks:
                pass
        return tasks.statistics().succeeded

    assert run(main()) == 1


def test_what_is_no_exception_leaves_in_a_base_group() -> None:
    class Stop(BaseException):
        pass

    async def main() -> None:
        async with TaskSet() as tasks:
            tasks.create_task(fail(Stop()))

    with pytest.raises(BaseExceptionGroup) as caught:
        run(main())
    assert isinstance(caught.value.exceptions[0], Stop)


def test_statistics_say_what_became_of_each_task() -> None:
    async def main() -> tuple[int, int, int, int]:
        async with TaskSet(on_error=lambda *_: None) as tasks:
            tasks.create_task(asyncio.sleep(1))
            tasks.create_task(fail(KeyError()))
            tasks.create_task(asyncio.sleep(100)).cancel()
        found = tasks.statistics()
        return found.started, found.succeeded, found.failed, found.cancelled

    assert run(main()) == (3, 1, 1, 1)
