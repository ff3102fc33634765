"""CON212: a timeout after which the work goes on unseen."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Assign, Await, Call, Const, Expr, Gather, Item, Seq, Use
from conclint.finding import Confidence, Finding, Related, Severity
from conclint.program import guards
from conclint.program.contexts import Phase
from conclint.program.model import Func, argument_of, chains, last_name, parts
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.dropped import is_expected

_QUIET = (Phase.TEST, Phase.BENCHMARK, Phase.STOP)
_THREADS = frozenset(("asyncio.to_thread", "asyncio.AbstractEventLoop.run_in_executor", "anyio.to_thread.run_sync"))


def check(program: Program) -> Iterator[Finding]:
    """Each `asyncio.wait` with a timeout whose pending tasks nobody looks at, each `wait_for` around a thread."""
    for func in program.users("wait"):
        if func.module.reported:
            for index in func.calls_by_name.get("wait", ()):
                yield from _pending(program, func, index)
    for func in program.users("wait_for"):
        if func.module.reported:
            for index in func.calls_by_name.get("wait_for", ()):
                yield from _thread(program, func, index)


def _names(program: Program, func: Func, index: int) -> list[str]:
    return [one.dotted for one in program.calls.library(func, index)]


def _spared(func: Func, block: int) -> bool:
    return guards.is_dead(func, block) or is_expected(func, block)


# `asyncio.wait(…, timeout=…)` -----------------------------------------------------------------------------------------


def _pending(program: Program, func: Func, index: int) -> Iterator[Finding]:
    call = func.ops[index]
    limit = argument_of(call, "timeout") if isinstance(call, Call) else None
    if (
        not isinstance(call, Call)
        or limit is None
        or limit == Const(None)
        or _names(program, func, index) != ["asyncio.wait"]
    ):
        return
    waiting = func.consumers.get(index)
    outer = func.ops[waiting] if waiting is not None else None
    if waiting is None or not isinstance(outer, Await) or _spared(func, call.block):
        return
    kept = _pending_name(func, waiting, outer)
    if kept is None or _looks_at_them(func, index, call, kept):
        return
    happens = "they run on, and what they raise is only logged"
    yield _finding(
        program,
        func,
        index,
        f"nobody looks at the tasks that are pending when the time is over: {happens}",
        "cancel what is pending, or wait for it",
    )


def _pending_name(func: Func, waiting: int, outer: Await) -> str | None:
    """The name that the pending set is bound to; "" where it is thrown away, None where it goes on to somebody."""
    if outer.use == Use.DISCARDED:
        return ""
    if outer.use != Use.ASSIGNED:
        return None
    for op in func.ops[waiting:]:
        if (
            isinstance(op, Assign)
            and isinstance(op.value, Item)
            and op.value.base == waiting
            and op.value.index == Const(1)
        ):
            return (
                op.target[1:] if isinstance(op.target, str) and op.target[0] == "$" and "." not in op.target else None
            )
    return None


def _looks_at_them(func: Func, index: int, call: Call, kept: str) -> bool:
    """Whether the pending tasks are read, cancelled by another name, or belong to somebody else."""
    if kept and (kept in func.body.loads or "locals" in func.fact.names):
        return True
    if any("cancel" in name for name in func.calls_by_name) or func.loop_around(call.block) >= 0:
        return True
    given = call.args[0] if call.args else None
    if isinstance(given, str):
        bound = func.assignments.get(given[1:], ()) if given[0] == "$" and "." not in given else ()
        if not bound or not _makes_tasks(func, bound[-1][1].value):
            return True
        later = [chain for op in func.ops[index + 1 :] for part in parts(op) for chain in chains(part)]
        later += [chain for block in func.body.blocks if block.row > call.row for chain in chains(block.value)]
        return any(chain == given or chain.startswith(f"{given}.") for chain in later)
    return not _makes_tasks(func, given)


def _makes_tasks(func: Func, given: Expr) -> bool:
    """Whether an expression is a collection whose elements are made in it: nobody else has them by another name."""
    if isinstance(given, Seq):
        return bool(given.items) and all(_is_task(func, item) for item in given.items)
    made = func.ops[given] if isinstance(given, int) else None
    return isinstance(made, Gather) and _is_task(func, made.element)


def _is_task(func: Func, element: Expr) -> bool:
    made = func.ops[element] if isinstance(element, int) else None
    return isinstance(made, Call) and last_name(made.func) in ("create_task", "ensure_future")


# `wait_for(to_thread(…), …)` ------------------------------------------------------------------------------------------


def _thread(program: Program, func: Func, index: int) -> Iterator[Finding]:
    call = func.ops[index]
    if not isinstance(call, Call) or _names(program, func, index) != ["asyncio.wait_for"] or _spared(func, call.block):
        return
    given, limit = argument_of(call, "0:fut"), argument_of(call, "1:timeout")
    if not isinstance(given, int) or limit is None or limit == Const(None) or not isinstance(func.ops[given], Call):
        return
    named = _names(program, func, given)
    if len(named) == 1 and _is_thread(program, named[0]):
        yield _finding(
            program,
            func,
            index,
            "the time limit does not reach the thread: it runs to its end, and takes its place in the pool until then",
            "give the blocking call a timeout of its own",
            (Related(func.at(given), "this runs in a thread, which nothing can cancel"),),
        )


def _is_thread(program: Program, dotted: str) -> bool:
    owner, _, method = dotted.rpartition(".")
    on_loop = method == "run_in_executor" and program.knowledge.role(owner) == "loop"
    return dotted in _THREADS or on_loop


def _finding(
    program: Program, func: Func, index: int, message: str, advice: str, related: tuple[Related, ...] = ()
) -> Finding:
    # Few can end a thread: that it runs on is mostly known, and put up with.
    quiet = bool(related) or program.contexts.phase(func) in _QUIET
    return Finding(
        RULE.code,
        RULE.name,
        message,
        func.at(index),
        Severity.NOTE if quiet else RULE.severity,
        Confidence.LIKELY,
        related=related,
        help=advice,
        root=func.dotted,
    )


RULE = Rule(
    code="CON212",
    name="timeout-leaves-work",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="`asyncio.wait` with a timeout whose pending tasks are ignored, or `wait_for` around a thread.",
    why=(
        "`asyncio.wait` does not raise when its time is over and cancels nothing: it gives back two sets. Tasks in the "
        "second, which nobody looks at, run on, and what they raise is logged at best. `wait_for` does cancel, but a "
        "thread cannot be cancelled: after the timeout it goes on with what it does, holds its place in the pool, and "
        "the program waits for it when it ends."
    ),
    use_instead=(
        "Cancel what is pending and await it, or use `asyncio.timeout` around a `TaskGroup`. Give a call that blocks a "
        "timeout of its own, so that its thread comes back."
    ),
    bad="""\
