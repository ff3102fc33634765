"""CON215: shared state that is iterated with an await in the loop, while others change it."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.facts import Assign, Await, Block, Call, Expr, Item, Load
from conclint.finding import (
    Applicability,
    Confidence,
    Finding,
    Fix,
    Place,
    Related,
    ReplaceExpression,
    Severity,
    Slot,
    Span,
)
from conclint.program import guards
from conclint.program.calls import spell
from conclint.program.contexts import Phase
from conclint.program.model import Func, last_name
from conclint.program.program import Program
from conclint.program.suspends import seems_to_suspend
from conclint.program.values import Instance
from conclint.rule import NearMiss, Rule
from conclint_rules.tasks.shared_state import shared_chain, under_lock

_VIEWS = ("items", "keys", "values")
# Methods that take elements out; a dictionary or set that only grows fails as well, a list does not.
_SHRINKS = frozenset(("pop", "popitem", "popleft", "remove", "discard", "clear", "difference_update"))
_GROWS = frozenset(("add", "setdefault"))
_LISTS = frozenset(("append", "extend", "insert", "appendleft"))
_OF_HASHED = frozenset(("add", "discard", "setdefault", "popitem", "difference_update"))
_LEAVES = frozenset(("return", "break", "raise"))
_QUIET = (Phase.TEST, Phase.BENCHMARK, Phase.START, Phase.STOP)
_ONCE = frozenset(("__init__", "__new__", "__post_init__"))


def check(program: Program) -> Iterator[Finding]:
    """Each `for` over an attribute or global, with an await inside, that another function takes elements out of."""
    for func in program.users("__iter__"):
        if not func.is_async or not func.module.reported:
            continue
        for number, block in enumerate(func.body.blocks):
            if block.kind != "for" or guards.is_dead(func, number):
                continue
            chain = _iterated(func, block)
            awaited = _awaited(program, func, number) if chain else None
            if chain and awaited is not None:
                changed = _changed(program, func, chain)
                if changed is not None and not under_lock(program, func, number):
                    yield _finding(program, func, block, chain, awaited, changed)


def _iterated(func: Func, block: Block) -> str:
    """The shared state that a loop goes over as it is: itself, or one of the views of a dictionary."""
    value = block.value
    call = func.ops[value] if isinstance(value, int) else None
    if isinstance(call, Call) and isinstance(call.func, str) and not call.args and not call.keywords:
        owner, _, method = call.func.rpartition(".")
        return shared_chain(func, owner) if method in _VIEWS else ""
    return shared_chain(func, value) if isinstance(value, str) else ""


def _awaited(program: Program, func: Func, loop: int) -> int | None:
    """An await in the loop after which it goes on."""
    for index, op in enumerate(func.ops):
        if isinstance(op, Await) and func.encloses(loop, op.block) and seems_to_suspend(program, func, index):
            path = [func.body.blocks[number] for number, _ in func.block_path(op.block)]
            inside = path[: next(at for at, one in enumerate(path) if one is func.body.blocks[loop]) + 1]
            if not any(one.exits in _LEAVES for one in inside[:-1]) and func.body.blocks[loop].exits not in _LEAVES:
                return index
    return None


def _changed(program: Program, func: Func, chain: str) -> tuple[Func, int, bool] | None:
    """Where another function changes it so that the iteration breaks; whether it certainly is no list."""
    name = chain.rpartition(".")[2] if chain[0] == "$" else chain[1:]
    others = [one for one in func.module.functions if one is not func and one.name not in _ONCE]
    others = [one for one in others if not one.is_async or program.contexts.phase(one) is not Phase.START]
    if chain[0] == "$":
        others = [one for one in others if _of_same_class(func, one)]
    listed = any(_uses(one, _own_chain(one, chain, name), _LISTS) is not None for one in func.module.functions)
    for one in others:
        own = _own_chain(one, chain, name)
        at = _uses(one, own, _SHRINKS) if own else None
        if at is None and own and not listed:
            at = _uses(one, own, _GROWS)
        if at is not None:
            return one, at, not listed
        deleted = _deleted(one, own)
        if deleted is not None:
            return one, deleted, not listed
    return None


def _of_same_class(func: Func, other: Func) -> bool:
    around: Func | None = other
    while around is not None:
        if around.cls is not None:
            return around.cls is func.cls
        around = around.owner
    return False


def _own_chain(func: Func, chain: str, name: str) -> str:
    if chain[0] == ":":
        return chain
    return f"${func.self_name}.{name}" if func.is_method and not func.is_classmethod and func.self_name else ""


def _uses(func: Func, chain: str, methods: frozenset[str]) -> int | None:
    for index, call in func.calls if chain else ():
        if isinstance(call.func, str) and call.func.rpartition(".")[0] == chain:
            if call.func.rpartition(".")[2] in methods:
                return index
    return None


def _deleted(func: Func, chain: str) -> int | None:
    for index, op in enumerate(func.ops if chain else ()):
        if isinstance(op, Assign) and op.how == "del" and isinstance(op.target, Item) and op.target.base == chain:
            return index
    return None


def _finding(
    program: Program, func: Func, block: Block, chain: str, awaited: int, changed: tuple[Func, int, bool]
) -> Finding:
    other, at, hashed = changed
    label = spell(chain, func)
    values = program.evaluator.of(chain, func, len(func.ops))
    kinds = {value.type for value in values if isinstance(value, Instance) and isinstance(value.type, str)}
    is_list = kinds <= {"list", "collections.deque"} if kinds else not hashed
    if last_name(getattr(other.ops[at], "func", "")) in _OF_HASHED:
        is_list = False
    happens = (
        "elements are passed over" if is_list and "collections.deque" not in kinds else "the loop raises `RuntimeError`"
    )
    quiet = program.contexts.phase(func) in _QUIET
    place = _place(func, block)
    return Finding(
        RULE.code,
        RULE.name,
        f"`{label}` is iterated across an `await`, and `{other.qualname}` changes it meanwhile: {happens}",
        place,
        Severity.NOTE if quiet else RULE.severity,
        Confidence.LIKELY,
        related=(
            Related(func.at(awaited), "other tasks run here"),
            Related(other.at(at), f"`{other.qualname}` changes it"),
        ),
        help=f"iterate over a copy: `list({label})`",
        fix=_mend(block, place.span),
        root=func.dotted,
    )


def _place(func: Func, block: Block) -> Place:
    if isinstance(block.value, int):
        return func.at(block.value)
    for index, op in enumerate(func.ops):
        if isinstance(op, Load) and op.value == block.value and op.row == block.row:
            return func.at(index)
    return Place(func.module.path, Span(block.row, block.column, block.row, block.column + 3))


def _mend(block: Block, span: Span) -> Fix | None:
    if isinstance(block.value, str) and block.value[0] == ":":
        return None
    value: Expr = block.value
    if not isinstance(value, int) and span.end_column == block.column + 3 and span.row == block.row:
        return None
    edit = ReplaceExpression(span, "list({old})", (Slot("old", span),))
    return Fix(Applicability.SAFE, "iterate over a copy", (edit,))


RULE = Rule(
    code="CON215",
    name="iteration-across-await",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="Shared state is iterated with an `await` in the loop, while another function changes it.",
    why=(
        "Each `await` in the loop lets other tasks run. One of them that adds to or takes from the dictionary or set "
        "makes the next step raise `RuntimeError: dictionary changed size during iteration`; from a list the element "
        "after the one that was taken out is silently passed over. It happens as soon as two things come at once, "
        "which a test seldom does."
    ),
    use_instead=(
        "Iterate over a copy, `for client in list(self.clients):`, and expect that an element may be gone by the time "
        "its turn comes; or hold a lock around the loop and around each change."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe: the copy is made in one step, before anything is awaited. What is added meanwhile is not visited, and "
        "what is taken out still is. Not offered for a plain global."
    ),
    bad="""\
