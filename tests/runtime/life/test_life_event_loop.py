"""An event loop that an interruption ends cleanly."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Coroutine

import pytest

from conclint_runtime.life.event_loop import event_loop

on_unix = pytest.mark.skipif(sys.platform == "win32", reason="an interruption is sent in another way there")


async def interrupted_waiting(ended: list[str]) -> int:
    """Waits in a task of its own and in itself, and is interrupted meanwhile."""

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("inner")

    inner = asyncio.create_task(wait())
    asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
    try:
        await asyncio.gather(inner)
    finally:
        ended.append("outer")
    return 0


@on_unix
def test_an_interruption_is_raised_when_all_tasks_have_ended() -> None:
    ended: list[str] = []
    with event_loop() as loop, pytest.raises(KeyboardInterrupt):
        loop.run(lambda: interrupted_waiting(ended))
    assert sorted(ended) == ["inner", "outer"]


@on_unix
def test_an_interruption_between_two_runs_is_raised_at_once() -> None:
    with event_loop() as loop:
        loop.run(lambda: asyncio.sleep(0))
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


@on_unix
def test_an_interruption_before_there_is_a_task_is_not_lost() -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    def made_while_interrupted() -> Coroutine[object, object, None]:
        os.kill(os.getpid(), signal.SIGINT)
        return never()

    with event_loop() as loop, pytest.raises(KeyboardInterrupt):
        loop.run(made_while_interrupted)


@on_unix
def test_a_second_interruption_is_raised_where_the_thread_is() -> None:
    seen: list[str] = []

    async def deaf() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            seen.append("raised here")

    with event_loop() as loop, pytest.raises(KeyboardInterrupt):
        loop.run(deaf)
    assert seen == ["raised here"]


@on_unix
def test_the_handler_of_interruptions_is_given_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with event_loop() as loop:
        loop.run(lambda: asyncio.sleep(0))
    assert signal.getsignal(signal.SIGINT) is before


def test_the_result_is_that_of_the_coroutine() -> None:
    with event_loop() as loop:
        assert [loop.run(lambda: asyncio.sleep(0, 7)), loop.run(lambda: asyncio.sleep(0, 8))] == [7, 8]


def test_a_cancellation_that_is_no_interruption_stays_one() -> None:
    async def cancelled() -> int:
        raise asyncio.CancelledError

    with event_loop() as loop, pytest.raises(asyncio.CancelledError):
        loop.run(cancelled)


def test_tasks_that_are_left_end_with_the_block() -> None:
    ended: list[str] = []
    kept: list[asyncio.Task[None]] = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("left")

    async def leave() -> None:
        kept.append(asyncio.create_task(wait()))
        await asyncio.sleep(0)

    with event_loop() as loop:
        loop.run(leave)
    assert ended == ["left"]


def test_a_loop_of_another_thread_leaves_interruptions_alone() -> None:
    results: list[int] = []

    def work() -> None:
        with event_loop() as loop:
            results.append(loop.run(lambda: asyncio.sleep(0, 3)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert results == [3]
