"""What a backend does otherwise than the embedded engine: one table, which the documentation prints and tests try."""

from __future__ import annotations

from dataclasses import dataclass

from conclint_runtime.exceptions import RayError


class NotOnThisBackend(RayError, NotImplementedError):  # noqa: N818  # says what is the case, as its family does
    """The engine that the program runs on cannot do this; the text says what to do instead."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a backend does otherwise.

    Attributes:
        backend: `embedded`, `ray`, `xoscar` (with or without sub-processes), `xoscar-sub` (with them only).
        feature: what it is about, in a word or two; tests name it so.
        what: what happens there.
        instead: the way out.
        refused: whether it ends with `NotOnThisBackend`; otherwise it behaves otherwise without a word.
    """

    backend: str
    feature: str
    what: str
    instead: str
    refused: bool = True

    def error(self, subject: str) -> NotOnThisBackend:
        """Return the error for a program that asks for it; `subject` is the option or function that did."""
        return NotOnThisBackend(f"{subject}: {self.what} (backend {self.backend}); {self.instead}")


_RAY = "run it on the embedded engine or on Ray"

DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "embedded",
        "module globals",
        "tasks and actors on threads see the program's module globals, and change them",
        "keep state in actors, or use init(tasks='processes')",
        refused=False,
    ),
    Difference(
        "embedded",
        "os._exit",
        "a method that ends its process ends the program",
        "end the actor by exit_actor",
        refused=False,
    ),
    Difference(
        "ray",
        "yield from",
        "a generator that delegates to an iterator without `send`, such as a range, fails",
        "yield the items in a loop",
        refused=False,
    ),
    Difference(
        "xoscar",
        "lifetime",
        "an actor lives until it is killed or the engine is shut down, also without a handle",
        "call kill for what is not needed any more",
        refused=False,
    ),
    Difference(
        "xoscar",
        "num_cpus",
        "tasks do not wait for slots: up to 256 run at a time in each pool",
        "submit in batches where memory or processors are short",
        refused=False,
    ),
    Difference("xoscar", "concurrency groups", "an actor has one group, the default one", _RAY),
    Difference("xoscar", "max_pending_calls", "calls under way are not counted", _RAY),
    Difference("xoscar", "restarts", "an actor that has died stays dead", _RAY),
    Difference("xoscar", "retries", "a call that failed is not tried again", _RAY),
    Difference("xoscar", "resources", "xoscar does not count resources", _RAY),
    Difference("xoscar", "placement", "actors go to the sub-pools in turns", _RAY),
    Difference("xoscar", "runtime_env", "every sub-process has the environment of the pool", "pass `envs` to init"),
    Difference("xoscar", "num_returns='dynamic'", "there are fixed numbers and streams", "use 'streaming'"),
    Difference("xoscar", "list_named_actors", "a pool does not tell what it holds", "look up the names you know"),
    Difference("xoscar", "forced cancellation", "a running task is in a thread of a process with others", _RAY),
    Difference("xoscar", "task identifiers", "a call carries no identifier to its host", _RAY),
    Difference(
        "xoscar-sub",
        "references in containers",
        "a reference is known in the process that made the call, and nowhere else",
        "pass it as an argument of its own, where its value is sent",
    ),
    Difference(
        "xoscar",
        "blocking in an async actor",
        "the loop that is blocked is the one that would bring the result",
        "await the reference, or use asyncio.gather for several",
    ),
)


def difference(backend: str, feature: str) -> Difference | None:
    """Return the row about a feature on a backend; one with sub-processes has the rows of the one without too."""
    names = {backend, backend.removesuffix("-sub")}
    return next((row for row in DIFFERENCES if row.backend in names and row.feature == feature), None)


def refusal(feature: str, subject: str) -> NotOnThisBackend:
    """Return the error for what the xoscar backend is asked for and cannot do.

    Raises:
        LookupError: the table has no such row.
    """
    for row in DIFFERENCES:
        if row.backend.startswith("xoscar") and row.feature == feature and row.refused:
            return row.error(subject)
    raise LookupError(f"no row says that xoscar refuses {feature!r}")
