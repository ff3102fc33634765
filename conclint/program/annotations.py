"""What annotations promise: instances of classes, through `Optional`, unions, generics and aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conclint.facts import Expr, Item, Mix, Seq
from conclint.program.model import ClassNode, Func, Module
from conclint.program.values import ClassValue, Constant, External, Instance, Remote, Value, Values

if TYPE_CHECKING:
    from conclint.program.evaluate import Evaluator

# Aliases of aliases beyond this are taken for one that stands for itself.
_ALIASES = 8
_SELF_TYPES = frozenset(("typing.Self", "typing_extensions.Self"))
_WRAPPERS = frozenset(
    (
        "typing.Optional",
        "typing.Annotated",
        "typing.Final",
        "typing.ClassVar",
        "typing.Required",
        "typing.NotRequired",
        "typing.ReadOnly",
        "dataclasses.InitVar",
        "typing_extensions.Annotated",
        "typing_extensions.Final",
    )
)
_CONTAINERS = {
    "builtins.list": "list",
    "builtins.tuple": "tuple",
    "builtins.set": "set",
    "builtins.frozenset": "set",
    "builtins.dict": "dict",
    "typing.List": "list",
    "typing.Tuple": "tuple",
    "typing.Set": "set",
    "typing.Dict": "dict",
    "typing.DefaultDict": "dict",
    "typing.Sequence": "list",
    "typing.Iterable": "list",
    "typing.Collection": "list",
    "typing.Mapping": "dict",
    "typing.MutableMapping": "dict",
    "collections.abc.Sequence": "list",
    "collections.abc.Iterable": "list",
    "collections.abc.Collection": "list",
    "collections.abc.Mapping": "dict",
    "collections.defaultdict": "dict",
    "collections.OrderedDict": "dict",
    "collections.deque": "list",
    "typing.Deque": "list",
}
_AWAITABLES = frozenset(
    (
        "typing.Awaitable",
        "typing.Coroutine",
        "collections.abc.Awaitable",
        "collections.abc.Coroutine",
        "asyncio.Future",
        "asyncio.Task",
    )
)
_HANDLES = frozenset(("ray.actor.ActorHandle", "ray.actor.ActorProxy"))


class Annotations:
    """Reads the annotations of one program."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._depth = 0

    def promised(self, annotation: Expr, func: Func) -> Values:
        """The instances that an annotation promises."""
        if isinstance(annotation, str):
            if annotation in _SELF_TYPES:
                return (Instance(func.cls, is_self=True),) if func.cls is not None else ()
            meant = self._type_alias(annotation, func.module)
            if meant is not None:
                return self._of_alias(*meant)
            return tuple([as_instance(value) for value in self.evaluator.chain(annotation, func, -1)])
        if isinstance(annotation, Mix) and annotation.kind == "|":
            return tuple(dict.fromkeys(value for item in annotation.items for value in self.promised(item, func)))
        if isinstance(annotation, Item):
            return self._generic(annotation, func)
        return ()

    def _of_alias(self, annotation: Expr, func: Func) -> Values:
        # An alias may stand for itself, over any number of modules.
        if self._depth > _ALIASES:
            return ()
        self._depth += 1
        try:
            return self.promised(annotation, func)
        finally:
            self._depth -= 1

    def _type_alias(self, annotation: str, module: Module) -> tuple[Expr, Func] | None:
        """What `Sessions = Optional[Session]` stands for, with the function whose names it is written in."""
        if annotation[0] == ":":
            name = annotation[1:]
        elif annotation[0] in "$&?":
            return None
        else:
            path, _, name = (module.absolute(annotation) if annotation[0] == "@" else annotation).rpartition(".")
            found = self.evaluator.program.names.find(path, module) if path else None
            if found is None:
                return None
            self.evaluator.program.reads.modules |= found.bit
            module = found
        bindings = module.bindings.get(name, ())
        if len(bindings) == 1 and bindings[0].how == "value":
            value = bindings[0].value
            if isinstance(value, Mix) and value.kind == "typed":
                # `Sessions: TypeAlias = …`
                value = value.items[-1]
            if isinstance(value, Item) or (isinstance(value, Mix) and value.kind == "|"):
                return value, module.functions[bindings[0].function]
        return None

    def _generic(self, annotation: Item, func: Func) -> Values:
        base = annotation.base if isinstance(annotation.base, str) else ""
        index = annotation.index
        args = index.items if isinstance(index, Seq) else (index,)
        if base in _WRAPPERS:
            return self.promised(args[0], func)
        if base == "typing.Union":
            return tuple(dict.fromkeys(value for item in args for value in self.promised(item, func)))
        if base in _AWAITABLES:
            result = self.promised(args[-1], func)
            kind = base if base.startswith("asyncio") else "asyncio.Future"
            return (Instance(kind, None, result),)
        kind = _CONTAINERS.get(base, "")
        if kind:
            if kind == "tuple" and not (len(args) == 2 and isinstance(args[1], Mix)):
                items: list[Value] = []
                for item in args:
                    items.extend(self.promised(item, func)[:1] or (Constant(None),))
                return (Instance("tuple", None, tuple(items)),)
            return (Instance(kind, None, self.promised(args[-1] if kind == "dict" else args[0], func)),)
        found: list[Value] = []
        for value in self.promised(annotation.base, func):
            if isinstance(value, Instance) and value.type in _HANDLES:
                found.extend(self._handles(args[0], func) or (value,))
                continue
            if isinstance(value, Instance) and value.type in ("concurrent.futures.Future", "ray.ObjectRef"):
                value = Instance(value.type, None, self.promised(args[0], func))
            found.append(value)
        return tuple(found)

    def _handles(self, annotation: Expr, func: Func) -> Values:
        """`ActorHandle[Cls]`: handles of a class, whether or not the name of the class is already the remote one."""
        found: list[Value] = []
        for value in self.promised(annotation, func):
            if isinstance(value, Instance) and isinstance(value.type, ClassNode):
                found.append(Remote(value.type, "handle"))
            elif isinstance(value, Remote):
                found.append(value)
        return tuple(found)


def as_instance(value: Value) -> Value:
    """An instance of what a value is: of a class, of a library type, or the handle of an actor."""
    if isinstance(value, ClassValue):
        return Instance(value.cls)
    if isinstance(value, External):
        name = value.dotted.removeprefix("builtins.")
        return Instance(_CONTAINERS.get(value.dotted, name))
    if isinstance(value, Remote) and isinstance(value.target, ClassNode):
        return Remote(value.target, "handle")
    return Constant(None)
