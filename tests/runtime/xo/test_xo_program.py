"""A program as xoscar's introduction writes it: hooks, plain and async methods, made, sent to, ended."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .conftest import Face


def test_a_program_as_the_introduction_writes_it_runs(face: Face) -> None:
    xo = face.xo

    class Greeter(xo.Actor):  # type: ignore[name-defined, misc]  # the base is one of two
        def __init__(self, first: int, second: int, **named: Any) -> None:
            self.given = (first, second, named)  # without super().__init__: no generator is used
            self.steps: list[str] = []

        async def __post_create__(self) -> None:
            self.steps.append("post_create")

        async def __pre_destroy__(self) -> None:
            self.steps.append("pre_destroy")

        def plain(self, one: int, two: int, **named: int) -> Any:
            self.steps.append("plain")
            return one, two, named

        async def coroutine(self, one: int, two: int, **named: int) -> Any:
            self.steps.append("coroutine")
            await asyncio.sleep(0)
            return self.given, list(self.steps), one + two + sum(named.values())

    async def program() -> Any:
        ref = await face.create(Greeter, 1, 2, uid="greeter")
        plain = await ref.plain.send(1, 2, a=1, b=2)
        coroutine = await ref.coroutine.send(1, 2, a=1, b=2)
        await xo.destroy_actor(ref)
        return plain, coroutine

    assert face.run(program()) == ((1, 2, {"a": 1, "b": 2}), ((1, 2, {}), ["post_create", "plain", "coroutine"], 6))
