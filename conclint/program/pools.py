"""Pools of workers: which one an expression means, how many workers it has, and which jobs are given to it.

A *job* is a call that gives a function to a pool: `submit`, `map`, `apply`, `run_in_executor`, `initializer=`, or a
done callback (which runs in the worker that finishes). Only the pools of the standard library are known: how another
executor schedules is its own affair.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conclint.facts import Attr, Call, Expr, Load, Mix
from conclint.program import guards
from conclint.program.calls import Edge
from conclint.program.evaluate import argument_of
from conclint.program.identity import Access, Identity, after_self, is_own, shared
from conclint.program.model import Func, chains, last_name, operands
from conclint.program.reads import Remembered
from conclint.program.values import Constant, External, Function, Instance, Method, Partial, Site, Value

if TYPE_CHECKING:
    from conclint.program.program import Program

_KINDS = {"thread-pool": "thread", "mp-thread-pool": "thread", "process-pool": "process", "mp-pool": "process"}
_THREAD_QUESTION = re.compile(
    r"(current_?thread|get_ident|main_thread|in_worker|is_worker|in_thread|thread_id|_thread\b|\bident\b|in_pool|worker_id)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Job:
    """A function given to a pool.

    `expr` is how the giver names the pool; `pool` the pool, where it has an identity, else `param` the parameter that
    it came in by. `how` is submit, map, call (a blocking `Pool.map` and its like), initializer or callback. `target` is
    the function of the program that runs, `same_self` whether it runs with the `self` of the giver.
    """

    user: Func
    at: int
    how: str
    expr: Expr
    pool: Access | None
    param: str
    kind: str
    target: Func | None
    same_self: bool

    @property
    def site(self) -> Site:
        return (self.user, self.at)

    @property
    def call(self) -> Call:
        op = self.user.ops[self.at]
        assert isinstance(op, Call)
        return op


class Pools:
    """Answers questions about pools of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.identity = Identity(program)
        self._jobs: Remembered[Site, Job | None] = Remembered(program.reads)

    # Pools ----------------------------------------------------------------------------------------------------------

    def kind(self, type_name: str) -> str:
        """thread or process for the type of a pool, "" for other types."""
        return _KINDS.get(self.program.knowledge.role(type_name), "")

    def access(self, expr: Expr, func: Func, at: int) -> Access | None:
        """The pool that an expression means."""
        return self.identity.access(expr, func, at, lambda name: bool(self.kind(name)))

    def workers(self, pool: Access) -> int | None:
        """How many workers a pool has, where that is a constant."""
        func, at = pool.site
        op = func.ops[at]
        if not isinstance(op, Call):
            return None
        size = argument_of(op, "0:max_workers") or argument_of(op, "0:processes")
        values = self.program.evaluator.of(size, func, at) if size is not None else ()
        if len(values) == 1 and isinstance(values[0], Constant) and type(values[0].value) is int:
            return values[0].value
        return None

    # Jobs -----------------------------------------------------------------------------------------------------------

    def job(self, user: Func, at: int) -> Job | None:
        """The job that a call gives to a pool, or None where it is no such call."""
        return self._jobs.get((user, at), lambda: self._job(user, at))

    def handed(self, func: Func) -> list[Job]:
        """The jobs that run a function."""
        found = []
        for handoff in self.program.contexts.handoffs.get(func, ()):
            if handoff.at >= 0 and handoff.runs in ("receiver", "executor"):
                job = self.job(handoff.user, handoff.at)
                if job is not None and job.target is func:
                    found.append(job)
        return found

    def _job(self, user: Func, at: int) -> Job | None:
        op = user.ops[at]
        if not isinstance(op, Call):
            return None
        found = self.program.calls.library(user, at)
        if len(found) != 1:
            return None
        row = self.program.knowledge.row(found[0].dotted)
        if row is None or row.runs not in ("receiver", "executor") or not row.callable:
            return None
        callee, last = found[0], found[0].dotted.rpartition(".")[2]
        argument = argument_of(op, row.callable)
        if isinstance(callee, External):
            return self._initializer(user, at, callee, argument)
        if last == "add_done_callback":
            return self._callback(user, at, callee, argument)
        expr = argument_of(op, row.executor) if row.executor else owner_of(op.func)
        how = last if last in ("submit", "map") else "submit"
        if last in ("apply", "map", "starmap") and row.blocks:
            how = "call"
        elif last in ("imap", "imap_unordered"):
            how = "map"
        return self._made(user, at, how, expr, argument)

    def _made(self, user: Func, at: int, how: str, expr: Expr, argument: Expr) -> Job | None:
        if expr is None or argument is None:
            return None
        values = self.program.evaluator.of(expr, user, at)
        types = {
            self.kind(value.type) for value in values if isinstance(value, Instance) and isinstance(value.type, str)
        }
        pool = self.access(expr, user, at)
        param = expr[1:] if isinstance(expr, str) and _is_parameter(expr, user) else ""
        if len(types) != 1 or "" in types or (pool is None and not param):
            return None
        target, same_self = self.target(argument, user, at)
        return Job(user, at, how, expr, pool, param, types.pop(), target, same_self)

    def _initializer(self, user: Func, at: int, callee: External, argument: Expr) -> Job | None:
        kind = self.kind(callee.dotted)
        scoped = self.identity.scope((user, at))
        if argument is None or not kind or scoped is None:
            return None
        target, same_self = self.target(argument, user, at)
        path = ""
        for stored in user.ops:
            name = getattr(stored, "target", None)
            if getattr(stored, "value", None) in (at, Mix("enter", (at,))) and isinstance(name, str):
                path = after_self(name, user) or name[1:]
        pool = Access((user, at), scoped[0], scoped[1], path if scoped[1] is not None else "", callee.dotted)
        return Job(user, at, "initializer", None, pool, "", kind, target, same_self)

    def _callback(self, user: Func, at: int, callee: Method, argument: Expr) -> Job | None:
        future = callee.receiver
        if not isinstance(future, Instance) or future.site is None or argument is None:
            return None
        first = self.job(*future.site)
        if first is None or first.how != "submit" or first.user is not user:
            return None
        target, same_self = self.target(argument, user, at)
        return Job(user, at, "callback", first.expr, first.pool, first.param, first.kind, target, same_self)

    def target(self, argument: Expr, user: Func, at: int) -> tuple[Func | None, bool]:
        """The function of the program that an argument hands over, and whether it keeps the giver's `self` or frame."""
        values = self.program.evaluator.of(argument, user, at)
        if len(values) != 1:
            return None, False
        value: Value = values[0]
        own = isinstance(argument, str) and is_own(argument, user)
        if isinstance(argument, int) and isinstance(read := user.ops[argument], Load):
            own = is_own(read.value, user)
        while isinstance(value, Partial):
            made = value.site[0].ops[value.site[1]]
            own = isinstance(made, Call) and bool(made.args) and is_own(made.args[0], user)
            value = value.target
        if not isinstance(value, Function) or value.func.is_async:
            return None, False
        return value.func, own or value.func.is_nested_in(user) or _siblings(value.func, user)

    # One pool -------------------------------------------------------------------------------------------------------

    def same_pool(self, runner: Job, waited: Job, edges: tuple[Edge, ...]) -> bool:
        """Whether a job that `runner` runs gives `waited` to its own pool.

        Parameters:
            edges: the calls from the function that `runner` runs down to the one that gives the job.
        """
        first, second = runner.pool, waited.pool
        if first is not None and second is not None:
            if not first.same(second) or not shared(first, edges):
                return False
            if first.scope.value == "instance":
                return runner.same_self
            return first.scope.value == "program" or waited.user.is_nested_in(first.home)
        if second is None and waited.param and runner.target is not None and runner.expr is not None:
            passed = _passed_down(waited.param, waited.user, edges)
            return passed is not None and self._argument(runner, passed) == runner.expr
        return False

    def _argument(self, runner: Job, name: str) -> Expr:
        """What a job is given for one of its parameters."""
        target = runner.target
        call = runner.call
        if target is None or last_name(call.func) != "submit":
            return None
        params = [param.name for param in target.fact.params]
        if name not in params:
            return None
        for word, value in call.keywords:
            if word == name:
                return value
        position = params.index(name) + (0 if target.is_method and target.self_name else 1)
        before = call.args[: position + 1]
        if position < len(call.args) and not any(isinstance(one, Mix) and one.kind == "star" for one in before):
            return call.args[position]
        return None


