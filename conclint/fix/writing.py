"""Putting a mended file in the place of the old one."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile


class WriteError(Exception):
    """A file could not be replaced and is as it was. The text names the file, what is in the way, and the way out."""


def write(path: str, old: bytes, new: bytes) -> None:
    """Replace the contents of a file at once: whoever reads it sees all of the old or all of the new.

    The mode is kept, and a symbolic link stays one (the file that it leads to is replaced). Other hard links to the
    file keep the old contents.

    Parameters:
        old: the bytes that `new` was made from.

    Raises:
        WriteError: the file is not what it was, or may not be written. Nothing has changed then.
    """
    real = os.path.realpath(path)
    try:
        status = _writable(path, real)
        _require_unchanged(path, real, old)
        if new != old:
            _replace(path, real, old, new, status)
    except OSError as error:
        raise WriteError(f"{path}: cannot be written: {error.strerror or error}; it is left as it was") from error


def _writable(path: str, real: str) -> os.stat_result:
    status = os.stat(real)
    if not stat.S_ISREG(status.st_mode):
        raise WriteError(f"{path}: is not a regular file; it is left as it was")
    # The mode says what its owner wants, also to somebody whom it does not bind.
    if not status.st_mode & 0o222 or not os.access(real, os.W_OK):
        raise WriteError(f"{path}: is read-only; make it writable (`chmod u+w`) or leave it out of `--fix`")
    folder = os.path.dirname(real)
    if not os.stat(folder).st_mode & 0o222 or not os.access(folder, os.W_OK | os.X_OK):
        raise WriteError(f"{path}: its folder is read-only; make {folder} writable or leave the file out of `--fix`")
    return status


def _require_unchanged(path: str, real: str, old: bytes) -> None:
    with open(real, "rb") as stream:
        if stream.read() != old:
            raise WriteError(f"{path}: has changed since it was read; it is left as it is, run conclint again")


def _replace(path: str, real: str, old: bytes, new: bytes, status: os.stat_result) -> None:
    folder, name = os.path.split(real)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name[:100]}.", suffix=".tmp", dir=folder)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(new)
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(OSError):
            _keep_owner(temporary, status)
        os.chmod(temporary, stat.S_IMODE(status.st_mode))
        _require_unchanged(path, real, old)
        os.replace(temporary, real)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _settle(folder)


def _keep_owner(temporary: str, status: os.stat_result) -> None:
    if hasattr(os, "chown"):
        os.chown(temporary, status.st_uid, status.st_gid)


def _settle(folder: str) -> None:
    """Make the new name last, where a folder can be synced."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EACCES}:
            raise
    finally:
        os.close(descriptor)
