"""Locks: which one an expression means, where it is taken for certain, and what is held at a place.

Everything here is *must*: a lock counts as taken where a blocking call or a `with` takes it without a time limit, and
as held where every way to the place has taken it and none can have released it. With *may* instead of *must* reports of
deadlocks are mostly false.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conclint.facts import Call, Const, Expr, Use
from conclint.finding import Confidence, Place, Span
from conclint.knowledge import Row
from conclint.program import guards
from conclint.program.calls import Edge, first_op, spell
from conclint.program.effects import Primitive
from conclint.program.evaluate import argument_of
from conclint.program.identity import Access, Identity, Scope
from conclint.program.model import Func, Module
from conclint.program.reads import Remembered
from conclint.program.table import Key, Table
from conclint.program.values import Site

if TYPE_CHECKING:
    from conclint.program.program import Program

_ROLES = frozenset(("lock", "rlock", "condition"))


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock. A condition is the lock that it was made with."""

    access: Access
    reentrant: bool


@dataclass(frozen=True, slots=True)
class Taking:
    """A place that takes a lock and waits for it as long as it takes.

    `at` is the number of the `acquire` call, -1 for a `with`, whose block is `within`; `block` is where the taking
    itself stands, `label` how the code spells it, `name` how it names the lock.
    """

    func: Func
    lock: Lock
    at: int
    within: int
    block: int
    place: Place
    label: str
    name: str

    @property
    def start(self) -> int:
        """The number of the operation that takes the lock, or of the first one that runs with it."""
        return self.at if self.at >= 0 else first_op(self.func, self.within)

    def primitive(self) -> Primitive:
        """The taking as something to be followed upwards."""
        op = self.func.ops[self.at] if self.at >= 0 else None
        call = op if isinstance(op, Call) else None
        residual = guards.own(self.func, self.block)
        return Primitive(
            self.func,
            self.at,
            self.block,
            self.place,
            "acquire",
            self.label,
            Row(blocks="lock"),
            None,
            call,
            Confidence.CERTAIN,
            residual,
        )


