"""CON203: a coroutine that is used as if it were its result."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Assign, Attr, Call, Item, Load, Use
from conclint.finding import Applicability, Confidence, Finding, Fix, Related, ReplaceExpression, Severity, Slot
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.colour import Colour, Colours
from conclint.program.model import Func
from conclint.program.program import Program
from conclint.program.values import Function, Instance
from conclint.rule import NearMiss, Rule
from conclint_rules.mending import in_coroutine, under_thread_lock
from conclint_rules.tasks.dropped import is_expected

# What becomes of the coroutine, and what happens because of it.
_HAPPENS = {
    Use.TESTED: ("is tested", "it is always true, and its body never runs"),
    Use.COMPARED: ("is compared", "it equals nothing but itself, and its body never runs"),
    Use.FORMATTED: ("is formatted", "the text says `<coroutine object …>`, and its body never runs"),
    Use.ITERATED: ("is iterated", "it raises `TypeError`, and its body never runs"),
    Use.OPERAND: ("is an operand", "it raises `TypeError`, and its body never runs"),
    Use.ITEM: ("is subscripted", "it raises `TypeError`, and its body never runs"),
    Use.ENTERED: ("is entered as a context manager", "it raises `TypeError`, and its body never runs"),
    Use.CALLED: ("is called", "it raises `TypeError`, and its body never runs"),
}
_UNPACKED = ("is unpacked", "it raises `TypeError`, and its body never runs")
# What a coroutine object has itself.
_OWN = frozenset(
    ("send", "throw", "close", "cr_await", "cr_code", "cr_frame", "cr_origin", "cr_running", "cr_suspended")
)
# Builtins that look at the value that they are given.
_READERS = frozenset(
    (
        *("all", "any", "bool", "dict", "enumerate", "float", "int", "len", "list", "max", "min", "next", "print"),
        *("set", "sorted", "str", "sum", "tuple", "zip"),
    )
)


def check(program: Program) -> Iterator[Finding]:
    """Each call that certainly gives a coroutine which is then tested, compared, formatted, iterated, …"""
    colours = program.colours
    for name in program.used(program.definitions.giving_coroutines()):
        for func in program.users(name):
            if not func.module.reported:
                continue
            for index in func.calls_by_name.get(name, ()):
                misused = _misuse(func, index)
                if (
                    misused is not None
                    and colours.of_call(func, index) is Colour.COROUTINE
                    and not _has_two_faces(colours, func, index)
                    and not guards.is_dead(func, func.ops[index].block)
                    and not is_expected(func, func.ops[index].block)
                ):
                    yield _finding(program, colours, func, index, *misused)


def _has_two_faces(colours: Colours, func: Func, index: int) -> bool:
    """Whether what a library gives may be awaited, but also entered or iterated: `session.get`, `aiofiles.open`."""
    call = func.ops[index]
    if not isinstance(call, Call) or call.use not in (Use.ENTERED, Use.ITERATED):
        return False
    return not all(isinstance(value, Function) and value.func.is_async for value in colours.settled.callee(func, index))


def _misuse(func: Func, index: int) -> tuple[str, str] | None:
    """How the result of a call is used as no coroutine can be, and what that does."""
    call = func.ops[index]
    if not isinstance(call, Call):
        return None
    if call.use in _HAPPENS:
        return _HAPPENS[Use(call.use)]
    taker = func.ops[func.consumers[index]] if index in func.consumers else None
    if call.use == Use.ATTRIBUTE:
        name = _attribute(taker, index)
        own = not name or name in _OWN or name.startswith("__")
        return None if own else (f"is asked for `{name}`", "it raises `AttributeError`, and its body never runs")
    if call.use == Use.ASSIGNED and isinstance(taker, Assign) and isinstance(taker.value, Item):
        return _UNPACKED if taker.value.base == index else None
    if call.use == Use.ARGUMENT and isinstance(taker, Call) and isinstance(taker.func, str) and index in taker.args:
        package, _, name = taker.func.rpartition(".")
        if package == "builtins" and name in _READERS:
            return f"is given to `{name}`", "what is seen there is the coroutine object, and its body never runs"
    return None


def _attribute(taker: object, index: int) -> str:
    """The name of the attribute that is read of the result of a call."""
    read = taker.func if isinstance(taker, Call) else taker.value if isinstance(taker, Load) else None
    return read.name if isinstance(read, Attr) and read.base == index else ""


def _finding(program: Program, colours: Colours, func: Func, index: int, used: str, happens: str) -> Finding:
    call = func.ops[index]
    assert isinstance(call, Call)
    label = spell(call.func, func)
    return Finding(
        RULE.code,
        RULE.name,
        f"the coroutine of `{label}` {used}: {happens}",
        func.at(index),
        RULE.severity,
        _confidence(colours, func, index),
        related=_evidence(colours, func, index),
        help="await it first" if func.is_async else "await it in a coroutine",
        fix=_mend(program, func, index),
        root=func.dotted,
    )


def _confidence(colours: Colours, func: Func, index: int) -> Confidence:
    for value in colours.settled.callee(func, index):
        receiver = getattr(value, "receiver", None)
        if isinstance(receiver, Instance) and receiver.site is None and not receiver.is_self:
            return Confidence.LIKELY
    return Confidence.CERTAIN


def _evidence(colours: Colours, func: Func, index: int) -> tuple[Related, ...]:
    callees = [value.func for value in colours.settled.callee(func, index) if isinstance(value, Function)]
    return tuple(Related(one.place, f"`{one.qualname}` is a coroutine function") for one in callees if one.is_async)


def _mend(program: Program, func: Func, index: int) -> Fix | None:
    if not in_coroutine(func, index) or under_thread_lock(program, func, func.ops[index].block):
        return None
    span = func.span(index)
    return Fix(Applicability.SAFE, "await it", (ReplaceExpression(span, "await {call}", (Slot("call", span),)),))


RULE = Rule(
    code="CON203",
    name="coroutine-as-value",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="A coroutine is tested, compared, formatted, iterated or unpacked in place of its result.",
    why=(
        "Calling an `async def` gives a coroutine object; its result exists only after an `await`. The object is "
        "always true, so a check such as `if allowed(user):` lets everybody in. Compared with anything it is unequal, "
        "in a text it reads `<coroutine object …>`, and whatever else is done with it raises `TypeError` far from the "
        "cause. The body of the function never runs."
    ),
    use_instead="Await the call, and use what that gives.",
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe inside an `async def`, where the callee certainly is a coroutine function: the value that the code "
        "speaks of takes the place of the object. Not offered in plain functions, nor while a `threading` lock is held."
    ),
    bad="""\
