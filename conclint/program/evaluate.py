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
    Binding,
    Cls,
    Const,
    Expr,
    Fn,
    Item,
    Mix,
    Seq,
    Test,
)
from conclint.program.annotations import Annotations, as_instance
from conclint.program.answers import NEVER, Answers
from conclint.program.candidates import few, is_false, is_manager, unique
from conclint.program.hierarchy import Hierarchy, Order
from conclint.program.members import Members
from conclint.program.model import ClassNode, Func, Module, argument_of
from conclint.program.modules import STDLIB
from conclint.program.narrowing import type_tested
from conclint.program.reaching import reaching
from conclint.program.results import Results
from conclint.program.values import (
    ClassValue,
    Constant,
    Coroutine,
    External,
    Function,
    Instance,
    ModuleValue,
    Param,
    Remote,
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
_GENERATORS = ("types.GeneratorType", "types.AsyncGeneratorType")


class Evaluator:
    """Evaluates expressions of one program; remembers what it found."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.answers = Answers(program.reads)
        self._reads = program.reads
        self._hierarchy = Hierarchy(self)
        # They ask each other all the time: what is asked of the evaluator goes straight to who answers.
        members, results = Members(self), Results(self)
        self.attributes, self.attribute = members.attributes, members.attribute
        self.class_attribute, self.member, self.field = members.class_attribute, members.member, members.field
        self._or_promised, self._submodule = members.or_promised, members.submodule
        self.callee, self.result, self.awaited = results.callee, results.result, results.awaited
        self.returns, self.yields = results.returns, results.yields
        self.made, self._called = results.made, results.called
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
            return few(self._of(expr, func, at))
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
            return (Instance(expr.kind, (func, at), few(tuple(dict.fromkeys(elements)))),)
        if isinstance(expr, Test):
            return self._truth(expr, func, at)
        if isinstance(expr, Mix):
            return self._mixed(expr, func, at)
        return ()

    def _truth(self, expr: Test, func: Func, at: int) -> Values:
        if expr.op == "or":
            found = [value for item in expr.items for value in self.of(item, func, at) if not is_false(value)]
            return unique(found)
        if expr.op == "and":
            return self.of(expr.items[-1], func, at)
        return (Instance("bool"),)

    def _mixed(self, expr: Mix, func: Func, at: int) -> Values:
        kind = expr.kind
        if kind == "typed":
            if len(expr.items) == 1:
                return self.annotated(expr.items[0], func)
            exact = tuple(value for value in self.of(expr.items[1], func, at) if not is_false(value))
            return self._or_promised(exact, expr.items[0], func)
        if kind == "if":
            found = [value for item in expr.items for value in self.of(item, func, at)]
            return tuple(dict.fromkeys(value for value in found if not is_false(value)))
        if kind in ("enter", "aenter"):
            return self._entered(expr.items[0], func, at, kind)
        if kind in ("each", "aeach"):
            found = []
            for value in self.of(expr.items[0], func, at):
                found.extend(self.elements(value))
            return unique(found)
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
                    return (self.made(row.returns, value, None),)
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
                    found.append(self.made(row.returns, value, value.site))
            elif isinstance(value, ClassValue):
                found.append(value)
        return unique(found)

    def _entered(self, manager: Expr, func: Func, at: int, kind: str) -> Values:
        found: list[Value] = []
        for value in self.of(manager, func, at):
            if isinstance(value, Instance):
                if value.of and isinstance(value.of[0], Function) and is_manager(value.of[0].func):
                    found.extend(self.yields(value.of[0].func, value.of[0].receiver))
                    continue
                entered = self.attribute(value, "__aenter__" if kind == "aenter" else "__enter__")
                results = [result for one in entered for result in self._called(one, func, at, None)]
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
        return unique(found)

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
        together = unique([*values, *found])
        return tuple(value for value in together if not is_false(value)) or together

    def _narrowed(self, root: str, func: Func, at: int) -> Values:
        """The type that an `isinstance` around the place leaves to a plain name."""
        if "isinstance" not in func.fact.names or not 0 <= at < len(func.ops) or root not in func.type_tested:
            return ()
        found = type_tested(func, root, at)
        if found is None:
            return ()
        types, index = found
        return unique(
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
            found = [value for value in found if not is_false(value)] or found[:1]
        return self.answers.end(key, frame, unique(found))

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
            found = [value for value in found if not is_false(value)] or found[:1]
        return self.answers.end(key, frame, few(tuple(dict.fromkeys(found))))

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


def _is_path(value: Value) -> bool:
    return isinstance(value, Instance) and value.type in ("pathlib.Path", "anyio.Path", "trio.Path")


def _is_container(value: Value) -> bool:
    return isinstance(value, Instance) and value.type in ("list", "tuple", "set", "dict", "str")
