"""The figures of the article that this workload is known from: seconds for 100 steps, on its author's machine."""

from __future__ import annotations

from conclint_runtime.life.strategy import Setting

STEPS = 100
SECONDS: dict[tuple[int, int], dict[str, float]] = {
    (50, 90): {
        "serial": 0.678,
        "thread-per-cell": 14.292,
        "queue": 2.542,
        "thread-pool": 5.175,
        "async-cells": 2.267,
    },
    (500, 900): {"serial": 55.458, "queue": 170.448, "thread-pool": 6410.611, "async-cells": 382.238},
}
"""By the board and by our name of the strategy. Its logic did no I/O, and its pools had five threads."""


def board(setting: Setting) -> tuple[int, int]:
    """The board of the article that is nearest to this one in its number of cells."""
    return min(SECONDS, key=lambda size: abs(size[0] * size[1] - setting.cells))