import asyncio

sent = []


async def send(name, seconds):
    await asyncio.sleep(seconds)
    sent.append(name)


async def main():
    jobs = [asyncio.create_task(send("a", 0)), asyncio.create_task(send("b", 0.1))]
    await asyncio.wait(jobs, timeout=0.02)  # CON212
    print("reported", sent)
    await asyncio.sleep(0.2)


asyncio.run(main())
""",
    good="""\
import asyncio

sent = []


async def send(name, seconds):
    await asyncio.sleep(seconds)
    sent.append(name)


async def main():
    jobs = [asyncio.create_task(send("a", 0)), asyncio.create_task(send("b", 0.1))]
    _, late = await asyncio.wait(jobs, timeout=0.02)
    for job in late:
        job.cancel()
    print("reported", sent)
    await asyncio.sleep(0.2)


asyncio.run(main())
""",
    cases=(
        """\
import asyncio


async def work(item):
    await asyncio.sleep(item)


async def main(read, loop: asyncio.AbstractEventLoop):
    tasks = {asyncio.create_task(work(item)) for item in range(3)}
    done, _ = await asyncio.wait(tasks, timeout=5)  # CON212
    await asyncio.wait([asyncio.create_task(work(1))], timeout=1)  # CON212
    await asyncio.wait_for(asyncio.to_thread(read), 5)  # CON212
    await asyncio.wait_for(loop.run_in_executor(None, read), timeout=5)  # CON212
    return done
""",
    ),
    near_misses=(
        NearMiss(
            "what is pending is cancelled, awaited or returned",
            """\
import asyncio


async def first(tasks):
    done, pending = await asyncio.wait(tasks, timeout=5)
    for task in pending:
        task.cancel()
    return done


async def both(tasks):
    return await asyncio.wait(tasks, timeout=5)


async def later(jobs):
    tasks = [asyncio.create_task(job) for job in jobs]
    await asyncio.wait(tasks, timeout=5)
    await asyncio.gather(*tasks)
""",
        ),
        NearMiss(
            "tasks that belong to somebody else",
            """\
import asyncio


class Server:
    async def settle(self, tasks):
        await asyncio.wait(tasks, timeout=5)
        await asyncio.wait(self.tasks, timeout=5)
""",
        ),
        NearMiss(
            "it waits without a limit, or again",
            """\
import asyncio


async def main(jobs):
    tasks = [asyncio.create_task(job) for job in jobs]
    await asyncio.wait(tasks)
    while True:
        await asyncio.wait(tasks, timeout=1)
        print("still there")
""",
        ),
        NearMiss(
            "coroutines can be cancelled",
            """\
import asyncio


async def work():
    await asyncio.sleep(1)


async def main(read):
    await asyncio.wait_for(work(), 5)
    await asyncio.wait_for(asyncio.to_thread(read), None)
    await asyncio.to_thread(read, timeout=5)
""",
        ),
    ),
    known_problems=(
        "A thread whose call has a timeout of its own that is shorter than the limit is reported all the same."
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-task.html#asyncio.wait",
        "https://docs.python.org/3/library/asyncio-task.html#asyncio.wait_for",
        "https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Future.cancel",
    ),
    since="0.1",
    witness="lost",
)
