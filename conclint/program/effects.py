"""What functions do, followed upwards: from each primitive to the functions that reach it.

A *primitive* is a place that has an effect by itself: a call that the tables know. `reach` follows the call graph
from there upwards, breadth first, so the first path to each function is its shortest *feasible* one: conditions on
parameters are carried along and paths on which a caller's constants make them false are dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from conclint.facts import Attr, Call, Const, Expr, Mix, Test, Use
from conclint.finding import Confidence, Place, Span
from conclint.knowledge import Row
from conclint.knowledge.predicate import parse
from conclint.program import guards
from conclint.program.calls import Edge, spell
from conclint.program.done import is_done_or_free, looks_first
from conclint.program.guards import Condition, Residual
from conclint.program.model import Func, Module, argument_of, last_name
from conclint.program.reads import Remembered
from conclint.program.values import Constant, External, Instance, Method, Value

if TYPE_CHECKING:
    from conclint.program.program import Program

# Judged by reading: claims over up to four calls held in 86 to 96 % of cases, over five or six in 60 %.
HOPS = 4
_RUNS_LOOP = "runs an event loop"
_PSEUDO = {"__enter__": "with", "__exit__": "with", "__iter__": "for", "__next__": "for"}


class _Wanted(NamedTuple):
    """What is looked for: the rows, the last names of what they are about, and packages of which every method is."""

    holds: Callable[[Row], bool]
    lasts: set[str]
    packages: set[str]


@dataclass(frozen=True, slots=True)
class Primitive:
    """A place with an effect of its own.

    `name` is the library's name for what is called, `label` how the code spells it. `at` is the number of the
    operation, -1 where a statement (`with`, `for`) does it. `residual` are the conditions that callers decide.
    """

    func: Func
    at: int
    block: int
    place: Place
    name: str
    label: str
    row: Row
    receiver: Value | None
    call: Call | None
    confidence: Confidence
    residual: Residual


@dataclass(frozen=True, slots=True)
class Path:
    """How a function reaches a primitive: the calls on the way down, the primitive last."""

    root: Func
    edges: tuple[Edge, ...]
    primitive: Primitive
    confidence: Confidence
    once: bool
    """Whether something on the way runs only once (a memoised initialiser)."""
    entrances: tuple[Func, ...] = ()
    """Where the path holds only for some of the coroutine's callers: those that pass what it needs."""

    @property
    def place(self) -> Place:
        """Where the root does it: its first call, or the primitive itself."""
        return self.edges[0].place if self.edges else self.primitive.place

    @property
    def at(self) -> int:
        return self.edges[0].at if self.edges else self.primitive.at

    @property
    def block(self) -> int:
        return self.edges[0].block if self.edges else self.primitive.block

    @property
    def label(self) -> str:
        return self.edges[0].label if self.edges else self.primitive.label


