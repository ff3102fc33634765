"""Actors in the shape of xoscar, embedded in the process: `import conclint_runtime.xo as xo`.

The same names, the same lock-per-message semantics and the same errors as `import xoscar as xo` (0.12), on the standard
library alone: pools live on the loop that makes them, sub-pools on loops in threads instead of processes.
docs/runtime/xo.md says where the two differ.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conclint_runtime.xo import allocate_strategy as allocate_strategy
    from conclint_runtime.xo.actor import Actor as Actor
    from conclint_runtime.xo.actor import StatelessActor as StatelessActor
    from conclint_runtime.xo.api import actor_ref as actor_ref
    from conclint_runtime.xo.api import create_actor as create_actor
    from conclint_runtime.xo.api import create_actor_pool as create_actor_pool
    from conclint_runtime.xo.api import destroy_actor as destroy_actor
    from conclint_runtime.xo.api import has_actor as has_actor
    from conclint_runtime.xo.batch import extensible as extensible
    from conclint_runtime.xo.debug import DebugOptions as DebugOptions
    from conclint_runtime.xo.debug import get_debug_options as get_debug_options
    from conclint_runtime.xo.debug import set_debug_options as set_debug_options
    from conclint_runtime.xo.errors import ActorAlreadyExist as ActorAlreadyExist
    from conclint_runtime.xo.errors import ActorNotExist as ActorNotExist
    from conclint_runtime.xo.errors import Return as Return
    from conclint_runtime.xo.errors import SendMessageFailed as SendMessageFailed
    from conclint_runtime.xo.errors import ServerClosed as ServerClosed
    from conclint_runtime.xo.iteration import IteratorWrapper as IteratorWrapper
    from conclint_runtime.xo.iteration import generator as generator
    from conclint_runtime.xo.locking import no_lock as no_lock
    from conclint_runtime.xo.main_pool import MainActorPool as MainActorPool
    from conclint_runtime.xo.pool import PoolStatistics as PoolStatistics
    from conclint_runtime.xo.references import ActorRef as ActorRef
    from conclint_runtime.xo.references import ActorRefType as ActorRefType
    from conclint_runtime.xo.references import LocalActorRef as LocalActorRef
    from conclint_runtime.xo.waiting import wait_for as wait_for

# asyncio, which all of it needs, takes 30 ms to import: a name's module is imported when the name is first used.
_HOMES = {
    "Actor": "actor",
    "ActorAlreadyExist": "errors",
    "ActorNotExist": "errors",
    "ActorRef": "references",
    "ActorRefType": "references",
    "DebugOptions": "debug",
    "IteratorWrapper": "iteration",
    "LocalActorRef": "references",
    "MainActorPool": "main_pool",
    "PoolStatistics": "pool",
    "Return": "errors",
    "SendMessageFailed": "errors",
    "ServerClosed": "errors",
    "StatelessActor": "actor",
    "actor_ref": "api",
    "create_actor": "api",
    "create_actor_pool": "api",
    "destroy_actor": "api",
    "extensible": "batch",
    "generator": "iteration",
    "get_debug_options": "debug",
    "has_actor": "api",
    "no_lock": "locking",
    "set_debug_options": "debug",
    "wait_for": "waiting",
}

# Parts of xoscar that speak about processes and the network between them.
_NOT_EMBEDDED = {
    "buffer_ref": "it names memory for other processes to write to",
    "copy_to": "it moves memory between processes",
    "file_object_ref": "it names a file for other processes to write to",
    "get_pool_config": "it describes the processes of a pool",
    "kill_actor": "it kills the process of a sub-pool, and a sub-pool is a thread here; stop the pool instead",
    "setup_cluster": "it connects machines",
    "wait_actor_pool_recovered": "it waits for a process to be started again, and a thread does not die",
}


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES, "allocate_strategy"])


def __getattr__(name: str) -> object:
    if name in _HOMES:
        found: object = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = found
        return found
    if name == "allocate_strategy":
        return importlib.import_module(f"{__name__}.{name}")
    if name in _NOT_EMBEDDED:
        from conclint_runtime.xo.errors import NotEmbedded

        raise NotEmbedded(
            f"`{name}` is not part of the embedded face of xoscar, for {_NOT_EMBEDDED[name]}; "
            f"install conclint[xoscar] and `import xoscar as xo` to use it"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
