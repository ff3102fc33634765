"""Waits that do not wait: on a result known to be there, on a queue known to have room, on an executor left idle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conclint.facts import Assign, Call, Const, Expr, Item, Mix, Use
from conclint.program.guards import conditions
from conclint.program.model import Func, argument_of, chains, operands
from conclint.program.values import Instance, Method, Value

if TYPE_CHECKING:
    from conclint.program.program import Program

_FINISHED = frozenset(("done", "is_done", "completed", "finished", "ready", "poll", "is_alive", "is_set", "successful"))
_RESULTS = ("concurrent.futures.Future.result", "concurrent.futures.Future.exception")


def is_done_or_free(
    program: Program, func: Func, index: int, op: Call | None, name: str, receiver: Value | None
) -> bool:
    """Whether this call of a blocking method is known not to block where it stands.

    Parameters:
        index: the number of the call, or of the block where a `with` or `for` statement does it (then `op` is None).
        name: the library's name of what is called.
    """
    method = name.rpartition(".")[2]
    if method in ("__exit__", "shutdown") and _is_pool(program, receiver):
        return op is None and not _leaves_work(program, func, index, receiver)
    if op is None:
        return False
    if isinstance(op.func, str):
        owner = op.func.rpartition(".")[0]
        if owner and _tested_done(func, op.block, owner):
            return True
        if name in _RESULTS and _was_given(receiver):
            return True
        if name in _RESULTS and _from_finished(func, owner, index):
            return True
    if method == "put" and isinstance(receiver, Instance) and program.knowledge.role(_type(receiver)) == "queue":
        return not _is_bounded(receiver)
    if method == "get" and isinstance(op.func, str) and _tested_filled(func, op.block, op.func.rpartition(".")[0]):
        return True
    if name.startswith(("socket.", "ssl.")) and isinstance(op.func, str):
        if method == "connect" and _is_datagram(receiver):
            return True
        return _is_nonblocking(func, op.func.rpartition(".")[0])
    return False


def _type(value: Instance) -> str:
    return value.type if isinstance(value.type, str) else ""


def _is_pool(program: Program, receiver: Value | None) -> bool:
    return isinstance(receiver, Instance) and program.knowledge.role(_type(receiver)) in ("thread-pool", "process-pool")


def _leaves_work(program: Program, func: Func, block: int, receiver: Value | None) -> bool:
    """Whether the body of `with pool:` submits something that it does not itself wait for in an `await`."""
    submitted = False
    for index, op in enumerate(func.ops):
        if not isinstance(op, Call) or not func.encloses(block, op.block) or not isinstance(op.func, str):
            continue
        last = op.func.rpartition(".")[2]
        if last in ("submit", "map"):
            if any(
                isinstance(value, Method) and value.receiver == receiver for value in program.calls.library(func, index)
            ):
                # Which future a `wrap_future` takes is not followed: one in the body stands for all.
                submitted = submitted or not _wraps_futures(func, block)
        elif last == "run_in_executor" and op.use in (Use.DISCARDED,):
            submitted = True
    return submitted


def _wraps_futures(func: Func, block: int) -> bool:
    return any(func.encloses(block, func.ops[index].block) for index in func.calls_by_name.get("wrap_future", ()))


def _tested_done(func: Func, block: int, owner: str) -> bool:
    """Whether a test around the place asks the same object if it is done."""
    for condition in conditions(func, block):
        for number in operands(condition.test):
            test = func.ops[number]
            if isinstance(test, Call) and isinstance(test.func, str):
                head, _, method = test.func.rpartition(".")
                if head == owner and method in _FINISHED:
                    return True
        for chain in chains(condition.test):
            if chain.rpartition(".")[0] == owner and chain.rpartition(".")[2] in _FINISHED:
                return True
    return False


def _tested_filled(func: Func, block: int, owner: str) -> bool:
    for condition in conditions(func, block):
        for number in operands(condition.test):
            test = func.ops[number]
            if isinstance(test, Call) and isinstance(test.func, str):
                head, _, method = test.func.rpartition(".")
                if head == owner and method in ("empty", "qsize"):
                    return True
    return False


def looks_first(caller: Func, call: Call | None, name: str) -> bool:
    """Whether a caller has looked into the queue that something it calls takes from: `if not self.queue.empty(): …`."""
    if call is None or not name.endswith("Queue.get") or not isinstance(call.func, str):
        return False
    owner = call.func.rpartition(".")[0]
    if "." not in owner:
        return False
    return any(isinstance(op.func, str) and op.func in (f"{owner}.empty", f"{owner}.qsize") for _, op in caller.calls)


def _from_finished(func: Func, owner: str, index: int) -> bool:
    """Whether the future comes out of `as_completed`, or of the done set of a `wait`."""
    if not owner.startswith("$") or "." in owner:
        return False
    for number, assign in func.assignments.get(owner[1:], ()):
        if number > index and func.loop_around(assign.block) < 0:
            continue
        if _is_finished(func, assign.value, 3) or _popped(func, assign.value):
            return True
    return _waited_before(func, owner, index)


def _is_finished(func: Func, value: Expr, depth: int) -> bool:
    if depth == 0:
        return False
    if isinstance(value, Mix) and value.kind in ("each", "aeach"):
        return _is_finished(func, value.items[0], depth)
    if isinstance(value, int):
        made = func.ops[value]
        return isinstance(made, Call) and isinstance(made.func, str) and made.func.rpartition(".")[2] == "as_completed"
    if isinstance(value, Item):
        if value.index != Const(0) or not isinstance(value.base, int):
            return False
        made = func.ops[value.base]
        if not isinstance(made, Call):
            inner = getattr(made, "value", None)
            made = func.ops[inner] if isinstance(inner, int) else made
        return (
            isinstance(made, Call) and isinstance(made.func, str) and made.func.rpartition(".")[2] in ("wait", "_wait")
        )
    if isinstance(value, str) and value[0] == "$" and "." not in value:
        return any(_is_finished(func, op.value, depth - 1) for _, op in func.assignments.get(value[1:], ()))
    return False


def _popped(func: Func, value: Expr) -> bool:
    """`done.pop()` of a done set."""
    if isinstance(value, int):
        made = func.ops[value]
        if isinstance(made, Call) and isinstance(made.func, str) and made.func.endswith(".pop"):
            return _is_finished(func, made.func.rpartition(".")[0], 3)
    return False


def _waited_before(func: Func, owner: str, index: int) -> bool:
    """Whether the future was awaited, or waited for, before: `await asyncio.wrap_future(f)`, `wait([f])`."""
    for number, op in func.calls:
        if number >= index or not isinstance(op.func, str):
            continue
        if op.func.rpartition(".")[2] in ("wrap_future", "wait", "gather", "shield", "wait_for"):
            if any(owner in list(chains(argument)) for argument in op.args) and func.encloses(
                op.block, func.ops[index].block
            ):
                return True
    return False


def _was_given(receiver: Value | None) -> bool:
    """Whether a future was made by hand, and given its result where it was made: it is done before anybody has it."""
    if not isinstance(receiver, Instance) or receiver.site is None:
        return False
    func, index = receiver.site
    made = func.ops[index] if 0 <= index < len(func.ops) else None
    if not isinstance(made, Call) or not isinstance(made.func, str) or not made.func.endswith("Future"):
        return False
    names = [op.target for op in func.ops if isinstance(op, Assign) and index in operands(op.value)]
    return any(
        isinstance(call.func, str) and call.func in (f"{name}.set_result", f"{name}.set_exception")
        for _, call in func.calls
        for name in names
    )


def _is_bounded(receiver: Instance) -> bool:
    """Whether a queue was made with a bound; a queue of unknown making counts as unbounded, as most are."""
    if receiver.site is None:
        return False
    func, index = receiver.site
    made = func.ops[index] if 0 <= index < len(func.ops) else None
    if not isinstance(made, Call):
        return False
    size = argument_of(made, "0:maxsize")
    if size is None:
        return False
    return not (isinstance(size, Const) and isinstance(size.value, int | float) and size.value <= 0)


def _is_datagram(receiver: Value | None) -> bool:
    """Whether a socket was made for datagrams: connecting one only notes the address."""
    if not isinstance(receiver, Instance) or receiver.site is None:
        return False
    func, index = receiver.site
    made = func.ops[index] if 0 <= index < len(func.ops) else None
    if not isinstance(made, Call):
        return False
    kind = argument_of(made, "1:type")
    family = argument_of(made, "0:family")
    # Nor is there a network to wait for between two processes of one machine.
    return any("SOCK_DGRAM" in chain for chain in chains(kind)) or any("AF_UNIX" in chain for chain in chains(family))


def _is_nonblocking(func: Func, owner: str) -> bool:
    """Whether the same object is made non-blocking in this function, or, for an attribute, anywhere in its class."""
    functions = [func]
    cls = func.cls
    if cls is not None and owner.startswith(f"${func.self_name}."):
        functions = [cls.module.functions[index] for _, index in cls.fact.methods]
    for one in functions:
        for name in ("setblocking", "settimeout"):
            for index in one.calls_by_name.get(name, ()):
                op = one.ops[index]
                if isinstance(op, Call) and isinstance(op.func, str) and op.func.rpartition(".")[0] == owner:
                    if (
                        op.args
                        and isinstance(op.args[0], Const)
                        and not op.args[0].value
                        and op.args[0].value is not None
                    ):
                        return True
    return False
