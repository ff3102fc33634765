"""A child that waits until its pipe is read, and a parent that waits for the child before it reads."""

from __future__ import annotations

import subprocess
import sys
from types import FrameType
from typing import IO

from conclint_runtime.guard.places import outwards

#: Frames between the system call and `Popen.wait`, those of the guard's own wrappers among them.
_NEAR = 12
_WAIT = subprocess.Popen.wait.__code__


def full_pipe(frame: FrameType) -> str | None:
    """What of the child's is full while its parent waits for it without reading; None where nothing is.

    Linux only: elsewhere nobody says how much a pipe holds.

    Args:
        frame: the innermost frame of a thread.
    """
    if not sys.platform.startswith("linux"):
        return None
    for outer in list(outwards(frame))[:_NEAR]:
        child: object = outer.f_locals.get("self") if outer.f_code is _WAIT else None
        if isinstance(child, subprocess.Popen) and outer.f_locals.get("timeout", 0) is None:
            for name in ("stdout", "stderr"):
                stream: IO[bytes] | None = getattr(child, name)
                if stream is not None and not stream.closed and is_full(stream.fileno()):
                    return name
    return None


def is_full(descriptor: int) -> bool:
    """Whether a pipe holds all that it can."""
    import array
    import fcntl
    import termios

    held = array.array("i", [0])
    try:
        fcntl.ioctl(descriptor, termios.FIONREAD, held)
        size: int = fcntl.fcntl(descriptor, getattr(fcntl, "F_GETPIPE_SZ", 1032))
    except OSError:  # no pipe
        return False
    return held[0] >= size
