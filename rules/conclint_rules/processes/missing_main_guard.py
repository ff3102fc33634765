"""CON401: processes that are started when the module is imported."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conclint.facts import Call, Define, Expr
from conclint.finding import Applicability, Finding, Fix, GuardMain, Place, Related, Severity, Span
from conclint.program import guards
from conclint.program.climb import climb
from conclint.program.effects import Path, Primitive
from conclint.program.evaluate import argument_of
from conclint.program.imported import is_imported
from conclint.program.model import Func, Module, chains, operands, parts
from conclint.program.program import Program
from conclint.program.values import Constant, Instance, Method
from conclint.rule import NearMiss, Rule

_FROM_314 = (3, 14)
_POOLS = frozenset(("process-pool", "mp-pool"))
_ASKS_WHICH_PROCESS = re.compile(r"__name__|current_process|parent_process|getpid|start_method", re.IGNORECASE)
_COMPOUND = frozenset(("if", "for", "while", "with"))


def check(program: Program) -> Iterator[Finding]:
    """The places in a script that start processes outside its main guard, one group for each script."""
    scripts = {module for module in program.outside_packages() if _may_be_script(module)}
    near = {package for script in scripts for package in (*script.facts.packages, script.name)}
    found: dict[Module, list[Path]] = {}
    for primitive in program.processes.starts():
        # Only what scripts import can lead to them: large packages are not climbed for nothing.
        if _top(primitive.func) in near:
            for path in climb(program, primitive, lambda edge: _top(edge.caller) in near):
                if path.root.name == "<module>" and path.root.module in scripts and not _is_guarded(path):
                    found.setdefault(path.root.module, []).append(path)
    for module, paths in found.items():
        if not is_imported(program, module):
            yield from _of_script(program, module, sorted(paths, key=lambda path: path.place))


def _may_be_script(module: Module) -> bool:
    """Whether it is no part of a package, and does something when it is imported."""
    if module.name == "__main__" or not module.reported:
        return False
    if not module.functions:
        return False
    top = module.functions[0]
    return any(not any(found.kind == "main" for _, found in top.block_path(call.block)) for _, call in top.calls)


def _top(func: Func) -> str:
    return func.module.name.partition(".")[0]


def _is_guarded(path: Path) -> bool:
    """Whether something on the way asks which process it is, or another module starts it under some condition only."""
    places = [(edge.caller, edge.block) for edge in path.edges] + [(path.primitive.func, path.primitive.block)]
    return any(
        _asks(func, block) or (func.module is not path.root.module and guards.is_conditional(func, block))
        for func, block in places
    )


def _asks(func: Func, block: int) -> bool:
    if any(found.kind == "main" for _, found in func.block_path(block)):
        return True
    for condition in guards.conditions(func, block):
        names = list(chains(condition.test))
        for number in operands(condition.test):
            made = func.ops[number]
            names += chains(made.func if isinstance(made, Call) else getattr(made, "value", None))
        if any(_ASKS_WHICH_PROCESS.search(name) for name in names):
            return True
    return False


# How processes start ------------------------------------------------------------------------------------------------


def _method(program: Program, path: Path) -> str:
    """The start method as far as the code says it: spawn, forkserver, fork, or "" for the default."""
    primitive = path.primitive
    for value in _contexts(program, primitive):
        if isinstance(value, Instance) and value.site is not None:
            func, at = value.site
            made = func.ops[at]
            if isinstance(made, Call):
                return _named(program, argument_of(made, "0:method"), func, at)
    for module in dict.fromkeys((path.root.module, primitive.func.module)):
        for func in module.functions:
            for at in func.calls_by_name.get("set_start_method", ()):
                made = func.ops[at]
                if isinstance(made, Call):
                    return _named(program, argument_of(made, "0:method"), func, at)
    return ""


def _contexts(program: Program, primitive: Primitive) -> tuple[object, ...]:
    """What the start method is asked of: the context that the pool or the process was made with."""
    receiver = primitive.receiver
    if not isinstance(receiver, Instance) or receiver.site is None:
        return ()
    if receiver.type == "multiprocessing.context.BaseContext":
        return (receiver,)
    func, at = receiver.site
    made = func.ops[at]
    if not isinstance(made, Call):
        return ()
    given = argument_of(made, "1:mp_context") if "Executor" in str(receiver.type) else None
    if given is not None:
        return program.evaluator.of(given, func, at)
    return tuple(one.receiver for one in program.calls.library(func, at) if isinstance(one, Method))


def _named(program: Program, name: Expr, func: Func, at: int) -> str:
    values = program.evaluator.of(name, func, at) if name is not None else ()
    if len(values) == 1 and isinstance(values[0], Constant) and isinstance(values[0].value, str):
        return values[0].value
    return "" if name is None else "fork"


# Findings -------------------------------------------------------------------------------------------------------------


def _of_script(program: Program, module: Module, paths: list[Path]) -> Iterator[Finding]:
    started = [(path, method) for path in paths if (method := _method(program, path)) != "fork"]
    fix = _mend(module, [path.place for path, _ in started])
    for path, method in started:
        sure = method in ("spawn", "forkserver") or program.options.target_version >= _FROM_314
        severity = Severity.ERROR if sure else Severity.WARNING
        yield Finding(
            RULE.code,
            RULE.name,
            _message(path, method, sure=sure),
            path.place,
            severity,
            path.confidence,
            related=tuple(_evidence(path)),
            help='put it under `if __name__ == "__main__":`',
            fix=fix,
            root=path.root.dotted,
            primitive=started[0][0].place,
        )


def _message(path: Path, method: str, *, sure: bool) -> str:
    what = f"`{path.label}` reaches `{path.primitive.label}`, which starts" if path.edges else f"`{path.label}` starts"
    if sure:
        how = f" with `{method}`" if method else ""
        return f"{what} processes{how} while the module is imported: each of them imports it again and fails"
    return (
        f"{what} processes while the module is imported: where they are not forked, as on macOS, on Windows and from "
        "Python 3.14 on, each of them imports it again and fails"
    )


def _evidence(path: Path) -> Iterator[Related]:
    for edge, following in zip(path.edges, [*path.edges[1:], None]):
        label = following.label if following else path.primitive.label
        place = following.place if following else path.primitive.place
        yield Related(place, f"`{edge.callee.qualname}` calls `{label}`")


# The fix --------------------------------------------------------------------------------------------------------------


def _mend(module: Module, places: list[Place]) -> Fix | None:
    """Put the last statements of the script under its guard, where these places are among them."""
    statements = _last_statements(module)
    rows = [row for row, _ in statements]
    if not places or not rows or any(place.span.row < rows[0] for place in places):
        return None
    spans = tuple(Span(row, column, row, column) for row, column in statements)
    return Fix(Applicability.SAFE, 'put it under `if __name__ == "__main__":`', (GuardMain(spans),))


def _last_statements(module: Module) -> list[tuple[int, int]]:
    """Where the statements start that end the module and define nothing that its functions read."""
    top = module.functions[0]
    blocks = top.body.blocks
    floor = max((_end(module, op) for op in top.ops if isinstance(op, Define) and op.block == 0), default=0)
    if any(isinstance(op, Define) and op.block != 0 for op in top.ops):
        return []
    read = set(_read_globals(module))
    starts = {(one.row, one.column): one.end for one in top.body.statements if one.block == 0}
    for block in blocks[1:]:
        if block.parent == 0 and block.kind in _COMPOUND and not _inside(module, block.row, block.column):
            starts[block.row, 0] = 0
        elif block.parent == 0 and (block.kind in ("try", "case") or _goes_on(module, block.row, block.kind)):
            floor = max(floor, block.end_row + 1)
    for binding in module.facts.bindings:
        if binding.how == "import" or binding.name in read or binding.how in ("def", "class"):
            floor = max(floor, _bound_at(top, binding.name))
    return sorted(start for start in starts if start[0] > floor)


def _end(module: Module, op: Define) -> int:
    return module.functions[op.index].fact.end_row if op.kind == "def" else module.classes[op.index].fact.end_row


def _read_globals(module: Module) -> Iterator[str]:
    """The globals that functions and classes read."""
    for func in module.functions[1:]:
        for op in func.ops:
            for part in parts(op):
                yield from (chain[1:].partition(".")[0] for chain in chains(part) if chain[0] == ":")
        for block in func.body.blocks:
            yield from (chain[1:].partition(".")[0] for chain in chains(block.value) if chain[0] == ":")


def _inside(module: Module, row: int, column: int) -> bool:
    """Whether a block is part of a simple statement (a condition in an expression)."""
    for one in module.functions[0].body.statements:
        if (one.row, one.column) <= (row, column) < (one.end_row, one.end_column):
            return True
    return False


def _goes_on(module: Module, row: int, kind: str) -> bool:
    """Whether an `else` is no clause but what comes after a statement that may leave."""
    return kind == "else" and any(
        block.kind == "if" and block.parent == 0 and block.row == row and block.exits
        for block in module.functions[0].body.blocks
    )


def _bound_at(top: Func, name: str) -> int:
    """The last row in which the module binds a name, or 0."""
    rows = [op.row for op in top.ops if getattr(op, "target", None) == f":{name}"]
    return max(rows, default=0)


RULE = Rule(
    code="CON401",
    name="missing-main-guard",
    check=check,
    severity=Severity.ERROR,
    summary='A script starts processes at module level, outside `if __name__ == "__main__":`.',
    why=(
        "A process that is spawned, or comes from a fork server, begins by importing the script that started it. "
        "Without the guard it reaches the statement that starts processes: a `Process` fails with a "
        "`RuntimeError` in the child while the parent ends as if all were well, an executor breaks, and a `Pool` "
        "starts failing workers without end. Forked children do not import anything, so it works on Linux, up to "
        "Python 3.13."
    ),
    use_instead='Put what the script does under `if __name__ == "__main__":`, or into a function that is called there.',
    fix=Applicability.SAFE,
    fix_safety=(
        "The statements that end the script go under the guard, in their order. It is offered where nothing "
        "imports the script and none of its functions reads what these statements define."
    ),
    bad="""\
