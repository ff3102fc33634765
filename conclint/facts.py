"""The vocabulary: what conclint remembers of one file.

Facts are statements about *this* file's own things, worked out from its bytes alone: they do not depend on where the
file lies, on what else there is, nor on the Python that reads them. So they are cached by content and made in any
process. They are frozen structs that are written as msgpack arrays; nothing here can run code when it is read back.

**Expressions** are small values. A name or a chain of attributes is a string whose first characters say where its
root is bound, as far as this file can tell:

    time.sleep          an absolute import, or `builtins.open`
    @1:pkg.name.attr    a relative import, with its number of dots
    :name.attr          a global of this module (also one that is bound in several ways)
    $name.attr          a parameter or local of the function itself
    &7:name.attr        a local of the enclosing function number 7
    ?name.attr          not bound anywhere in this file (a star import may have it)

An integer is the result of the operation of that number in the same body. `None` is anything that no rule asks about.

**Operations** are listed in the order in which they are evaluated. Each names its block; a block names its parent, so
the path from function to operation (branch, loop, with, try) and the guard of every operation is there to be read.
What comes after an early exit (`if x: return`) stands in a block of its own with the test negated.
"""

from __future__ import annotations

import enum
from typing import TypeAlias, Union

import msgspec

from conclint.suppress import Suppression

# Raised whenever the shape or the meaning of a fact changes; old cache entries are then not read.
VERSION = 1


class Use(enum.IntEnum):
    """What becomes of the value of a call or an await."""

    OTHER = 0
    DISCARDED = 1
    AWAITED = 2
    RETURNED = 3
    YIELDED = 4
    ASSIGNED = 5
    ATTRIBUTE = 6
    ITEM = 7
    ARGUMENT = 8
    ENTERED = 9
    ITERATED = 10
    TESTED = 11
    COMPARED = 12
    FORMATTED = 13
    COLLECTED = 14
    CALLED = 15
    OPERAND = 16
    RAISED = 17


