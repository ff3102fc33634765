"""`conclint.facts.Use` as plain integers: the visitor names them thousands of times in a file."""

from __future__ import annotations

from conclint.facts import Use

OTHER = int(Use.OTHER)
DISCARDED = int(Use.DISCARDED)
AWAITED = int(Use.AWAITED)
RETURNED = int(Use.RETURNED)
YIELDED = int(Use.YIELDED)
ASSIGNED = int(Use.ASSIGNED)
ATTRIBUTE = int(Use.ATTRIBUTE)
ITEM = int(Use.ITEM)
ARGUMENT = int(Use.ARGUMENT)
ENTERED = int(Use.ENTERED)
ITERATED = int(Use.ITERATED)
TESTED = int(Use.TESTED)
COMPARED = int(Use.COMPARED)
FORMATTED = int(Use.FORMATTED)
COLLECTED = int(Use.COLLECTED)
CALLED = int(Use.CALLED)
OPERAND = int(Use.OPERAND)
RAISED = int(Use.RAISED)
