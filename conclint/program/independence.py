"""Coroutines that are shown to share nothing with others: their order does not matter to what they do.

The claim is made only where every operation of the coroutine, and of what it calls, is understood. It may read what it
is given, compute, sleep, wait for a thread or a request of its own, and print.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conclint.facts import Assign, Await, Block, Call, Const, Expr, Gather, Item, Leave, Mix, Seq, Yield
from conclint.program import guards
from conclint.program.model import Func, chains, last_name, operands, parts
from conclint.program.settled import Settled
from conclint.program.values import External, Function, Instance, Method, Value

if TYPE_CHECKING:
    from conclint.program.program import Program

_DEPTH = 5
_PURE = frozenset(
    (
        "builtins.abs",
        "builtins.all",
        "builtins.any",
        "builtins.bool",
        "builtins.bytes",
        "builtins.chr",
        "builtins.dict",
        "builtins.divmod",
        "builtins.enumerate",
        "builtins.filter",
        "builtins.float",
        "builtins.format",
        "builtins.frozenset",
        "builtins.hash",
        "builtins.hex",
        "builtins.id",
        "builtins.int",
        "builtins.isinstance",
        "builtins.issubclass",
        "builtins.len",
        "builtins.list",
        "builtins.map",
        "builtins.max",
        "builtins.min",
        "builtins.oct",
        "builtins.ord",
        "builtins.pow",
        "builtins.range",
        "builtins.repr",
        "builtins.reversed",
        "builtins.round",
        "builtins.set",
        "builtins.slice",
        "builtins.sorted",
        "builtins.str",
        "builtins.sum",
        "builtins.tuple",
        "builtins.type",
        "builtins.zip",
        "builtins.ValueError",
        "builtins.TypeError",
        "builtins.RuntimeError",
        "builtins.KeyError",
        "builtins.Exception",
    )
)
_PURE_MODULES = ("math.", "time.", "random.", "json.dumps", "json.loads", "datetime.", "operator.", "os.path.")
_NOT_PURE = frozenset(("time.sleep", "random.seed"))
_OF_VALUES = frozenset(
    ("strip", "split", "lower", "upper", "join", "format", "startswith", "endswith", "encode", "decode", "replace")
)
_OF_CONTAINERS = frozenset(("append", "add", "extend", "update", "get", "items", "keys", "values", "insert", "sort"))
_LOGS = frozenset(("debug", "info", "warning", "error", "exception", "critical", "log"))
_LOGGERS = frozenset((":logger", ":log", ":_logger", ":LOGGER", ":_LOGGER", ":LOG", "logging"))
_REQUESTS = frozenset(("get", "head", "text", "read", "json", "recv", "readline", "fetch"))
# Managers that only bound or carry what is done inside.
_MANAGERS = frozenset(
    ("asyncio.Timeout", "asyncio.timeout", "aiohttp.ClientSession", "aiohttp.ClientResponse", "httpx.AsyncClient")
)


@dataclass(frozen=True, slots=True)
class Manners:
    """How a coroutine behaves that shares nothing: whether it certainly suspends, and whether it prints."""

    suspends: bool = False
    prints: bool = False

    def __or__(self, other: Manners) -> Manners:
        return Manners(self.suspends or other.suspends, self.prints or other.prints)


class Independence:
    """Answers for the functions of one program; remembers what it found."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.settled = Settled(program)
        self._known: dict[Func, Manners | None] = {}
        self._depth = 0

    def of(self, func: Func) -> Manners | None:
        """How a function behaves if it shares nothing with others; None where that is not shown."""
        if func not in self._known:
            if self._depth > _DEPTH:
                return None
            self._known[func] = None
            self._depth += 1
            self._known[func] = self._judge(func)
            self._depth -= 1
        return self._known[func]

    def _judge(self, func: Func) -> Manners | None:
        if func.fact.is_generator or any(name != "builtins.staticmethod" for name in func.decorator_names):
            return None
        if len(func.decorator_names) != len(func.fact.decorators) or _is_declaration(func):
            return None
        if not all(self._plain_block(func, block) for block in func.body.blocks):
            return None
        found = Manners()
        for index, op in enumerate(func.ops):
            one = self._operation(func, index)
            if one is None:
                return None
            certain = not guards.is_conditional(func, op.block) and func.loop_around(op.block) < 0
            found |= Manners(one.suspends and certain, one.prints)
        return found

    def _plain_block(self, func: Func, block: Block) -> bool:
        if block.kind in ("with", "async-with"):
            at = block.value if isinstance(block.value, int) else -1
            values = self.program.evaluator.of(block.value, func, at)
            return bool(values) and all(_type_name(value) in _MANAGERS for value in values)
        if block.kind in ("while", "async-for", "async-comp"):
            # A loop that asks about the world outside waits for somebody else.
            return block.kind == "while" and all(chain[0] == "$" and "." not in chain for chain in chains(block.value))
        return True

    def _operation(self, func: Func, index: int) -> Manners | None:
        op = func.ops[index]
        if isinstance(op, Yield):
            return None
        if isinstance(op, Assign):
            return Manners() if self._own_target(func, op.target) else None
        if isinstance(op, Await):
            awaited = op.value is None or (isinstance(op.value, int) and isinstance(func.ops[op.value], Call))
            return Manners() if awaited else None
        if isinstance(op, Call):
            return self._call(func, index, op)
        return Manners()

    def _own_target(self, func: Func, target: Expr) -> bool:
        """Whether a binding changes nothing that others see: a local name, or part of what was made here."""
        if isinstance(target, Seq):
            return all(self._own_target(func, item) for item in target.items)
        while isinstance(target, Item):
            target = target.base
            if isinstance(target, str):
                return _made_here(func, target)
        if not isinstance(target, str) or target[0] != "$":
            return False
        return "." not in target or _made_here(func, target.partition(".")[0])

    def _call(self, func: Func, index: int, op: Call) -> Manners | None:
        by_name = _by_name(func, op)
        if by_name is not None:
            return by_name
        values = self.settled.callee(func, index)
        if len(values) != 1:
            return None
        value = values[0]
        if isinstance(value, Function):
            return self.of(value.func) if value.func.is_async or value.receiver is None else None
        if isinstance(value, External):
            return self._library(func, index, op, value.dotted)
        if isinstance(value, Method):
            return self._method(func, value)
        return None

    def _library(self, func: Func, index: int, op: Call, name: str) -> Manners | None:
        if name == "builtins.print":
            return Manners(prints=True)
        if name in ("asyncio.sleep", "anyio.sleep", "trio.sleep"):
            moment = bool(op.args) and isinstance(op.args[0], Const) and not op.args[0].value
            return Manners(suspends=not moment)
        if name == "asyncio.to_thread":
            targets = self.settled.of(op.args[0], func, index) if op.args else ()
            harmless = [value == External("time.sleep") or self._harmless(value) for value in targets]
            return Manners(suspends=True) if harmless and all(harmless) else None
        if name in _MANAGERS:
            return Manners()
        pure = name in _PURE or (name.startswith(_PURE_MODULES) and name not in _NOT_PURE)
        return Manners() if pure else None

    def _harmless(self, value: Value) -> bool:
        return isinstance(value, Function) and value.receiver is None and self.of(value.func) is not None

    def _method(self, func: Func, value: Method) -> Manners | None:
        """A request over a client that the coroutine itself has made."""
        receiver = value.receiver
        own = isinstance(receiver, Instance) and receiver.site is not None and receiver.site[0] is func
        if not own or value.dotted.rpartition(".")[2] not in _REQUESTS:
            return None
        row = self.program.knowledge.row(value.dotted)
        return Manners(suspends=row is not None and row.is_async)


