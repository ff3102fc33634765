"""What a name may stand for: small abstract values.

A value is a candidate. Evaluation gives a tuple of them; an empty tuple means unknown, and unknown stays unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, Union

from conclint.program.model import ClassNode, Func, Module

Site: TypeAlias = "tuple[Func, int]"
"""Where something is made: a function and the number of the operation in it."""


@dataclass(frozen=True, slots=True)
class ModuleValue:
    """A module or package of the program."""

    module: Module


@dataclass(frozen=True, slots=True)
class External:
    """Something of a library, by its canonical dotted name: a module, function, class or constant."""

    dotted: str


@dataclass(frozen=True, slots=True)
class ClassValue:
    """A class of the program."""

    cls: ClassNode


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the program; with a receiver a bound method."""

    func: Func
    receiver: Value | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a library type on an instance: `requests.Session.get`."""

    dotted: str
    receiver: Value


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance of a class of the program or of a library type.

    `site` is where it was made (its allocation site), `of` what it carries: the function of a coroutine, task, future
    or remote reference, the elements of a container. `is_self` marks the receiver of the method at hand.
    """

    type: ClassNode | str
    site: Site | None = None
    of: tuple[Value, ...] = ()
    is_self: bool = False


@dataclass(frozen=True, slots=True)
class Coroutine:
    """What calling an `async def` of the program gives."""

    func: Func
    receiver: Value | None = None
    site: Site | None = None


@dataclass(frozen=True, slots=True)
class Partial:
    """A callable with some arguments bound (`functools.partial`)."""

    target: Value
    positional: int
    site: Site


@dataclass(frozen=True, slots=True)
class Super:
    """`super()` in a method of `cls`."""

    cls: ClassNode
    receiver: Value


@dataclass(frozen=True, slots=True)
class Remote:
    """A Ray remote function or class, an actor's handle, or a method of it.

    `kind` call is what `.remote` of any of them gives, `options` what `.options` gives before it is called.
    """

    target: Func | ClassNode
    kind: Literal["function", "class", "handle", "method", "call", "options"]
    receiver: ClassNode | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant."""

    value: bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter about which nothing else is known: who calls decides."""

    func: Func
    name: str


Value: TypeAlias = Union[  # noqa: UP007  # forward references
    ModuleValue,
    External,
    ClassValue,
    Function,
    Method,
    Instance,
    Coroutine,
    Partial,
    Super,
    Remote,
    Constant,
    Param,
]
Values: TypeAlias = "tuple[Value, ...]"
