"""What an engine does otherwise than the others: one table, which the documentation prints and the tests try."""

from __future__ import annotations

from dataclasses import dataclass

from conclint_runtime.exceptions import RayError

XOSCAR = ("xoscar", "xoscar-sub")
"""xoscar without sub-processes, and with them."""


class NotOnThisBackend(RayError, NotImplementedError):  # noqa: N818  # says what is the case, as its family does
    """The engine that the program runs on cannot do this; the text says what to do instead."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that some engines do otherwise.

    Attributes:
        engines: which: `embedded`, `ray`, `xoscar` (in this process), `xoscar-sub` (with sub-processes).
        feature: what it is about, in a word or two; tests name it so.
        what: what happens there.
        instead: the way out.
        refused: whether it ends with `NotOnThisBackend`; otherwise it behaves otherwise without a word.
    """

    engines: tuple[str, ...]
    feature: str
    what: str
    instead: str
    refused: bool = True


_ELSEWHERE = "run it on the embedded engine or on Ray"

DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        ("embedded", "xoscar"),
        "module globals",
        "tasks and actors on threads see the program's module globals, and change them",
        "keep state in actors; processes do not share it: init(tasks='processes'), or n_process on xoscar",
        refused=False,
    ),
    Difference(
        ("embedded", "xoscar"),
        "os._exit",
        "a method that ends its process ends the program",
        "end the actor by exit_actor",
        refused=False,
    ),
    Difference(
        ("ray",),
        "yield from",
        "a generator that delegates to an iterator without `send`, such as a range, fails",
        "yield the items in a loop",
        refused=False,
    ),
    Difference(
        XOSCAR,
        "lifetime",
        "an actor lives until it is killed or the engine is shut down, also without a handle",
        "call kill for what is not needed any more",
        refused=False,
    ),
    Difference(
        XOSCAR,
        "num_cpus",
        "tasks do not wait for slots: up to 256 run at a time in each pool",
        "submit in batches where memory or processors are short",
        refused=False,
    ),
    Difference(XOSCAR, "concurrency groups", "an actor has one group, the default one", _ELSEWHERE),
    Difference(XOSCAR, "max_pending_calls", "calls under way are not counted", _ELSEWHERE),
    Difference(XOSCAR, "restarts", "an actor that has died stays dead", _ELSEWHERE),
    Difference(XOSCAR, "retries", "a call that failed is not tried again", _ELSEWHERE),
    Difference(XOSCAR, "resources", "xoscar does not count resources", _ELSEWHERE),
    Difference(XOSCAR, "placement", "actors go to the sub-processes in turns", _ELSEWHERE),
    Difference(XOSCAR, "runtime_env", "every sub-process has the environment of its pool", "give `envs` to init"),
    Difference(XOSCAR, "num_returns='dynamic'", "there are fixed numbers and streams", "use 'streaming'"),
    Difference(XOSCAR, "list_named_actors", "a pool does not tell what it holds", "look up the names that you know"),
    Difference(XOSCAR, "forced cancellation", "a running task is a thread among others of its process", _ELSEWHERE),
    Difference(XOSCAR, "task identifiers", "a call carries no identifier to its host", _ELSEWHERE),
    Difference(
        ("xoscar-sub",),
        "references in containers",
        "a reference is known in the process that made the call, and nowhere else",
        "pass it as an argument of its own, where its value is sent",
    ),
    Difference(
        XOSCAR,
        "blocking in an async actor",
        "the loop that is blocked is the one that would bring the result",
        "await the reference, or use asyncio.gather for several",
    ),
)


def difference(engine: str, feature: str) -> Difference | None:
    """Return the row about a feature that holds on an engine; None when it behaves like the others."""
    return next((row for row in DIFFERENCES if engine in row.engines and row.feature == feature), None)


def refusal(feature: str, subject: str) -> NotOnThisBackend:
    """Return the error for what xoscar is asked for and cannot do; `subject` is the option or function that asked.

    Raises:
        LookupError: the table does not say so.
    """
    for row in DIFFERENCES:
        if row.feature == feature and row.refused and "xoscar-sub" in row.engines:
            return NotOnThisBackend(f"{subject}: {row.what} (backend xoscar); {row.instead}")
    raise LookupError(f"no row says that xoscar refuses {feature!r}")