import asyncio


class Hub:
    def __init__(self):
        self.clients = {"a", "b", "c"}

    async def send(self, client):
        await asyncio.sleep(0)

    async def broadcast(self):
        for client in self.clients:  # CON215
            await self.send(client)

    async def leave(self, client):
        self.clients.discard(client)


async def main():
    hub = Hub()
    try:
        await asyncio.gather(hub.broadcast(), hub.leave("b"))
    except RuntimeError as error:
        print(error)


asyncio.run(main())
""",
    good="""\
import asyncio


class Hub:
    def __init__(self):
        self.clients = {"a", "b", "c"}

    async def send(self, client):
        await asyncio.sleep(0)

    async def broadcast(self):
        for client in list(self.clients):
            await self.send(client)

    async def leave(self, client):
        self.clients.discard(client)


async def main():
    hub = Hub()
    try:
        await asyncio.gather(hub.broadcast(), hub.leave("b"))
    except RuntimeError as error:
        print(error)


asyncio.run(main())
""",
    cases=(
        """\
jobs = {}


class Pool:
    def __init__(self):
        self.workers = {}

    async def ping(self):
        for name, worker in self.workers.items():  # CON215
            if worker.idle:
                await worker.ping(name)

    def remove(self, name):
        del self.workers[name]


async def watch():
    for job in jobs:  # CON215
        await job.wait()


