"""How a lock of threads that only coroutines use becomes one of coroutines."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Assign, Call, Expr, Load, Use
from conclint.finding import Applicability, Edit, Fix, MakeAsync, ReplaceExpression, Span
from conclint.program.locks import Lock, Locks
from conclint.program.model import Func, Module, chains, parts
from conclint.program.program import Program


def as_async_lock(program: Program, locks: Locks, lock: Lock, name: str) -> Fix | None:
    """Make it an `asyncio.Lock` and each `with` an `async with`.

    None unless that is all that is ever done with it: it is made once by `threading.Lock()`, and everything else that
    has its name is a `with` of this lock in a coroutine of the same file.
    """
    made_in, number = lock.access.site
    made = made_in.ops[number]
    if lock.access.type != "threading.Lock" or not isinstance(made, Call) or made.args or made.keywords:
        return None
    last = name.rpartition(".")[2]
    spans = _entered(locks, made_in.module, lock)
    modules = [made_in.module] if last.startswith("_") else program.whole()
    if spans is None or any(_used_otherwise(module, last, lock, spans) for module in modules):
        return None
    site = made_in.span(number)
    edits: list[Edit] = [ReplaceExpression(site, "{@asyncio.Lock}()"), *(MakeAsync(span) for span in sorted(spans))]
    return Fix(Applicability.UNSAFE, "make it an `asyncio.Lock`, taken with `async with`", tuple(edits))


def _entered(locks: Locks, module: Module, lock: Lock) -> set[Span] | None:
    """The managers of all `with` that take the lock, or None where one is not in a coroutine."""
    found = set()
    for func in module.functions:
        for taking in locks.taken(func):
            if taking.lock.access.site == lock.access.site:
                if taking.within < 0 or not func.is_async:
                    return None
                found.add(taking.place.span)
    return found


def _used_otherwise(module: Module, last: str, lock: Lock, spans: set[Span]) -> bool:
    """Whether anything of that name is there but the making of the lock and these managers."""
    own = lock.access.site[0].module is module
    for func in module.functions:
        for at, op in enumerate(func.ops):
            target = op.target if isinstance(op, Assign) else None
            if _named(target, last) and not (own and (func, op.value) == lock.access.site):  # type: ignore[union-attr]
                return True
            if any(_named(part, last) for part in parts(op)):
                if not (own and isinstance(op, Load) and op.use == Use.ENTERED and func.span(at) in spans):
                    return True
        if any(_named(expr, last) for expr in _headers(func, spans if own else set())):
            return True
    return last in module.bindings and not own


def _headers(func: Func, spans: set[Span]) -> Iterator[Expr]:
    """What the headers of blocks read and bind, the managers aside."""
    for block in func.body.blocks:
        if Span(block.row, block.column, block.end_row, block.end_column) not in spans:
            yield block.value
        yield block.target


def _named(expr: Expr, last: str) -> bool:
    """Whether a name or an attribute of that name stands in an expression."""
    return any(last in chain.lstrip("$:?").replace(":", ".").split(".") for chain in chains(expr))
