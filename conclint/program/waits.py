"""Waits without a time limit, and the jobs or threads that they wait for.

What is waited for is followed from the future to the call that made it: through locals, lists that it was put into,
comprehensions, returns, fields and globals. Where one of the futures is not understood nothing is said of the wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conclint.facts import Assign, Call, Const, Expr, Gather, Item, Mix, Seq, Use
from conclint.finding import Confidence
from conclint.knowledge import Row
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.effects import Primitive
from conclint.program.evaluate import argument_of
from conclint.program.identity import method_of
from conclint.program.model import ClassNode, Func, Module
from conclint.program.pools import Job, Pools
from conclint.program.reads import Remembered
from conclint.program.table import Table
from conclint.program.values import Function, Instance, Site

if TYPE_CHECKING:
    from conclint.program.program import Program

_FUTURES = frozenset(("concurrent.futures.Future", "multiprocessing.pool.AsyncResult"))
_TAKES = {"result": "0:timeout", "exception": "0:timeout", "get": "0:timeout", "wait": "0:timeout", "join": "0:timeout"}
_CONSUMERS = frozenset(("list", "tuple", "set", "sorted", "sum", "dict", "max", "min", "frozenset"))
_THREADS = frozenset(("thread", "timer"))


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread by where it is made, and the function that it runs; `same_self` as in `Job`."""

    site: Site
    target: Func
    same_self: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait that nothing but its end ends.

    `subject` is how the code names what it waits for; `closes` says that it closes a pool and so waits for its jobs.
    """

    primitive: Primitive
    subject: Expr
    jobs: tuple[Job, ...]
    threads: tuple[Thread, ...] = ()
    closes: bool = False


class Waits:
    """The waits of one program."""

    def __init__(self, program: Program, pools: Pools) -> None:
        self.program = program
        self.pools = pools
        self._found: Remembered[Module, tuple[Wait, ...]] = Remembered(program.reads)
        self._waiting = Table(program, "waits", all_at_once=lambda module: [("", ())] if self.of(module) else ())

    def found(self) -> tuple[Wait, ...]:
        """All waits whose jobs or threads are known, in the order of files and lines."""
        modules = [self.program.modules[int(row[0])] for row in self._waiting.rows("")]
        return tuple(wait for module in modules for wait in self.of(module))

    def of(self, module: Module) -> tuple[Wait, ...]:
        """Those of one module, in the order of lines."""
        self.program.reads.modules |= module.bit
        return self._found.get(module, lambda: tuple(self._in(module)))

    def _in(self, module: Module) -> list[Wait]:
        places = self.program.effects.blocking_in(module, ["wait"])
        waits = [wait for one in places if (wait := self._wait(one)) is not None]
        waits += self._consumed(module)
        return sorted(waits, key=lambda wait: (wait.primitive.place, wait.primitive.name))

    def _wait(self, one: Primitive) -> Wait | None:
        last = one.name.rpartition(".")[2]
        call = one.call
        if call is not None and last in _TAKES and one.name != "concurrent.futures.wait":
            if _limited(call, _TAKES[last]):
                return None
        if last in ("__iter__", "__next__"):
            return self._iterated(one)
        if last in ("__exit__", "shutdown"):
            return self._closed(one)
        if call is None:
            return None
        if one.name == "concurrent.futures.wait":
            return None if _limited(call, "1:timeout") else self._of_all(one, argument_of(call, "0:fs"), call)
        receiver = one.receiver
        if isinstance(receiver, Instance) and receiver.type in _FUTURES:
            return self._on(one, _subject(call), self.sites(_subject(call), one.func, one.at))
        if last == "join":
            return self._joined(one, call)
        job = self.pools.job(one.func, one.at)
        return Wait(one, _subject(call), (job,)) if job is not None and job.how == "call" else None

    def _on(self, one: Primitive, subject: Expr, sites: tuple[Site, ...] | None) -> Wait | None:
        if not sites:
            return None
        jobs = [self.pools.job(*site) for site in sites]
        known = [job for job in jobs if job is not None]
        return Wait(one, subject, tuple(known)) if len(known) == len(jobs) else None

    def _of_all(self, one: Primitive, futures: Expr, call: Call) -> Wait | None:
        when = argument_of(call, "2:return_when")
        if when is not None and not (isinstance(when, str) and when.endswith("ALL_COMPLETED")):
            return None
        return self._on(one, futures, self.elements(futures, one.func, one.at))

    def _iterated(self, one: Primitive) -> Wait | None:
        receiver = one.receiver
        if not isinstance(receiver, Instance) or receiver.site is None:
            return None
        func, at = receiver.site
        made = func.ops[at]
        if not isinstance(made, Call):
            return None
        if receiver.type == "concurrent.futures.CompletedIterator":
            futures = argument_of(made, "0:fs")
            return None if _limited(made, "1:timeout") else self._on(one, futures, self.elements(futures, func, at))
        job = self.pools.job(func, at)
        if job is None or _limited(made, "timeout"):
            return None
        return Wait(one, at if func is one.func else None, (job,))

    def _closed(self, one: Primitive) -> Wait | None:
        """Leaving `with pool:` waits for the jobs given in it, `pool.shutdown()` for all that the function gave."""
        pool = one.receiver
        if not isinstance(pool, Instance) or pool.site is None:
            return None
        func = one.func
        inside = 0
        for number, block in enumerate(func.body.blocks):
            if one.at < 0 and block.kind == "with" and (block.row, block.column) == one.place.span[:2]:
                inside = number
        jobs = [
            job
            for index, call in func.calls
            if func.encloses(inside, call.block) and (job := self.pools.job(func, index)) is not None
            if job.pool is not None and job.pool.site == pool.site and job.how in ("submit", "map")
        ]
        return Wait(one, None, tuple(jobs), closes=True) if jobs else None

    def _consumed(self, module: Module) -> Iterator[Wait]:
        """`list(pool.map(…))` and its like, and `for` over `Pool.imap`."""
        for name in ("map", "imap", "imap_unordered"):
            for func in module.users.get(name, ()):
                for at in func.calls_by_name.get(name, ()):
                    taken = func.consumers.get(at)
                    taker = func.ops[taken] if taken is not None else None
                    op = func.ops[at]
                    if not isinstance(taker, Call) or not isinstance(op, Call) or _limited(op, "timeout"):
                        continue
                    if not (isinstance(taker.func, str) and taker.func.removeprefix("builtins.") in _CONSUMERS):
                        continue
                    job = self.pools.job(func, at)
                    if job is not None and taken is not None and not guards.is_dead(func, taker.block):
                        yield Wait(_reading(func, taken, taker), at, (job,))

    def _joined(self, one: Primitive, call: Call) -> Wait | None:
        subject = _subject(call)
        threads = self.threads(subject, one.func, one.at)
        return Wait(one, subject, (), threads) if threads else None

    # What is waited for -----------------------------------------------------------------------------------------------

    def threads(self, expr: Expr, func: Func, at: int) -> tuple[Thread, ...]:
        """The threads that an expression stands for, if all of them are known; of a thread's own `self`, its `run`."""
        own = method_of(func)
        if own is not None and own.cls is not None and expr == f"${own.self_name}" and func is own:
            run = own.cls.methods.get("run")
            return (Thread((run, 0), run, True),) if run is not None and run.ops else ()
        sites = self.sites(expr, func, at) or ()
        found = [thread for site in sites if (thread := self._thread(site)) is not None]
        return tuple(found) if len(found) == len(sites) else ()

    def _thread(self, site: Site) -> Thread | None:
        user, at = site
        call = user.ops[at]
        made = self.program.calls.library(user, at)
        for value in self.program.evaluator.result(user, at):
            if isinstance(value, Instance) and isinstance(value.type, ClassNode) and value.site == site:
                run = value.type.methods.get("run")
                return Thread(site, run, same_self=False) if run is not None else None
        if not isinstance(call, Call) or len(made) != 1:
            return None
        row = self.program.knowledge.row(made[0].dotted)
        target = argument_of(call, row.callable) if row is not None and row.callable else None
        values = self.program.evaluator.of(target, user, at)
        if len(values) != 1 or not isinstance(values[0], Function) or values[0].func.is_async:
            return None
        _, same_self = self.pools.target(target, user, at)
        return Thread(site, values[0].func, same_self)

    def sites(self, expr: Expr, func: Func, at: int) -> tuple[Site, ...] | None:
        """The calls that made the futures or threads that an expression stands for; None where one is not known."""
        values = self.program.evaluator.of(expr, func, at)
        if any(self._site(value) for value in values):
            # What an annotation promises besides is the same thing.
            values = tuple(one for one in values if not isinstance(one, Instance) or one.site is not None)
        found = [self._site(value) for value in values]
        if found and all(found):
            return _all((site,) if site else None for site in found)
        return self._looped(expr, func)

    def _site(self, value: object) -> Site | None:
        if not isinstance(value, Instance) or value.site is None:
            return None
        if isinstance(value.type, ClassNode):
            bases = [base for base in self.program.evaluator.mro(value.type) if isinstance(base, str)]
            return value.site if any(self.program.knowledge.role(base) == "thread" for base in bases) else None
        waited = value.type in _FUTURES or self.program.knowledge.role(value.type) in _THREADS
        return value.site if waited else None

    def _looped(self, expr: Expr, func: Func) -> tuple[Site, ...] | None:
        """What a loop variable goes through, where the evaluator does not know the container."""
        if not isinstance(expr, str) or expr[0] != "$" or "." in expr:
            return None
        assigned = func.assignments.get(expr[1:], [])
        found = []
        for index, op in assigned:
            if not isinstance(op.value, Mix) or op.value.kind != "each":
                return None
            found.append(self.elements(op.value.items[0], func, index))
        return _all(found)

    def elements(self, expr: Expr, func: Func, at: int) -> tuple[Site, ...] | None:
        """The calls that made the futures or threads in a container; None where one is not known."""
        if isinstance(expr, Seq):
            return _all(self.sites(item, func, at) for item in expr.items)
        if isinstance(expr, int) and isinstance(made := func.ops[expr], Gather):
            return self._gathered(made, func)
        if not isinstance(expr, str):
            return None
        if expr[0] == "$" and "." not in expr:
            assigned = func.assignments.get(expr[1:], [])
            if len(assigned) == 1:
                put = self._put(expr, func)
                value = assigned[0][1].value
                if _is_empty(value, func):
                    return put
                first = self.elements(value, func, assigned[0][0])
                return None if first is None else tuple(dict.fromkeys((*first, *(put or ()))))
        evaluator = self.program.evaluator
        values = [one for value in evaluator.of(expr, func, at) for one in evaluator.elements(value)]
        return _all((site,) if (site := self._site(value)) else None for value in values)

    def _gathered(self, made: Gather, func: Func) -> tuple[Site, ...] | None:
        if made.kind != "dict":
            return self.sites(made.element, func, made.inner)
        inside = [
            index
            for index, call in func.calls
            if call.block == made.inner and call.use == Use.COLLECTED and self.pools.job(func, index) is not None
        ]
        return tuple((func, index) for index in inside) or None

    def _put(self, name: str, func: Func) -> tuple[Site, ...] | None:
        """What a local list is given with `append`, or a local dict as keys or values."""
        given: list[tuple[Site, ...] | None] = []
        for index, call in func.calls:
            if call.func in (f"{name}.append", f"{name}.add") and call.args:
                given.append(self.sites(call.args[0], func, index))
            elif isinstance(call.func, str) and call.func.startswith(f"{name}.ext"):
                given.append(None)
        for index, op in enumerate(func.ops):
            if isinstance(op, Assign) and isinstance(op.target, Item) and op.target.base == name:
                given.append(self.sites(op.target.index, func, index) or self.sites(op.value, func, index))
        return _all(given)


