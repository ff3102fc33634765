"""CON617: a remote function, class or method called as if it were local, or a local one called as if it were remote."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Assign, Attr, Call
from conclint.finding import Applicability, Confidence, Finding, Fix, ReplaceExpression, Severity, Slot
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.model import Func, last_name
from conclint.program.program import Program
from conclint.program.values import Function, Method, Remote
from conclint.rule import NearMiss, Rule
from conclint_rules.ray.expected import is_expected

_LIBRARIES = frozenset(("ray", "conclint_runtime"))
_ERRORS = frozenset(("TypeError", "AttributeError"))
# Decorators that leave a function without a `remote` of its own.
_PLAIN = frozenset(("builtins.staticmethod", "builtins.classmethod", "ray.method", "conclint_runtime.method"))


def check(program: Program) -> Iterator[Finding]:
    """Each direct call of something remote, and each `.remote` of something that has none."""
    if not program.packages & _LIBRARIES:
        return
    names, methods = _remote_names(program)
    for name in sorted(names | methods):
        for user in program.by_name.get(name, ()):
            if user.module.reported and (name in names or user.module.facts.packages & _LIBRARIES):
                for index in user.calls_of(name):
                    yield from _direct(program, user, index)
    for user in _users_of_handles(program):
        for index, op in user.calls:
            if isinstance(op.func, str) and op.func.count(".") == 1 and op.func[0] == "$":
                yield from _unknown_method(program, user, index)
    for user in program.by_name.get("remote", ()):
        if user.module.reported:
            for index in user.calls_by_name.get("remote", ()):
                yield from _not_remote(program, user, index)


def _remote_names(program: Program) -> tuple[set[str], set[str]]:
    """What remote functions and classes are called, and the methods of actors."""
    names: set[str] = set()
    methods: set[str] = set()
    for func in program.functions():
        if func.fact.decorators and func.fact.in_class < 0 and program.evaluator.decorated(func) != (Function(func),):
            names.add(func.name)
    for cls in program.classes():
        if program.contexts.is_actor(cls):
            names.add(cls.name)
            methods.update(name for name in cls.methods if not name.startswith("__"))
    for user in program.by_name.get("remote", ()):
        for op in user.ops:
            if isinstance(op, Assign) and isinstance(op.value, int) and isinstance(op.target, str):
                made = user.ops[op.value]
                if isinstance(made, Call) and last_name(made.func) in ("remote", "()", "options"):
                    names.add(last_name(op.target))
    return names, methods


def _direct(program: Program, user: Func, index: int) -> Iterator[Finding]:
    """A call of a remote function, actor class or method of a handle."""
    op = user.ops[index]
    values = program.evaluator.callee(user, index)
    if len(values) != 1 or not isinstance(values[0], Remote) or not isinstance(op, Call):
        return
    kind = values[0].kind
    if kind == "function":
        yield from _called(user, index, "remote function and is called directly", fetched=True)
    elif kind == "class":
        yield from _called(user, index, "actor class and is instantiated directly", fetched=False)
    elif kind == "method":
        yield from _called(user, index, "method of an actor's handle and is called directly", fetched=True)


def _called(user: Func, index: int, what: str, *, fetched: bool) -> Iterator[Finding]:
    """The finding for a direct call; `fetched` where the value that is meant has to be fetched."""
    op = user.ops[index]
    assert isinstance(op, Call)
    span = user.span(index)
    template = "{func}.remote({args})"
    if fetched and user.is_async:
        template = f"await {template}"
    elif fetched:
        library = "conclint_runtime" if "conclint_runtime" in user.module.facts.packages else "ray"
        template = f"{{@{library}.get}}({template})"
    edit = ReplaceExpression(span, template, (Slot("func", span, "func"), Slot("args", span, "args")))
    article = "an" if what.startswith("actor") else "a"
    yield from _finding(
        user,
        index,
        f"`{spell(op.func, user)}` is {article} {what}: Ray raises `TypeError`",
        "call it with `.remote(…)`",
        Fix(Applicability.SHOWN, "call it with `remote`", (edit,)),
    )


def _users_of_handles(program: Program) -> Iterator[Func]:
    """The functions that look an actor up by its name, or take a handle."""
    for user in program.functions():
        if user.module.reported and user.module.facts.packages & _LIBRARIES:
            if "get_actor" in user.fact.names or any(
                isinstance(param.annotation, str) and last_name(param.annotation) == "ActorHandle"
                for param in user.fact.params
            ):
                yield user


def _unknown_method(program: Program, user: Func, index: int) -> Iterator[Finding]:
    """A direct call through a handle of an actor whose class is not known: a handle has no methods of its own."""
    op = user.ops[index]
    values = program.evaluator.callee(user, index)
    if len(values) != 1 or not isinstance(values[0], Method) or not isinstance(op, Call):
        return
    owner, _, name = values[0].dotted.rpartition(".")
    if owner == "ray.actor.ActorHandle" and not name.startswith("_") and name not in ("remote", "options"):
        yield from _called(user, index, "method of an actor's handle and is called directly", fetched=True)


def _not_remote(program: Program, user: Func, index: int) -> Iterator[Finding]:
    """`.remote` of a plain function: of a method of `self`, or read from the class."""
    op = user.ops[index]
    if not isinstance(op, Call):
        return
    base = op.func.base if isinstance(op.func, Attr) else op.func
    if isinstance(base, str):
        base = base.removesuffix(".remote")
    values = program.evaluator.of(base, user, index)
    if len(values) != 1 or not isinstance(values[0], Function) or not _is_plain(values[0]):
        return
    packages = user.module.facts.packages | values[0].func.module.facts.packages
    if not packages & _LIBRARIES:
        return
    said = spell(base, user)
    span = user.span(index)
    edit = ReplaceExpression(span, "{func}({args})", (Slot("func", span, "func.value"), Slot("args", span, "args")))
    yield from _finding(
        user,
        index,
        f"`{said}` is a plain {_kind(values[0])} without `remote`: calling it so raises `AttributeError`",
        "call it as it is, or through a handle",
        Fix(Applicability.SHOWN, "call it as it is", (edit,)),
    )


def _is_plain(value: Function) -> bool:
    func = value.func
    if func.cls is None and len(func.module.bindings.get(func.name, ())) > 1:
        # `f = ray.remote(f)`: which of them is meant, the moment decides.
        return False
    return func.name != "<lambda>" and all(
        isinstance(item.func, str) and item.func in _PLAIN for item in func.fact.decorators
    )


def _kind(value: Function) -> str:
    return "method" if value.func.cls is not None else "function"


def _finding(user: Func, index: int, message: str, help_text: str, fix: Fix) -> Iterator[Finding]:
    op = user.ops[index]
    if guards.is_dead(user, op.block) or is_expected(user, op.block, _ERRORS):
        return
    yield Finding(
        RULE.code,
        RULE.name,
        message,
        user.at(index),
        RULE.severity,
        Confidence.LIKELY if guards.is_conditional(user, op.block) else Confidence.CERTAIN,
        help=help_text,
        fix=fix,
        root="" if user.name == "<module>" else user.dotted,
    )


RULE = Rule(
    code="CON617",
    name="direct-call",
    check=check,
    severity=Severity.ERROR,
    summary="A remote function, actor class or method of a handle is called without `.remote`, or a local one with it.",
    why=(
        "What `ray.remote` gives is no function and no class any more, but something to submit work with, and Ray "
        "refuses to run it on the spot. The other way round, `self` in a method is the object and not its handle: its "
        "methods, and those that are read from the class, are plain functions and have no `remote`."
    ),
    use_instead=(
        "`f.remote(…)` for a reference and `ray.get` or `await` for its value; `Cls.remote(…)` for a handle. In the "
        "actor itself call `self.method(…)`."
    ),
    fix=Applicability.SHOWN,
    fix_safety=(
        "Shown only: whether the value is wanted on the spot, or a reference to be fetched later, is for the reader to "
        "decide."
    ),
    bad="""\
