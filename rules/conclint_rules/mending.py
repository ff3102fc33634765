"""The edits that fixes of several rules have in common."""

from __future__ import annotations

import re

from conclint.facts import Call, Expr, Use
from conclint.finding import Applicability, Fix, ReplaceExpression, Slot
from conclint.program.model import Func
from conclint.program.program import Program

_LIBRARIES = ("trio", "anyio", "asyncio")
_THREADS = {
    "asyncio": "asyncio.to_thread",
    "anyio": "anyio.to_thread.run_sync",
    "trio": "trio.to_thread.run_sync",
}


def loop_library(func: Func) -> str:
    """The library whose event loop a file is written for: asyncio, anyio or trio."""
    packages = func.module.facts.packages
    if "asyncio" in packages:
        return "asyncio"
    return next((library for library in _LIBRARIES if library in packages), "asyncio")


def under_thread_lock(program: Program, func: Func, block: int) -> bool:
    """Whether a block is entered with a thread's lock held: a suspension there would keep it from all threads."""
    for _, around in func.block_path(block):
        if around.kind != "with":
            continue
        at = around.value if isinstance(around.value, int) else len(func.ops)
        values = program.evaluator.of(around.value, func, at)
        if not values and _is_named_lock(func, around.value):
            return True
        for value in values:
            kind = getattr(value, "type", None)
            role = program.knowledge.role(kind) if isinstance(kind, str) else ""
            if role in ("lock", "rlock", "condition", "semaphore"):
                return True
    return False


def _is_named_lock(func: Func, manager: Expr) -> bool:
    """Whether a manager of unknown type is called a lock: `with self._folder_lock.write():`."""
    call = func.ops[manager] if isinstance(manager, int) else None
    written = call.func if isinstance(call, Call) else manager
    return isinstance(written, str) and re.search(r"(lock|mutex)($|[._])", written, re.IGNORECASE) is not None


def await_twin(func: Func, at: int, twin: str, applicability: Applicability) -> Fix:
    """Replace the callee of a call by its async twin and await it; arguments stay as they are."""
    span = func.span(at)
    return Fix(
        applicability,
        f"await `{twin}` instead",
        (ReplaceExpression(span, f"await {{@{twin}}}({{args}})", (Slot("args", span, "args"),)),),
    )


def run_in_thread(func: Func, at: int, applicability: Applicability = Applicability.UNSAFE) -> Fix | None:
    """Await the call in a worker thread; None where the library's offload does not take the arguments as they are."""
    call = func.ops[at]
    if not isinstance(call, Call):
        return None
    library = loop_library(func)
    if library != "asyncio" and call.keywords:
        return None
    span = func.span(at)
    offload = _THREADS[library]
    template = (
        f"await {{@{offload}}}({{func}}, {{args}})" if call.args or call.keywords else f"await {{@{offload}}}({{func}})"
    )
    slots = (Slot("func", span, "func"), Slot("args", span, "args"))
    return Fix(
        applicability,
        f"run it in a thread with `{offload}`",
        (ReplaceExpression(span, template, slots if call.args or call.keywords else slots[:1]),),
    )


def in_coroutine(func: Func, at: int) -> bool:
    """Whether an `await` may be put around an operation: it stands in a coroutine and is not awaited already."""
    if not func.is_async:
        return False
    op = func.ops[at]
    return not (isinstance(op, Call) and op.use == Use.AWAITED)
