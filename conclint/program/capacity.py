"""How many jobs of one kind are under way at a time: whether a pool can be filled with them."""

from __future__ import annotations

from conclint.facts import Assign, Attr, Await, Call, Const, Expr, Gather, Seq
from conclint.program.model import Func, last_name
from conclint.program.pools import Job, owner_of

MANY = 1 << 30


def at_once(runner: Job) -> int:
    """How many runs of a job one run of its giver may start at a time; MANY where there is no bound."""
    op = runner.call
    if runner.how == "initializer":
        return MANY
    if runner.how in ("map", "call") and op.args[1:]:
        return _length(op.args[1], runner.user)
    loop = runner.user.loop_around(op.block)
    if loop < 0 or is_waited_at_once(runner):
        return 1
    block = runner.user.body.blocks[loop]
    return _length(block.value, runner.user) if block.kind in ("for", "comp") else MANY


def is_waited_at_once(job: Job) -> bool:
    """Whether its giver waits for a job before it gives the next: in the same expression or run of a loop."""
    user = job.user
    if job.how == "call":
        return True
    consumer = user.consumers.get(job.at)
    if consumer is not None and isinstance(user.ops[consumer], Await):
        return True
    loop = user.loop_around(job.call.block)
    names = {op.target for op in user.ops if isinstance(op, Assign) and op.value == job.at}
    for _, call in user.calls:
        last = call.func.name if isinstance(call.func, Attr) else last_name(call.func)
        if last in ("result", "exception", "get"):
            if isinstance(call.func, Attr) and call.func.base == job.at:
                return True
            if loop >= 0 and user.encloses(loop, call.block) and owner_of(call.func) in names:
                return True
    return False


def _length(iterable: Expr, func: Func) -> int:
    if isinstance(iterable, Seq):
        return len(iterable.items)
    if isinstance(iterable, str) and iterable[0] == "$" and "." not in iterable:
        assigned = func.assignments.get(iterable[1:], [])
        return _length(assigned[0][1].value, func) if len(assigned) == 1 else MANY
    if isinstance(iterable, int):
        made = func.ops[iterable]
        if isinstance(made, Call) and made.func == "builtins.range" and len(made.args) == 1:
            size = made.args[0]
            if isinstance(size, Const) and isinstance(size.value, int):
                return size.value
        if isinstance(made, Gather):
            return _length(func.body.blocks[made.inner].value, func)
    return MANY
