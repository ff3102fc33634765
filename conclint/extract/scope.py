"""The body that is being written, and what a class is found to have."""

from __future__ import annotations

import msgspec

from conclint.extract.names import Names
from conclint.facts import Block, Body, Expr, Op, Stmt, encode_body


class Scope:
    """The body that is being written: a module, a function, a lambda or a class statement."""

    __slots__ = (
        "block",
        "blocks",
        "cls",
        "index",
        "is_generator",
        "kind",
        "loads",
        "name",
        "names",
        "ops",
        "parent",
        "resolved",
        "self_name",
        "statements",
        "used",
    )

    def __init__(self, kind: str, name: str, index: int, parent: Scope | None, names: Names) -> None:
        self.kind = kind
        self.name = name
        self.index = index
        self.parent = parent
        self.names = names
        self.ops: list[Op] = []
        self.blocks: list[Block] = [Block(-1, "body", None, None, "", -1, 0, 0, 0, 0)]
        self.statements: list[Stmt] = []
        self.loads: set[str] = set()
        self.used: set[str] = set()
        self.resolved: dict[str, str] = {}
        self.block = 0
        self.is_generator = False
        self.cls: ClassParts | None = None
        self.self_name = ""

    def body(self) -> msgspec.Raw:
        return encode_body(Body(tuple(self.ops), tuple(self.blocks), tuple(self.statements), frozenset(self.loads)))


class ClassParts:
    """What a class is found to have while its body and methods are visited."""

    __slots__ = ("attributes", "fields", "index", "methods")

    def __init__(self, index: int) -> None:
        self.index = index
        self.methods: list[tuple[str, int]] = []
        self.attributes: list[tuple[str, Expr, Expr]] = []
        self.fields: list[tuple[str, int, Expr, Expr]] = []
