"""Exploring asyncio: steps are delayed, callbacks keep their order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from conclint_runtime.guard.explore import Trouble, explore

Program = Callable[[], Coroutine[None, None, None]]


class Stock:
    """Something shared."""

    def __init__(self) -> None:
        self.total = 0
        self.value: str | None = None
        self.made = 0


async def pause() -> int:
    await asyncio.sleep(0)
    return 1


async def order_of_tasks() -> None:
    order: list[int] = []

    async def step(n: int) -> None:
        await pause()
        order.append(n)

    await asyncio.gather(*(step(n) for n in range(3)))
    assert order == [0, 1, 2]


async def update_across_await() -> None:
    stock = Stock()

    async def add() -> None:
        before = stock.total
        if stock.made:
            await pause()
        stock.made += 1
        stock.total = before + 1
        stock.made -= 1

    await asyncio.gather(*(add() for _ in range(3)))
    stock.total = 0

    async def add_late() -> None:
        stock.total += await pause()

    await asyncio.gather(*(add_late() for _ in range(2)))
    assert stock.total == 2


async def check_await_set() -> None:
    stock = Stock()

    async def get() -> None:
        if stock.value is None:
            await pause()
            stock.made += 1
            stock.value = "made"

    await asyncio.gather(get(), get())
    assert stock.made == 1


@pytest.mark.parametrize(
    "program", [order_of_tasks, update_across_await, check_await_set], ids=lambda program: program.__name__
)
def test_a_program_that_relies_on_the_order_of_tasks_fails(program: Program) -> None:
    assert explore(program, seeds=100).failed


async def locked_check() -> None:
    stock, lock = Stock(), asyncio.Lock()

    async def get() -> None:
        async with lock:
            if stock.value is None:
                await pause()
                stock.made += 1
                stock.value = "made"

    await asyncio.gather(get(), get(), get())
    assert stock.made == 1


async def callbacks_in_order() -> None:
    loop = asyncio.get_running_loop()
    order: list[int] = []
    done = loop.create_future()
    for n in range(5):
        loop.call_soon(order.append, n)
    loop.call_soon(done.set_result, None)
    await done
    assert order == [0, 1, 2, 3, 4]


async def queue_in_order() -> None:
    jobs: asyncio.Queue[int] = asyncio.Queue(maxsize=1)

    async def produce() -> None:
        for n in range(5):
            await jobs.put(n)

    async def consume() -> list[int]:
        return [await jobs.get() for _ in range(5)]

    _, seen = await asyncio.gather(produce(), consume())
    assert seen == [0, 1, 2, 3, 4]


async def thread_beside_the_loop() -> None:
    assert await asyncio.to_thread(lambda: 5) == 5


async def stream_echo() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello\n")
        assert await reader.readline() == b"hello\n"
        writer.close()
        await writer.wait_closed()


async def cancelled_task() -> None:
    task = asyncio.ensure_future(asyncio.Event().wait())
    await pause()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    "program",
    [locked_check, callbacks_in_order, queue_in_order, thread_beside_the_loop, stream_echo, cancelled_task],
    ids=lambda program: program.__name__,
)
def test_a_correct_program_holds_under_every_seed(program: Program) -> None:
    assert not explore(program, seeds=40).failures


def test_an_error_that_only_the_loop_sees_is_a_failure() -> None:
    def fail() -> None:
        raise ValueError("in a callback")

    async def program() -> None:
        asyncio.get_running_loop().call_soon(fail)
        await pause()

    assert explore(program, seeds=1).failures[0].trouble is Trouble.LOOP_REPORTED


def test_a_failing_seed_fails_again_each_time() -> None:
    seed = explore(order_of_tasks, seeds=100).failures[0].seed
    assert all(explore(order_of_tasks, seeds=1, first_seed=seed).failed for _ in range(5))
