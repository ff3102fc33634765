"""Functions that are handed to something that runs them elsewhere: threads, pools, event loops, schedulers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conclint.facts import Call
from conclint.program.model import ClassNode, Func, Module, argument_of
from conclint.program.table import Key, Row, Table
from conclint.program.values import Coroutine, Function, Instance, Partial, Value

if TYPE_CHECKING:
    from conclint.knowledge import Knowledge
    from conclint.program.program import Program

# Routes are registered by the names of every dictionary; what they register is `async def` and on the loop by itself.
_VERBS = frozenset(("get", "post", "put", "delete", "patch", "head", "options"))


@dataclass(frozen=True, slots=True)
class Handoff:
    """A function handed to something that runs it elsewhere."""

    func: Func
    runs: str
    user: Func
    at: int
    taker: str
    bound: bool


class Handoffs:
    """What functions are handed to, wherever that could be resolved."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._takers = _takers(program.knowledge)
        self._table = Table(program, "handoffs", all_at_once=self._handing)

    def get(self, func: Func, default: Sequence[Handoff] = ()) -> Sequence[Handoff]:
        """Where one function is handed to."""
        return self._decoded(func, self._table.rows(func.ref)) or default

    def items(self) -> Iterator[tuple[Func, Sequence[Handoff]]]:
        """All functions that are handed to something, in the order of files and lines."""
        for ref, rows in sorted(self._table.everything(), key=lambda item: int(item[0])):
            func = self.program.function(*divmod(int(ref), 1 << 20))
            yield func, self._decoded(func, rows)

    def _decoded(self, func: Func, rows: Sequence[Row]) -> list[Handoff]:
        found = []
        # By the names of what they are handed to; first that of all modules, last what subclasses of threads run.
        for number, user, at, _, runs, taker, bound in sorted(rows, key=lambda row: (row[3] == "", str(row[3]))):
            giver = self.program.function(number, user)
            found.append(Handoff(func, str(runs), giver, int(at), str(taker), bool(bound)))
        return found

    def _handing(self, module: Module) -> Iterator[tuple[Key, tuple[int | str, ...]]]:
        for last in sorted([name for name in module.users if name in self._takers]):
            for user in module.users[last]:
                for index in user.calls_of(last):
                    for one in self._handed(user, index):
                        yield one.func.ref, (user.index, index, last, one.runs, one.taker, int(one.bound))
        for one in self._subclass_runs(module):
            yield one.func.ref, (one.func.index, -1, "", one.runs, one.taker, 1)

    def _handed(self, user: Func, index: int) -> list[Handoff]:
        op = user.ops[index]
        assert isinstance(op, Call)
        found = []
        for value in self.program.calls.library(user, index):
            row = self.program.knowledge.row(value.dotted)
            if row is None or not row.runs or not row.callable:
                continue
            argument = argument_of(op, row.callable)
            if argument is None:
                continue
            for target in self.program.evaluator.of(argument, user, index):
                func, bound = self._function(target)
                if func is not None:
                    found.append(Handoff(func, row.runs, user, index, value.dotted, bound))
        return found

    def _function(self, value: Value) -> tuple[Func | None, bool]:
        while isinstance(value, Partial):
            value = value.target
        if isinstance(value, Function):
            return value.func, value.receiver is not None
        if isinstance(value, Coroutine):
            return value.func, value.receiver is not None
        if isinstance(value, Instance) and isinstance(value.type, ClassNode):
            for found in self.program.evaluator.member(value.type, "__call__", value):
                if isinstance(found, Function):
                    return found.func, True
        return None, False

    def _subclass_runs(self, module: Module) -> list[Handoff]:
        """`run` of subclasses of Thread and Process."""
        found = []
        for cls in module.classes:
            method = cls.methods.get("run")
            if method is None or not cls.fact.bases:
                continue
            for base in self.program.evaluator.mro(cls):
                if isinstance(base, str) and self.program.knowledge.role(base) in ("thread", "process"):
                    role = self.program.knowledge.role(base)
                    found.append(Handoff(method, role, method, -1, base, True))
                    break
        return found


def _takers(knowledge: Knowledge) -> frozenset[str]:
    """The last names of what functions are handed to."""
    lasts = [
        name.rpartition(".")[2] for name, row in knowledge.rows.items() if row.runs not in ("", "here") and row.callable
    ]
    return frozenset(last for last in lasts if last not in _VERBS)