import ray


@ray.remote
def square(x):
    return x * x


@ray.remote
class Squares:
    def one(self, x):
        return x * x

    def several(self, numbers):
        return ray.get([self.one.remote(x) for x in numbers])  # CON617


def main():
    print(square(2))  # CON617
    squares = Squares.remote()
    print(ray.get(squares.several.remote([1, 2])))
    print(squares.one(3))  # CON617
    print(Squares().one(3))  # CON617


main()
""",
    good="""\
import ray


@ray.remote
def square(x):
    return x * x


@ray.remote
class Squares:
    def one(self, x):
        return x * x

    def several(self, numbers):
        return [self.one(x) for x in numbers]


def main():
    print(ray.get(square.remote(2)))
    squares = Squares.remote()
    print(ray.get(squares.several.remote([1, 2])))
    print(ray.get(squares.one.remote(3)))


main()
""",
    cases=(
        """\
# file: tasks.py
from ray import remote


@remote(num_cpus=1)
def double(x):
    return 2 * x


def triple(x):
    return 3 * x


@remote
class Worker:
    def run(self, x):
        return x
# file: main.py
import ray
from ray.actor import ActorHandle

import tasks
from tasks import Worker, triple

remote_triple = ray.remote(num_cpus=1)(triple)


class Pool:
    def __init__(self):
        self.workers = [Worker.options(num_cpus=1).remote() for _ in range(4)]
        self.first = Worker.remote()

    def run(self, x):
        self.first.run(x)  # CON617
        for worker in self.workers:
            worker.run(x)  # CON617
        return tasks.double(x), remote_triple(x)  # CON617


