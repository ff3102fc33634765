from __future__ import annotations

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor, wait


class Ledger:
    """Which picture had which checksum on which day. Any thread may write."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(max_workers=2)
        self._entries: dict[str, int] = {}
        self._doubles: list[str] = []

    def enter(self, name: str, value: int) -> None:
        with self._lock:
            self._entries[name] = value

    def settle(self) -> None:
        """Look for pictures that are there twice."""
        with self._lock:
            jobs = [self._threads.submit(self._compare, name) for name in list(self._entries)]
            wait(jobs)

    def close_day(self) -> str:
        with self._lock:
            count = len(self._entries)
            tail = self.doubles()
            self._entries.clear()
        return f"{datetime.date.today()}: {count} pictures, {tail}"

    def doubles(self) -> str:
        with self._lock:
            return f"{len(self._doubles)} of them twice"

    def _compare(self, name: str) -> None:
        with self._lock:
            value = self._entries[name]
            if sum(other == value for other in self._entries.values()) > 1:
                self._doubles.append(name)
