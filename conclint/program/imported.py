"""Which modules of a program are imported by others: what is not imported is run as a script, or by a tool."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from conclint.program.model import Module, chains, parts

if TYPE_CHECKING:
    from conclint.program.program import Program


def is_imported(program: Program, module: Module) -> bool:
    """Whether another module of the program imports this one, or something out of it."""
    stem = module.name.rpartition(".")[2]
    return any(
        _leads_to(program, path, stem, other, module)
        for other in program.whole()
        if other is not module
        for path in _paths(other, stem)
    )


def _leads_to(program: Program, path: str, stem: str, importer: Module, module: Module) -> bool:
    steps = path.split(".")
    return any(
        program.names.find(".".join(steps[:number]), importer) is module
        for number, step in enumerate(steps, 1)
        if step == stem
    )


def _paths(module: Module, stem: str) -> Iterator[str]:
    """The absolute dotted names with that word in it that a module imports, or uses after an import in a function."""
    for binding in module.facts.bindings:
        if binding.how == "import" and isinstance(binding.value, str) and stem in binding.value:
            yield _absolute(module, binding.value)
    for star in module.facts.stars:
        yield _absolute(module, star)
    word = stem.encode()
    for func in module.functions[1:]:
        # Bodies are decoded only where the name stands in them.
        for op in func.ops if word in bytes(func.fact.body) else ():
            for part in parts(op):
                for chain in chains(part):
                    if chain[0] not in "$&:?" and stem in chain:
                        yield _absolute(module, chain)


def _absolute(module: Module, path: str) -> str:
    return module.absolute(path) if path.startswith("@") else path
