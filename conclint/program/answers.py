"""The evaluator's memory: answers that do not depend on which of them was asked for first.

Evaluation goes in circles: a field is given what a method returns that reads the field. A question that is asked while
it is being worked out counts as unknown. What was found that way is only half an answer, and is forgotten when the one
that it waited for is there: asked again, it is worked out from its own side. So an answer is the same whoever asks, in
whatever order, and a run that works out only a part of them gets those of a run that works out all.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from conclint.program.reads import Reads
from conclint.program.values import Values

Question: TypeAlias = "tuple[object, ...]"

FAR = 1 << 30
NEVER = -1


class Frame(NamedTuple):
    """What was there when a question was begun."""

    low: int
    modules: int
    halves: int


class Answers:
    """Remembers answers with the modules that they rest on.

    `low` is the position of the lowest question on the way that what is being worked out had to do without, FAR where
    there is none; NEVER stands for a limit that was hit: such an answer may be better when asked for from nearer by.
    """

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._known: dict[Question, tuple[Values, int]] = {}
        self._open: dict[Question, int] = {}
        self._sets: dict[int, int] = {}
        self._halves: dict[Question, tuple[Values, int]] = {}
        self._order: list[Question] = []
        self._floor = FAR
        self.low = FAR

    def get(self, question: Question) -> Values | None:
        """The answer, as far as it can be had at this moment; None where it is still to be worked out."""
        known = self._known.get(question)
        if known is not None:
            self._reads.modules |= known[1]
            return known[0]
        position = self._open.get(question)
        if position is not None:
            self.low = min(self.low, position)
            return ()
        half = self._halves.get(question) if self._halves else None
        if half is not None:
            # There may be as many ways through those that wait for each other as there are orders.
            self.low = min(self.low, self._floor)
            self._reads.modules |= half[1]
            return half[0]
        return None

    def begin(self, question: Question, module: int) -> Frame:
        """Start to work out an answer, in the module with that bit."""
        frame = Frame(self.low, self._reads.modules, len(self._order))
        self.low = FAR
        self._reads.modules = module
        self._open[question] = len(self._open)
        return frame

    def end(self, question: Question, frame: Frame, values: Values) -> Values:
        """The answer is there."""
        position = self._open.pop(question)
        if self.low >= position:
            # Most answers rest on one of few sets of modules.
            self._known[question] = values, self._sets.setdefault(self._reads.modules, self._reads.modules)
            self._forget(frame.halves)
            self.low = frame.low
        else:
            self._halves[question] = values, self._reads.modules
            self._order.append(question)
            self._floor = min(self._floor, self.low)
            self.low = min(self.low, frame.low)
        if not self._open:
            self._forget(0)
        self._reads.modules |= frame.modules
        return values

    def drop_unfinished(self) -> None:
        """Forget what was being worked out: whoever asked has failed."""
        self._open.clear()
        self._forget(0)
        self.low = FAR

    def _forget(self, since: int) -> None:
        if len(self._order) > since:
            for question in self._order[since:]:
                self._halves.pop(question, None)
            del self._order[since:]
            if not self._order:
                self._floor = FAR
