"""The functions of the face: make a pool; make, find and destroy actors."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence

from conclint_runtime.xo import addresses
from conclint_runtime.xo.actor import StatelessActor
from conclint_runtime.xo.allocate_strategy import AddressSpecified, AllocateStrategy
from conclint_runtime.xo.delivery import outcome_of
from conclint_runtime.xo.main_pool import MainActorPool
from conclint_runtime.xo.messages import copied, value_of
from conclint_runtime.xo.pool import Pool
from conclint_runtime.xo.references import ActorRef, reference

# What xoscar takes to say how its processes are started, watched and connected.
_OF_PROCESSES = frozenset(
    {
        "auto_recover", "enable_internal_addresses", "envs", "external_address_schemes", "extra_conf", "logging_conf",
        "modules", "on_process_down", "on_process_recover", "ports", "proxy_conf", "subprocess_start_method",
        "suspend_sigint", "use_uvloop",
    }
)  # fmt: skip


async def create_actor_pool(
    address: str,
    *,
    n_process: int | None = None,
    labels: Sequence[str | None] | None = None,
    **of_processes: object,
) -> MainActorPool:
    """Make a pool on the running loop, with sub-pools on loops in threads of their own.

    Args:
        address: "host:port"; a name within this process, since nothing listens there. Port 0 takes a free one.
        n_process: how many sub-pools; None for as many as there are CPUs. Their threads start with their first actor.
        labels: a label for the main pool and for each sub-pool.
        of_processes: xoscar's arguments about processes are accepted, and there is nothing that they could change.

    Raises:
        ValueError: there is no address, or not a label for each pool.
        TypeError: an argument that xoscar does not have.
        OSError: the address is taken.
    """
    if address is None:
        raise ValueError("address has to be provided")
    if unknown := sorted(of_processes.keys() - _OF_PROCESSES):
        raise TypeError(f"Creating pool got unexpected arguments: {','.join(unknown)}")
    count = (os.cpu_count() or 1) if n_process is None else n_process
    if labels is not None and len(labels) != count + 1:
        raise ValueError(f"`labels` should be of size {count + 1}, got {len(labels)}")
    return MainActorPool(address, labels or [None] * (count + 1))


async def create_actor(
    actor_cls: type[StatelessActor],
    *args: object,
    uid: str | bytes | None = None,
    address: str | None = None,
    allocate_strategy: AllocateStrategy | None = None,
    **kwargs: object,
) -> ActorRef:
    """Make an actor in the pool at `address` and return a reference that sends messages to it.

    Args:
        actor_cls: its class.
        args, kwargs: the arguments of its `__init__`.
        uid: its name in its pool; None makes one up.
        address: the address of a pool, or of one of its sub-pools.
        allocate_strategy: which of the pool and its sub-pools it goes to; the pool at `address` itself when None.

    Raises:
        ValueError: there is no address.
        ConnectionRefusedError: no pool is there.
        ActorAlreadyExist: the uid is taken.
        Exception: whatever `__init__` or `__post_create__` raise.
    """
    main = addresses.pool_at(address)
    strategy = AddressSpecified(main.external_address) if allocate_strategy is None else allocate_strategy
    name = secrets.token_bytes(32) if uid is None else _as_bytes(uid)
    pool = main.allocate(name, strategy)
    try:
        await _create_in(pool, actor_cls, name, args, kwargs)
    except BaseException:
        pool.expect_no_longer(name)
        raise
    return ActorRef(pool.external_address, name)


async def _create_in(
    pool: Pool, kind: type[StatelessActor], uid: bytes, args: tuple[object, ...], kwargs: Mapping[str, object]
) -> None:
    given = (args, dict(kwargs))
    if not pool.here():
        given = copied(given, f"an argument of {kind.__name__}")
    value_of(await outcome_of(pool.post(lambda: pool.create(kind, uid, *given))))


async def has_actor(actor_ref: ActorRef) -> bool:
    """Return whether the actor lives.

    Raises:
        ConnectionRefusedError: its pool has been stopped.
    """
    return addresses.pool_at(actor_ref.address).home_of(actor_ref.uid).holds(actor_ref.uid)


async def destroy_actor(actor_ref: ActorRef) -> bytes:
    """Run the actor's `__pre_destroy__`, forget it, and return its uid. Messages that it is handling go on.

    Raises:
        ActorNotExist: it lives no more.
        Exception: whatever `__pre_destroy__` raises; the actor lives on.
    """
    pool = addresses.pool_at(actor_ref.address).home_of(actor_ref.uid)
    value_of(await outcome_of(pool.post(lambda: pool.destroy(actor_ref.uid))))
    return actor_ref.uid


async def actor_ref(
    *place: str | bytes | ActorRef, address: str | None = None, uid: str | bytes | None = None
) -> ActorRef:
    """Return a reference to an actor, given as `(address, uid)`, `(uid, address=...)` or another reference.

    It is a `LocalActorRef` where the actor lives on the running loop.

    Raises:
        ValueError: no uid, no address, or the address twice.
        ConnectionRefusedError: no pool is there.
        ActorNotExist: no such actor lives in it.
    """
    address, uid = _place(place, address, uid)
    if uid is None:
        raise ValueError("Actor uid should be provided")
    name = _as_bytes(uid)
    home = addresses.pool_at(address).home_of(name)
    if not home.holds(name):
        value_of(await outcome_of(home.post(lambda: _missing(home, name))))
    return reference(home.external_address, name)


async def _missing(home: Pool, uid: bytes) -> None:
    home.resident(uid)


def _place(
    place: tuple[str | bytes | ActorRef, ...], address: str | None, uid: str | bytes | None
) -> tuple[str | None, str | bytes | None]:
    """The address and uid that the arguments of `actor_ref` name."""
    if len(place) == 2:
        first, second = place
        if address is not None:
            raise ValueError("address has been specified")
        if isinstance(first, ActorRef) or isinstance(second, ActorRef):
            raise ValueError("a reference names its actor alone: give either it, or an address and a uid")
        return first.decode() if isinstance(first, bytes) else first, second
    if len(place) == 1:
        only = place[0]
        return (address or only.address, only.uid) if isinstance(only, ActorRef) else (address, only)
    if place:
        raise ValueError("Only `address` or `uid` keywords are supported")
    return address, uid


def _as_bytes(uid: str | bytes) -> bytes:
    if isinstance(uid, bytes | str):
        return uid if isinstance(uid, bytes) else uid.encode()
    raise TypeError(f"Could not convert from {uid!r} to bytes.")
