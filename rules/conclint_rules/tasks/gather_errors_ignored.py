"""CON211: `gather(…, return_exceptions=True)` whose result nobody looks at."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Assign, Await, Call, Const, Expr, Gather, Mix, Seq, Use
from conclint.finding import Confidence, Finding, Severity
from conclint.program import guards
from conclint.program.contexts import Phase
from conclint.program.model import Func, argument_of, chains, last_name, parts
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.dropped import is_expected

# Shutting down is where errors of the others are rightly passed over.
_DEPTH = 6
_FILLS = frozenset(("append", "add", "extend", "insert"))
_HOLDS = frozenset(("list", "tuple", "set", "sorted", "reversed", "filter"))
# What stands for a task or future that exists already, or gives those that a container holds.
_WRAPS = frozenset(("shield", "wrap_future", "values", "keys", "items", "copy", "get", "pop"))
_QUIET = (Phase.TEST, Phase.BENCHMARK, Phase.STOP)


def check(program: Program) -> Iterator[Finding]:
    """Each awaited `asyncio.gather` that turns exceptions into results which are thrown away."""
    for func in program.users("gather"):
        if not func.module.reported:
            continue
        for index in func.calls_by_name.get("gather", ()):
            call = func.ops[index]
            if not isinstance(call, Call) or not _keeps_errors(program, func, index, call):
                continue
            if _is_thrown_away(func, index) and not _is_meant(program, func, index, call):
                yield _finding(program, func, index)


def _keeps_errors(program: Program, func: Func, index: int, call: Call) -> bool:
    if argument_of(call, "return_exceptions") != Const(True):
        return False
    return [one.dotted for one in program.calls.library(func, index)] == ["asyncio.gather"]


def _is_thrown_away(func: Func, index: int) -> bool:
    """Whether the call is awaited and what that gives is discarded, or bound to a name that nothing reads."""
    waiting = func.consumers.get(index)
    outer = func.ops[waiting] if waiting is not None else None
    if waiting is None or not isinstance(outer, Await):
        return False
    if outer.use == Use.DISCARDED:
        return True
    taker = func.ops[func.consumers[waiting]] if waiting in func.consumers else None
    if outer.use != Use.ASSIGNED or not isinstance(taker, Assign) or taker.value != waiting or taker.how:
        return False
    target = taker.target
    bare = isinstance(target, str) and target[0] == "$" and "." not in target
    return bare and target[1:] not in func.body.loads and "locals" not in func.fact.names  # type: ignore[index]  # a string, as `bare` says


def _is_meant(program: Program, func: Func, index: int, call: Call) -> bool:
    """Whether the errors are expected, seen elsewhere, or those of tasks that were cancelled before."""
    if guards.is_dead(func, call.block) or is_expected(func, call.block) or _cleans_up(func, call.block):
        return True
    if not any(_makes(func, argument) for argument in call.args):
        return True
    if _drains(func) or (len(call.args) == 1 and not isinstance(call.args[0], Mix)):
        return True
    given = {chain for argument in call.args for chain in chains(argument)}
    later = [op for op in func.ops[index + 1 :] if not isinstance(op, Await) or op.value != index]
    if any(chain in given for op in later for part in parts(op) for chain in chains(part)):
        return True
    if any(chain in given for block in _after(func, call) for chain in chains(block)):
        return True
    return any(_reports_itself(program, func, argument) for argument in call.args)


def _makes(func: Func, given: Expr, depth: int = _DEPTH) -> bool:
    """Whether what is gathered is made for it. A task that exists already keeps its error for those who have it."""
    if depth == 0:
        return True
    if isinstance(given, Mix | Seq):
        return any(_makes(func, item, depth - 1) for item in given.items)
    if isinstance(given, str):
        name = given[1:] if given[0] == "$" and "." not in given else ""
        values = [op.value for _, op in func.assignments.get(name, ()) if not op.how]
        for _, call in func.calls:
            if isinstance(call.func, str) and name and call.func.rpartition(".")[0] == given:
                values.extend(call.args if last_name(call.func) in _FILLS else ())
        return any(_makes(func, value, depth - 1) for value in values)
    made = func.ops[given] if isinstance(given, int) else None
    if isinstance(made, Gather):
        return _makes(func, made.element, depth - 1)
    if not isinstance(made, Call):
        return False
    name = last_name(made.func)
    if name in _HOLDS:
        return any(_makes(func, argument, depth - 1) for argument in made.args)
    return name not in _WRAPS


def _drains(func: Func) -> bool:
    """Whether tasks are cancelled, or all that there are collected, by the function or those around it."""
    around: Func | None = func
    while around is not None:
        if any("cancel" in name or name == "all_tasks" for name in around.calls_by_name):
            return True
        around = around.owner
    return False


def _after(func: Func, call: Call) -> list[Expr]:
    return [block.value for block in func.body.blocks if block.row > call.row]


def _cleans_up(func: Func, block: int) -> bool:
    return any(around.kind in ("finally", "except") for _, around in func.block_path(block))


def _reports_itself(program: Program, func: Func, argument: Expr) -> bool:
    """Whether what runs catches its own errors: its whole body is one `try` with a broad handler."""
    made = argument.items[0] if isinstance(argument, Mix) and argument.kind == "star" else argument
    calls = [made] if isinstance(made, int) else []
    for number in list(calls):
        element = getattr(func.ops[number], "element", None)
        if isinstance(element, int):
            calls.append(element)
    for number in calls:
        if isinstance(func.ops[number], Call):
            for target in program.calls.targets(func, number):
                if any(block.kind == "except" for block in target.func.body.blocks):
                    return True
    return False


def _finding(program: Program, func: Func, index: int) -> Finding:
    quiet = program.contexts.phase(func) in _QUIET
    return Finding(
        RULE.code,
        RULE.name,
        "`return_exceptions=True` gives errors back as results, and nobody reads the results: every failure is lost",
        func.at(index),
        Severity.NOTE if quiet else RULE.severity,
        Confidence.CERTAIN,
        help="look for exceptions among the results, or leave `return_exceptions` out",
        root=func.dotted,
    )


RULE = Rule(
    code="CON211",
    name="gather-errors-ignored",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="The result of `asyncio.gather(…, return_exceptions=True)` is thrown away, and all errors with it.",
    why=(
        "With `return_exceptions=True` an exception is no longer raised: it becomes an element of the result. Where "
        "the result is not looked at, a failure leaves no trace at all, neither an exception nor a line in the log, "
        "and the program goes on as if all had gone well."
    ),
    use_instead=(
        "Bind the result and handle the exceptions in it. Where the first failure should end the whole, use an "
        "`asyncio.TaskGroup`, or `gather` without `return_exceptions`."
    ),
    bad="""\