def done(job):
    jobs.pop(job)
""",
    ),
    near_misses=(
        NearMiss(
            "the loop goes over a copy",
            """\
class Hub:
    async def broadcast(self):
        for client in list(self.clients):
            await client.send()
        for client in self.clients.copy():
            await client.send()

    def leave(self, client):
        self.clients.discard(client)
""",
        ),
        NearMiss(
            "nothing changes it once it is made",
            """\
class Hub:
    def __init__(self):
        self.clients = []
        self.clients.append(1)
        self.clients.remove(1)

    async def broadcast(self):
        for client in self.clients:
            await client.send()
""",
        ),
        NearMiss(
            "a list that only grows",
            """\
class Hub:
    async def broadcast(self):
        for client in self.clients:
            await client.send()

    def join(self, client):
        self.clients.append(client)
""",
        ),
        NearMiss(
            "the loop ends with the await, or has none",
            """\
class Hub:
    async def first(self):
        for client in self.clients:
            if client.ready:
                await client.send()
                break

    async def names(self):
        for client in self.clients:
            print(client)

    def leave(self, client):
        self.clients.discard(client)
""",
        ),
        NearMiss(
            "a lock is held around it",
            """\
class Hub:
    async def broadcast(self):
        async with self.lock:
            for client in self.clients:
                await client.send()

    async def leave(self, client):
        async with self.lock:
            self.clients.discard(client)
""",
        ),
        NearMiss(
            "what is awaited never suspends, or what changes it is over before",
            """\
class Queue:
    def __init__(self, size):
        self.items = []

    async def deliver(self, message):
        self.items.append(message)


class Topic:
    def __init__(self):
        self.queues = []

    async def publish(self, message):
        for queue in self.queues:
            await queue.deliver(message)

    def leave(self, queue):
        self.queues.remove(queue)


class Scanner:
    def __init__(self, listeners):
        self.listeners = listeners

    async def scan(self):
        for listener in self.listeners:
            await listener.search()

    async def async_start(self):
        for listener in [one for one in self.listeners if await one.fails()]:
            self.listeners.remove(listener)
""",
        ),
        NearMiss(
            "another object of that name",
            """\
class Hub:
    async def broadcast(self):
        for client in self.clients:
            await client.send()


class Other:
    def leave(self, client):
        self.clients.discard(client)
""",
        ),
    ),
    known_problems=(
        "Changes are looked for in the class, or for a global in the module; those that other modules make are not "
        "seen."
    ),
    references=("https://docs.python.org/3/library/stdtypes.html#dictionary-view-objects",),
    since="0.1",
    witness="exc",
)