class Effects:
    """Finds primitives and follows them upwards; remembers the primitives of each kind."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._wanted: dict[str, _Wanted] = {}
        self._found: Remembered[tuple[Module, str], tuple[Primitive, ...]] = Remembered(program.reads)
        self._on_loop: Remembered[tuple[Func, int, int, str], tuple[Path, ...]] = Remembered(program.reads)

    def blocking(self, kinds: Iterable[str]) -> tuple[Primitive, ...]:
        """The places that block in one of these ways where the rule is asked, in the order of files and lines."""
        wanted = tuple(kinds)
        return tuple(one for module in self.program.part for one in self.blocking_in(module, wanted))

    def blocking_in(self, module: Module, kinds: Iterable[str]) -> list[Primitive]:
        """The places of a module that block in one of these ways, in the order of lines."""
        found = [one for kind in kinds for one in self._in(module, kind)]
        return sorted(found, key=lambda one: (one.place, one.name))

    def running_loops(self) -> tuple[Primitive, ...]:
        """The places, where the rule is asked, that run an event loop until something is done."""
        return tuple(one for module in self.program.part for one in self.running_loops_in(module))

    def running_loops_in(self, module: Module) -> tuple[Primitive, ...]:
        """The places of a module that run an event loop until something is done."""
        return self._in(module, _RUNS_LOOP)

    def _in(self, module: Module, kind: str) -> tuple[Primitive, ...]:
        self.program.reads.modules |= module.bit
        return self._found.get((module, kind), lambda: tuple(self._find(module, kind)))

    def _wanted_of(self, kind: str) -> _Wanted:
        """What is looked for."""
        found = self._wanted.get(kind)
        if found is None:
            wanted: Callable[[Row], bool] = _runs_loop if kind == _RUNS_LOOP else lambda row: row.blocks == kind
            knowledge = self.program.knowledge
            rows = {name for name, row in knowledge.rows.items() if wanted(row)}
            aliases = {alias for alias, name in knowledge.aliases.items() if name in rows}
            lasts = {name.rpartition(".")[2] for name in rows | aliases}
            types = [one for one in knowledge.types.values() if one.wildcard]
            packages = {package for one in types if wanted(Row(blocks=one.wildcard)) for package in one.packages}
            found = self._wanted[kind] = _Wanted(wanted, lasts, packages)
        return found

    def names_of(self, kind: str) -> set[str]:
        """The names that things of the library go under in this program which do something of a kind."""
        return {name for one in self._wanted_of(kind).lasts for name in self.program.renamed.names(one)}

    def _find(self, module: Module, kind: str) -> Iterator[Primitive]:
        wanted = self._wanted_of(kind)
        names = self.program.name_sets.get(kind, lambda: self.names_of(kind))
        seen: set[tuple[Func, int]] = set()
        for last in _PSEUDO:
            if last in wanted.lasts:
                yield from self._statements(module, last, wanted.holds)
        for name in sorted([name for name in module.users if name in names]):
            for func in module.users[name]:
                for index in func.calls_of(name):
                    if (func, index) not in seen:
                        seen.add((func, index))
                        yield from self._at(func, index, wanted.holds)
        yield from self._wildcards(module, wanted)

    def _wildcards(self, module: Module, wanted: _Wanted) -> Iterator[Primitive]:
        """Methods of types that say "every method": they are found by the modules that import the library."""
        if not wanted.packages & module.facts.packages:
            return
        for func in module.functions:
            for index, call in func.calls:
                attribute = isinstance(call.func, Attr) or (
                    isinstance(call.func, str) and "." in call.func and call.func[0] in "$&:"
                )
                if attribute and last_name(call.func) not in wanted.lasts:
                    yield from self._at(func, index, wanted.holds)

    def _at(self, func: Func, index: int, wanted: Callable[[Row], bool]) -> Iterator[Primitive]:
        op = func.ops[index]
        if not isinstance(op, Call):
            return
        found = self.program.calls.library(func, index)
        if not found or guards.is_dead(func, op.block):
            return
        values = self.program.evaluator.callee(func, index)
        hits = [(value, row) for value, row in self._rows(found) if wanted(row)]
        # Where every candidate blocks, it does not matter which of them it is.
        confidence = Confidence.CERTAIN if len(hits) >= len(values) else Confidence.POSSIBLE
        if confidence < self.program.options.min_confidence:
            return
        for value, row in hits:
            if op.use == Use.AWAITED and not row.is_async:
                continue
            primitive = self._primitive(func, index, op, value, row, confidence)
            if primitive is not None:
                yield primitive
                return

    def _rows(self, values: tuple[External | Method, ...]) -> Iterator[tuple[External | Method, Row]]:
        for value in values:
            row = self.program.knowledge.row(value.dotted)
            if row is not None and value.dotted not in self.program.options.safe:
                yield value, row

    def _primitive(
        self, func: Func, index: int, op: Call, value: External | Method, row: Row, confidence: Confidence
    ) -> Primitive | None:
        blocked = self._arguments_allow(func, index, op, row)
        if blocked is None:
            return None
        receiver = value.receiver if isinstance(value, Method) else None
        if is_done_or_free(self.program, func, index, op, value.dotted, receiver):
            return None
        residual = guards.own(func, op.block) | blocked
        return Primitive(
            func,
            index,
            op.block,
            func.at(index),
            value.dotted,
            spell(op.func, func),
            row,
            receiver,
            op,
            confidence,
            residual,
        )

    def _statements(self, module: Module, last: str, wanted: Callable[[Row], bool]) -> Iterator[Primitive]:
        word = _PSEUDO[last]
        for func, number, value, confidence in self._implied(module, word):
            assert isinstance(value.type, str)
            row = self.program.knowledge.method(value.type, last)
            if row is None or not wanted(row):
                continue
            block = func.body.blocks[number]
            name = f"{value.type}.{last}"
            if guards.is_dead(func, block.parent) or is_done_or_free(self.program, func, number, None, name, value):
                continue
            span = Span(block.row, block.column, block.end_row, block.end_column)
            yield Primitive(
                func, -1, block.parent, Place(func.module.path, span), name, f"{word} {spell(block.value, func)}",
                row, value, None, confidence, guards.own(func, block.parent),
            )  # fmt: skip

    def _implied(self, module: Module, word: str) -> Iterator[tuple[Func, int, Instance, Confidence]]:
        """The `with` or `for` statements of a module that are over instances of library types."""
        for header in self.program.headers.of(module, word):
            sure = Confidence.CERTAIN if len(header.values) == 1 else Confidence.POSSIBLE
            if sure >= self.program.options.min_confidence:
                for value in header.values:
                    if isinstance(value, Instance) and isinstance(value.type, str):
                        yield header.func, header.number, value, sure

    def _arguments_allow(self, func: Func, index: int, op: Call, row: Row) -> Residual | None:
        """The conditions that callers decide, or None where the arguments say that it does not block."""
        residual: set[Condition] = set()
        for text in row.unless:
            holds = self._holds_condition(func, index, op, text)
            if holds is True:
                return None
            if isinstance(holds, Condition):
                residual.add(Condition(holds.test, not holds.truth))
        if row.when:
            answers = [self._holds_condition(func, index, op, text) for text in row.when]
            if not any(answer is True or isinstance(answer, Condition) for answer in answers):
                return None
        return frozenset(residual)

    def _holds_condition(self, func: Func, index: int, op: Call, text: str) -> bool | Condition | None:
        predicate = parse(text)
        position = "" if predicate.position is None else str(predicate.position)
        argument = argument_of(op, f"{position}:{predicate.name}" if predicate.name else position)
        if predicate.test == "given":
            return argument is not None
        spread = any(not word for word, _ in op.keywords) or any(
            isinstance(item, Mix) and item.kind == "star" for item in op.args
        )
        if predicate.test == "missing":
            return argument is None and not spread
        if argument is None:
            # An argument that is spread from elsewhere may be anything; then nothing is claimed.
            return spread and not predicate.dotted
        if predicate.dotted:
            flags = _constants(argument, func)
            return any(name == predicate.value or name.endswith(f".{predicate.value}") for name in flags)
        if isinstance(argument, Const):
            return argument.value == predicate.value and type(argument.value) in (
                type(predicate.value),
                int,
                float,
                bool,
            )
        if isinstance(argument, str) and argument[0] == "$" and argument[1:] not in func.assignments:
            if argument[1:] in {param.name for param in func.fact.params}:
                return Condition(Test("==", (argument, Const(predicate.value))), True)
        values = self.program.evaluator.of(argument, func, index)
        if len(values) == 1 and isinstance(values[0], Constant):
            return values[0].value == predicate.value
        return None

    # Upward -----------------------------------------------------------------------------------------------------------

    def reach(self, primitive: Primitive, stops: Callable[[Func], bool], hops: int = HOPS) -> tuple[Path, ...]:
        """The shortest feasible path from each function for which `stops` holds, nearest first.

        A path ends at the first such function; what calls that one is another matter.
        """
        if stops != self.program.contexts.on_loop or hops != HOPS:
            return self._climb(primitive, stops, hops)
        # Several rules ask for the same paths to the event loop.
        key = (primitive.func, primitive.at, primitive.block, primitive.name)
        return self._on_loop.get(key, lambda: self._climb(primitive, stops, hops))

    def _climb(self, primitive: Primitive, stops: Callable[[Func], bool], hops: int) -> tuple[Path, ...]:
        start = Path(
            primitive.func,
            (),
            primitive,
            self._step(primitive.func, primitive.block, primitive.confidence),
            primitive.row.once or guards.fills_memo(primitive.func, primitive.block),
        )
        if guards.asks_for_loop(primitive.func, primitive.block) or primitive.func.dotted in self.program.options.safe:
            return ()
        if stops(primitive.func):
            return (start,)
        found: list[Path] = []
        seen: set[tuple[Func, Residual]] = {(primitive.func, primitive.residual)}
        reached: set[Func] = set()
        level: list[tuple[Path, Residual]] = [(start, primitive.residual)]
        for _ in range(hops):
            following: list[tuple[Path, Residual]] = []
            for path, residual in level:
                for edge in self.program.calls.callers(path.root):
                    step = self._upwards(path, residual, edge)
                    if step is None or (step[0].root, step[1]) in seen:
                        continue
                    seen.add((step[0].root, step[1]))
                    if stops(edge.caller):
                        entered = self._entered(*step) if edge.caller not in reached else None
                        if entered is not None:
                            reached.add(edge.caller)
                            found.append(entered)
                    else:
                        following.append(step)
            level = following
        return tuple(found)

    def _entered(self, path: Path, residual: Residual) -> Path | None:
        """The path with those callers of its root whose arguments allow it; None where all are known and none does."""
        calls = self.program.contexts.awaiting(path.root) if residual and path.root.is_async else ()
        if not calls:
            return path
        allowed = []
        for user, index in calls:
            op = user.ops[index]
            bound = any(target.bound for target in self.program.calls.targets(user, index))
            call = op if isinstance(op, Call) else None
            if guards.through_call(residual, path.root, call, bound, user) is not None:
                allowed.append(user)
        if not allowed:
            return None
        entrances = tuple(dict.fromkeys(user for user in allowed if user.name != "<module>"))
        return replace(path, entrances=entrances if len(allowed) < len(calls) else ())

    def _upwards(self, path: Path, residual: Residual, edge: Edge) -> tuple[Path, Residual] | None:
        caller = edge.caller
        if edge.confidence < self.program.options.min_confidence or edge.callee.dotted in self.program.options.safe:
            return None
        if guards.is_dead(caller, edge.block) or guards.asks_for_loop(caller, edge.block):
            return None
        if looks_first(caller, path.primitive.call, path.primitive.name):
            return None
        rest = guards.through_call(residual, edge.callee, edge.call, edge.bound, caller)
        if rest is None:
            return None
        if caller.name in ("<module>", "<class>"):
            return None
        confidence = self._step(caller, edge.block, min(path.confidence, edge.confidence))
        if confidence < self.program.options.min_confidence:
            return None
        once = path.once or guards.fills_memo(caller, edge.block) or self.program.contexts.runs_once(edge.callee)
        return (
            Path(caller, (edge, *path.edges), path.primitive, confidence, once),
            rest | guards.own(caller, edge.block),
        )

    def _step(self, func: Func, block: int, confidence: Confidence) -> Confidence:
        if guards.is_conditional(func, block):
            return min(confidence, Confidence.LIKELY)
        return confidence


def _runs_loop(row: Row) -> bool:
    return row.runs_loop


def _constants(argument: Expr, func: Func) -> Iterator[str]:
    """The names of an argument's flags, also where a global of the file holds them."""
    if isinstance(argument, str):
        yield argument
        bindings = func.module.bindings.get(argument[1:], ()) if argument[0] == ":" else ()
        if len(bindings) == 1 and isinstance(bindings[0].value, Mix):
            yield from _constants(bindings[0].value, func)
    elif isinstance(argument, Mix) and argument.kind == "|":
        for item in argument.items:
            yield from _constants(item, func)