class Node(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What all expression and operation records share."""


class Const(Node, frozen=True, tag=1):
    """A literal. Long strings are cut: no rule reads further."""

    value: bool | int | float | str | None


class Attr(Node, frozen=True, tag=2):
    """An attribute of something that is not a chain of names: `f().name`."""

    base: Expr
    name: str


class Item(Node, frozen=True, tag=3):
    """`base[index]`."""

    base: Expr
    index: Expr


class Seq(Node, frozen=True, tag=4):
    """A display: `kind` is list, tuple, set or dict (whose items are its values)."""

    kind: str
    items: tuple[Expr, ...]


class Test(Node, frozen=True, tag=5):
    """A truth that can be evaluated: `op` is not, and, or, or a comparison operator."""

    op: str
    items: tuple[Expr, ...]


class Mix(Node, frozen=True, tag=6):
    """Any other expression, by its parts: `kind` is the operator, f, if, star, slice, …"""

    kind: str
    items: tuple[Expr, ...]


class Fn(Node, frozen=True, tag=7):
    """A lambda, or a def as a value: function number `index` of this file."""

    index: int


class Cls(Node, frozen=True, tag=8):
    """A class of this file as a value."""

    index: int


Expr: TypeAlias = Union[str, int, Const, Attr, Item, Seq, Test, Mix, Fn, Cls, None]  # noqa: UP007


class Call(Node, frozen=True, tag=20):
    """A call. The keyword of `**mapping` is ""; `*args` is a `Mix` of kind star."""

    func: Expr
    args: tuple[Expr, ...]
    keywords: tuple[tuple[str, Expr], ...]
    use: int
    block: int
    row: int
    column: int
    end_row: int
    end_column: int


class Await(Node, frozen=True, tag=21):
    """`await value`, also for the implied ones of `async for` and `async with` (whose `value` is None)."""

    value: Expr
    use: int
    block: int
    row: int
    column: int
    end_row: int
    end_column: int


class Assign(Node, frozen=True, tag=22):
    """A binding. `how`: "" plain, an operator for `+=`, and for · with · except · walrus · import · del · param."""

    target: Expr
    value: Expr
    how: str
    block: int
    row: int
    column: int
    end_row: int
    end_column: int


class Load(Node, frozen=True, tag=23):
    """The reading of an attribute (which may be a property)."""

    value: Expr
    use: int
    block: int
    row: int
    column: int
    end_row: int
    end_column: int


class Yield(Node, frozen=True, tag=24):
    """`yield value`; `whole` for `yield from`."""

    value: Expr
    whole: bool
    block: int
    row: int
    column: int


class Leave(Node, frozen=True, tag=25):
    """return · raise · break · continue, with what is returned or raised."""

    how: str
    value: Expr
    block: int
    row: int
    column: int


class Define(Node, frozen=True, tag=26):
    """A def, lambda or class statement is reached: `kind` def or class, `index` its number."""

    kind: str
    index: int
    block: int
    row: int


class Gather(Node, frozen=True, tag=27):
    """A comprehension has been evaluated: `kind` list, set, dict or generator; `inner` is its innermost block."""

    kind: str
    element: Expr
    inner: int
    use: int
    block: int
    row: int
    column: int
    end_row: int
    end_column: int


Op: TypeAlias = Union[Call, Await, Assign, Load, Yield, Leave, Define, Gather]  # noqa: UP007


class Block(Node, frozen=True):
    """A part of a body that runs under its own conditions.

    `kind`        `value`                `target`
    body          –                      –            the function itself (block 0)
    if, else      the test               –            `else` also after an early exit
    for           the iterable           the target   `async-for`, and `comp` / `async-comp` in comprehensions
    while         the test               –
    loop-else     –                      –
    with          the manager            the `as`     `async-with`
    try           –                      –
    except        the types              the name     `exits`: how it ends, `except-star`
    try-else      –                      –
    finally       –                      –
    case          the subject            –
    and, or       the operand before     –            the other operands of a short circuit
    assert        the test               –            what follows an `assert`
    def           –                      –            decorators, defaults
    main          –                      –            under `if __name__ == "__main__":`
    typing        –                      –            under `if TYPE_CHECKING:`

    `exits` is how the last statement of the block leaves it: return, raise, break, continue, or "".
    `partner` is the block that a try's handlers, else and finally, or an `else`, belong to.
    """

    parent: int
    kind: str
    value: Expr
    target: Expr
    exits: str
    partner: int
    row: int
    column: int
    end_row: int
    end_column: int


class Stmt(Node, frozen=True):
    """A simple statement: its operations are `first` up to but not including `end`."""

    first: int
    end: int
    block: int
    row: int
    column: int
    end_row: int
    end_column: int


class Body(Node, frozen=True):
    """What a function does."""

    ops: tuple[Op, ...]
    blocks: tuple[Block, ...]
    statements: tuple[Stmt, ...]
    loads: frozenset[str]
    """The local names that are read in the function or in those nested in it."""


class Param(Node, frozen=True):
    """A parameter: `kind` is positional-only /, positional-or-keyword "", *, keyword-only k, **."""

    name: str
    kind: str
    annotation: Expr
    default: Expr
    required: bool


class Decorator(Node, frozen=True):
    """`@func` or `@func(args)`."""

    func: Expr
    called: bool
    args: tuple[Expr, ...]
    keywords: tuple[tuple[str, Expr], ...]
    row: int


class Function(Node, frozen=True):
    """A def or lambda, or (number 0, named `<module>`) the module's own statements, and class bodies (`<class>`)."""

    name: str
    qualname: str
    is_async: bool
    is_generator: bool
    params: tuple[Param, ...]
    decorators: tuple[Decorator, ...]
    returns: Expr
    owner: int
    """The function that it is defined in (0: the module), -1 for the module itself."""
    in_class: int
    """The class whose member it is, or -1."""
    block: int
    """The block of the owner's body that it is defined in."""
    names: frozenset[str]
    """The last names of all calls in it, and `__enter__`, `__iter__`, … for what its statements call."""
    row: int
    column: int
    end_row: int
    end_column: int
    body: msgspec.Raw


class Class(Node, frozen=True):
    """A class statement."""

    name: str
    qualname: str
    bases: tuple[Expr, ...]
    keywords: tuple[tuple[str, Expr], ...]
    decorators: tuple[Decorator, ...]
    methods: tuple[tuple[str, int], ...]
    attributes: tuple[tuple[str, Expr, Expr], ...]
    """Class-level bindings: name, value (operations are of the class body's function), annotation."""
    fields: tuple[tuple[str, int, Expr, Expr], ...]
    """`self.name = value` in its methods: name, function, value, annotation."""
    owner: int
    in_class: int
    body: int
    """The number of the function that stands for its statements."""
    row: int
    column: int
    end_row: int
    end_column: int


class Binding(Node, frozen=True):
    """One way in which a global gets its value: `how` is def, class, import, value, or another word of `Assign.how`."""

    name: str
    how: str
    value: Expr
    """A dotted name for an import, a function, a class, or the value."""
    annotation: Expr
    block: int
    function: int
    """The function whose operations and blocks these are: 0, or one that declares the name `global`."""


class Facts(Node, frozen=True):
    """What is known of a file. `error` is (row, column from 0, message) where it does not parse."""

    version: int
    error: tuple[int, int, str] | None
    lines: int
    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    bindings: tuple[Binding, ...]
    stars: tuple[str, ...]
    exports: tuple[str, ...] | None
    """`__all__`, where it is a plain list."""
    packages: frozenset[str]
    """The top-level packages that it imports."""
    suppressions: tuple[Suppression, ...]


class Unusable(Exception):  # noqa: N818  # it is what is said of the bytes
    """Bytes that are not facts of this version."""


# Sets are written sorted: the bytes must not depend on the hash seed.
_facts_encoder = msgspec.msgpack.Encoder(order="deterministic")
_facts_decoder: msgspec.msgpack.Decoder[Facts] = msgspec.msgpack.Decoder(Facts)
_body_decoder: msgspec.msgpack.Decoder[Body] = msgspec.msgpack.Decoder(Body)


def encode(facts: Facts) -> bytes:
    """The facts as msgpack."""
    return _facts_encoder.encode(facts)


def encode_body(body: Body) -> msgspec.Raw:
    """A body as msgpack, to be put into its function."""
    return msgspec.Raw(_facts_encoder.encode(body))


def decode(data: bytes) -> Facts:
    """The facts that `encode` wrote; bodies stay undecoded until asked for.

    Raises:
        Unusable: the bytes are damaged, hostile, or of another version.
    """
    try:
        facts = _facts_decoder.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
        raise Unusable(str(error)) from error
    if facts.version != VERSION:
        raise Unusable(f"version {facts.version}")
    return facts


def decode_body(function: Function) -> Body:
    """The body of a function.

    Raises:
        Unusable: the bytes are damaged.
    """
    try:
        return _body_decoder.decode(function.body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Unusable(str(error)) from error
