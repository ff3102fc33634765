from __future__ import annotations

import time

from .feed import latest_rates

STALE_AFTER = 600.0


class RateBook:
    """Exchange rates against one currency, fetched anew when they are too old."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._rates: dict[str, float] = {base: 1.0}
        self._fetched = float("-inf")

    def convert(self, amount: float, currency: str) -> float:
        return round(amount * self._rate(currency), 2)

    def _rate(self, currency: str) -> float:
        if time.monotonic() - self._fetched > STALE_AFTER:
            self._refresh()
        return self._rates[currency]

    def _refresh(self) -> None:
        self._rates = latest_rates(self.base)
        self._fetched = time.monotonic()
