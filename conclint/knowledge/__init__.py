"""What conclint knows of other people's code: data, apart from logic.

The tables are TOML files beside this one, a file for each library, named for its top-level package
(`requests.toml`); `stdlib_*.toml` are always read, the others when a file of the run imports the package.
A file:

    packages = ["mysql", "MySQLdb"]         # where it serves others than the one it is named for
    source = "https://…"                    # the page that says so; a row may name its own

    [aliases]                               # other public names of the same object
    "requests.sessions.Session" = "requests.Session"

    [functions]                             # by dotted name: functions, constructors, `Type.method`
    "time.sleep" = { blocks = "sleep", unless = ["0:secs=0"], twin = { asyncio = "asyncio.sleep" } }

    [types."requests.Session"]              # shorthand for many methods that share a meaning
    bases = ["object"]
    role = ""
    async = []                              # methods that return awaitables
    safe = ["close"]                        # methods that a `*` below does not mean
    attributes = { adapters = "dict" }
    [types."requests.Session".blocks]
    network = ["get", "post"]               # or ["*"]: every method that is not safe, async or dunder
    [types."requests.Session".returns]
    get = "requests.Response"

Method names may be `__init__`, `__enter__`, `__exit__`, `__iter__`, `__next__`, `__call__`, for what the construct
does. Every type also has a row under its own name, for its constructor, whose `returns` is the type where the table
gives nothing else. An alias of a module holds for what is in it, that of a class for its methods; the longest counts.
A type that no program can name (a pipe, what `os.walk` gives) has a dotted name of our own; what reading such an
iterator does is the row of its `__next__`, whether a `for`, `list` or `sorted` reads it.

A row (an entry of `[functions]`, or what the shorthand expands to) has these keys:

`blocks`     sleep · network · subprocess · file · database · lock · wait · user-input · cpu
`unless`, `when`  conditions on the arguments, any of which makes it not block / one of which must hold for it to block:
             `"1:timeout=0"` (position, name, or both; a literal or a dotted constant), `"0:interval given"`,
             `"timeout missing"`; `predicate.py` parses them
`twin`       the async function that does the same, by library: asyncio, anyio, trio (called with the same arguments)
`async`      true: calling it gives an awaitable that does nothing until awaited
`returns`    the dotted name of the type of its value; `self` for the receiver, `element:T` for an iterable of T
`runs`       it takes a callable and runs it elsewhere, whose effects are not the caller's: thread · process · executor
             (named by `executor`) · receiver (the pool that it is a method or the constructor of) · loop · task ·
             remote · exit · signal · timer · here (called at once, on this thread)
`callable`   which argument: `"1:target"`, `"0:*aws"` for all from there on, `"key"` for one given by name alone;
             `executor` which argument is the executor
`runs_loop`  true: runs an event loop until something is done, and raises where one is running
`spawns`     thread · process · task · actor
`once`       true: idempotent, only the first call does it
`decorates`  what using it as a decorator does: `keeps` (calls go to the body), `offloads`, `once`, `async`, `sync`,
             `remote`, `context`, `handler`
`context`    for `decorates = "handler"`: where the function runs: loop · thread · `loop-if-async` (`async def` on the
             loop, plain `def` in a thread)
`note`       a sentence for the message or the reader of the table
`source`     the page that says so
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, cast

import msgspec

Kind = Literal[
    "", "sleep", "network", "subprocess", "file", "database", "lock", "wait", "user-input", "cpu", "scheduler"
]  # fmt: skip
Runs = Literal[
    "", "thread", "process", "executor", "receiver", "loop", "task", "remote", "exit", "signal", "timer", "here"
]
Decorates = Literal["", "keeps", "offloads", "once", "async", "sync", "remote", "context", "handler"]


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"is_async": "async"}):
    """What is known of one callable. The fields are the keys of the module's description."""

    blocks: Kind = ""
    unless: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    twin: dict[str, str] = {}
    is_async: bool = False
    returns: str = ""
    runs: Runs = ""
    callable: str = ""
    executor: str = ""
    runs_loop: bool = False
    spawns: Literal["", "thread", "process", "task", "actor"] = ""
    once: bool = False
    decorates: Decorates = ""
    context: Literal["", "loop", "thread", "loop-if-async"] = ""
    note: str = ""
    source: str = ""