import multiprocessing


def work(number):
    print(number * 2)


context = multiprocessing.get_context("spawn")
process = context.Process(target=work, args=(21,))
process.start()  # CON401
process.join()
""",
    good="""\
import multiprocessing


def work(number):
    print(number * 2)


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=work, args=(21,))
    process.start()
    process.join()
""",
    cases=(
        """\
# file: jobs.py
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Manager, get_context


def square(x):
    return x * x


def run(items):
    return start(items)


def start(items):
    return in_pool(items)


def in_pool(items):
    with ProcessPoolExecutor() as pool:
        return list(pool.map(square, items))


def spawned():
    return get_context("spawn").Pool(2)
# file: script.py
import sys
from multiprocessing import Manager

import jobs

print(jobs.run(range(3)))  # CON401
if len(sys.argv) > 1:
    shared = Manager().dict()  # CON401
jobs.spawned()  # CON401
""",
        """\
from multiprocessing import Pool, Process


class Worker(Process):
    def run(self):
        print("running")


def work(x):
    return x


workers = [Worker() for _ in range(2)]
for worker in workers:
    worker.start()  # CON401
[process.start() for process in [Process(target=work), Process(target=work)]]  # CON401
with Pool(2) as pool:  # CON401
    print(pool.map(work, range(3)))