def asks_for_thread(func: Func, block: int) -> bool:
    """Whether a test around the place finds out which thread or worker it runs on."""
    for condition in guards.conditions(func, block):
        names = list(chains(condition.test))
        for number in operands(condition.test):
            made = func.ops[number]
            names += chains(made.func) if isinstance(made, Call) else chains(getattr(made, "value", None))
        for name in names:
            if _THREAD_QUESTION.search(name):
                return True
            for _, op in func.assignments.get(name[1:], ()) if name[0] == "$" else ():
                value = func.ops[op.value] if isinstance(op.value, int) else op
                if any(_THREAD_QUESTION.search(one) for one in chains(getattr(value, "func", None) or op.value)):
                    return True
    return False


def owner_of(callee: Expr) -> Expr:
    """What a method is called on."""
    if isinstance(callee, str):
        return callee.rpartition(".")[0] or None
    return callee.base if isinstance(callee, Attr) else None


def _is_parameter(expr: Expr, func: Func) -> bool:
    if not isinstance(expr, str) or expr[0] != "$" or expr[1:] in func.assignments:
        return False
    return any(param.name == expr[1:] and param.kind in ("", "/", "k") for param in func.fact.params)


def _siblings(target: Func, user: Func) -> bool:
    """Whether both are nested in one function, and so see its locals."""
    owner = target.owner
    return owner is not None and owner.name not in ("<module>", "<class>") and user.is_nested_in(owner)


def _passed_down(name: str, func: Func, edges: tuple[Edge, ...]) -> str | None:
    """The parameter of the first function of a path that becomes parameter `name` of `func`, its last."""
    for edge in reversed(edges):
        if edge.callee is not func or edge.call is None:
            return None
        value = guards.arguments(edge.callee, edge.call, edge.bound).get(name)
        if not _is_parameter(value, edge.caller) or not isinstance(value, str):
            return None
        name, func = value[1:], edge.caller
    return name
