"""What a piece of work has read of the program, so that its result can be kept until something of that changes.

Nobody follows single facts. Two things are noted: the modules that anything was taken from, as a set of bits, and the
*keys* that were asked for in tables over the whole program ("who calls this function"), also where nothing was found.
Whoever remembers an answer remembers with it what it rests on, and whoever takes a remembered answer has read that.
So one rule holds everywhere: who holds a function, class or module has its module among what was read.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")

NO_KEYS: frozenset[int] = frozenset()


class Rest(NamedTuple):
    """What a result rests on: the bits of modules, and keys of tables."""

    modules: int
    keys: frozenset[int]


NOTHING = Rest(0, NO_KEYS)


class Reads:
    """What the work at hand has read until now."""

    __slots__ = ("_rests", "keys", "modules")

    def __init__(self) -> None:
        self.modules = 0
        self.keys: set[int] = set()
        # Hundreds of thousands of answers rest on some thousands of sets.
        self._rests: dict[Rest, Rest] = {}

    def of(self, work: Callable[[], Answer]) -> tuple[Answer, Rest]:
        """Do some work for its own sake: what it reads is not what the work around it has read."""
        modules, keys = self.modules, self.keys
        self.modules, self.keys = 0, set()
        try:
            answer = work()
            rest = Rest(self.modules, frozenset(self.keys) if self.keys else NO_KEYS)
            return answer, self._rests.setdefault(rest, rest)
        finally:
            self.modules, self.keys = modules, keys

    def take(self, rest: Rest) -> None:
        """What a remembered answer rests on has now been read, too."""
        self.modules |= rest.modules
        if rest.keys:
            self.keys |= rest.keys


class Remembered(Generic[Key, Answer]):
    """Answers to questions, each with what it rests on."""

    __slots__ = ("_answers", "_reads")

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._answers: dict[Key, tuple[Answer, Rest]] = {}

    def get(self, key: Key, work: Callable[[], Answer], meanwhile: Answer | None = None) -> Answer:
        """The answer to a question; `meanwhile` is what it counts as if it is asked while it is worked out."""
        found = self._answers.get(key)
        if found is None:
            if meanwhile is not None:
                self._answers[key] = meanwhile, NOTHING
            found = self._answers[key] = self._reads.of(work)
        self._reads.take(found[1])
        return found[0]


def key_of(*parts: object) -> int:
    """A key of a table as a number that is the same in every process; two that share one cost work, not truth."""
    return zlib.crc32("\0".join(map(str, parts)).encode("utf-8", "surrogatepass"))
