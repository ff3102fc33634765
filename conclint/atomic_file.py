"""Replacing a file in one step: whoever reads it meanwhile sees the old contents or the new, never a half."""

from __future__ import annotations

import contextlib
import os
import tempfile


def replace(path: str, data: bytes) -> None:
    """Write a file through a temporary one beside it. A link stays a link, permissions stay as they are.

    Raises:
        OSError: it cannot be written; the old contents are still there.
    """
    target = os.path.realpath(path)
    if os.path.exists(target):
        if not os.path.isfile(target):  # /dev/stdout, a pipe: there is nothing to replace
            with open(target, "wb") as stream:
                stream.write(data)
            return
        # Renaming over a file needs no right to write it, but the user who took that right away meant it.
        os.close(os.open(target, os.O_WRONLY))
        mode = os.stat(target).st_mode & 0o7777
    else:
        mode = 0o666 & ~_umask()
    descriptor, temporary = tempfile.mkstemp(prefix=".conclint-", dir=os.path.dirname(target) or ".")
    try:
        with open(descriptor, "wb") as stream:
            stream.write(data)
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _umask() -> int:
    # There is no way to ask for it without setting it.
    mask = os.umask(0)
    os.umask(mask)
    return mask