class TypeRow(msgspec.Struct, frozen=True):
    """What is known of one type: its known bases, its role in the engine, the types of its attributes."""

    name: str
    bases: tuple[str, ...] = ()
    role: str = ""
    attributes: Mapping[str, str] = {}
    wildcard: Kind = ""
    wildcard_async: bool = False
    safe: frozenset[str] = frozenset()
    packages: frozenset[str] = frozenset()
    source: str = ""


class _TypeTable(msgspec.Struct, forbid_unknown_fields=True, rename={"is_async": "async"}):
    bases: tuple[str, ...] = ()
    role: str = ""
    is_async: tuple[str, ...] = ()
    safe: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    blocks: dict[str, tuple[str, ...]] = {}
    returns: dict[str, str] = {}
    source: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    source: str = ""
    packages: tuple[str, ...] = ()
    aliases: dict[str, str] = {}
    functions: dict[str, Row] = {}
    types: dict[str, _TypeTable] = {}


class KnowledgeError(Exception):
    """A table that cannot be used: the message names the file, the row and the reason."""


class Knowledge:
    """The rows of the tables that a run needs, looked up by dotted name."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.types: dict[str, TypeRow] = {}
        self.aliases: dict[str, str] = {}
        self._orders: dict[str, tuple[str, ...]] = {}
        self._methods: dict[tuple[str, str], Row | None] = {}

    def add(self, table: _File) -> None:
        """Merge one table; a later row for the same name replaces the earlier one."""
        self._orders.clear()
        self._methods.clear()
        self.aliases.update(table.aliases)
        for name, row in table.functions.items():
            self.rows[name] = row if row.source else msgspec.structs.replace(row, source=table.source)
        for name, shorthand in table.types.items():
            source = shorthand.source or table.source
            merged: dict[str, dict[str, object]] = {}
            wildcard = ""
            for kind, methods in shorthand.blocks.items():
                for method in methods:
                    if method == "*":
                        wildcard = kind
                    else:
                        merged.setdefault(method, {})["blocks"] = kind
            for method in shorthand.is_async:
                if method != "*":
                    merged.setdefault(method, {})["is_async"] = True
            for method, result in shorthand.returns.items():
                merged.setdefault(method, {})["returns"] = result
            for method in shorthand.safe:
                merged.setdefault(method, {})
            for method, fields in merged.items():
                key = f"{name}.{method}"
                known = self.rows.get(key) or Row(source=source)
                self.rows[key] = msgspec.structs.replace(known, **fields)
            constructor = self.rows.get(name) or Row(source=source)
            self.rows[name] = msgspec.structs.replace(constructor, returns=constructor.returns or name)
            self.types[name] = TypeRow(
                name=name,
                bases=shorthand.bases,
                role=shorthand.role,
                attributes=shorthand.attributes,
                wildcard=cast("Kind", wildcard),
                wildcard_async="*" in shorthand.is_async,
                safe=frozenset(shorthand.safe),
                packages=frozenset(table.packages or (name.partition(".")[0],)),
                source=source,
            )

    def canonical(self, dotted: str) -> str:
        """The name under which the tables know `dotted`."""
        head = dotted
        while head:
            known = self.aliases.get(head)
            if known is not None:
                return known + dotted[len(head) :]
            head = head.rpartition(".")[0]
        return dotted

    def row(self, dotted: str) -> Row | None:
        """The row of a function, a constructor or `Type.method`, through the known bases of the type."""
        dotted = self.canonical(dotted)
        found = self.rows.get(dotted)
        if found is not None:
            return found
        owner, dot, method = dotted.rpartition(".")
        if dot and owner in self.types:
            return self.method(owner, method)
        return None

    def method(self, owner: str, method: str) -> Row | None:
        """The row of a method of a type, found on it or on its known bases, else by the type's `*`."""
        key = (owner, method)
        if key not in self._methods:
            self._methods[key] = self._find_method(owner, method)
        return self._methods[key]

    def _find_method(self, owner: str, method: str) -> Row | None:
        for name in self.mro(owner):
            row = self.rows.get(f"{name}.{method}")
            if row is not None:
                return row
        if not method.startswith("_"):
            for name in self.mro(owner):
                known = self.types.get(name)
                if known is not None and method not in known.safe:
                    if known.wildcard:
                        return Row(blocks=known.wildcard, source=known.source)
                    if known.wildcard_async:
                        return Row(is_async=True, source=known.source)
        return None

    def mro(self, owner: str) -> tuple[str, ...]:
        """The type and its known bases, nearest first."""
        known_order = self._orders.get(owner)
        if known_order is not None:
            return known_order
        order: list[str] = []
        todo = [self.canonical(owner)]
        while todo:
            name = todo.pop(0)
            if name not in order:
                order.append(name)
                known = self.types.get(name)
                if known is not None:
                    todo.extend(self.canonical(base) for base in known.bases)
        found = self._orders[owner] = tuple(order)
        return found

    def attribute(self, owner: str, name: str) -> str:
        """The dotted type of an attribute of a type, or ""."""
        for base in self.mro(owner):
            known = self.types.get(base)
            if known is not None and name in known.attributes:
                return known.attributes[name]
        return ""

    def role(self, owner: str) -> str:
        """What the engine takes instances of the type for: lock, queue, future, thread-pool, …; "" for nothing."""
        for base in self.mro(owner):
            known = self.types.get(base)
            if known is not None and known.role:
                return known.role
        return ""

    def is_type(self, dotted: str) -> bool:
        """Whether the tables describe a type of that name."""
        return self.canonical(dotted) in self.types


