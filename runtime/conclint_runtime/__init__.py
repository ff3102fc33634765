"""The companion of the linter: actors, executors, asyncio utilities, timers, a guard, and the Game of Life.

`import conclint_runtime as ray` runs a Ray program in this process. Importing the package costs nothing: every name
is fetched from its module when it is first used.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False  # what type checkers take for True; importing `typing` would cost more than all of this file

if TYPE_CHECKING:
    from conclint_runtime import actor, actors, exceptions, util
    from conclint_runtime.actors.api import (
        available_resources,
        cancel,
        cluster_resources,
        exit_actor,
        get,
        get_actor,
        get_runtime_context,
        init,
        is_initialized,
        kill,
        method,
        put,
        remote,
        shutdown,
        statistics,
        wait,
    )
    from conclint_runtime.actors.definitions import ActorClass, RemoteFunction
    from conclint_runtime.actors.handle import ActorHandle, ActorMethod
    from conclint_runtime.actors.install import install_as
    from conclint_runtime.actors.ref import ObjectRef
    from conclint_runtime.actors.stream import ObjectRefGenerator

_HOMES = {
    "actors.api": (
        "available_resources",
        "cancel",
        "cluster_resources",
        "exit_actor",
        "get",
        "get_actor",
        "get_runtime_context",
        "init",
        "is_initialized",
        "kill",
        "method",
        "put",
        "remote",
        "shutdown",
        "statistics",
        "wait",
    ),
    "actors.definitions": ("ActorClass", "RemoteFunction"),
    "actors.handle": ("ActorHandle", "ActorMethod"),
    "actors.install": ("install_as",),
    "actors.ref": ("ObjectRef",),
    "actors.stream": ("ObjectRefGenerator",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}
_SUBMODULES = frozenset(
    {"actor", "actors", "aio", "exceptions", "executors", "guard", "life", "locks", "timers", "util", "waitgraph", "xo"}
)

__all__ = [
    "ActorClass",
    "ActorHandle",
    "ActorMethod",
    "ObjectRef",
    "ObjectRefGenerator",
    "RemoteFunction",
    "actor",
    "actors",
    "available_resources",
    "cancel",
    "cluster_resources",
    "exceptions",
    "exit_actor",
    "get",
    "get_actor",
    "get_runtime_context",
    "init",
    "install_as",
    "is_initialized",
    "kill",
    "method",
    "put",
    "remote",
    "shutdown",
    "statistics",
    "util",
    "wait",
]


def __getattr__(name: str) -> object:
    import importlib

    home = _HOME.get(name)
    if home is not None:
        value: object = getattr(importlib.import_module(f"{__name__}.{home}"), name)
        globals()[name] = value
        return value
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
