"""A deadlock in words: who waits for what, submitted where."""

from __future__ import annotations

from collections.abc import Mapping

from .nodes import Mode, Need, Node
from .threads import ThreadNode

HEADLINE = "deadlock: none of these can go on without an outside cancel or release"

MOST_STEPS = 40
"""Sentences in one message; of a longer cycle the rest is counted."""

_MOST_NAMES = 4


def spell(cycle: tuple[Node, ...], needs: Mapping[Node, Need]) -> tuple[str, ...]:
    """One sentence for each node of the cycle, in its order."""
    steps = [f"  {_sentence(node, needs[node])}" for node in cycle[:MOST_STEPS]]
    if len(cycle) > MOST_STEPS:
        steps.append(f"  ... and {len(cycle) - MOST_STEPS} more")
    return tuple(steps)


def _sentence(node: Node, need: Need) -> str:
    if not isinstance(node, ThreadNode):
        return f"{node.describe()} needs {_names(need)}"
    wait = node.wait
    verb = "waits for" if wait is None else wait.verb
    place = node.place()
    at = "" if place is None else f" at {place}"
    job = "" if node.job is None else f", which runs {node.job.describe()},"
    return f"{node.describe()}{job} {verb} {_names(need)}{at}"


def _names(need: Need) -> str:
    if not need.nodes:
        return "what has ended for ever"
    names = [node.describe() for node in need.nodes[:_MOST_NAMES]]
    if len(need.nodes) > _MOST_NAMES:
        names.append(f"{len(need.nodes) - _MOST_NAMES} more")
    if len(need.nodes) == 1:
        return names[0]
    quantity = "all of" if need.mode is Mode.ALL else "any of"
    return f"{quantity} ({', '.join(names)})"
