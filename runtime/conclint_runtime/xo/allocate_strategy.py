"""Where among a pool and its sub-pools a new actor goes: `create_actor(..., allocate_strategy=...)`.

Source: `xoscar.backends.allocate_strategy`; the names and arguments are the same.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from conclint_runtime.xo.errors import NoIdleSlot


@dataclass(frozen=True, slots=True)
class Slot:
    """A pool that an actor may go to. The main pool is the first."""

    address: str
    label: str | None


class AllocateStrategy(Protocol):
    """Chooses the address of a new actor."""

    def address(self, slots: Sequence[Slot], taken: Mapping[str, Sequence[AllocateStrategy]]) -> str:
        """Return the address; `taken` holds, by address, what the actors there were allocated by."""
        ...


@dataclass(frozen=True, slots=True)
class AddressSpecified:
    """This very address."""

    chosen: str

    def address(self, slots: Sequence[Slot], taken: Mapping[str, Sequence[AllocateStrategy]]) -> str:
        """Return the address it was made with."""
        del slots, taken
        return self.chosen


@dataclass(frozen=True, slots=True)
class MainPool:
    """The main pool."""

    def address(self, slots: Sequence[Slot], taken: Mapping[str, Sequence[AllocateStrategy]]) -> str:
        """Return the first address."""
        del taken
        return slots[0].address


@dataclass(frozen=True, slots=True)
class Random:
    """Any pool, the main one too."""

    def address(self, slots: Sequence[Slot], taken: Mapping[str, Sequence[AllocateStrategy]]) -> str:
        """Return one of all addresses."""
        del taken
        return random.choice(slots).address


@dataclass(frozen=True, slots=True)
class RandomSubPool:
    """Any sub-pool."""

    def address(self, slots: Sequence[Slot], taken: Mapping[str, Sequence[AllocateStrategy]]) -> str:
        """Return one of the sub-pools' addresses; NoIdleSlot when there is none."""
        del taken
        return random.choice(_some(slots[1:], "the pool was made with n_process=0, so it has no sub-pool")).address


@dataclass(frozen=True, slots=True)
class ProcessIndex:
    """The pool of this index: 0 is the main pool, 1 the first sub-pool."""

    process_index: int

    def address(self, slots: Sequence[Slot], taken: Mapping[str, Sequence[AllocateStrategy]]) -> str:
        """Return the address at the index; IndexError when there are not so many pools."""
        del taken
        try:
            return slots[self.process_index].address
        except IndexError:
            raise IndexError(f"no pool has the index {self.process_index}: there are {len(slots)}") from None


@dataclass(frozen=True, slots=True)
class RandomLabel:
    """Any pool with this label."""

    label: str

    def address(self, slots: Sequence[Slot], taken: Mapping[str, Sequence[AllocateStrategy]]) -> str:
        """Return one of the addresses with the label; NoIdleSlot when there is none."""
        del taken
        return random.choice(_some(_labelled(slots, self.label), f"no pool has the label {self.label!r}")).address


@dataclass(frozen=True, slots=True)
class IdleLabel:
    """The first pool with this label that holds no actor with the same label and mark."""

    label: str | None
    mark: str

    def address(self, slots: Sequence[Slot], taken: Mapping[str, Sequence[AllocateStrategy]]) -> str:
        """Return the address; NoIdleSlot when each is taken."""
        idle = [each for each in _labelled(slots, self.label) if self not in taken.get(each.address, ())]
        return _some(idle, f"No idle slot for creating actor with label {self.label}, mark {self.mark}")[0].address


def _labelled(slots: Sequence[Slot], label: str | None) -> Sequence[Slot]:
    return [each for each in slots if label is None or each.label == label]


def _some(slots: Sequence[Slot], otherwise: str) -> Sequence[Slot]:
    if not slots:
        raise NoIdleSlot(otherwise)
    return slots
