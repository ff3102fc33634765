"""Where tasks and jobs were started: what fails or is lost later has no frame of the program's left to point at."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable

from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone


class Origins:
    """The observer that notes the places of `create_task`, `submit` and `Thread`, and tells of tasks that are over."""

    name = "origins"

    def __init__(self) -> None:
        self._sight: Sight | None = None

    def install(self, report: Report, settings: Settings, /) -> None:
        """Replace what starts things."""
        sight = self._sight = Sight(report, settings)
        sight.wrap_loops("create_task", self._noting(sight, tasks=True))
        for pool in (concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor):
            sight.wrap(pool, "submit", self._noting(sight))
        sight.note_made(threading.Thread)

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: it serves the other observers."""

    def _noting(self, sight: Sight, *, tasks: bool = False) -> Callable[[Function], Function]:
        def make(original: Function) -> Function:
            def start(*arguments: object, **keywords: object) -> object:
                made = original(*arguments, **keywords)
                sight.shared.started(made, sight.stack())
                if tasks and isinstance(made, asyncio.Future):
                    made.add_done_callback(sight.shared.has_ended)
                return made

            return start

        return make
