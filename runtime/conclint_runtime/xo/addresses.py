"""Which pool answers at which address, in this process."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conclint_runtime.xo.pool import Pool

# An address is looked up by any code that holds it, as a socket's is: the table is the process's, like the kernel's.
_POOLS: dict[str, Pool | None] = {}
_CHANGES = threading.Lock()
# Nothing listens at these ports. They begin where the system hands out its own, so that they look like any other.
_PORTS = itertools.count(49152)


def claim(address: str) -> str:
    """Reserve `address` for a pool about to be made, and return it; port 0 asks for a free one.

    Raises:
        OSError: another pool of this process is there already.
        ValueError: the address has no port.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        raise ValueError(f"{address!r} is no address of an actor pool: it has the form 'host:port'")
    with _CHANGES:
        if int(port) == 0:
            address = next(each for number in _PORTS if (each := f"{host}:{number}") not in _POOLS)
        elif address in _POOLS and ((there := _POOLS[address]) is None or not there.closed):
            raise OSError(f"an actor pool is already at {address!r} in this process")
        _POOLS[address] = None
    return address


def register(address: str, pool: Pool) -> None:
    """Make a pool answer at the address that was reserved for it."""
    with _CHANGES:
        _POOLS[address] = pool


def give_up(address: str) -> None:
    """Take a pool out of the table."""
    with _CHANGES:
        _POOLS.pop(address, None)


def pool_at(address: str | None) -> Pool:
    """Return the pool at `address`.

    Raises:
        ValueError: no address was given.
        ConnectionRefusedError: no pool of this process is there.
    """
    if address is None:
        raise ValueError("address has to be provided")
    pool = _POOLS.get(address)
    if pool is None or pool.closed:
        raise ConnectionRefusedError(
            f"no actor pool listens at {address!r} in this process: it was not created here, or was stopped"
        )
    return pool


def forget_generator(address: str, uid: bytes, iteration: str) -> None:
    """Make an actor forget a generator, from a finalizer: on any thread, without waiting, never raising."""
    pool = _POOLS.get(address)
    if pool is not None and not pool.closed:
        pool.forget_generator(uid, iteration)
