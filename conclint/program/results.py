"""What operations give: calls of functions, classes and libraries, awaits, and what functions return and yield."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conclint.facts import Await, Call, Gather, Item, Leave, Seq, Yield
from conclint.program.candidates import few, is_false, is_manager, unique
from conclint.program.containers import items_of
from conclint.program.library_calls import LIBRARY_CALLS
from conclint.program.model import ClassNode, Func, argument_of
from conclint.program.remote_values import remote_call
from conclint.program.values import (
    ClassValue,
    Coroutine,
    External,
    Function,
    Instance,
    Method,
    Param,
    Partial,
    Remote,
    Site,
    Value,
    Values,
)

if TYPE_CHECKING:
    from conclint.program.evaluate import Evaluator

_YIELDING = frozenset(
    f"{module}.{name}"
    for module in ("typing", "collections.abc")
    for name in ("Iterator", "Generator", "Iterable", "AsyncIterator", "AsyncGenerator", "AsyncIterable")
)


class Results:
    """Works out results for an evaluator."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def callee(self, func: Func, index: int) -> Values:
        """What the call number `index` may call."""
        op = func.ops[index]
        return self._evaluator.of(op.func, func, index) if isinstance(op, Call) else ()

    def result(self, func: Func, index: int) -> Values:
        """What operation number `index` gives."""
        key = ("result", func, index)
        known = self._evaluator.answers.get(key)
        if known is not None:
            return known
        if not 0 <= index < len(func.ops):
            return ()
        frame = self._evaluator.answers.begin(key, func.module.bit)
        op = func.ops[index]
        found: Values = ()
        if isinstance(op, Call):
            values: list[Value] = []
            for callee in self._evaluator.of(op.func, func, index):
                values.extend(self.called(callee, func, index, op))
            found = unique(values)
        elif isinstance(op, Await):
            values = [result for value in self._evaluator.of(op.value, func, index) for result in self.awaited(value)]
            found = unique(values)
        elif isinstance(op, Gather):
            kind = "iterable" if op.kind == "generator" else op.kind
            found = (Instance(kind, (func, index), self._evaluator.of(op.element, func, index)),)
        return self._evaluator.answers.end(key, frame, few(found))

    def awaited(self, value: Value) -> Values:
        """What awaiting a value gives."""
        if isinstance(value, Coroutine):
            return self.returns(value.func, value.receiver)
        if isinstance(value, Instance):
            if isinstance(value.type, str) and value.type.startswith(("asyncio.", "ray.ObjectRef", "typing.")):
                found: list[Value] = []
                for one in value.of:
                    if isinstance(one, Coroutine | Function):
                        found.extend(self.returns(one.func, one.receiver))
                    elif not isinstance(one, External):
                        found.append(one)
                return tuple(found)
            if isinstance(value.type, ClassNode):
                method = next(iter(self._evaluator.member(value.type, "__await__", value)), None)
                return () if method is None else (value,)
            # `await connect()` of libraries whose connect gives an awaitable manager: the manager itself.
            return (value,) if value.type not in ("list", "dict", "set", "tuple", "str", "bool") else ()
        return ()

    def called(self, callee: Value, func: Func, index: int, op: Call | None) -> Values:
        """What a call of a candidate gives that stands at operation number `index`."""
        site: Site = (func, index)
        if isinstance(callee, Function):
            if callee.func.is_async:
                if callee.func.fact.is_generator:
                    return (Instance("types.AsyncGeneratorType", site, (callee,)),)
                return (Coroutine(callee.func, callee.receiver, site),)
            if callee.func.fact.is_generator:
                if is_manager(callee.func):
                    return (Instance("contextlib.GeneratorContextManager", site, (callee,)),)
                return (Instance("types.GeneratorType", site, (callee,)),)
            return self.returns(callee.func, callee.receiver)
        if isinstance(callee, ClassValue):
            return (Instance(callee.cls, site),)
        if isinstance(callee, Instance) and isinstance(callee.type, ClassNode):
            return tuple(
                result
                for one in self._evaluator.member(callee.type, "__call__", callee)
                for result in self.called(one, func, index, op)
            )
        if isinstance(callee, Instance) and isinstance(callee.type, str):
            if self._evaluator.program.knowledge.method(callee.type, "__call__") is not None:
                return self._library_call(f"{callee.type}.__call__", callee, func, index, op)
            return ()
        if isinstance(callee, Partial):
            return self.called(callee.target, func, index, op)
        if isinstance(callee, Remote):
            return remote_call(callee, site, op)
        if isinstance(callee, External):
            return self._library_call(callee.dotted, None, func, index, op)
        if isinstance(callee, Method):
            if isinstance(callee.receiver, Instance) and callee.receiver.type in ("list", "set", "dict"):
                return items_of(callee.receiver, callee.dotted.rpartition(".")[2], site)
            return self._library_call(callee.dotted, callee.receiver, func, index, op)
        return ()

    def _library_call(self, dotted: str, receiver: Value | None, func: Func, index: int, op: Call | None) -> Values:
        site: Site = (func, index)
        special = LIBRARY_CALLS.get(dotted)
        if special is not None and op is not None:
            return special(self._evaluator, func, index, op)
        knowledge = self._evaluator.program.knowledge
        row = knowledge.row(dotted)
        if row is not None and row.returns:
            carried = self._carried(row.callable, func, index, op) if op is not None and row.callable else ()
            made = self.made(row.returns, receiver, site)
            if carried and isinstance(made, Instance):
                made = Instance(made.type, made.site, carried)
            if row.is_async and isinstance(made, Instance):
                made = Instance("asyncio.Future", site, (made,))
            return (made,)
        if row is not None and row.is_async:
            carried = self._carried(row.callable, func, index, op) if op is not None and row.callable else ()
            return (Instance("asyncio.Future", site, carried),)
        if knowledge.is_type(dotted):
            return (Instance(dotted, site),)
        return ()

    def _carried(self, which: str, func: Func, index: int, op: Call) -> Values:
        """The callable or coroutine that a call hands on: its result is the result of the future."""
        argument = argument_of(op, which)
        return self._evaluator.of(argument, func, index) if argument is not None else ()

    def made(self, type_name: str, receiver: Value | None, site: Site | None) -> Value:
        """An instance of what the tables say that a call or an attribute gives."""
        if type_name == "self" and receiver is not None:
            return receiver
        if type_name.startswith("element:"):
            return Instance("iterable", site, (Instance(type_name.removeprefix("element:")),))
        return Instance(self._evaluator.program.knowledge.canonical(type_name), site)

    def returns(self, func: Func, receiver: Value | None = None) -> Values:
        """What a function of the program gives when its body has run."""
        key = ("returns", func)
        found = self._evaluator.answers.get(key)
        if found is None:
            frame = self._evaluator.answers.begin(key, func.module.bit)
            found = self._evaluator.answers.end(key, frame, few(self._returned(func)))
        return self._seen_from(found, func, receiver)

    def _returned(self, func: Func) -> Values:
        annotation = func.fact.returns
        found: list[Value] = []
        for index, op in enumerate(func.ops):
            if isinstance(op, Leave) and op.how == "return":
                found.extend(self._evaluator.of(op.value, func, index))
        exact = [value for value in dict.fromkeys(found) if not is_false(value) and not isinstance(value, Param)]
        if exact:
            return tuple(exact)
        return self._evaluator.annotated(annotation, func) if annotation is not None else ()

    def yields(self, func: Func, receiver: Value | None = None) -> Values:
        """What a generator of the program gives, one after the other."""
        key = ("yields", func)
        found = self._evaluator.answers.get(key)
        if found is None:
            frame = self._evaluator.answers.begin(key, func.module.bit)
            found = self._evaluator.answers.end(key, frame, few(unique(self._yielded(func))))
        return self._seen_from(found, func, receiver)

    def _yielded(self, func: Func) -> list[Value]:
        values: list[Value] = []
        for index, op in enumerate(func.ops):
            if isinstance(op, Yield):
                given = self._evaluator.of(op.value, func, index)
                values.extend([one for each in given for one in self._evaluator.elements(each)] if op.whole else given)
        exact: list[Value] = [value for value in values if not is_false(value) and not isinstance(value, Param)]
        promised = func.fact.returns
        if not exact and isinstance(promised, Item) and promised.base in _YIELDING:
            first = promised.index.items[0] if isinstance(promised.index, Seq) else promised.index
            exact = list(self._evaluator.annotated(first, func))
        return exact

    def _seen_from(self, found: Values, func: Func, receiver: Value | None) -> Values:
        """What a method gives; where that is itself, or made by its class, as the receiver has it."""
        if isinstance(receiver, ClassValue) and func.is_classmethod:
            return tuple(_made_by(receiver.cls, value, func) for value in found)
        if receiver is not None and any(isinstance(value, Instance) and value.is_self for value in found):
            return tuple(receiver if isinstance(value, Instance) and value.is_self else value for value in found)
        return found


def _made_by(cls: ClassNode, value: Value, method: Func) -> Value:
    """What a class method made with `cls()`, as an instance of the class that it was called on."""
    if isinstance(value, Instance) and value.site is not None and value.site[0] is method:
        made = method.ops[value.site[1]]
        if isinstance(made, Call) and made.func == f"${method.self_name}":
            return Instance(cls, value.site, value.of)
    return value
