"""One pool: the actors of one address, on one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from conclint_runtime.xo import addresses
from conclint_runtime.xo.actor import StatelessActor
from conclint_runtime.xo.allocate_strategy import AllocateStrategy, Slot
from conclint_runtime.xo.debug import get_debug_options, incoming, log_unhandled, logged_when_late
from conclint_runtime.xo.delivery import Mailroom, Posted
from conclint_runtime.xo.errors import ActorAlreadyExist, ActorNotExist
from conclint_runtime.xo.handling import Resident
from conclint_runtime.xo.homes import Home
from conclint_runtime.xo.messages import Answered, Call, Failed, Outcome


@dataclass(frozen=True, slots=True)
class PoolStatistics:
    """What a pool holds at one moment.

    Attributes:
        address: where it is.
        actors: how many actors live in it.
        messages: how many messages it has taken since it was made.
        under_way: how many of them have not ended.
        waiting_for_lock: how many of these wait for the message that their actor handles now.
    """

    address: str
    actors: int
    messages: int
    under_way: int
    waiting_for_lock: int


class Pool:
    """The actors of one address: made, found, called and destroyed by jobs on the loop of the pool."""

    def __init__(self, address: str, label: str | None, home: Home) -> None:
        self.label = label
        self._residents: dict[bytes, Resident] = {}
        self._strategies: dict[bytes, AllocateStrategy] = {}
        self._told: set[asyncio.Task[object]] = set()
        self._messages = 0
        self.external_address = addresses.claim(address)
        self._mail = Mailroom(self.external_address, home)
        addresses.register(self.external_address, self)

    @property
    def closed(self) -> bool:
        """Whether the pool was stopped, or its loop was closed under it."""
        return self._mail.closed

    def here(self) -> bool:
        """Return whether the caller runs on the loop that every actor of this pool runs on."""
        return self._mail.home.here()

    def statistics(self) -> PoolStatistics:
        """Return what the pool holds now."""
        residents = list(self._residents.values())
        return PoolStatistics(
            self.external_address,
            len(residents),
            self._messages,
            self._mail.under_way(),
            sum(each.lock.waiting() for each in residents),
        )

    def resident(self, uid: bytes) -> Resident:
        """Return the actor of that uid.

        Raises:
            ActorNotExist: it is not here (any more).
        """
        try:
            return self._residents[uid]
        except KeyError:
            raise ActorNotExist(f"Actor {uid!r} does not exist in {self.external_address}") from None

    def holds(self, uid: bytes) -> bool:
        """Return whether an actor of that uid lives here."""
        return uid in self._residents

    def home_of(self, uid: bytes) -> Pool:
        """Return the pool that answers for an actor asked for at this address."""
        del uid
        return self

    def post(self, work: Callable[[], Coroutine[object, object, object]]) -> Posted:
        """Run `work` on the pool's loop; its result or error is the outcome.

        Raises:
            ConnectionRefusedError: the pool has been stopped.
        """

        async def answer() -> Outcome:
            return Answered(await work())

        return self._mail.post(answer)

    def post_call(self, call: Call) -> Posted:
        """Hand a message to its actor; arguments are copied when the caller is on another loop than the pool.

        Raises:
            ConnectionRefusedError: the pool has been stopped.
            SendMessageFailed: an argument cannot be copied.
        """
        sent = call if self.here() else call.copied()
        return self._mail.post(lambda: self._receive(sent))

    def keep(self, told: asyncio.Task[object]) -> None:
        """Hold a call that nobody awaits until it ends; the loop itself holds tasks only weakly."""
        self._told.add(told)
        told.add_done_callback(self._told.discard)

    async def create(
        self, kind: type[StatelessActor], uid: bytes, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> None:
        """Make an actor and run its `__post_create__`; an error there frees the uid again.

        Raises:
            ActorAlreadyExist: the uid is taken.
        """
        if uid in self._residents:
            raise ActorAlreadyExist(f"Actor {uid!r} already exist, cannot create")
        actor = kind(*args, **kwargs)
        actor._settle_in(uid, self.external_address)
        self._residents[uid] = Resident(actor)
        try:
            await actor.__post_create__()
        except BaseException:
            del self._residents[uid]
            raise

    async def destroy(self, uid: bytes) -> bytes:
        """Run the actor's `__pre_destroy__` and forget it; an error there keeps it."""
        actor = self.resident(uid).actor
        await actor.__pre_destroy__()
        self._residents.pop(uid, None)  # two who destroy the same actor at once both succeed
        self._strategies.pop(uid, None)
        return uid

    def allocate(self, uid: bytes, strategy: AllocateStrategy) -> Pool:
        """Return the pool that the strategy chooses for a new actor: of one that has no others, itself."""
        strategy.address([Slot(self.external_address, self.label)], {self.external_address: self.strategies()})
        self.expect(uid, strategy)
        return self

    def expect(self, uid: bytes, strategy: AllocateStrategy) -> None:
        """Remember by which strategy an actor was allocated, before it is made; one that is there keeps its own."""
        self._strategies.setdefault(uid, strategy)

    def expect_no_longer(self, uid: bytes) -> None:
        """Forget an actor that could not be made; one that is there keeps its place."""
        if uid not in self._residents:
            self._strategies.pop(uid, None)

    def strategies(self) -> tuple[AllocateStrategy, ...]:
        """Return by which strategies the actors that live here, or are about to, were allocated."""
        return tuple(self._strategies.values())

    def forget_generator(self, uid: bytes, iteration: str) -> None:
        """Make an actor forget a generator, soon; callable from any thread."""
        resident = self._residents.get(uid)
        if resident is not None:
            self._mail.soon(lambda: resident.actor._generators.pop(iteration, None))

    async def _receive(self, call: Call) -> Outcome:
        self._messages += 1
        options = get_debug_options()
        seconds = 0 if options is None else options.process_message_timeout
        try:
            resident = self.resident(call.uid)
            with incoming(call.chain), logged_when_late(seconds, "Process message %r timeout", call.method):
                return Answered(await resident.receive(call))
        except Exception as error:  # whatever the method raises is the message's outcome
            log_unhandled(call.method, call.uid, self.external_address, error)
            return Failed(error, error.__traceback__, self.external_address)

    def abandon(self) -> None:
        """Leave a pool whose loop is blocked to itself: whoever waits for it is answered; from another thread."""
        addresses.give_up(self.external_address)
        self._mail.abandon()

    async def close(self) -> None:
        """Take no more messages, cancel those under way, forget the actors; on the pool's loop.

        `__pre_destroy__` does not run, as it does not in xoscar: destroy the actors first where it matters.
        """
        addresses.give_up(self.external_address)
        for told in self._told:
            told.cancel()
        await self._mail.close()
        self._residents.clear()
