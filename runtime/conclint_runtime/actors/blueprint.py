"""What an actor class looks like from outside: its kind, its methods, and what they declare."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from conclint_runtime.actors.options import MethodOptions, method_options

Shape = Literal["plain", "coroutine", "generator", "async generator"]

_DECLARED = {
    "__ray_num_returns__": "num_returns",
    "__ray_concurrency_group__": "concurrency_group",
    "__ray_generator_backpressure_num_objects__": "_generator_backpressure_num_objects",
    "__ray_max_task_retries__": "max_task_retries",
    "__ray_retry_exceptions__": "retry_exceptions",
}
DECLARATIONS: Mapping[str, str] = {option: attribute for attribute, option in _DECLARED.items()}
"""The function attribute in which `method(option=...)` is kept; the same that Ray reads."""


class Arity:
    """Which arguments a function takes, checked where the call is made."""

    __slots__ = ("_function", "_least", "_most", "_signature", "_skip")

    def __init__(self, function: Callable[..., object], skip: int) -> None:
        self._function = function
        self._skip = skip
        self._signature: inspect.Signature | None = None
        self._least, self._most = 1, 0  # nothing is in between: the first check looks closely
        code = getattr(function, "__code__", None)
        if inspect.isfunction(function) and code is not None and not hasattr(function, "__wrapped__"):
            if not code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS) and not code.co_kwonlyargcount:
                self._most = code.co_argcount - skip
                self._least = self._most - len(function.__defaults__ or ())

    def check(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
        """Raise the TypeError that calling the function with these arguments would raise."""
        if not kwargs and self._least <= len(args) <= self._most:
            return
        if self._signature is None:
            self._signature = self._read_signature()
        self._signature.bind(*args, **kwargs)

    def _read_signature(self) -> inspect.Signature:
        try:
            signature = inspect.signature(self._function)
        except (TypeError, ValueError):
            anything = inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL)
            named = inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)
            return inspect.Signature([anything, named])
        parameters = list(signature.parameters.values())
        if parameters and parameters[0].kind is not inspect.Parameter.VAR_POSITIONAL:
            parameters = parameters[self._skip :]
        return signature.replace(parameters=parameters)


@dataclass(frozen=True, slots=True)
class MethodSpec:
    """One method that can be called from outside."""

    name: str
    qualified: str
    shape: Shape
    arity: Arity
    options: MethodOptions


def shape_of(function: object) -> Shape:
    """Tell what calling the function gives: a value, a coroutine, a generator, or an async generator."""
    if inspect.isasyncgenfunction(function):
        return "async generator"
    if inspect.iscoroutinefunction(function):
        return "coroutine"
    if inspect.isgeneratorfunction(function):
        return "generator"
    return "plain"


def declared_options(function: object) -> MethodOptions:
    """Read what `method(...)` left on the function."""
    given = {option: getattr(function, name) for name, option in _DECLARED.items() if hasattr(function, name)}
    return method_options(given)


def _is_async(member: object) -> bool:
    return inspect.iscoroutinefunction(member) or inspect.isasyncgenfunction(member)


class Blueprint:
    """The reading of one class, made once and used by all its actors."""

    def __init__(self, cls: type) -> None:
        self.cls = cls
        self.name = cls.__name__
        self.is_async = bool(inspect.getmembers(cls, _is_async))
        written = {name for base in cls.__mro__[:-1] for name in ("__init__", "__new__") if name in vars(base)}
        self.has_constructor = bool(written)
        self.methods: dict[str, MethodSpec | None] = {}
        initialise: Callable[..., object] = getattr(cls, "__init__")  # noqa: B009 - of the class, not of an instance
        self.constructor = Arity(initialise if "__init__" in written else _no_arguments, skip=1)

    def method(self, name: str) -> MethodSpec | None:
        """Return the method of this name; None when the class has none."""
        try:
            return self.methods[name]
        except KeyError:
            spec = self.methods[name] = self._read(name)
            return spec

    def groups(self) -> frozenset[str]:
        """The concurrency groups that the methods name."""
        members = (inspect.unwrap(member) for _, member in inspect.getmembers(self.cls, callable) if callable(member))
        found = (getattr(member, "__ray_concurrency_group__", None) for member in members)
        return frozenset(name for name in found if isinstance(name, str))

    def _read(self, name: str) -> MethodSpec | None:
        special = _SPECIAL.get(name)
        if special is not None:
            return MethodSpec(name, f"{self.name}.{name}", "plain", Arity(special, skip=1), MethodOptions())
        member = inspect.getattr_static(self.cls, name, None)
        function = getattr(self.cls, name, None)
        if member is None or not callable(function) or name in _PRIVATE or isinstance(function, type):
            return None
        bound = isinstance(member, (staticmethod, classmethod))
        return MethodSpec(
            name,
            f"{self.name}.{name}",
            shape_of(function),
            Arity(function, 0 if bound else 1),
            declared_options(function),
        )


_PRIVATE = frozenset(name for name in dir(object))


def _no_arguments(self: object) -> None:
    """The shape of a constructor that was not written."""


def _ready(self: object) -> bool:  # noqa: ARG001 - a method of any actor
    return True


def _call(self: object, function: Callable[..., object], *args: object, **kwargs: object) -> object:
    return function(self, *args, **kwargs)


def _terminate(self: object) -> None:  # noqa: ARG001 - a method of any actor
    from conclint_runtime.actors.departure import ActorExit

    raise ActorExit


_SPECIAL: Mapping[str, Callable[..., object]] = {
    "__ray_ready__": _ready,
    "__ray_call__": _call,
    "__ray_terminate__": _terminate,
}


def target_of(instance: object, name: str) -> Callable[..., object]:
    """Return what to call on the actor's instance for a method name."""
    special = _SPECIAL.get(name)
    if special is not None:
        return special.__get__(instance)  # type: ignore[no-any-return]  # a bound method
    return getattr(instance, name)  # type: ignore[no-any-return]  # checked when the call was made
