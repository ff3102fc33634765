"""The bound behind the other utilities: first come, first served, and no slot is lost to a cancellation."""

from __future__ import annotations

import asyncio

from conclint_runtime.aio.slots import Slots
from tests.runtime.aio.virtual_time import run


def test_a_released_slot_goes_to_whoever_has_waited_longest() -> None:
    async def main() -> list[str]:
        slots, served = Slots(1, "slots"), list[str]()

        async def wait(name: str) -> None:
            await slots.acquire()
            served.append(name)
            slots.release()

        await slots.acquire()
        waiting = [asyncio.ensure_future(wait(name)) for name in ("first", "second")]
        await asyncio.sleep(0)
        slots.release()
        await asyncio.wait(waiting)
        return served

    assert run(main()) == ["first", "second"]


def test_a_slot_released_in_the_moment_of_a_cancellation_goes_to_the_next() -> None:
    async def main() -> tuple[bool, int]:
        slots = Slots(1, "slots")
        await slots.acquire()
        cancelled = asyncio.ensure_future(slots.acquire())
        following = asyncio.ensure_future(slots.acquire())
        await asyncio.sleep(0)
        cancelled.cancel()
        slots.release()
        await asyncio.wait([cancelled, following])
        return cancelled.cancelled(), slots.taken

    assert run(main()) == (True, 1)


def test_a_slot_handed_to_one_who_is_cancelled_then_goes_to_the_next() -> None:
    async def main() -> tuple[bool, int, int]:
        slots = Slots(1, "slots")
        await slots.acquire()
        cancelled = asyncio.ensure_future(slots.acquire())
        following = asyncio.ensure_future(slots.acquire())
        await asyncio.sleep(0)
        slots.release()
        cancelled.cancel()
        await asyncio.wait([cancelled, following])
        return cancelled.cancelled(), slots.taken, slots.waiting

    assert run(main()) == (True, 1, 0)
