"""Libraries of structured concurrency, which a program may import at any time: what is replaced in them waits till
then."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import ModuleType

from conclint_runtime.guard.blocking.arrivals import Arrivals

ANYIO, ANYIO_ON_ASYNCIO, TRIO = "anyio", "anyio._backends._asyncio", "trio"


class Libraries:
    """Calls what is given for a module with it: at once where it has been imported, otherwise when it has."""

    def __init__(self, arrived: Mapping[str, Callable[[ModuleType], None]]) -> None:
        self._arrived = arrived
        self._arrivals = Arrivals(arrived.__contains__, self._tell)

    def install(self) -> None:
        """Look at what is there, and wait for the others."""
        for name in self._arrived:
            module = sys.modules.get(name)
            if module is not None:
                self._tell(module)
        sys.meta_path.insert(0, self._arrivals)

    def uninstall(self) -> None:
        """Wait no longer."""
        if self._arrivals in sys.meta_path:
            sys.meta_path.remove(self._arrivals)

    def _tell(self, module: ModuleType) -> None:
        self._arrived[module.__name__](module)
