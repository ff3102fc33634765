"""Waits for results that are there already, or that another wait is the one to speak of."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Call
from conclint.program.effects import Primitive
from conclint.program.model import chains
from conclint.program.program import Program

RESULTS = (
    "concurrent.futures.Future.result",
    "concurrent.futures.Future.exception",
    "concurrent.futures.wait",
    "concurrent.futures.CompletedIterator.__next__",
    "concurrent.futures.ResultsIterator.__next__",
)
"""What waits for the futures of an executor, the result of one first."""


def in_callback(program: Program, primitive: Primitive) -> bool:
    """Whether a callback was given the future: callbacks are called, and given futures, when these are done."""
    func, call = primitive.func, primitive.call
    if func.is_async or call is None or not isinstance(call.func, str):
        return False
    owner = call.func.rpartition(".")[0]
    given = [f"${param.name}" for param in func.fact.params]
    return owner in given and any(
        handoff.runs == "loop" or handoff.taker.endswith(".add_done_callback")
        for handoff in program.contexts.handoffs.get(func, ())
    )


def after_pool(program: Program, primitive: Primitive) -> bool:
    """Whether the futures are those of a `with pool:` that has been left, and so are done."""
    func = primitive.func
    for name in _futures(primitive):
        for _, assign in func.assignments.get(name[1:], ()):
            for number, block in func.block_path(assign.block):
                if block.kind == "with" and not func.encloses(number, primitive.block):
                    at = block.value if isinstance(block.value, int) else len(func.ops)
                    kinds = [getattr(value, "type", None) for value in program.evaluator.of(block.value, func, at)]
                    if any(isinstance(kind, str) and program.knowledge.role(kind).endswith("-pool") for kind in kinds):
                        return True
    return False


def _futures(primitive: Primitive) -> Iterator[str]:
    """The locals whose futures are waited for."""
    func, call = primitive.func, primitive.call
    if call is None:
        span = primitive.place.span
        for block in func.body.blocks:
            if (block.row, block.column) == (span.row, span.column) and isinstance(block.value, int):
                made = func.ops[block.value]
                call = made if isinstance(made, Call) else None
    if call is None:
        return
    if isinstance(call.func, str):
        yield call.func.partition(".")[0]
    for argument in call.args:
        yield from (chain for chain in chains(argument) if chain.startswith("$"))


def waited_in_body(program: Program, primitive: Primitive) -> bool:
    """Whether the body of `with pool:` itself waits for its jobs: that wait is the one to speak of."""
    func = primitive.func
    blocks = func.body.blocks
    span = primitive.place.span
    entered = [
        number
        for number, block in enumerate(blocks)
        if block.kind == "with" and (block.row, block.column) == (span.row, span.column)
    ]
    return any(
        other.func is func and other.name in RESULTS and any(func.encloses(number, other.block) for number in entered)
        for other in program.effects.blocking_in(func.module, ["wait"])
    )