class Locks:
    """Answers questions about the locks of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.identity = Identity(program)
        self._takings: Remembered[Func, tuple[Taking, ...]] = Remembered(program.reads)
        self._taken_in = Table(program, "takings", all_at_once=self._taking)
        self._released_elsewhere = Table(program, "released", all_at_once=self._releasing)

    def takings(self) -> tuple[Taking, ...]:
        """All of them where the rule is asked, in the order of files and lines."""
        users = dict.fromkeys(func for name in ("__enter__", "acquire") for func in self.program.users(name))
        found = [taking for func in users for taking in self.taken(func)]
        return tuple(sorted(found, key=lambda taking: (taking.place, taking.label)))

    def takings_of(self, site: Site) -> list[Taking]:
        """All takings, in the order of files and lines, of the lock that was made at a place."""
        func, at = site
        rows = [row for row in self._taken_in.rows(func.ref) if row[2] == at]
        users = dict.fromkeys(self.program.function(number, index) for number, index, _ in rows)
        found = [taking for user in users for taking in self.taken(user) if taking.lock.access.site == site]
        return sorted(found, key=lambda taking: (taking.place, taking.label))

    def _taking(self, module: Module) -> Iterator[tuple[Key, tuple[int, int]]]:
        users = dict.fromkeys(func for name in ("__enter__", "acquire") for func in module.users.get(name, ()))
        for func in users:
            for holder, at in dict.fromkeys(taking.lock.access.site for taking in self.taken(func)):
                yield holder.ref, (func.index, at)

    def taken(self, func: Func) -> tuple[Taking, ...]:
        """Where a function itself takes locks."""
        return self._takings.get(func, lambda: (*self._withs(func), *self._acquires(func)))

    def lock(self, expr: Expr, func: Func, at: int) -> Lock | None:
        """The lock that an expression means."""
        access = self.identity.access(expr, func, at, self._is_lock)
        if access is None:
            return None
        role = self.program.knowledge.role(access.type)
        if role != "condition":
            return Lock(access, role == "rlock")
        return self._of_condition(access)

    def _is_lock(self, name: str) -> bool:
        return name.startswith(("threading.", "multiprocessing.")) and self.program.knowledge.role(name) in _ROLES

    def _of_condition(self, access: Access) -> Lock | None:
        """The lock of a condition: its own, which is re-entrant, or the one that it is given."""
        func, at = access.site
        made = func.ops[at]
        if not isinstance(made, Call):
            return None
        given = argument_of(made, "0:lock")
        if given is None or given == Const(None):
            return Lock(access, True)
        if isinstance(given, int) and isinstance(inner := func.ops[given], Call):
            kinds = self.program.calls.library(func, given)
            roles = {self.program.knowledge.role(kind.dotted) for kind in kinds}
            return Lock(access, roles == {"rlock"}) if inner and roles and roles <= {"lock", "rlock"} else None
        return self.lock(given, func, at)

    def _withs(self, func: Func) -> Iterator[Taking]:
        for number, block in enumerate(func.body.blocks):
            if block.kind != "with" or guards.is_dead(func, block.parent):
                continue
            at = block.value if isinstance(block.value, int) else first_op(func, number)
            lock = self.lock(block.value, func, at)
            if lock is not None:
                span = Span(block.row, block.column, block.end_row, block.end_column)
                name = spell(block.value, func)
                place = Place(func.module.path, span)
                yield Taking(func, lock, -1, number, block.parent, place, f"with {name}", name)

    def _acquires(self, func: Func) -> Iterator[Taking]:
        for at in func.calls_by_name.get("acquire", ()):
            op = func.ops[at]
            if not isinstance(op, Call) or not isinstance(op.func, str) or not _waits(op):
                continue
            if guards.is_dead(func, op.block):
                continue
            owner = op.func.rpartition(".")[0]
            lock = self.lock(owner, func, at) if owner else None
            if lock is not None:
                yield Taking(func, lock, at, -1, op.block, func.at(at), spell(op.func, func), spell(owner, func))

    # Held -------------------------------------------------------------------------------------------------------------

    def held(self, func: Func, at: int, block: int) -> Iterator[Taking]:
        """The locks held where operation `at` of a function stands, or, with `at` -1, a statement in `block`."""
        for taking in self.taken(func):
            if self.is_handed_over(taking.lock.access.site):
                continue
            if taking.within >= 0:
                if func.encloses(taking.within, block) and not self._released(func, taking, -1, len(func.ops)):
                    yield taking
            elif at > taking.at and func.encloses(taking.block, block) and self._is_paired(func, taking, at):
                yield taking

    def _is_paired(self, func: Func, taking: Taking, at: int) -> bool:
        """Whether the function itself releases the lock that it acquires, and only after operation `at`.

        A lock that is not, or that is a local, may be a signal: taken once here, released by whoever is waited for.
        """
        if taking.lock.access.scope is Scope.FRAME or self._released(func, taking, taking.at, at):
            return False
        return self._released(func, taking, at, len(func.ops))

    def is_handed_over(self, site: Site) -> bool:
        """Whether some function releases a lock without having taken it: others may release what one holds."""
        func, at = site
        return any(row[1] == at for row in self._released_elsewhere.rows(func.ref))

    def _releasing(self, module: Module) -> Iterator[tuple[Key, tuple[int]]]:
        for func in module.users.get("release", ()):
            own = {taking.lock.access.site for taking in self.taken(func)}
            for index in func.calls_by_name.get("release", ()):
                op = func.ops[index]
                lock = self.lock(_owner(op), func, index) if isinstance(op, Call) else None
                if lock is not None and lock.access.site not in own:
                    holder, at = lock.access.site
                    yield holder.ref, (at,)

    def on_edge(self, edge: Edge) -> Iterator[Taking]:
        """The locks that the caller holds when it makes a call."""
        return self.held(edge.caller, edge.at, edge.block)

    def _released(self, func: Func, taking: Taking, after: int, before: int) -> bool:
        """Whether something between two operations may release the lock."""
        for index in func.calls_by_name.get("release", ()):
            if after < index < before:
                op = func.ops[index]
                inside = taking.within < 0 or func.encloses(taking.within, getattr(op, "block", 0))
                if inside and isinstance(op, Call):
                    other = self.lock(_owner(op), func, index)
                    if other is None or other.access.site == taking.lock.access.site:
                        return True
        return False

    def releases(self, func: Func, lock: Lock, before: int | None = None) -> bool:
        """Whether a function may itself release a lock, before operation `before` where that is given."""
        for index in func.calls_by_name.get("release", ()):
            op = func.ops[index]
            if isinstance(op, Call) and (before is None or index < before):
                other = self.lock(_owner(op), func, index)
                if other is None or other.access.site == lock.access.site:
                    return True
        return False


def _owner(call: Call) -> Expr:
    return call.func.rpartition(".")[0] or None if isinstance(call.func, str) else None


def _waits(call: Call) -> bool:
    """Whether an `acquire` waits without a limit, and its result is not looked at."""
    if call.use not in (Use.DISCARDED, Use.OTHER):
        return False
    if any(not word for word, _ in call.keywords):
        return False
    blocking = argument_of(call, "0:blocking") or argument_of(call, "0:block")
    if blocking is not None and blocking != Const(True):
        return False
    return argument_of(call, "1:timeout") is None
