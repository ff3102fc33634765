"""What an expression may stand for, by the values that reach it.

Locals are followed to the assignments that reach their use, attributes to where classes set them, calls to what their
callees return. Every step that is not understood gives no candidates, and so no findings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from conclint.facts import (
    Assign,
    Attr,
    Await,
    Binding,
    Call,
    Cls,
    Const,
    Expr,
    Fn,
    Gather,
    Item,
    Leave,
    Mix,
    Seq,
    Test,
    Yield,
)
from conclint.program.annotations import Annotations, as_instance
from conclint.program.answers import NEVER, Answers
from conclint.program.containers import items_of, method_of
from conclint.program.hierarchy import Hierarchy, Order
from conclint.program.library_calls import LIBRARY_CALLS
from conclint.program.model import ClassNode, Func, Module, argument_of
from conclint.program.modules import STDLIB
from conclint.program.narrowing import type_tested
from conclint.program.reaching import reaching, stored_at
from conclint.program.remote_values import remote_attribute, remote_call
from conclint.program.values import (
    ClassValue,
    Constant,
    Coroutine,
    External,
    Function,
    Instance,
    Method,
    ModuleValue,
    Param,
    Partial,
    Remote,
    Site,
    Super,
    Value,
    Values,
)

if TYPE_CHECKING:
    from conclint.program.program import Program

__all__ = ["Evaluator", "argument_of", "is_manager"]

# A value that takes more steps than this to find is not found; real code needs five or six.
_STEPS = 48
# Functions that return each other's results can be gone through in more orders than there is time for.
_FUEL = 2_000
# More candidates than this are not knowledge.
_CANDIDATES = 6

_YIELDING = frozenset(
    f"{module}.{name}"
    for module in ("typing", "collections.abc")
    for name in ("Iterator", "Generator", "Iterable", "AsyncIterator", "AsyncGenerator", "AsyncIterable")
)
_GENERATORS = ("types.GeneratorType", "types.AsyncGeneratorType")


class Evaluator:
    """Evaluates expressions of one program; remembers what it found."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.answers = Answers(program.reads)
        self._reads = program.reads
        self._hierarchy = Hierarchy(self)
        self._annotations = Annotations(self)
        self._steps = 0
        self._fuel = _FUEL

    # Expressions ----------------------------------------------------------------------------------------------------

    def of(self, expr: Expr, func: Func, at: int) -> Values:
        """The candidates for an expression of `func`, as it stands before operation number `at`."""
        if self._steps == 0:
            self._fuel = _FUEL
        self._fuel -= 1
        if expr is None or self._steps > _STEPS or self._fuel < 0:
            if expr is not None:
                self.answers.low = NEVER
            return ()
        self._steps += 1
        self._reads.modules |= func.module.bit
        try:
            return _few(self._of(expr, func, at))
        finally:
            self._steps -= 1

    def _of(self, expr: Expr, func: Func, at: int) -> Values:
        if isinstance(expr, str):
            return self.chain(expr, func, at)
        if isinstance(expr, int):
            return self.result(func, expr)
        if isinstance(expr, Const):
            return (Constant(expr.value),)
        if isinstance(expr, Attr):
            return self.attributes(self.of(expr.base, func, at), expr.name)
        if isinstance(expr, Fn):
            return self.decorated(func.module.functions[expr.index])
        if isinstance(expr, Cls):
            return (self.decorated_class(func.module.classes[expr.index]),)
        if isinstance(expr, Item):
            return self._item(expr, func, at)
        if isinstance(expr, Seq):
            elements = [value for item in expr.items[:8] for value in self.of(item, func, at)]
            return (Instance(expr.kind, (func, at), _few(tuple(dict.fromkeys(elements)))),)
        if isinstance(expr, Test):
            return self._truth(expr, func, at)
        if isinstance(expr, Mix):
            return self._mixed(expr, func, at)
        return ()

    def _truth(self, expr: Test, func: Func, at: int) -> Values:
        if expr.op == "or":
            found = [value for item in expr.items for value in self.of(item, func, at) if not _is_false(value)]
            return _unique(found)
        if expr.op == "and":
            return self.of(expr.items[-1], func, at)
        return (Instance("bool"),)

    def _mixed(self, expr: Mix, func: Func, at: int) -> Values:
        kind = expr.kind
        if kind == "typed":
            if len(expr.items) == 1:
                return self.annotated(expr.items[0], func)
            exact = tuple(value for value in self.of(expr.items[1], func, at) if not _is_false(value))
            return self._or_promised(exact, expr.items[0], func)
        if kind == "if":
            found = [value for item in expr.items for value in self.of(item, func, at)]
            return tuple(dict.fromkeys(value for value in found if not _is_false(value)))
        if kind in ("enter", "aenter"):
            return self._entered(expr.items[0], func, at, kind)
        if kind in ("each", "aeach"):
            found = []
            for value in self.of(expr.items[0], func, at):
                found.extend(self.elements(value))
            return _unique(found)
        if kind == "f":
            return (Instance("str"),)
        if kind in ("+", "|") and len(expr.items) == 2:
            return tuple(value for value in self.of(expr.items[0], func, at) if _is_container(value))
        if kind == "/" and len(expr.items) == 2:
            return tuple(value for value in self.of(expr.items[0], func, at) if _is_path(value))
        return ()

    def elements(self, value: Value) -> Values:
        """What iterating over a value gives."""
        if isinstance(value, Instance):
            if value.type in _GENERATORS and value.of and isinstance(value.of[0], Function):
                return self.yields(value.of[0].func, value.of[0].receiver)
            if value.of and (
                isinstance(value.type, str) and value.type in ("list", "tuple", "set", "dict", "iterable")
            ):
                return value.of if value.type != "dict" else ()
            if isinstance(value.type, str):
                row = self.program.knowledge.method(value.type, "__next__")
                if row is not None and row.returns:
                    return (self._made(row.returns, value, None),)
        return ()

    def _item(self, expr: Item, func: Func, at: int) -> Values:
        index = expr.index.value if isinstance(expr.index, Const) else None
        if (
            isinstance(expr.base, Seq)
            and isinstance(index, int)
            and -len(expr.base.items) <= index < len(expr.base.items)
        ):
            return self.of(expr.base.items[index], func, at)
        found: list[Value] = []
        for value in self.of(expr.base, func, at):
            if isinstance(value, Instance) and isinstance(value.type, str) and value.of:
                if (
                    value.type == "tuple"
                    and isinstance(index, int)
                    and len(value.of) > index >= 0
                    and value.site is None
                ):
                    found.append(value.of[index])
                elif value.type in ("list", "dict", "tuple"):
                    found.extend(value.of)
            elif isinstance(value, Instance) and isinstance(value.type, str):
                row = self.program.knowledge.method(value.type, "__getitem__")
                if row is not None and row.returns:
                    found.append(self._made(row.returns, value, value.site))
            elif isinstance(value, ClassValue):
                found.append(value)
        return _unique(found)

    def _entered(self, manager: Expr, func: Func, at: int, kind: str) -> Values:
        found: list[Value] = []
        for value in self.of(manager, func, at):
            if isinstance(value, Instance):
                if value.of and isinstance(value.of[0], Function) and is_manager(value.of[0].func):
                    found.extend(self.yields(value.of[0].func, value.of[0].receiver))
                    continue
                entered = self.attribute(value, "__aenter__" if kind == "aenter" else "__enter__")
                results = [result for one in entered for result in self._call(one, func, at, None)]
                for result in results:
                    if isinstance(result, Coroutine):
                        found.extend(self.returns(result.func, result.receiver))
                    elif isinstance(result, Instance) and result.of and result.type == "asyncio.Future":
                        found.extend(result.of)
                    else:
                        found.append(result)
                if not entered or (not results and isinstance(value.type, str)):
                    # Nearly every manager of a library gives itself; the tables name the others.
                    found.append(value)
        return _unique(found)

    # Names ----------------------------------------------------------------------------------------------------------

    def chain(self, chain: str, func: Func, at: int) -> Values:
        """The candidates for a chain of names."""
        first = chain[0]
        if first not in "$&:?@":
            return self.dotted(chain, func.module)
        if first == "@":
            return self.dotted(func.module.absolute(chain), func.module)
        if first == "$":
            return self._local_chain(chain, func, at)
        root, _, rest = chain.partition(".")
        if first == "&":
            number, _, name = root[1:].partition(":")
            values = self.local(name, func.module.functions[int(number)], -1)
            if root in func.module.nonlocals:
                values = self._rebound(values, func.module, root)
        elif first == ":":
            values = self.module_global(func.module, root[1:])
        else:
            values = self._starred(func.module, root[1:])
        for name in rest.split(".") if rest else ():
            values = self.attributes(values, name)
        return values

    def _local_chain(self, chain: str, func: Func, at: int) -> Values:
        """The candidates for a chain from a local or parameter.

        Most are bound once, so that the chain stands for the same wherever it is read: it is followed once.
        """
        root, _, rest = chain.partition(".")
        if not func.is_bound_once(root[1:]) or root in func.type_tested:
            return self._followed(root, rest, func, at)
        key = ("chain", func, chain)
        known = self.answers.get(key)
        if known is not None:
            return known
        frame = self.answers.begin(key, func.module.bit)
        return self.answers.end(key, frame, self._followed(root, rest, func, at))

    def _followed(self, root: str, rest: str, func: Func, at: int) -> Values:
        values = self._narrowed(root, func, at) or self.local(root[1:], func, at)
        for name in rest.split(".") if rest else ():
            values = self.attributes(values, name)
        return values

    def _rebound(self, values: Values, module: Module, root: str) -> Values:
        """A local with what nested functions give it besides: `nonlocal name`."""
        found = [value for func, index, op in module.nonlocals[root] for value in self.of(op.value, func, index)]
        together = _unique([*values, *found])
        return tuple(value for value in together if not _is_false(value)) or together

    def _narrowed(self, root: str, func: Func, at: int) -> Values:
        """The type that an `isinstance` around the place leaves to a plain name."""
        if "isinstance" not in func.fact.names or not 0 <= at < len(func.ops) or root not in func.type_tested:
            return ()
        found = type_tested(func, root, at)
        if found is None:
            return ()
        types, index = found
        return _unique(
            [
                as_instance(value)
                for one in (types.items if isinstance(types, Seq) else (types,))
                for value in self.of(one, func, index)
                if isinstance(value, ClassValue | External)
            ]
        )

    def local(self, name: str, func: Func, at: int) -> Values:
        """The candidates for a local or parameter; with `at` below 0 for any moment."""
        assignments = func.assignments.get(name)
        reached: list[tuple[int, Assign]] = []
        entry = True
        if assignments:
            reached, entry = reaching(func, assignments, at) if at >= 0 else (assignments, True)
        # Most names are read often and reached by the same assignments each time.
        key = ("local", func, name, entry, tuple([index for index, _ in reached]))
        known = self.answers.get(key)
        if known is not None:
            return known
        frame = self.answers.begin(key, func.module.bit)
        found = list(self._parameter(name, func)) if entry else []
        for index, op in reached:
            if op.how in ("", "for", "with", "walrus", "import", "case"):
                if isinstance(op.value, str) and op.how == "import":
                    found.extend(self.chain(op.value, func, index))
                else:
                    found.extend(self.of(op.value, func, index))
        if len(found) > 1:
            found = [value for value in found if not _is_false(value)] or found[:1]
        return self.answers.end(key, frame, _unique(found))

    def _parameter(self, name: str, func: Func) -> Values:
        for position, param in enumerate(func.fact.params):
            if param.name != name:
                continue
            cls = func.cls
            if position == 0 and cls is not None and func.is_method:
                if func.is_classmethod or func.name in ("__new__", "__init_subclass__", "__class_getitem__"):
                    return (ClassValue(cls),)
                return (Instance(cls, is_self=True),)
            if param.kind in ("*", "**"):
                element = self.annotated(param.annotation, func)
                return (Instance("tuple" if param.kind == "*" else "dict", None, element),)
            typed = self.annotated(param.annotation, func)
            if typed:
                return typed
            owner = func.owner
            if param.default is not None and not isinstance(param.default, Const) and owner is not None:
                return self.of(param.default, owner, -1)
            return (Param(func, name),)
        return ()

    def module_global(self, module: Module, name: str) -> Values:
        """The candidates for a global of a module of the program."""
        key = ("global", module, name)
        known = self.answers.get(key)
        if known is not None:
            return known
        frame = self.answers.begin(key, module.bit)
        bindings = module.bindings.get(name, [])
        found: list[Value] = []
        for binding in _lasting(bindings):
            found.extend(self._bound(binding, module))
        if not bindings:
            found.extend(self._submodule(module, name) or self._starred(module, name))
        if len(found) > 1:
            found = [value for value in found if not _is_false(value)] or found[:1]
        return self.answers.end(key, frame, _few(tuple(dict.fromkeys(found))))

    def _bound(self, binding: Binding, module: Module) -> Values:
        func = module.functions[binding.function]
        if binding.how == "import" and isinstance(binding.value, str):
            if binding.value.startswith("@"):
                return self.dotted(module.absolute(binding.value), module)
            return self.dotted(binding.value, module)
        if binding.how in ("def", "class", "value", "for", "with", "walrus"):
            at = binding.value if isinstance(binding.value, int) else -1
            found = self.of(binding.value, func, at)
            if binding.how == "def" and isinstance(binding.value, Fn):
                return self.decorated(module.functions[binding.value.index])
            return self._or_promised(found, binding.annotation, func)
        if binding.how == "typed":
            return self.annotated(binding.annotation, func)
        return ()

    def _starred(self, module: Module, name: str) -> Values:
        for star in reversed(module.facts.stars):
            path = module.absolute(star) if star.startswith("@") else star
            source = self.program.names.find(path, module)
            if source is None:
                if self.program.knowledge.row(f"{path}.{name}") or self.program.knowledge.is_type(f"{path}.{name}"):
                    return (External(self.program.knowledge.canonical(f"{path}.{name}")),)
                continue
            self._reads.modules |= source.bit
            if source is not module and _exports(source, name):
                if name in source.bindings or source.facts.stars:
                    found = self.module_global(source, name)
                    if found:
                        return found
        return ()

    def dotted(self, path: str, importer: Module) -> Values:
        """What an absolute dotted name stands for, seen from a module."""
        key = ("dotted", path, importer)
        known = self.answers.get(key)
        if known is not None:
            return known
        frame = self.answers.begin(key, importer.bit)
        return self.answers.end(key, frame, self._resolve(path, importer))

    def _resolve(self, path: str, importer: Module) -> Values:
        top, _, rest = path.partition(".")
        names = self.program.names
        knowledge = self.program.knowledge
        if not names.knows_top(top):
            return (External(knowledge.canonical(path)),)
        canonical = knowledge.canonical(path)
        shadowed = top in STDLIB and names.find(top, importer) is not None
        if rest and not shadowed and (canonical in knowledge.rows or canonical in knowledge.types):
            # A library that is being linted itself: its public names mean what the tables say.
            return (External(canonical),)
        parts = path.split(".")
        for length in range(len(parts), 0, -1):
            module = names.find(".".join(parts[:length]), importer)
            if module is not None:
                self._reads.modules |= module.bit
                values: Values = (ModuleValue(module),)
                for name in parts[length:]:
                    values = self.attributes(values, name)
                return values
        return (External(canonical),)

    # Attributes -----------------------------------------------------------------------------------------------------

    def attributes(self, values: Values, name: str) -> Values:
        """The candidates for an attribute of any of some values."""
        if len(values) == 1:
            return self.attribute(values[0], name)
        found = [result for value in values for result in self.attribute(value, name)]
        if found:
            # What a caller must pass may be anything: beside it nothing else is certain.
            found.extend(value for value in values if isinstance(value, Param) and _must_be_given(value))
        return _unique(found)

    def attribute(self, value: Value, name: str) -> Values:
        """The candidates for an attribute of a value."""
        if isinstance(value, ModuleValue):
            return self.module_global(value.module, name) or self._submodule(value.module, name)
        if isinstance(value, External):
            return (External(self.program.knowledge.canonical(f"{value.dotted}.{name}")),)
        if isinstance(value, Instance):
            if isinstance(value.type, ClassNode):
                return self.member(value.type, name, value)
            return self._library_attribute(value, name)
        if isinstance(value, ClassValue):
            return self.class_attribute(value.cls, name)
        if isinstance(value, Super):
            return self._super_attribute(value, name)
        if isinstance(value, Remote):
            return remote_attribute(self, value, name)
        if isinstance(value, Coroutine):
            return ()
        return ()

    def _submodule(self, module: Module, name: str) -> Values:
        found = self.program.names.find(f"{module.name}.{name}", module) if module.is_package else None
        if found is None:
            return ()
        self._reads.modules |= found.bit
        return (ModuleValue(found),)

    def _library_attribute(self, value: Instance, name: str) -> Values:
        knowledge = self.program.knowledge
        assert isinstance(value.type, str)
        if name == "current_actor" and value.type == "ray.runtime_context.RuntimeContext" and value.site is not None:
            cls = value.site[0].cls
            if cls is not None and self.program.contexts.actors.decorated(cls):
                return (Remote(cls, "handle"),)
        known = knowledge.attribute(value.type, name)
        if known:
            return (self._made(known, value, value.site),)
        row = knowledge.method(value.type, name)
        if row is not None or knowledge.is_type(value.type) or (value.of and method_of(value.type, name)):
            return (Method(f"{value.type}.{name}", value),)
        return ()

    def class_attribute(self, cls: ClassNode, name: str) -> Values:
        """The candidates for an attribute of a class of the program."""
        for base in self.mro(cls):
            if isinstance(base, str):
                typed = self.program.knowledge.attribute(base, name)
                if typed:
                    return (Instance(self.program.knowledge.canonical(typed)),)
                known = self.program.knowledge.method(base, name)
                if known is not None:
                    return (External(f"{base}.{name}"),)
                continue
            method = base.methods.get(name)
            if method is not None:
                receiver = ClassValue(cls) if method.is_classmethod else None
                return tuple(
                    Function(method, receiver) if value == Function(method) else value
                    for value in self.decorated(method)
                )
            found = self._class_level(base, name)
            if found:
                return found
        return ()

    def _class_level(self, cls: ClassNode, name: str) -> Values:
        body = cls.module.functions[cls.fact.body]
        found: list[Value] = []
        for attribute, value, annotation in cls.fact.attributes:
            if attribute == name:
                at = value if isinstance(value, int) else -1
                exact = tuple(one for one in self.of(value, body, at) if not _is_false(one))
                found.extend(self._or_promised(exact, annotation, body))
        return _unique(found)

    def _or_promised(self, exact: Values, annotation: Expr, func: Func) -> Values:
        """What is known of a value, or, where that is nothing but that it is an empty container, its annotation."""
        if annotation is None or not all(isinstance(one, Param) or _is_empty(one) for one in exact):
            return exact
        return self.annotated(annotation, func) or exact

    def member(self, cls: ClassNode, name: str, receiver: Instance) -> Values:
        """The candidates for an attribute of an instance of a class of the program."""
        if name == "__class__":
            return (ClassValue(cls),)
        for base in self.mro(cls):
            if isinstance(base, str):
                found = self._library_attribute(Instance(base, receiver.site), name)
                if found:
                    return tuple(Method(one.dotted, receiver) if isinstance(one, Method) else one for one in found)
                continue
            method = base.methods.get(name)
            if method is not None:
                if method.is_property:
                    return self.returns(method, receiver)
                if method.is_static:
                    return (Function(method),)
                return self._bind(self.decorated(method), receiver, method)
            values = self.field(base, name)
            if values:
                return values
        return ()

    def _bind(self, values: Values, receiver: Instance, method: Func) -> Values:
        return tuple(
            Function(
                one.func,
                ClassValue(receiver.type)
                if method.is_classmethod and isinstance(receiver.type, ClassNode)
                else receiver,
            )
            if isinstance(one, Function) and one.func is method
            else one
            for one in values
        )

    def field(self, cls: ClassNode, name: str) -> Values:
        """The candidates for `self.name` as this one class sets it, in its methods or its body."""
        key = ("field", cls, name)
        known = self.answers.get(key)
        if known is not None:
            return known
        frame = self.answers.begin(key, cls.module.bit)
        values: list[Value] = []
        for attribute, index, value, annotation in cls.fact.fields:
            if attribute == name:
                func = cls.module.functions[index]
                at = value if isinstance(value, int) else stored_at(func, value)
                exact = tuple(one for one in self.of(value, func, at) if not _is_false(one))
                values.extend(self._or_promised(exact, annotation, func))
        if not any(not isinstance(value, Param) for value in values):
            values.extend(self._class_level(cls, name))
        return self.answers.end(key, frame, _few(tuple(dict.fromkeys(values))))

    def _super_attribute(self, value: Super, name: str) -> Values:
        order = (
            self.mro(value.receiver.type)
            if isinstance(value.receiver, Instance) and isinstance(value.receiver.type, ClassNode)
            else self.mro(value.cls)
        )
        start = order.index(value.cls) + 1 if value.cls in order else 1
        for base in order[start:]:
            if isinstance(base, str):
                if self.program.knowledge.method(base, name) is not None:
                    return (Method(f"{base}.{name}", value.receiver),)
                continue
            method = base.methods.get(name)
            if method is not None:
                return (Function(method, value.receiver),)
        return ()

    # Classes --------------------------------------------------------------------------------------------------------

    def bases(self, cls: ClassNode) -> Order:
        """The direct bases: classes of the program, or dotted names of library classes."""
        return self._hierarchy.bases(cls)

    def mro(self, cls: ClassNode) -> Order:
        """The class and its bases in the order of method resolution."""
        return self._hierarchy.mro(cls)

    # Annotations ----------------------------------------------------------------------------------------------------

    def annotated(self, annotation: Expr, func: Func) -> Values:
        """The instances that an annotation promises."""
        return self._annotations.promised(annotation, func) if annotation is not None else ()

    # Calls ----------------------------------------------------------------------------------------------------------

    def callee(self, func: Func, index: int) -> Values:
        """What the call number `index` may call."""
        op = func.ops[index]
        return self.of(op.func, func, index) if isinstance(op, Call) else ()

    def result(self, func: Func, index: int) -> Values:
        """What operation number `index` gives."""
        key = ("result", func, index)
        known = self.answers.get(key)
        if known is not None:
            return known
        if not 0 <= index < len(func.ops):
            return ()
        frame = self.answers.begin(key, func.module.bit)
        op = func.ops[index]
        found: Values = ()
        if isinstance(op, Call):
            values: list[Value] = []
            for callee in self.of(op.func, func, index):
                values.extend(self._call(callee, func, index, op))
            found = _unique(values)
        elif isinstance(op, Await):
            values = [result for value in self.of(op.value, func, index) for result in self.awaited(value)]
            found = _unique(values)
        elif isinstance(op, Gather):
            kind = "iterable" if op.kind == "generator" else op.kind
            found = (Instance(kind, (func, index), self.of(op.element, func, index)),)
        return self.answers.end(key, frame, _few(found))

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
                method = next(iter(self.member(value.type, "__await__", value)), None)
                return () if method is None else (value,)
            # `await connect()` of libraries whose connect gives an awaitable manager: the manager itself.
            return (value,) if value.type not in ("list", "dict", "set", "tuple", "str", "bool") else ()
        return ()

    def _call(self, callee: Value, func: Func, index: int, op: Call | None) -> Values:
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
                for one in self.member(callee.type, "__call__", callee)
                for result in self._call(one, func, index, op)
            )
        if isinstance(callee, Instance) and isinstance(callee.type, str):
            if self.program.knowledge.method(callee.type, "__call__") is not None:
                return self._library_call(f"{callee.type}.__call__", callee, func, index, op)
            return ()
        if isinstance(callee, Partial):
            return self._call(callee.target, func, index, op)
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
            return special(self, func, index, op)
        knowledge = self.program.knowledge
        row = knowledge.row(dotted)
        if row is not None and row.returns:
            carried = self._carried(row.callable, func, index, op) if op is not None and row.callable else ()
            made = self._made(row.returns, receiver, site)
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
        return self.of(argument, func, index) if argument is not None else ()

    def _made(self, type_name: str, receiver: Value | None, site: Site | None) -> Value:
        if type_name == "self" and receiver is not None:
            return receiver
        if type_name.startswith("element:"):
            return Instance("iterable", site, (Instance(type_name.removeprefix("element:")),))
        return Instance(self.program.knowledge.canonical(type_name), site)

    def returns(self, func: Func, receiver: Value | None = None) -> Values:
        """What a function of the program gives when its body has run."""
        key = ("returns", func)
        found = self.answers.get(key)
        if found is None:
            frame = self.answers.begin(key, func.module.bit)
            found = self.answers.end(key, frame, _few(self._returned(func)))
        return self._seen_from(found, func, receiver)

    def _returned(self, func: Func) -> Values:
        annotation = func.fact.returns
        found: list[Value] = []
        for index, op in enumerate(func.ops):
            if isinstance(op, Leave) and op.how == "return":
                found.extend(self.of(op.value, func, index))
        exact = [value for value in dict.fromkeys(found) if not _is_false(value) and not isinstance(value, Param)]
        if exact:
            return tuple(exact)
        return self.annotated(annotation, func) if annotation is not None else ()

    def yields(self, func: Func, receiver: Value | None = None) -> Values:
        """What a generator of the program gives, one after the other."""
        key = ("yields", func)
        found = self.answers.get(key)
        if found is None:
            frame = self.answers.begin(key, func.module.bit)
            found = self.answers.end(key, frame, _few(_unique(self._yielded(func))))
        return self._seen_from(found, func, receiver)

    def _yielded(self, func: Func) -> list[Value]:
        values: list[Value] = []
        for index, op in enumerate(func.ops):
            if isinstance(op, Yield):
                given = self.of(op.value, func, index)
                values.extend([one for each in given for one in self.elements(each)] if op.whole else given)
        exact: list[Value] = [value for value in values if not _is_false(value) and not isinstance(value, Param)]
        promised = func.fact.returns
        if not exact and isinstance(promised, Item) and promised.base in _YIELDING:
            first = promised.index.items[0] if isinstance(promised.index, Seq) else promised.index
            exact = list(self.annotated(first, func))
        return exact

    def _seen_from(self, found: Values, func: Func, receiver: Value | None) -> Values:
        """What a method gives; where that is itself, or made by its class, as the receiver has it."""
        if isinstance(receiver, ClassValue) and func.is_classmethod:
            return tuple(_made_by(receiver.cls, value, func) for value in found)
        if receiver is not None and any(isinstance(value, Instance) and value.is_self for value in found):
            return tuple(receiver if isinstance(value, Instance) and value.is_self else value for value in found)
        return found

    def decorated(self, func: Func) -> Values:
        """What the name of a decorated function stands for afterwards."""
        value: Value = Function(func)
        for position, decorator in enumerate(reversed(func.fact.decorators), 1):
            name = decorator.func
            if not isinstance(name, str):
                continue
            if self.is_ray_remote(name, func):
                # What a further decorator makes of a remote function is not known.
                return (Remote(func, "function"),) if position == len(func.fact.decorators) else ()
            last = name.rpartition(".")[2]
            if last in ("sync_to_async", "async_to_sync", "sync_compatible"):
                return (External(name),)
        return (value,)

    def decorated_class(self, cls: ClassNode) -> Value:
        """What the name of a class stands for after its decorators."""
        owner = cls.module.functions[cls.fact.owner]
        if any(isinstance(item.func, str) and self.is_ray_remote(item.func, owner) for item in cls.fact.decorators):
            return Remote(cls, "class")
        return ClassValue(cls)

    def is_ray_remote(self, name: str, func: Func) -> bool:
        """Whether a decorator, as written, is `ray.remote`."""
        if name == "ray.remote":
            return True
        if name.rpartition(".")[2] != "remote":
            return False
        values = self.chain(name, func, -1)
        return bool(values) and all(isinstance(value, External) and value.dotted == "ray.remote" for value in values)

    def classes_of(self, values: Values) -> Iterator[ClassNode]:
        """The classes of the program among the types of some instances."""
        for value in values:
            if isinstance(value, Instance) and isinstance(value.type, ClassNode):
                yield value.type


