"""The pool that a program makes, with its sub-pools."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from types import TracebackType

from conclint_runtime.xo import addresses
from conclint_runtime.xo.allocate_strategy import AllocateStrategy, Slot
from conclint_runtime.xo.errors import ActorPoolNotStarted
from conclint_runtime.xo.homes import CallersLoop, LoopThread
from conclint_runtime.xo.pool import Pool

logger = logging.getLogger(__name__)

BLOCKED_SECONDS = 2.0
"""How long stopping waits for a sub-pool whose loop is blocked; as long as xoscar waits before it kills one."""


class SubPool(Pool):
    """A pool on a loop in a thread of its own, in the place of xoscar's sub-process: both begin with its first actor.

    Values that go in and out are copied, and a method that blocks stops this pool only; module globals are shared,
    and one interpreter runs all of it.
    """

    def __init__(self, host: str, label: str | None) -> None:
        self._thread = LoopThread(f"actor sub-pool of {host}")
        super().__init__(f"{host}:0", label, self._thread)

    async def stop(self) -> None:
        """Stop the pool and its thread; from another loop.

        A pool that a method has blocked for `BLOCKED_SECONDS` is left to itself, where xoscar kills the process: who
        waits for a call is answered, and the thread, a daemon, ends when the method returns.
        """
        if not self._thread.started:
            await self.close()
            self._thread.stop()
            return
        closing = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self.close(), self._thread.loop))
        done, _ = await asyncio.wait([closing], timeout=BLOCKED_SECONDS)
        if done:
            # The loop has nothing left to do, so its thread ends at once; its executor's threads may take longer.
            await asyncio.to_thread(self._thread.stop)
            return
        logger.warning("the actor sub-pool at %s is blocked by a method and was left behind", self.external_address)
        closing.cancel()
        self.abandon()
        self._thread.stop(0)


class MainActorPool(Pool):
    """A pool on the loop that made it, and its sub-pools.

    An actor of a sub-pool is found at this pool's address too. `async with` stops it at the end of the block.
    """

    def __init__(self, address: str, labels: Sequence[str | None]) -> None:
        super().__init__(address, labels[0], CallersLoop())
        host = self.external_address.rpartition(":")[0]
        self.sub_pools = tuple(SubPool(host, label) for label in labels[1:])
        self._stopped = asyncio.Event()
        self._stopping: asyncio.Task[None] | None = None

    def home_of(self, uid: bytes) -> Pool:
        """Return the pool among this and the sub-pools that the actor lives in; this one when it lives in none."""
        if self.holds(uid):
            return self
        return next((each for each in self.sub_pools if each.holds(uid)), self)

    def allocate(self, uid: bytes, strategy: AllocateStrategy) -> Pool:
        """Return the pool that the strategy chooses for a new actor, and remember there that it was chosen."""
        pools = {each.external_address: each for each in (self, *self.sub_pools)}
        slots = [Slot(each.external_address, each.label) for each in pools.values()]
        address = strategy.address(slots, {at: each.strategies() for at, each in pools.items()})
        pool = pools.get(address) or addresses.pool_at(address)
        pool.expect(uid, strategy)
        return pool

    async def start(self) -> None:
        """Do nothing: a pool that was created has been started.

        Raises:
            ActorPoolNotStarted: it has been stopped.
        """
        if self.closed:
            raise ActorPoolNotStarted("pool has been stopped, cannot start again")

    async def stop(self) -> None:
        """Stop the pool and its sub-pools: no more messages, those under way cancelled, their threads ended.

        Waits for methods that swallow their cancellation; for a sub-pool that is blocked, `BLOCKED_SECONDS`. A second
        call waits for the first.
        """
        if self._stopping is None:
            # A task of its own: a method that stops its own pool is cancelled by that, and the stopping goes on.
            self._stopping = asyncio.get_running_loop().create_task(self._stop())
        await asyncio.shield(self._stopping)

    async def _stop(self) -> None:
        try:
            await asyncio.gather(self.close(), *(each.stop() for each in self.sub_pools))
        finally:
            self._stopped.set()

    async def join(self, timeout: float | None = None) -> None:
        """Wait until the pool has been stopped, or for `timeout` seconds."""
        try:
            await asyncio.wait_for(self._stopped.wait(), timeout)
        except asyncio.TimeoutError:  # another class before 3.11
            return

    async def __aenter__(self) -> MainActorPool:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()