def read_table(text: bytes, name: str) -> _File:
    """Parse one table.

    Raises:
        KnowledgeError: it is not TOML, or a key or value is not of the form that the module's description gives.
    """
    import tomli

    try:
        return msgspec.convert(tomli.loads(text.decode("utf-8")), _File)
    except (tomli.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise KnowledgeError(f"{name}: {error}") from error


_FOLDER = Path(__file__).parent


@functools.cache
def index() -> Mapping[str, tuple[str, ...]]:
    """Which tables serve which top-level package; "" for those that are always read."""
    found: dict[str, list[str]] = {}
    for entry in sorted(_FOLDER.glob("*.toml")):
        stem = entry.name.removesuffix(".toml")
        if stem.startswith("stdlib_"):
            found.setdefault("", []).append(entry.name)
            continue
        packages = {stem}
        head = entry.read_bytes()[:2000].decode("utf-8", "replace")
        for line in head.splitlines():
            if line.startswith("packages"):
                listed = line.partition("=")[2].partition("]")[0]
                packages = set(listed.translate(str.maketrans("", "", "[\"' ")).split(","))
                break
        for package in packages - {""}:
            found.setdefault(package, []).append(entry.name)
    return {package: tuple(names) for package, names in found.items()}


def load(packages: Iterable[str]) -> Knowledge:
    """The tables for a run that imports these top-level packages.

    Raises:
        KnowledgeError: a table is broken.
    """
    wanted: list[str] = []
    known = index()
    for package in ["", *sorted(set(packages))]:
        for name in known.get(package, ()):
            if name not in wanted:
                wanted.append(name)
    knowledge = Knowledge()
    for name in wanted:
        knowledge.add(read_table((_FOLDER / name).read_bytes(), name))
    return knowledge
