"""The cycle in a set of dead nodes."""

from __future__ import annotations

from collections.abc import Mapping

from .nodes import Need, Node


def cycle_from(node: Node, dead: Mapping[Node, Need]) -> tuple[Node, ...]:
    """The cycle that a dead node is on; else one that it waits for; else its way to what can never happen."""
    cycle = _cycle_through(node, dead)
    if cycle:
        return cycle
    path, again = _walk(node, dead)
    return path if again is None else _cycle_through(again, dead)


def _walk(node: Node, dead: Mapping[Node, Need]) -> tuple[tuple[Node, ...], Node | None]:
    """From dead node to dead node, until one comes again (it is on a cycle) or nothing follows."""
    passed: dict[Node, None] = {}
    at: Node | None = node
    while at is not None and at not in passed:
        passed[at] = None
        at = next((one for one in dead[at].nodes if one in dead), None)
    return tuple(passed), at


def _cycle_through(node: Node, dead: Mapping[Node, Need]) -> tuple[Node, ...]:
    """The nodes that the given one reaches and that reach it, nearest first; none where it is on no cycle."""
    order: list[Node] = [node]
    seen = {node}
    reached_from: dict[Node, list[Node]] = {}
    for one in order:
        for awaited in dead[one].nodes:
            if awaited in dead:
                reached_from.setdefault(awaited, []).append(one)
                if awaited not in seen:
                    seen.add(awaited)
                    order.append(awaited)
    back: set[Node] = set()
    stack = [node]
    while stack:
        for one in reached_from.get(stack.pop(), ()):
            if one not in back:
                back.add(one)
                stack.append(one)
    return tuple(one for one in order if one in back)
