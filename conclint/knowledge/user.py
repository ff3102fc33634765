"""What users know of their own code: `blocking`, `safe` and `offloads` of the configuration, as rows."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from conclint.knowledge import Knowledge, Row

_CONFIGURED = "configuration"


def extend(knowledge: Knowledge, blocking: Iterable[str], offloads: Iterable[str]) -> None:
    """Add the user's rows to the tables of a run.

    Parameters:
        blocking: dotted names that block; they count as network.
        offloads: dotted names of functions that run their first argument in a thread.
    """
    for name in blocking:
        known = knowledge.rows.get(name, Row(source=_CONFIGURED))
        knowledge.rows[name] = msgspec.structs.replace(known, blocks=known.blocks or "network", unless=(), when=())
    for name in offloads:
        known = knowledge.rows.get(name, Row(source=_CONFIGURED))
        knowledge.rows[name] = msgspec.structs.replace(known, runs="thread", callable=known.callable or "0", blocks="")
