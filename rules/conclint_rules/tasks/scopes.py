"""Task groups and timeouts: the blocks that end, or are ended by, what runs inside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conclint.facts import Block, Call
from conclint.program.model import Func
from conclint.program.program import Program

GROUPS = frozenset(
    ("asyncio.TaskGroup", "anyio.create_task_group", "trio.open_nursery", "aiotools.TaskGroup", "quattro.TaskGroup")
)
_CANCELLING = ("move_on_after", "move_on_at", "fail_after", "fail_at", "CancelScope")
TIMEOUTS = frozenset(
    (
        *("asyncio.timeout", "asyncio.timeout_at", "async_timeout.timeout", "async_timeout.timeout_at"),
        *(f"{package}.{name}" for package in ("anyio", "trio") for name in _CANCELLING),
    )
)
_NAMES = sorted({name.rpartition(".")[2] for name in GROUPS | TIMEOUTS})


@dataclass(frozen=True, slots=True)
class Scope:
    """One such block: `number` is the block, `at` the call that makes its manager, `kind` that call's library name."""

    func: Func
    number: int
    at: int
    kind: str

    @property
    def block(self) -> Block:
        return self.func.body.blocks[self.number]

    @property
    def name(self) -> str:
        """The local that it is bound to by `as`, or ""."""
        target = self.block.target
        return target[1:] if isinstance(target, str) and target[0] == "$" and "." not in target else ""

    def holds(self, block: int) -> bool:
        """Whether a block lies in it."""
        return self.func.encloses(self.number, block)


def scopes(program: Program, kinds: frozenset[str]) -> Iterator[Scope]:
    """The task groups and timeouts of these kinds, in functions that are reported."""
    wanted = {name for name in _NAMES if any(kind.rpartition(".")[2] == name for kind in kinds)}
    users = {func for name in wanted for func in program.users(name) if func.module.reported}
    for func in sorted(users, key=lambda one: (one.module.path, one.index)):
        yield from scopes_of(program, func, kinds)


def scopes_of(program: Program, func: Func, kinds: frozenset[str]) -> Iterator[Scope]:
    """Those of one function, in the order of lines."""
    for number, block in enumerate(func.body.blocks):
        at = block.value
        if block.kind not in ("with", "async-with") or not isinstance(at, int):
            continue
        if isinstance(func.ops[at], Call):
            named = [one.dotted for one in program.calls.library(func, at)]
            if len(named) == 1 and named[0] in kinds:
                yield Scope(func, number, at, named[0])
