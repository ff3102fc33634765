"""Sleeps of anyio and trio that stand for something else: for ever, or a turn for the others."""

from __future__ import annotations

from types import ModuleType

from conclint_runtime.guard.libraries import ANYIO, TRIO, Libraries
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone

# In seconds: a longer sleep is not for the time.
_DAY = 24 * 3600


class LibrarySleeps:
    """The observer of `anyio.sleep` and `trio.sleep`."""

    name = "library sleeps"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._libraries: Libraries | None = None

    def install(self, report: Report, settings: Settings, /) -> None:
        """Look at the seconds, when the libraries have been imported."""
        self._sight = Sight(report, settings)
        self._libraries = Libraries({ANYIO: self._arrived, TRIO: self._arrived})
        self._libraries.install()

    def uninstall(self) -> None:
        """Put everything back."""
        if self._libraries is not None:
            self._libraries.uninstall()
        undone(self._sight)

    def at_end(self, _: Report, /) -> None:
        """Nothing: each was reported as it was called."""

    def _arrived(self, module: ModuleType) -> None:
        if self._sight is not None:
            self._sight.wrap(module, "sleep", self._slept)

    def _slept(self, original: Function) -> Function:
        def sleep(*arguments: object, **keywords: object) -> object:
            seconds = next((each for each in (*arguments, *keywords.values()) if isinstance(each, int | float)), None)
            if seconds is not None and self._sight is not None and (seconds == 0 or seconds > _DAY):
                if self._sight.called_by_program() is not None:
                    code, said = (
                        ("CON254", "a sleep of no seconds was called to give the others a turn")
                        if seconds == 0
                        else ("CON253", "a sleep of more than a day was called: one for ever has a name of its own")
                    )
                    self._sight.say(code, said, self._sight.stack(), detail=f"sleep({seconds!r})")
            return original(*arguments, **keywords)

        return sleep
