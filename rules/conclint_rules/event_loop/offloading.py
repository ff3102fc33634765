"""The mend that the rules of this family share: the call is awaited in a worker thread."""

from __future__ import annotations

from conclint.facts import Use
from conclint.finding import Applicability, Fix
from conclint.program.effects import Path
from conclint.program.program import Program
from conclint_rules.mending import in_coroutine, run_in_thread, under_thread_lock

# What is entered or iterated does its work later, on the thread that enters or iterates.
_LATER = (Use.ENTERED, Use.ITERATED, Use.YIELDED)
# These belong to the thread that they are first called on, or to the main thread.
_BOUND = ("ray.init", "ray.shutdown", "signal.", "playwright.")


def offload(program: Program, path: Path, applicability: Applicability = Applicability.UNSAFE) -> Fix | None:
    """Await the call in a thread, where it stands in the coroutine itself.

    Calls that are reached through other functions are left to their authors: what these functions touch besides may
    not be for other threads.
    """
    call = path.primitive.call
    if path.edges or call is None or call.use in _LATER or path.primitive.name.startswith(_BOUND):
        return None
    if not in_coroutine(path.root, path.at) or under_thread_lock(program, path.root, path.block):
        return None
    return run_in_thread(path.root, path.at, applicability)
