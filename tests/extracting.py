"""Short ways to ask what the extractor has found."""

from __future__ import annotations

import re
import textwrap
from typing import TypeVar

from conclint import facts
from conclint.extract import extract
from conclint.facts import Assign, Block, Body, Call, Expr, Facts, Function, Op
from conclint.source import Source, decode

Kind = TypeVar("Kind", bound=facts.Node)


def facts_of(text: str | bytes) -> Facts:
    """The facts of a source text, as they come out of a cache."""
    data = textwrap.dedent(text).encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    source = decode("a.py", data)
    assert isinstance(source, Source), source
    return facts.decode(facts.encode(extract(source)))


def function(found: Facts, qualname: str) -> Function:
    """The function of that qualified name; `<class>` bodies are asked for as `<class>Name`."""
    (match,) = [
        each for each in found.functions if qualname in (each.qualname, f"{each.name}{each.qualname}", each.name)
    ]
    return match


def body(text: str, qualname: str = "f") -> Body:
    """What a function does; `<module>` for the module's own statements."""
    return facts.decode_body(function(facts_of(text), qualname))


def ops(text: str, kind: type[Kind], qualname: str = "f") -> list[Kind]:
    """The operations of one kind, in order."""
    return [op for op in body(text, qualname).ops if isinstance(op, kind)]


def callees(text: str, qualname: str = "f") -> list[Expr]:
    """What is called, in order."""
    return [call.func for call in ops(text, Call, qualname)]


def assigned(text: str, qualname: str = "f") -> list[tuple[Expr, Expr]]:
    """Targets and values, in order."""
    return [(op.target, op.value) for op in ops(text, Assign, qualname)]


def path(of: Body, op: Op) -> list[str]:
    """The kinds of the blocks that an operation is in, the outermost first."""
    kinds: list[str] = []
    number = op.block
    while number > 0:
        kinds.append(of.blocks[number].kind)
        number = of.blocks[number].parent
    return kinds[::-1]


def paths(text: str, qualname: str = "f") -> dict[str, list[str]]:
    """For each plain call its callee's last name and the blocks that it is in."""
    whole = body(text, qualname)
    return {
        re.split(r"\W", op.func)[-1]: path(whole, op)
        for op in whole.ops
        if isinstance(op, Call) and isinstance(op.func, str)
    }


def block(text: str, kind: str, qualname: str = "f") -> Block:
    """The only block of that kind."""
    (match,) = [each for each in body(text, qualname).blocks if each.kind == kind]
    return match
