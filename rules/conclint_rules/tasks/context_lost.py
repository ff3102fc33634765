"""CON230: a function that reads a context variable and runs where the variable is not set."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Await, Call, Const
from conclint.finding import Applicability, Confidence, Finding, Fix, Related, ReplaceExpression, Severity, Slot
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.handoffs import Handoff
from conclint.program.model import Func
from conclint.program.program import Program
from conclint.program.values import Instance, Method, Value
from conclint.rule import NearMiss, Rule

_VARIABLE = "contextvars.ContextVar"
# What runs a function in a context of its own, by the last name. `to_thread` copies the caller's.
_FRESH = {"run_in_executor": "the thread of the executor", "submit": "the thread of the pool", "Thread": "the thread"}


def check(program: Program) -> Iterator[Finding]:
    """Each handing of a function that reads a variable, by a coroutine, to a thread that gets no context."""
    for func in program.users("get"):
        if func.is_async:
            continue
        for index in func.calls_by_name.get("get", ()):
            variable = _variable(program, func, index)
            if variable is None or guards.is_dead(func, func.ops[index].block):
                continue
            lost = [handoff for handoff in program.contexts.handoffs.get(func) if _loses_context(handoff)]
            # Who sets it is a question to the whole program.
            if lost and _is_set(program, variable):
                for handoff in lost:
                    yield _finding(program, func, index, handoff, handoff.taker.rpartition(".")[2])


def _loses_context(handoff: Handoff) -> bool:
    """Whether a coroutine hands the function to something that runs it in another context than its own."""
    fresh = handoff.at >= 0 and handoff.taker.rpartition(".")[2] in _FRESH
    return fresh and handoff.user.is_async and handoff.user.module.reported


def _variable(program: Program, func: Func, index: int) -> Instance | None:
    """The context variable of the program that a call reads, where its default is no answer."""
    call = func.ops[index]
    if not isinstance(call, Call) or call.args or not isinstance(call.func, str):
        return None
    values = program.evaluator.callee(func, index)
    receivers = [value.receiver for value in values if isinstance(value, Method) and value.dotted == f"{_VARIABLE}.get"]
    if len(receivers) != 1 or len(values) != 1 or not isinstance(receivers[0], Instance) or receivers[0].site is None:
        return None
    return receivers[0]


def _is_set(program: Program, variable: Value) -> bool:
    """Whether a coroutine, or something called by one, sets the variable: its value differs from task to task."""
    assert isinstance(variable, Instance)
    site = variable.site
    for user in program.by_name.get("set"):
        for index in user.calls_by_name.get("set", ()):
            for value in program.evaluator.callee(user, index):
                if isinstance(value, Method) and value.dotted == f"{_VARIABLE}.set":
                    if isinstance(value.receiver, Instance) and value.receiver.site == site:
                        return True
    return False


def _finding(program: Program, func: Func, index: int, handoff: Handoff, word: str) -> Finding:
    user, read = handoff.user, func.ops[index]
    taken = user.ops[handoff.at]
    assert isinstance(read, Call)
    assert isinstance(taken, Call)
    name = spell(read.func, func).rpartition(".")[0]
    return Finding(
        RULE.code,
        RULE.name,
        f"`{func.qualname}` reads `{name}`, and {_FRESH[word]} has a context of its own: what was set here is lost",
        user.at(handoff.at),
        RULE.severity,
        Confidence.LIKELY,
        related=(Related(func.at(index), f"`{func.qualname}` reads it here"),),
        help="use `asyncio.to_thread`, which runs the function in a copy of the caller's context",
        fix=_mend(program, user, handoff.at, taken, word),
        root=user.dotted,
    )


def _mend(program: Program, user: Func, at: int, call: Call, word: str) -> Fix | None:
    """`await loop.run_in_executor(None, f, x)` becomes `await asyncio.to_thread(f, x)`."""
    waited = user.ops[user.consumers[at]] if at in user.consumers else None
    default = bool(call.args) and call.args[0] == Const(None)
    if word != "run_in_executor" or not default or call.keywords or not isinstance(waited, Await):
        return None
    if not program.calls.library(user, at):
        return None
    span = user.span(at)
    slots = [Slot(f"a{position}", span, f"args.{position}") for position in range(1, len(call.args))]
    given = ", ".join(f"{{{slot.name}}}" for slot in slots)
    edit = ReplaceExpression(span, f"{{@asyncio.to_thread}}({given})", tuple(slots))
    return Fix(Applicability.SAFE, "run it with `asyncio.to_thread`", (edit,))


RULE = Rule(
    code="CON230",
    name="context-lost",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="A function that reads a `ContextVar` is run by `run_in_executor`, `submit` or a `Thread`.",
    why=(
        "A context variable belongs to the task that sets it. `run_in_executor`, `Executor.submit` and `Thread` start "
        "the function in a context of their own, where the variable has its default or none: request identifiers, "
        "tenants and users are gone in the thread, or those of whoever used the thread before."
    ),
    use_instead=(
        "`asyncio.to_thread` copies the context. With another executor hand over "
        "`contextvars.copy_context().run` and the function."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe: with `None` for the executor and awaited at once `to_thread` runs the function in the same pool, with "
        "the same arguments, and in a copy of the caller's context."
    ),
    bad="""\
import asyncio
from contextvars import ContextVar

user = ContextVar("user", default="nobody")


def audit(action):
    print(user.get(), action)


async def main():
    user.set("alice")
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, audit, "login")  # CON230


asyncio.run(main())
""",
    good="""\
import asyncio
from contextvars import ContextVar

user = ContextVar("user", default="nobody")


def audit(action):
    print(user.get(), action)


async def main():
    user.set("alice")
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(audit, "login")


asyncio.run(main())
""",
    cases=(
        """\
# file: context.py
from contextvars import ContextVar

tenant: ContextVar[str] = ContextVar("tenant")


def current():
    return tenant.get()
# file: app.py
import threading
from concurrent.futures import ThreadPoolExecutor
import context


async def handle(name, pool: ThreadPoolExecutor):
    context.tenant.set(name)
    pool.submit(context.current)  # CON230
    threading.Thread(target=context.current).start()  # CON230
""",
    ),
    near_misses=(
        NearMiss(
            "the context goes along",
            """\
import asyncio
import contextvars
from contextvars import ContextVar

user = ContextVar("user")


def audit():
    print(user.get())


async def main(loop):
    user.set("alice")
    await asyncio.to_thread(audit)
    await loop.run_in_executor(None, contextvars.copy_context().run, audit)
""",
        ),
        NearMiss(
            "nobody sets the variable",
            """\
from contextvars import ContextVar

user = ContextVar("user", default="nobody")


def audit():
    print(user.get())


async def main(loop):
    await loop.run_in_executor(None, audit)
""",
        ),
        NearMiss(
            "the function reads something else",
            """\
from contextvars import ContextVar

user = ContextVar("user")


def audit(settings):
    print(settings.get())


async def main(loop, settings):
    user.set("alice")
    await loop.run_in_executor(None, audit, settings)
""",
        ),
    ),
    known_problems="What the function calls may read the variable as well; only the function itself is looked at.",
    references=(
        "https://docs.python.org/3/library/contextvars.html#asyncio-support",
        "https://docs.python.org/3/library/asyncio-task.html#asyncio.to_thread",
    ),
    since="0.1",
    witness="lost",
)
