"""Audit events that tell of blocking calls. https://docs.python.org/3/library/audit_events.html

A hook cannot be taken away again: the first guard adds one for the process, which passes events on while a guard is on
and does nothing otherwise.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from conclint_runtime.guard.blocking.tables import CODES, Known

Listener = Callable[[Known, tuple[object, ...]], None]

_NAMES = {
    "open": ("builtins.open", "file"),
    "os.listdir": ("os.listdir", "file"),
    "os.scandir": ("os.scandir", "file"),
    "os.remove": ("os.remove", "file"),
    "os.rename": ("os.rename", "file"),
    "os.mkdir": ("os.mkdir", "file"),
    "os.rmdir": ("os.rmdir", "file"),
    "os.truncate": ("os.truncate", "file"),
    "os.system": ("os.system", "subprocess"),
    "builtins.input": ("builtins.input", "user-input"),
    "socket.connect": ("socket.socket.connect", "network"),
    "socket.getaddrinfo": ("socket.getaddrinfo", "network"),
    "socket.gethostbyname": ("socket.gethostbyname", "network"),
    "socket.gethostbyaddr": ("socket.gethostbyaddr", "network"),
    "time.sleep": ("time.sleep", "sleep"),
}
EVENTS = {event: Known(name, kind, CODES[kind]) for event, (name, kind) in _NAMES.items()}


class _Hook:
    """The process's one hook."""

    def __init__(self) -> None:
        self.listener: Listener | None = None
        self.added = False

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        listener = self.listener
        if listener is not None and event in EVENTS:
            listener(EVENTS[event], arguments)


_hook = _Hook()


def audited(listener: Listener) -> Callable[[], None]:
    """Pass what events tell of blocking calls on to `listener`, until the returned function is called."""
    if not _hook.added:
        sys.addaudithook(_hook)
        _hook.added = True
    _hook.listener = listener

    def stop() -> None:
        _hook.listener = None

    return stop