def look(name, other: ActorHandle):
    worker = ray.get_actor(name)
    ray.get(worker.run.remote(1))
    other.stop()  # CON617
    return worker.run(1)  # CON617


def work(worker: "ActorHandle[Worker]"):
    triple(1)
    triple.remote(1)  # CON617
    Worker.run.remote(1)  # CON617
    return worker.run(1)  # CON617
""",
        """\
import conclint_runtime as ray


@ray.remote
class Worker:
    async def again(self):
        me = ray.get_runtime_context().current_actor
        return me.again()  # CON617
""",
    ),
    near_misses=(
        NearMiss(
            "read from the class, the method is a plain function that runs here",
            """\
import ray


@ray.remote
class Worker:
    @staticmethod
    def run(x):
        return x


Worker.run(1)
""",
        ),
        NearMiss(
            "the class under the remote one may be instantiated",
            """\
import ray


class Worker:
    def run(self):
        return 1


@ray.remote
class Remote(Worker):
    pass


RemoteWorker = ray.remote(Worker)
Worker().run()
Remote.__ray_metadata__.modified_class().run()
""",
        ),
        NearMiss(
            "the function is called before it is made remote",
            """\
import ray


def square(x):
    return x * x


square(1)
square = ray.remote(square)
square.remote(2)
""",
        ),
        NearMiss(
            "the test expects the error",
            """\
import pytest
import ray


@ray.remote
def square(x):
    return x * x


def test_direct_calls_are_refused():
    with pytest.raises(TypeError):
        square(1)
    try:
        square(2)
    except TypeError:
        pass
""",
        ),
        NearMiss(
            "a decorator of another library adds a remote of its own",
            """\
import ray
from cloud import app


@app.function()
def square(x):
    return x * x


square.remote(2)
""",
        ),
        NearMiss(
            "where Ray is missing the decorator is another",
            """\
try:
    from ray import remote
except ImportError:

    def remote(func):
        return func


@remote
def square(x):
    return x * x


square(2)
""",
        ),
        NearMiss(
            "an attribute of the actor that holds a handle",
            """\
import ray


@ray.remote
class Worker:
    def run(self):
        return 1


@ray.remote
class Chief:
    def __init__(self):
        self.run = Worker.remote().run

    def go(self):
        return self.run.remote()
""",
        ),
    ),
    known_problems="A `remote` that is put on a function by assignment (`f.remote = …`) is not seen.",
    references=(
        "https://docs.ray.io/en/latest/ray-core/tasks.html",
        "https://docs.ray.io/en/latest/ray-core/actors.html",
    ),
    since="0.1",
    witness="exc",
)