import asyncio


async def allowed(user):
    await asyncio.sleep(0.01)
    return user == "root"


async def main():
    if allowed("guest"):  # CON203
        print("welcome")
    print(f"allowed: {allowed('root')}")  # CON203


asyncio.run(main())
""",
    good="""\
import asyncio


async def allowed(user):
    await asyncio.sleep(0.01)
    return user == "root"


async def main():
    if await allowed("guest"):
        print("welcome")
    print(f"allowed: {await allowed('root')}")


asyncio.run(main())
""",
    cases=(
        """\
import asyncio


class Store:
    async def get(self, key):
        return [key]

    async def report(self, queue: asyncio.Queue):
        first, *rest = self.get("a")  # CON203
        for item in self.get("b"):  # CON203
            print(item)
        if self.get("c") is None or not self.get("d"):  # CON203
            return len(self.get("e"))  # CON203
        names = [one for one in self.get("f")]  # CON203
        assert self.get("g") == ["g"]  # CON203
        queue.get().strip()  # CON203
        return self.get("h")[0]  # CON203
""",
        """\
# file: auth.py
async def token(user): ...
# file: app.py
import auth


def header(user):
    return "Bearer " + auth.token(user)  # CON203


async def stream(user):
    async for part in auth.token(user):  # CON203
        print(part)
    async with auth.token(user) as opened:  # CON203
        print(opened)
""",
    ),
    near_misses=(
        NearMiss(
            "the result is what is used",
            """\
import asyncio


async def allowed(user):
    return True


async def main(loop):
    if await allowed("a"):
        print(f"{await allowed('b')}")
    (await allowed("c")).real
    print(asyncio.run(allowed("d")), loop.run_until_complete(allowed("e")))
""",
        ),
        NearMiss(
            "the coroutine object itself is handled",
            """\
async def work():
    pass


def step():
    work().send(None)
    work().close()
    print(work().cr_code, repr(work()), type(work()))
""",
        ),
        NearMiss(
            "an asynchronous generator or context manager is iterated or entered",
            """\
from contextlib import asynccontextmanager


async def numbers():
    yield 1


@asynccontextmanager
async def opened():
    yield 1


async def main():
    async for one in numbers():
        print(one)
    async with opened() as one:
        print(one)
    print([one async for one in numbers()])
""",
        ),
        NearMiss(
            "a decorator may have made it something else",
            """\
from framework import task


@task
async def work():
    pass


def main():
    if work():
        print(work().result)
""",
        ),
        NearMiss(
            "a class may give anything from its overridden method",
            """\
class Source:
    def get(self):
        raise NotImplementedError


class Local(Source):
    def get(self):
        return 1


class Remote(Source):
    async def get(self):
        return 1


def main(source: Source):
    if source.get():
        print("there")
""",
        ),
        NearMiss(
            "a test that expects the error",
            """\
import pytest


async def work():
    pass


def test_it():
    with pytest.raises(TypeError):
        len(work())
""",
        ),
    ),
    known_problems="A coroutine that is bound to a name first, and tested by that name, is not reported.",
    references=(
        "https://docs.python.org/3/library/asyncio-task.html#coroutines",
        "https://docs.python.org/3/library/stdtypes.html#truth-value-testing",
    ),
    since="0.1",
    witness="lost",
)