import asyncio

saved = []


async def save(name):
    await asyncio.sleep(0.01)
    if name == "b":
        raise OSError("disk full")
    saved.append(name)


async def main():
    await asyncio.gather(save("a"), save("b"), return_exceptions=True)  # CON211
    print("all saved")


asyncio.run(main())
""",
    good="""\
import asyncio

saved = []


async def save(name):
    await asyncio.sleep(0.01)
    if name == "b":
        raise OSError("disk full")
    saved.append(name)


async def main():
    results = await asyncio.gather(save("a"), save("b"), return_exceptions=True)
    failed = [result for result in results if isinstance(result, Exception)]
    print(f"{len(failed)} failed" if failed else "all saved")


asyncio.run(main())
""",
    cases=(
        """\
from asyncio import gather


class Hub:
    async def publish(self, clients, text):
        await gather(*[client.send(text) for client in clients], return_exceptions=True)  # CON211
        _ = await gather(*(client.flush() for client in clients), return_exceptions=True)  # CON211
""",
    ),
    near_misses=(
        NearMiss(
            "tasks that exist already are waited for, and keep their errors for those who have them",
            """\
import asyncio


class Exports:
    def __init__(self):
        self.jobs = {}

    def start(self, ticket, work):
        self.jobs[ticket] = asyncio.create_task(work)

    async def poll(self):
        tasks = {ticket: self.jobs.get(ticket) for ticket in self.jobs}
        await asyncio.gather(*(task for task in tasks.values() if task is not None), return_exceptions=True)
        return [job.exception() for job in self.jobs.values()]

    async def flush(self):
        pending = tuple(self.jobs.values())
        await asyncio.gather(*pending, return_exceptions=True)
        await asyncio.gather(*(asyncio.shield(job) for job in list(self.jobs.values())), return_exceptions=True)
""",
        ),
        NearMiss(
            "the results are read",
            """\
import asyncio


async def main(jobs):
    results = await asyncio.gather(*jobs, return_exceptions=True)
    for result in results:
        print(result)
    return await asyncio.gather(*jobs, return_exceptions=True)
""",
        ),
        NearMiss(
            "the tasks were cancelled, and are only waited for",
            """\
import asyncio


async def stop(tasks):
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
""",
        ),
        NearMiss(
            "one that is to end is waited for, however it ends",
            """\
import asyncio


class Worker:
    async def wait_closed(self):
        await asyncio.gather(self.task, return_exceptions=True)


async def drain():
    pending = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*pending, return_exceptions=True)
""",
        ),
        NearMiss(
            "each task is asked for its own result afterwards",
            """\
import asyncio


async def main(tasks):
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        print(task.exception())
""",
        ),
        NearMiss(
            "errors are raised",
            """\
import asyncio


async def main(jobs, keep):
    await asyncio.gather(*jobs)
    await asyncio.gather(*jobs, return_exceptions=False)
    await asyncio.gather(*jobs, return_exceptions=keep)
""",
        ),
        NearMiss(
            "the coroutines handle their own errors",
            """\
import asyncio
import logging


async def save(name):
    try:
        await asyncio.sleep(1)
    except Exception:
        logging.exception("lost %s", name)


async def main(names):
    await asyncio.gather(*(save(name) for name in names), return_exceptions=True)
""",
        ),
        NearMiss(
            "it is the last thing that is done when all else has ended",
            """\
import asyncio


async def main(server, jobs):
    try:
        await server.serve_forever()
    finally:
        await asyncio.gather(*jobs, return_exceptions=True)
""",
        ),
    ),
    known_problems="A function that cancels anything is passed over, whatever it gathers.",
    references=("https://docs.python.org/3/library/asyncio-task.html#asyncio.gather",),
    since="0.1",
    witness="lost",
)
