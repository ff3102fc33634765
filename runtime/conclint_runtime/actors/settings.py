"""From the options that the user wrote to what the embedded engine does with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conclint_runtime.actors.blueprint import Blueprint

ASYNC_CONCURRENCY = 1000


@dataclass(frozen=True, slots=True)
class ActorSettings:
    """The options of one actor, as the embedded engine reads them.

    Attributes:
        groups: the concurrency groups by name with their sizes; the default one is named by the empty string.
        max_pending_calls: unfinished calls above which a submission is refused; -1 for no bound.
        max_restarts: how often it is built anew after it ended unasked; -1 for as often as it takes.
        max_task_retries: how often a failed call is tried again, where its method says for which errors.
        name, namespace: under which it can be found; empty for none.
        detached: whether it lives on without a handle.
    """

    groups: Mapping[str, int]
    max_pending_calls: int = -1
    max_restarts: int = 0
    max_task_retries: int = 0
    name: str = ""
    namespace: str = ""
    detached: bool = False


def actor_settings(options: Mapping[str, object], blueprint: Blueprint, namespace: str) -> ActorSettings:
    """Read checked options of an actor.

    Raises ValueError for in-order execution where calls run side by side, TypeError for a group's size that is not a
    number, AssertionError for a method whose group is not declared.
    """
    default = _whole(options, "max_concurrency", 0) or (ASYNC_CONCURRENCY if blueprint.is_async else 1)
    groups = {"": default, **_groups(options.get("concurrency_groups"))}
    missing = sorted(blueprint.groups() - set(groups))
    if missing:
        raise AssertionError(
            f"methods of {blueprint.name} name the concurrency group {missing[0]!r}, which `concurrency_groups` does"
            f" not declare: {sorted(name for name in groups if name)}"
        )
    if options.get("allow_out_of_order_execution") is False and (blueprint.is_async or groups != {"": 1}):
        raise ValueError(
            f"calls of {blueprint.name} run side by side, so they cannot be executed in order. Set"
            " `allow_out_of_order_execution=True`, or make it a sync actor with max_concurrency=1."
        )
    name, space = options.get("name"), options.get("namespace")
    return ActorSettings(
        groups=groups,
        max_pending_calls=_whole(options, "max_pending_calls", -1) or -1,
        max_restarts=_whole(options, "max_restarts", 0),
        max_task_retries=_whole(options, "max_task_retries", 0),
        name=name if isinstance(name, str) else "",
        namespace=space if isinstance(space, str) else namespace,
        detached=options.get("lifetime") == "detached",
    )


def read_cpus(options: Mapping[str, object]) -> float:
    """How many slots a task takes."""
    value = options.get("num_cpus")
    return float(value) if isinstance(value, (int, float)) else 1.0


def _whole(options: Mapping[str, object], name: str, default: int) -> int:
    value = options.get(name)
    return value if isinstance(value, int) else default


def _groups(declared: object) -> dict[str, int]:
    if declared is None:
        return {}
    if isinstance(declared, Mapping):
        pairs = list(declared.items())
    elif isinstance(declared, list):
        pairs = [(item["name"], item["max_concurrency"]) for item in declared]
    else:
        raise TypeError(f"concurrency_groups must be a dict of names and sizes, got {type(declared).__name__}")
    for name, size in pairs:
        if not isinstance(size, int):
            raise TypeError(f"an integer is required for the size of concurrency group {name!r}, got {size!r}")
    return dict(pairs)
