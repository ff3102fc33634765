"""Where processes are started."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from conclint.facts import Call
from conclint.finding import Confidence
from conclint.knowledge import Row
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.effects import Primitive
from conclint.program.model import Func, Module
from conclint.program.table import Key, Table
from conclint.program.values import External, Method

if TYPE_CHECKING:
    from conclint.program.program import Program

_STARTS = frozenset(("start", "submit", "map"))


class Processes:
    """The places of one program that start processes."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._table = Table(program, "processes", all_at_once=self._starting)
        rows = program.knowledge.rows.items()
        self._names = _STARTS | {name.rpartition(".")[2] for name, row in rows if row.spawns == "process"}

    def starts(self) -> Iterator[Primitive]:
        """The calls that start processes: of a process, a pool, a manager, and the first job of an executor."""
        for number, index, at in self._table.rows(""):
            func = self._program.function(number, index)
            op, called = func.ops[int(at)], self._program.calls.library(func, int(at))
            if isinstance(op, Call) and called:
                yield _primitive(func, int(at), op, called[0])

    def _starting(self, module: Module) -> Iterator[tuple[Key, tuple[int, int]]]:
        for name in sorted([name for name in module.users if name in self._names]):
            for func in module.users[name]:
                for at in func.calls_by_name.get(name, ()):
                    op = func.ops[at]
                    if isinstance(op, Call) and not guards.is_dead(func, op.block):
                        called = self._program.calls.library(func, at)
                        if called and all(_is_start(self._program, one) for one in called):
                            yield "", (func.index, at)


def _is_start(program: Program, called: External | Method) -> bool:
    owner, _, last = called.dotted.rpartition(".")
    role = program.knowledge.role(owner)
    if last in _STARTS:
        return isinstance(called, Method) and (
            (last == "start" and role == "process") or (last != "start" and role == "process-pool")
        )
    if not called.dotted.startswith("multiprocessing."):
        return False
    row = program.knowledge.row(called.dotted)
    return (
        row is not None
        and row.spawns == "process"
        and program.knowledge.role(row.returns)
        not in (
            "process",
            "process-pool",
        )
    )


def _primitive(func: Func, at: int, op: Call, called: External | Method) -> Primitive:
    receiver = called.receiver if isinstance(called, Method) else None
    return Primitive(
        func,
        at,
        op.block,
        func.at(at),
        called.dotted,
        spell(op.func, func),
        Row(spawns="process"),
        receiver,
        op,
        Confidence.CERTAIN,
        guards.own(func, op.block),
    )