def _is_declaration(func: Func) -> bool:
    """Whether a method only says that there is one: what runs is somebody else's."""
    return func.cls is not None and all(isinstance(op, Leave) and op.how == "raise" for op in func.ops)


def _by_name(func: Func, op: Call) -> Manners | None:
    """Methods of strings and of containers made here, and of loggers."""
    name = last_name(op.func)
    if isinstance(op.func, str):
        owner = op.func.rpartition(".")[0]
        if owner in _LOGGERS and name in _LOGS:
            return Manners(prints=True)
        if owner and name in _OF_CONTAINERS and _made_here(func, owner):
            return Manners()
    return Manners() if name in _OF_VALUES and op.func not in (name, f":{name}") else None


def _made_here(func: Func, name: str) -> bool:
    """Whether a local is only ever bound to containers that are made in the function."""
    assigned = func.assignments.get(name[1:], []) if name[0] == "$" and "." not in name else []
    return bool(assigned) and all(_is_display(func, op.value) for _, op in assigned)


def _is_display(func: Func, value: Expr) -> bool:
    if isinstance(value, Mix) and value.kind == "typed":
        value = value.items[-1]
    if isinstance(value, Seq):
        return True
    made = func.ops[value] if isinstance(value, int) else None
    if isinstance(made, Call):
        return made.func in ("builtins.list", "builtins.dict", "builtins.set")
    return isinstance(made, Gather) and made.kind != "generator"


def _type_name(value: Value) -> str:
    kind = getattr(value, "type", "")
    return kind if isinstance(kind, str) else ""


def names_in(func: Func, first: int, end: int) -> set[str]:
    """The names, with what their roots are bound to, that operations read."""
    found: set[str] = set()
    for op in func.ops[first:end]:
        for part in parts(op):
            found.update(chain.partition(".")[0] for chain in chains(part))
            found.update(
                chain.partition(".")[0]
                for used in operands(part)
                for inner in parts(func.ops[used])
                for chain in chains(inner)
            )
    return found