def is_manager(func: Func) -> bool:
    """Whether a generator is made a context manager by its decorator."""
    return any(name.rpartition(".")[2] in ("contextmanager", "asynccontextmanager") for name in func.decorator_names)


def _unique(found: Sequence[Value]) -> Values:
    return tuple(found) if len(found) < 2 else tuple(dict.fromkeys(found))


def _few(values: Values) -> Values:
    return values if len(values) <= _CANDIDATES else ()


def _is_false(value: Value) -> bool:
    return isinstance(value, Constant) and (value.value is None or value.value is False)


def _made_by(cls: ClassNode, value: Value, method: Func) -> Value:
    """What a class method made with `cls()`, as an instance of the class that it was called on."""
    if isinstance(value, Instance) and value.site is not None and value.site[0] is method:
        made = method.ops[value.site[1]]
        if isinstance(made, Call) and made.func == f"${method.self_name}":
            return Instance(cls, value.site, value.of)
    return value


def _lasting(bindings: Sequence[Binding]) -> Sequence[Binding]:
    """The bindings of a global that may still hold when the module has run: none before one that is unconditional."""
    for position in range(len(bindings) - 1, 0, -1):
        binding = bindings[position]
        if binding.function == 0 and binding.block == 0 and binding.how in ("def", "class", "import", "value"):
            return [one for one in bindings[:position] if one.function] + list(bindings[position:])
    return bindings


def _exports(module: Module, name: str) -> bool:
    """Whether a star import of a module brings a name."""
    exports = module.facts.exports
    return name[0] != "_" if exports is None else name in exports


def _must_be_given(value: Param) -> bool:
    return any(param.name == value.name and param.required for param in value.func.fact.params)


def _is_empty(value: Value) -> bool:
    return isinstance(value, Instance) and value.type in ("list", "tuple", "set", "dict") and not value.of


def _is_path(value: Value) -> bool:
    return isinstance(value, Instance) and value.type in ("pathlib.Path", "anyio.Path", "trio.Path")


def _is_container(value: Value) -> bool:
    return isinstance(value, Instance) and value.type in ("list", "tuple", "set", "dict", "str")
