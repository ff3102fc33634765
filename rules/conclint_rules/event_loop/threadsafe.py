"""What `asyncio.run_coroutine_threadsafe` gives: a future whose coroutine runs on a loop that is named."""

from __future__ import annotations

from conclint.facts import Call
from conclint.program.values import Instance, Site, Value


def threadsafe_site(value: Value | None) -> Site | None:
    """The call of `run_coroutine_threadsafe` that made a future, or None for any other value."""
    if not isinstance(value, Instance) or value.site is None:
        return None
    func, index = value.site
    made = func.ops[index] if 0 <= index < len(func.ops) else None
    if not isinstance(made, Call) or not isinstance(made.func, str):
        return None
    return value.site if made.func.rpartition(".")[2] == "run_coroutine_threadsafe" else None


def is_threadsafe_future(value: Value | None) -> bool:
    """Whether a future comes from `run_coroutine_threadsafe`."""
    return threadsafe_site(value) is not None
