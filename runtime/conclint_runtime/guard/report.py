"""What a guard has seen: witnesses, grouped by what they say and where."""

from __future__ import annotations

import _thread
import collections
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from conclint_runtime.guard.codes import CODES, Weight
from conclint_runtime.guard.places import Place, Stack

Certainty = Literal["certain", "likely"]
_Key = tuple["str | None", str, "Place | None"]

VERSION = 1
# How many witnesses wait to be grouped; the next one groups them, so that nothing grows with the length of the run.
_WAITING = 500
# How many different ones are kept; what comes after is counted, not kept.
_DIFFERENT = 10_000


@dataclass(frozen=True, slots=True)
class Witness:
    """One thing that was seen to happen.

    `code` is that of the rule that names the pitfall, or None where what was seen has no rule of its own; `name` is
    the rule's, or says what it is. `place` is the culprit's, `stack` the program's frames from there outwards, with
    the other places that belong to it. `seconds` is the worst time that it took (0 where time says nothing),
    `count` how often it was seen there.
    """

    code: str | None
    name: str
    message: str
    place: Place | None
    stack: Stack = ()
    certainty: Certainty = "certain"
    count: int = 1
    seconds: float = 0.0
    detail: str = ""

    @property
    def weight(self) -> Weight:
        """How bad it is: as the rule has it; a witness without a code is a warning."""
        return CODES[self.code][1] if self.code in CODES else "warning"

    @property
    def key(self) -> _Key:
        """What makes two witnesses the same."""
        return (self.code, self.name, self.place)

    def joined(self, other: Witness) -> Witness:
        """This and a later one of the same kind and place, as one."""
        worst = other if other.seconds > self.seconds else self
        surest: Certainty = "certain" if "certain" in (self.certainty, other.certainty) else "likely"
        return replace(worst, count=self.count + other.count, certainty=surest)


class Report:
    """The witnesses of a guard.

    Any thread may add to it at any time, also from a finalizer or a signal handler that interrupts another addition:
    adding appends to a queue and takes no lock that it could be waiting for itself. What is equal in code and place is
    counted, so that the report is bounded by the program's size, not by how long it runs.
    """

    def __init__(self) -> None:
        self._waiting: collections.deque[Witness] = collections.deque()
        self._found: dict[_Key, Witness] = {}
        self._grouping = _thread.allocate_lock()
        self._left_out = 0

    def add(self, witness: Witness) -> None:
        """Add one witness."""
        self._waiting.append(witness)
        if len(self._waiting) > _WAITING:
            self._group(wait=False)

    def say(
        self,
        code: str | None,
        message: str,
        stack: Stack,
        *,
        certainty: Certainty = "certain",
        seconds: float = 0.0,
        detail: str = "",
        name: str = "",
        count: int = 1,
    ) -> None:
        """Add a witness whose place is the innermost of `stack`, named as the catalogue names its code.

        Args:
            code: the rule's code, or None.
            message: what was found, then what happens because of it.
            stack: the program's frames, innermost first; may be empty.
            certainty: whether it is proved or follows from what is usual.
            seconds: how long it took, 0 where that says nothing.
            detail: more for the reader, in one line.
            name: what it is called where there is no code.
            count: for how many events it speaks.
        """
        known = name or (CODES[code][0] if code in CODES else "")
        place = stack[0] if stack else None
        self.add(Witness(code, known, message, place, stack, certainty, count, seconds, detail))

    def _group(self, *, wait: bool) -> None:
        # Never waits where it adds: the holder may be the very thread that a finalizer interrupted.
        if not self._grouping.acquire(wait):
            return
        try:
            while True:
                try:
                    witness = self._waiting.popleft()
                except IndexError:
                    return
                known = self._found.get(witness.key)
                if known is not None:
                    self._found[witness.key] = known.joined(witness)
                elif len(self._found) < _DIFFERENT:
                    self._found[witness.key] = witness
                else:
                    self._left_out += 1
        finally:
            self._grouping.release()

    @property
    def witnesses(self) -> tuple[Witness, ...]:
        """What was seen until now, in the order of place and code."""
        self._group(wait=True)
        return tuple(sorted(self._found.values(), key=_order))

    @property
    def codes(self) -> frozenset[str]:
        """The codes that were witnessed until now."""
        return frozenset(witness.code for witness in self.witnesses if witness.code is not None)

    @property
    def errors(self) -> tuple[Witness, ...]:
        """The witnesses of error rules that are certain."""
        return tuple(each for each in self.witnesses if each.weight == "error" and each.certainty == "certain")

    def take(self) -> tuple[Witness, ...]:
        """Remove and return what was seen until now."""
        found = self.witnesses
        with self._grouping:
            for witness in found:
                self._found.pop(witness.key, None)
        return found

    def text(self) -> str:
        """The report for a reader, a witness after the other; one line where nothing was seen."""
        found = self.witnesses
        parts = [rendered(witness) for witness in found]
        if self._left_out:
            parts.append(f"{self._left_out} more at other places were not kept\n")
        parts.append(f"guard: {len(found)} witnessed\n" if found else "guard: nothing witnessed\n")
        return "\n".join(parts)

    def json(self) -> str:
        """The evidence, as `conclint --evidence` reads it."""
        return evidence(self.witnesses)


def _order(witness: Witness) -> tuple[str, int, str, str]:
    place = witness.place
    return (place.file if place else "", place.line if place else 0, witness.code or "", witness.name)


def rendered(witness: Witness) -> str:
    """One witness for a reader: what, how often and how long, where, and the frames that led there."""
    head = f"{witness.code or 'note'} {witness.name}".rstrip()
    figures = [f"{witness.count} times"] if witness.count > 1 else []
    if witness.seconds:
        figures.append(f"{witness.seconds * 1000:.0f} ms" + (" at worst" if witness.count > 1 else ""))
    if witness.certainty == "likely":
        figures.append("likely")
    lines = [f"{head}: {witness.message}" + (f" ({', '.join(figures)})" if figures else "")]
    if witness.detail:
        lines.append(f"  {witness.detail}")
    lines.extend(f"  {'at' if number == 0 else 'by'} {place}" for number, place in enumerate(witness.stack))
    return "\n".join(lines) + "\n"


def evidence(witnesses: Iterable[Witness]) -> str:
    """The witnesses as one JSON document."""
    entries = [
        {
            "code": each.code,
            "name": each.name,
            "message": each.message,
            "certainty": each.certainty,
            "count": each.count,
            "seconds": round(each.seconds, 6),
            "detail": each.detail,
            "stack": [{"file": at.file, "line": at.line, "function": at.function} for at in each.stack],
        }
        for each in witnesses
    ]
    python = ".".join(str(part) for part in sys.version_info[:3])
    document = {"format": "conclint-evidence", "version": VERSION, "python": python, "witnesses": entries}
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"
