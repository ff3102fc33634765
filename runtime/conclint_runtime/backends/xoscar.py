"""The same program on a real xoscar: `init(backend="xoscar", n_process=...)`.

A thin adapter: each actor of the program is held by one actor of a xoscar pool, each task is run by one that the pool
has for tasks, and xoscar carries the messages. The pool runs on a loop in a thread of its own. xoscar has neither
references nor an object store, so a reference is a future of the process that made the call.
Written for xoscar 0.6 to 0.12.
"""

from __future__ import annotations

import os
from contextlib import suppress

from conclint_runtime.backends.installed import library
from conclint_runtime.backends.xoscar_engine import XoscarEngine
from conclint_runtime.backends.xoscar_messages import Station
from conclint_runtime.backends.xoscar_pool import PoolConnection
from conclint_runtime.xo.homes import LoopThread


def start(address: str | None = None, *, n_process: int = 0, namespace: str = "", **options: object) -> XoscarEngine:
    """Start a xoscar pool, or use the one at `address`, and return the engine on it.

    Args:
        address: "host:port" of a pool that runs already, in this or another process; None makes one here.
        n_process: how many sub-processes the pool has. Without any, actors and tasks live in this process; with some,
            they live in those, in turns. Of the pool at `address` it says how many that has.
        namespace: in which the names of actors are looked up.
        options: those of `xoscar.create_actor_pool`. `num_cpus` is accepted and means nothing to xoscar.

    In a sub-process of a pool, and without arguments, the engine of that pool is returned.

    Raises:
        BackendNotInstalled: xoscar is not installed.
    """
    library("xoscar")
    from conclint_runtime.backends.xoscar_host import STATION_VARIABLE

    told = os.environ.get(STATION_VARIABLE)
    options.pop("num_cpus", None)
    if address is None and told is not None and not n_process and not options:
        at, _, count = told.rpartition(";")
        return XoscarEngine(PoolConnection(LoopThread("xoscar"), Station(at, int(count)), None), namespace)
    thread = LoopThread("xoscar")
    if address is not None:
        return XoscarEngine(PoolConnection(thread, Station(address, n_process), None), namespace)
    try:
        pool = thread.run(library("xoscar").create_actor_pool("127.0.0.1:0", n_process=n_process, **options))
    except BaseException:
        with suppress(Exception):
            thread.stop()
        raise
    return XoscarEngine(PoolConnection(thread, Station(pool.external_address, n_process), pool), namespace)