def _all(parts: Iterable[tuple[Site, ...] | None]) -> tuple[Site, ...] | None:
    found: list[Site] = []
    for part in parts:
        if not part:
            return None
        found.extend(part)
    return tuple(dict.fromkeys(found)) or None


def _is_empty(value: Expr, func: Func) -> bool:
    if isinstance(value, Seq):
        return not value.items
    made = func.ops[value] if isinstance(value, int) else None
    return isinstance(made, Call) and made.func in ("builtins.list", "builtins.set", "builtins.dict") and not made.args


def _limited(call: Call, which: str) -> bool:
    """Whether a time limit is given, or may be among spread arguments."""
    limit = argument_of(call, which)
    if limit is not None:
        return not (isinstance(limit, Const) and limit.value is None)
    return any(not word for word, _ in call.keywords) or any(
        isinstance(one, Mix) and one.kind == "star" for one in call.args if which[0].isdigit()
    )


def _subject(call: Call) -> Expr:
    if isinstance(call.func, str):
        return call.func.rpartition(".")[0] or None
    return getattr(call.func, "base", None)


def _reading(func: Func, at: int, taker: Call) -> Primitive:
    return Primitive(
        func,
        at,
        taker.block,
        func.at(at),
        f"{taker.func}",
        spell(taker.func, func),
        Row(blocks="wait"),
        None,
        taker,
        Confidence.CERTAIN,
        guards.own(func, taker.block),
    )
