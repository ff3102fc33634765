"""Where rules about coroutines begin: the names under which something may be called that gives one."""

from __future__ import annotations

from conclint.program.program import Program

# Functions that only hand on another's coroutine are short, and seldom more than three stand on each other.
_SHORT = 12
_LAYERS = 3


def coroutine_names(program: Program) -> set[str]:
    """The last names of what may give a coroutine: of rows, coroutine functions, short functions that return such."""
    names = {row_name.rpartition(".")[2] for row_name, row in program.knowledge.rows.items() if row.is_async}
    plain = []
    for func in program.functions():
        offloaded = bool(func.fact.decorators) and any(name.endswith("_to_async") for name in func.decorator_names)
        if offloaded or (func.is_async and not func.fact.is_generator):
            names.add(func.name)
        elif func.fact.end_row - func.fact.row <= _SHORT and not func.fact.is_generator:
            plain.append(func)
    for _ in range(_LAYERS):
        names |= {func.name for func in plain if not names.isdisjoint(func.fact.names)}
    return {name for name in names if not name.startswith("<")}
