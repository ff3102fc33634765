"""Which event loop a coroutine runs on: one that others share, or a private one in a thread of its own.

`asyncio.run` in a worker thread makes a loop for that one coroutine; stopping it stops nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from conclint.program.model import Func, Module
from conclint.program.table import Key, Table
from conclint.program.values import Coroutine

if TYPE_CHECKING:
    from conclint.program.program import Program

_THREADS = frozenset(("thread", "executor", "receiver", "timer", "process"))
_STEPS = 6


class Loops:
    """Answers for the coroutines of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._starters = Table(program, "starters", all_at_once=self._starting)

    def starters(self, func: Func) -> list[Func]:
        """The functions that run a coroutine function to its end on a loop of their own."""
        return [self.program.function(*row) for row in self._starters.rows(func.ref)]

    def _starting(self, module: Module) -> Iterator[tuple[Key, tuple[int]]]:
        for primitive in self.program.effects.running_loops_in(module):
            call = primitive.call
            if call is None:
                continue
            for argument in call.args[:2]:
                for value in self.program.evaluator.of(argument, primitive.func, primitive.at):
                    if isinstance(value, Coroutine):
                        yield value.func.ref, (primitive.func.index,)

    def is_private(self, func: Func) -> bool:
        """Whether all that is known to lead to a coroutine is a loop started in a worker thread or process."""
        tops: list[Func] = []
        seen = {func}
        todo = [func]
        for _ in range(_STEPS):
            following: list[Func] = []
            for one in todo:
                starters = self.starters(one)
                tops.extend(starters)
                users = [user for user in self.program.contexts.awaiters(one) if user.is_async]
                if not starters and not users:
                    return False
                following.extend(user for user in users if user not in seen)
                seen.update(users)
            todo = following
            if not todo:
                break
        return bool(tops) and not todo and all(self.in_thread(top) for top in tops)

    def in_thread(self, func: Func, steps: int = 3) -> bool:
        """Whether a plain function runs only in worker threads or processes."""
        if func.name == "<module>":
            return False
        handoffs = self.program.contexts.handoffs.get(func, ())
        edges = self.program.calls.callers(func)
        if not handoffs and not edges:
            return False
        if not all(handoff.runs in _THREADS for handoff in handoffs):
            return False
        return not edges or (steps > 0 and all(self.in_thread(edge.caller, steps - 1) for edge in edges))
