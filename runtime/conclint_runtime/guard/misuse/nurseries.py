"""What the task groups of anyio and trio refuse to start, also where the program handles the refusal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import cast

from conclint_runtime.guard.libraries import ANYIO_ON_ASYNCIO, TRIO, Libraries
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone


class Nurseries:
    """The observer of `start_soon` and `start`."""

    name = "nurseries"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._libraries: Libraries | None = None

    def install(self, report: Report, settings: Settings, /) -> None:
        """Look at what they raise, when their libraries have been imported."""
        self._sight = Sight(report, settings)
        self._libraries = Libraries({ANYIO_ON_ASYNCIO: self._of("TaskGroup"), TRIO: self._of("Nursery")})
        self._libraries.install()

    def uninstall(self) -> None:
        """Put everything back."""
        if self._libraries is not None:
            self._libraries.uninstall()
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: each refusal was reported as it came."""

    def _of(self, name: str) -> Callable[[ModuleType], None]:
        def arrived(module: ModuleType) -> None:
            group: object = getattr(module, name, None)
            if isinstance(group, type) and self._sight is not None:
                self._sight.wrap(group, "start_soon", self._started_soon)
                self._sight.wrap(group, "start", self._started)

        return arrived

    def _started_soon(self, original: Function) -> Function:
        def start_soon(*arguments: object, **keywords: object) -> object:
            try:
                return original(*arguments, **keywords)
            except TypeError as error:
                self._refused(error)
                raise

        return start_soon

    def _started(self, original: Function) -> Function:
        async def start(*arguments: object, **keywords: object) -> object:
            try:
                return await cast("Awaitable[object]", original(*arguments, **keywords))
            except (TypeError, RuntimeError) as error:
                self._refused(error)
                raise

        return start

    def _refused(self, error: BaseException) -> None:
        # The traceback ends here as yet: the line of the program that called comes as the place where it was started.
        if self._sight is not None:
            for told in self._sight.shared.call_failed:
                told(error, self._sight.stack())
