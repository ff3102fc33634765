"""Remote calls that a loop sends and fetches one at a time, and whether they could run at the same time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from conclint.facts import Assign, Attr, Await, Block, Call, Const, Expr, Gather, Leave, Seq, Yield
from conclint.finding import Confidence
from conclint.program import guards
from conclint.program.model import ClassNode, Func, last_name
from conclint.program.program import Program
from conclint.program.values import Constant, External, Function, Remote
from conclint_rules.ray.loop_flow import LoopFlow

LOOPS = frozenset(("for", "while", "comp"))
# Loops over these do the same thing again in time, on purpose one after another.
_REPEATS = re.compile(
    r"^\$(_+|\w*(attempt|retry|retries|trial|epoch|step|iteration|iter|round|tick|generation|repeat|turn)\w*)(~\d+)?$"
)
_WAITING = frozenset(("sleep", "wait", "perf_counter", "time", "monotonic", "timeit", "default_timer"))
# What takes all that a generator gives.
_EAGER = frozenset(
    ("list", "tuple", "set", "sorted", "sum", "min", "max", "dict", "frozenset", "join", "extend", "update")
)


class Fetch(NamedTuple):
    """A remote call and the place that waits for its value, in the same turn of a loop."""

    func: Func
    at: int
    call: int
    loop: int


def fetches(program: Program, user: Func) -> Iterator[Fetch]:
    for index, op in enumerate(user.ops):
        if not isinstance(op, Call | Await):
            continue
        loop = user.loop_around(op.block)
        if loop < 0 or user.body.blocks[loop].kind not in LOOPS or guards.is_dead(user, op.block):
            continue
        if isinstance(op, Call) and not (_is_get(program, user, index) and len(op.args) == 1):
            continue
        call = _remote_call(user, op.args[0] if isinstance(op, Call) else op.value, loop, index)
        if call is not None and (isinstance(op, Call) or is_remote(program, user, call)):
            yield Fetch(user, index, call, loop)


def _is_get(program: Program, user: Func, index: int) -> bool:
    op = user.ops[index]
    if not isinstance(op, Call) or last_name(op.func) != "get":
        return False
    return any(value == External("ray.get") for value in program.calls.library(user, index))


def _remote_call(user: Func, value: Expr, loop: int, at: int) -> int | None:
    """The `.remote(…)` of the same turn whose result this is, directly or by a local name."""
    if isinstance(value, str) and value[0] == "$":
        given = [(index, op) for index, op in user.assignments.get(value[1:], ()) if index < at]
        inside = [op for _, op in given if user.encloses(loop, op.block)]
        if len(inside) != 1 or not user.encloses(inside[0].block, user.ops[at].block):
            return None
        value = inside[0].value
    if not isinstance(value, int):
        return None
    made = user.ops[value]
    if isinstance(made, Call) and last_name(made.func) == "remote" and user.loop_around(made.block) == loop:
        return value
    return None


def is_remote(program: Program, user: Func, call: int) -> bool:
    values = program.evaluator.callee(user, call)
    return bool(values) and all(isinstance(value, Remote) for value in values)


def parallel(program: Program, fetch: Fetch) -> Confidence | None:
    """How sure it is that the calls could run at the same time; None where they could not."""
    user, flow = fetch.func, LoopFlow(fetch.func, fetch.loop, fetch.at)
    op = user.ops[fetch.call]
    assert isinstance(op, Call)
    values = program.evaluator.callee(user, fetch.call)
    owner = _owner(op.func)
    if not values:
        # `ray.get(worker.run.remote())`: whatever `worker` is, it is another one in each turn.
        if flow.varies(owner):
            return Confidence.LIKELY
        made = _made_of_function(program, user, owner)
        return Confidence.LIKELY if made and any(flow.varies(one) for one in op.args) else None
    if len(values) != 1 or not isinstance(values[0], Remote) or isinstance(values[0].target, ClassNode):
        return None
    remote = values[0]
    if remote.receiver is None:
        varying = flow.varies(op.func) or any(
            flow.varies(one) for one in (*op.args, *(value for _, value in op.keywords))
        )
        return Confidence.CERTAIN if varying else None
    if flow.varies(owner):
        return Confidence.CERTAIN
    actors = program.contexts.actors
    if actors.async_members(remote.receiver) and any(flow.varies(one) for one in op.args):
        return Confidence.LIKELY
    return None


def _made_of_function(program: Program, user: Func, owner: Expr) -> bool:
    """Whether a local is what some call makes of a plain function: `task = cached(f)`; then `task.remote` runs it."""
    if not isinstance(owner, str) or owner[0] != "$":
        return False
    for _, op in user.assignments.get(owner[1:], ()):
        if not isinstance(op.value, int):
            continue
        made = user.ops[op.value]
        if isinstance(made, Call) and len(made.args) == 1:
            values = program.evaluator.of(made.args[0], user, op.value)
            if any(isinstance(value, Function) and value.receiver is None for value in values):
                return True
    return False


def _owner(callee: Expr) -> Expr:
    """What `.remote` is taken from."""
    if isinstance(callee, str):
        return callee.rpartition(".")[0]
    return callee.base if isinstance(callee, Attr) else None


def is_independent(program: Program, fetch: Fetch) -> bool:
    """Whether no turn of the loop needs what an earlier one brought, and the loop goes on to its end."""
    user = fetch.func
    block = user.body.blocks[fetch.loop]
    if _is_short(program, user, fetch.loop) or _is_repetition(user, fetch.loop) or _leaves(fetch):
        return False
    flow = LoopFlow(user, fetch.loop, fetch.at)
    if flow.is_carried(block.value) or (block.kind == "while" and not _counts(flow, block)):
        return False
    if _waits_before(fetch):
        return False
    op = user.ops[fetch.call]
    assert isinstance(op, Call)
    return not any(flow.is_carried(part) for part in (op.func, *op.args, *(value for _, value in op.keywords)))


def _waits_before(fetch: Fetch) -> bool:
    """Whether the call needs the result of another wait of the same turn: that one comes first."""
    user = fetch.func
    for index, op in enumerate(user.ops):
        waits = isinstance(op, Await) or (isinstance(op, Call) and op.func == "ray.get")
        if waits and index < fetch.call and user.encloses(fetch.loop, op.block):
            if fetch.call in LoopFlow(user, fetch.loop, index).results:
                return True
    return False


def _counts(flow: LoopFlow, block: Block) -> bool:
    """Whether the test of a `while` depends on names that its body sets, so that it can be told beforehand."""
    return block.value is not None and not isinstance(block.value, Const) and flow.varies(block.value)


def _is_short(program: Program, user: Func, loop: int) -> bool:
    """Whether the loop has one or two turns."""
    value = user.body.blocks[loop].value
    given = user.assignments.get(value[1:], []) if isinstance(value, str) and value[0] == "$" else []
    if len(given) == 1:
        value = given[0][1].value
    if isinstance(value, Seq):
        return len(value.items) <= 2
    if isinstance(value, int) and isinstance(made := user.ops[value], Call) and made.func == "builtins.range":
        if len(made.args) != 1:
            return False
        found = program.evaluator.of(made.args[0], user, value)
        return any(isinstance(value, Constant) and value.value in (0, 1, 2) for value in found)
    return False


def _is_repetition(user: Func, loop: int) -> bool:
    """Whether the turns are repetitions in time, as the name of the loop's variable says."""
    targets = [op.target for op in user.ops if isinstance(op, Assign) and op.how == "for" and op.block == loop]
    return bool(targets) and all(isinstance(name, str) and _REPEATS.match(name) for name in targets)


def _leaves(fetch: Fetch) -> bool:
    """Whether the loop may end early, gives its results one by one, or keeps time."""
    user = fetch.func
    for op in user.ops:
        if not user.encloses(fetch.loop, op.block):
            continue
        if isinstance(op, Yield) or (isinstance(op, Leave) and op.how in ("return", "break")):
            return True
        if isinstance(op, Call) and last_name(op.func) in _WAITING:
            return True
    number = gathered(user, fetch.loop)
    if number is None or not isinstance(made := user.ops[number], Gather) or made.kind != "generator":
        return False
    taker = user.consumers.get(number)
    taken = user.ops[taker] if taker is not None else None
    return not isinstance(taken, Call) or last_name(taken.func) not in _EAGER


def gathered(user: Func, loop: int) -> int | None:
    """The comprehension that a loop belongs to."""
    if user.body.blocks[loop].kind != "comp":
        return None
    for index, op in enumerate(user.ops):
        if isinstance(op, Gather) and user.encloses(loop, op.inner):
            return index
    return None