""",
    ),
    near_misses=(
        NearMiss(
            "it is under the guard, in either spelling",
            """\
import multiprocessing


def work():
    pass


def main():
    multiprocessing.Process(target=work).start()


if "__main__" == __name__:
    main()
""",
        ),
        NearMiss(
            "the module only defines",
            """\
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

lock = multiprocessing.Lock()
process = multiprocessing.Process(target=print)
executor = ProcessPoolExecutor()


def run(items):
    with multiprocessing.Pool() as pool:
        return pool.map(str, items)


def more(items):
    return executor.map(str, items)
""",
        ),
        NearMiss(
            "it is forked by its own choice",
            """\
import multiprocessing

context = multiprocessing.get_context("fork")
process = context.Process(target=print)
process.start()
""",
        ),
        NearMiss(
            "a module that others import is no script",
            """\
# file: library.py
import multiprocessing

manager = multiprocessing.Manager()
# file: user.py
import library

print(library)
""",
        ),
        NearMiss(
            "a module of a package is no script, and its `__main__` is not imported again",
            """\
# file: tool/__init__.py
# file: tool/__main__.py
import multiprocessing

multiprocessing.Process(target=print).start()
# file: tool/plugin.py
import multiprocessing

manager = multiprocessing.Manager()
# file: __main__.py
import multiprocessing

manager = multiprocessing.Manager()
""",
        ),
        NearMiss(
            "another module starts processes only under some condition",
            """\
# file: helper.py
import multiprocessing


def probe(careful=None):
    if careful is not None:
        multiprocessing.Process(target=print).start()
# file: script.py
import helper

helper.probe(helper)
""",
        ),
        NearMiss(
            "threads and subprocesses do not import the script",
            """\
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

threading.Thread(target=print).start()
subprocess.run(["true"])
subprocess.Popen(["true"])
with ThreadPoolExecutor() as pool, ThreadPool() as other:
    pool.submit(print)
    other.map(print, "a")
""",
        ),
        NearMiss(
            "the code asks first which process it runs in",
            """\
import multiprocessing

if multiprocessing.parent_process() is None:
    multiprocessing.Process(target=print).start()
""",
        ),
    ),
    known_problems=(
        "A file is taken for a script where it is not part of a package and nobody imports it. A start method "
        "that is set in another file than the one that starts the processes is not seen."
    ),
    references=(
        "https://docs.python.org/3/library/multiprocessing.html#the-spawn-and-forkserver-start-methods",
        "https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods",
    ),
    since="0.1",
    witness="exc",
)
