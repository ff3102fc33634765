from __future__ import annotations

import asyncio
import logging

from .couriers import tell_courier
from .journal import Journal
from .labels import Printer
from .rates import RateBook

log = logging.getLogger(__name__)
BASE_PRICE = 2.80
PRICE_PER_KILO = 1.15


class BadRequestError(Exception):
    """A request that cannot be answered."""


class Desk:
    """Answers requests: quote, book and cancel."""

    def __init__(self, rates: RateBook, journal: Journal, printer: Printer) -> None:
        self._rates = rates
        self._journal = journal
        self._printer = printer
        self._bookings: dict[str, float] = {}

    async def answer(self, request: dict[str, str]) -> dict[str, object]:
        kind = request.get("kind")
        if kind == "quote":
            return {"ok": True, "price": await self._quote(request)}
        if kind == "book":
            return {"ok": True, "label": await self._book(request)}
        if kind == "cancel":
            return {"ok": await self._cancel(request["number"])}
        raise BadRequestError(f"no such kind of request: {kind}")

    async def _quote(self, request: dict[str, str]) -> float:
        price = BASE_PRICE + PRICE_PER_KILO * float(request["kilos"])
        return self._rates.convert(price, request.get("currency", "EUR"))

    async def _book(self, request: dict[str, str]) -> str:
        number = request["number"]
        price = await self._quote(request)
        label = self._printer.draw(number, request["address"])
        self._bookings[number] = price
        await self._journal.write("booked", number)
        asyncio.create_task(tell_courier(number, request["address"]))
        return label

    async def _cancel(self, number: str) -> bool:
        if self._bookings.pop(number, None) is None:
            return False
        self._journal.write("cancelled", number)
        return True
