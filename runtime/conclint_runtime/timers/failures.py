"""What becomes of the errors that scheduled actions raise."""

from __future__ import annotations

from collections.abc import Callable
from sched import Event

MOST_KEPT = 100
ErrorHandler = Callable[[Event, BaseException], object]


class Failures:
    """Reports each error at once, and keeps the first hundred for the end of the run.

    With a handler, the handler is called and nothing is kept. Without one the error is logged (logger
    `conclint_runtime.timers`, with its traceback), because a run that never ends would never say it otherwise, and
    kept, so that the run raises it when it does end.
    """

    def __init__(self, on_error: ErrorHandler | None) -> None:
        self._on_error = on_error
        self._kept: list[BaseException] = []
        self._count = 0

    def report(self, event: Event, error: BaseException) -> None:
        """Say that the action of `event` raised `error`; an error of the handler itself is logged and kept."""
        if self._on_error is not None:
            try:
                self._on_error(event, error)
                return
            except Exception as failure:
                failure.__context__ = failure.__context__ or (error if failure is not error else None)
                error = failure
        self._log(event, error)
        self._count += 1
        if len(self._kept) < MOST_KEPT:
            self._kept.append(error)

    @staticmethod
    def _log(event: Event, error: BaseException) -> None:
        import logging

        logging.getLogger("conclint_runtime.timers").error(
            "the action %r of the event due at %s raised", event.action, event.time, exc_info=error
        )

    def raise_kept(self) -> None:
        """Raise what was kept: a lone error as it is, several as an `ExceptionGroup`."""
        kept, self._kept = self._kept, []
        if len(kept) == 1:
            raise kept[0]
        if kept:
            from conclint_runtime.aio.exception_groups import BaseExceptionGroup

            raise BaseExceptionGroup(f"{self._count} scheduled actions raised", kept)
