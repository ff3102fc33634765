"""Raising KeyboardInterrupt in another thread's Python code."""

from __future__ import annotations

import threading


class Interruptible:
    """A stretch of one thread's work that other threads may interrupt, and nothing before or after it.

    The interrupt arrives at the thread's next byte code: a call that blocks in C is not cut short. Between the end of
    the body and `close` it may arrive too, so what follows the body must expect it until then.
    Source: the C API reference, `PyThreadState_SetAsyncExc`.
    """

    __slots__ = ("_asked", "_ident", "_lock", "_open")

    def __init__(self) -> None:
        self._ident = threading.get_ident()
        self._lock = threading.Lock()
        self._open = True
        self._asked = False

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in the thread, if the stretch has not ended."""
        with self._lock:
            if self._open:
                self._asked = True
                _set_pending(self._ident, KeyboardInterrupt)

    def close(self) -> None:
        """End the stretch; an interrupt that was not delivered is taken back."""
        with self._lock:
            self._open = False
            if self._asked:
                _set_pending(self._ident, None)


def _set_pending(ident: int, error: type[BaseException] | None) -> None:
    import ctypes

    pending = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), pending)
