"""The options of tasks, actors and methods: which there are, and which values they take.

Checked here for every engine, with the texts that Ray gives, so that a program is told the same thing on each of them.
Source: the Ray Core API pages of `ray.remote`, `RemoteFunction.options`, `ActorClass.options` and `ray.method`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Check = Callable[[str, object], "str | None"]


def _typed(*kinds: type) -> Check:
    def check(name: str, value: object) -> str | None:
        if value is None or isinstance(value, kinds):
            return None
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"The type of keyword '{name}' must be {wanted} or None, but received type {type(value)}")

    return check


def _counting(infinite: bool) -> Check:
    kind = _typed(int)

    def check(name: str, value: object) -> str | None:
        kind(name, value)
        if value is None or (isinstance(value, int) and (value >= 0 or (infinite and value == -1))):
            return None
        also = "-1, 0" if infinite else "0"
        return f"The keyword '{name}' only accepts None, {also} or a positive integer."

    return check


def _quantity(name: str, value: object) -> str | None:
    _typed(int, float)(name, value)
    if isinstance(value, (int, float)) and value < 0:
        return f"The quantity of resource {name} cannot be negative"
    return None


def _one_of(*values: object) -> Check:
    def check(name: str, value: object) -> str | None:
        if value in values:
            return None
        return f"actor `{name}` argument must be one of {', '.join(map(repr, values[1:]))} and 'None'."

    return check


def _returns(name: str, value: object) -> str | None:
    _typed(int, str)(name, value)
    if value is None or value in ("dynamic", "streaming") or (isinstance(value, int) and value >= 0):
        return None
    return (
        f"The keyword '{name}' only accepts None, a non-negative integer, 'streaming' (for generators), or 'dynamic'."
    )


def _retried(name: str, value: object) -> str | None:
    _typed(bool, list, tuple)(name, value)
    if isinstance(value, (list, tuple)):
        if not all(isinstance(item, type) and issubclass(item, Exception) for item in value):
            return f"{name} must be either a boolean or a list of exceptions"
    return None


def _backpressure(name: str, value: object) -> str | None:
    _typed(int)(name, value)
    if value == 0:
        return f"{name}=0 is not allowed: use a value above 0, or -1 for a stream without a bound."
    return None


def _anything(name: str, value: object) -> str | None:  # noqa: ARG001 - the row of an option this runtime ignores
    return None


_COMMON: Mapping[str, Check] = {
    "accelerator_type": _typed(str),
    "enable_task_events": _typed(bool),
    "fallback_strategy": _typed(list),
    "label_selector": _typed(dict),
    "memory": _quantity,
    "name": _typed(str),
    "num_cpus": _quantity,
    "num_gpus": _quantity,
    "object_store_memory": _counting(infinite=False),
    "placement_group": _anything,
    "placement_group_bundle_index": _typed(int),
    "placement_group_capture_child_tasks": _typed(bool),
    "resources": _typed(dict),
    "runtime_env": _typed(dict),
    "scheduling_strategy": _anything,
    "_labels": _typed(dict),
}
_STREAM: Mapping[str, Check] = {
    "_generator_backpressure_num_objects": _backpressure,
    "num_returns": _returns,
    "retry_exceptions": _retried,
}

TASK_OPTIONS: Mapping[str, Check] = {
    **_COMMON,
    **_STREAM,
    "max_calls": _counting(infinite=False),
    "max_retries": _counting(infinite=True),
}
ACTOR_OPTIONS: Mapping[str, Check] = {
    **_COMMON,
    "allow_out_of_order_execution": _typed(bool),
    "concurrency_groups": _typed(list, dict),
    "get_if_exists": _typed(bool),
    "lifetime": _one_of(None, "detached", "non_detached"),
    "max_concurrency": _counting(infinite=False),
    "max_pending_calls": _counting(infinite=True),
    "max_restarts": _counting(infinite=True),
    "max_task_retries": _counting(infinite=True),
    "namespace": _typed(str),
}
METHOD_OPTIONS: Mapping[str, Check] = {
    **_STREAM,
    "concurrency_group": _typed(str),
    "enable_task_events": _typed(bool),
    "max_task_retries": _counting(infinite=True),
}
"""What `method(...)` declares; `handle.method.options(...)` takes a display `name` as well."""


def check_options(given: Mapping[str, object], table: Mapping[str, Check], what: str) -> None:
    """Check option names and values against a table. `what` is `remote functions`, `actors` or `actor methods`.

    Raises ValueError for an unknown name (listing those there are) or a value out of range, TypeError for a value of
    the wrong type.
    """
    for name, value in given.items():
        check = table.get(name)
        if check is None:
            raise ValueError(f"Invalid option keyword {name} for {what}. Valid ones are {sorted(table)}.")
        problem = check(name, value)
        if problem is not None:
            raise ValueError(problem)


def check_task_options(given: Mapping[str, object]) -> None:
    """Check the options of a remote function. Raises as `check_options` does."""
    check_options(given, TASK_OPTIONS, "remote functions")


def check_actor_options(given: Mapping[str, object]) -> None:
    """Check the options of an actor class. Raises as `check_options` does."""
    check_options(given, ACTOR_OPTIONS, "actors")
    if given.get("get_if_exists") and given.get("name") is None:
        raise ValueError("The actor name must be specified to use `get_if_exists`.")
    name, namespace = given.get("name"), given.get("namespace")
    if name == "":
        raise ValueError("Actor name cannot be an empty string.")
    if namespace == "":
        raise ValueError('"" is not a valid namespace. Pass None to not specify a namespace.')


@dataclass(frozen=True, slots=True)
class MethodOptions:
    """What one call of an actor method, or of a task, asks for beyond its arguments.

    Attributes:
        num_returns: how many references; None for one (or a stream, where the method is a generator).
        group: the concurrency group; None for the one that the method was declared in.
        backpressure: how many unread items stop the producer of a stream; None or -1 for no bound.
        retried: the exception classes after which the call is tried again; empty for none.
        retries: how often at most; -1 for as often as it takes.
        display: the name under which the call is shown; None for the function's own.
    """

    num_returns: int | str | None = None
    group: str | None = None
    backpressure: int | None = None
    retried: tuple[type[BaseException], ...] = ()
    retries: int = 0
    display: str | None = None


PLAIN = MethodOptions()


def method_options(given: Mapping[str, object], default: MethodOptions = PLAIN) -> MethodOptions:
    """Read checked options into a record, over the method's declared ones."""
    if not given:
        return default
    returns, group = given.get("num_returns"), given.get("concurrency_group")
    pressure, display = given.get("_generator_backpressure_num_objects"), given.get("name")
    retries = given.get("max_task_retries", given.get("max_retries"))
    return MethodOptions(
        num_returns=returns if isinstance(returns, (int, str)) else default.num_returns,
        group=group if isinstance(group, str) else default.group,
        backpressure=pressure if isinstance(pressure, int) else default.backpressure,
        retried=_exceptions(given["retry_exceptions"]) if "retry_exceptions" in given else default.retried,
        retries=retries if isinstance(retries, int) else default.retries,
        display=display if isinstance(display, str) else default.display,
    )


def _exceptions(value: object) -> tuple[type[BaseException], ...]:
    if isinstance(value, (list, tuple)):
        return tuple(value)
    return (Exception,) if value else ()
