"""The exceptions of the xoscar-shaped face, by xoscar's names, and how an error crosses a message.

Source: `xoscar.errors` of xoscar 0.12.
"""

from __future__ import annotations

from types import TracebackType


class XoscarError(Exception):
    """What every error of an actor pool derives from."""


class ActorPoolNotStarted(XoscarError):  # noqa: N818  # xoscar's name
    """The pool has not been started, or was stopped and cannot be started again."""


class ActorNotExist(XoscarError):  # noqa: N818  # xoscar's name
    """No actor of that uid lives in the pool: it was never created, or has been destroyed."""


class ActorAlreadyExist(XoscarError):  # noqa: N818  # xoscar's name
    """The uid is taken by a living actor of the same pool."""


class NoIdleSlot(XoscarError):  # noqa: N818  # xoscar's name
    """Every sub-pool with the label that was asked for already holds an actor with that mark."""


class ServerClosed(XoscarError):  # noqa: N818  # xoscar's name
    """The pool was stopped while a message was on its way, or was being handled."""


class SendMessageFailed(XoscarError):  # noqa: N818  # xoscar's name
    """An argument or a result cannot be copied between two pools, because it cannot be pickled."""


class NotEmbedded(XoscarError, AttributeError):  # noqa: N818  # a statement, like its neighbours
    """A part of xoscar that needs processes or a network, which the embedded face does not have."""


class Return(XoscarError):  # noqa: N818  # xoscar's name
    """The result of an async-generator method: `raise Return(value)`, for `return value` is no syntax there."""

    def __init__(self, value: object) -> None:
        super().__init__(value)
        self.value = value


class RemoteCause(Exception):  # noqa: N818  # a mark on an error, not an error of its own
    """Marks an error that came through a message. It is an instance of the original class as well."""

    address: str
    pid: int
    __wrapped__: BaseException

    def __str__(self) -> str:
        return f"[address={self.address}, pid={self.pid}] {self.__wrapped__}"

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # copy and pickle ask for dunders on an instance that has no `__wrapped__` yet
            raise AttributeError(name)
        found: object = getattr(self.__wrapped__, name)
        return found


def as_remote(error: Exception, traceback: TracebackType | None, address: str, pid: int) -> Exception:
    """Return `error` as the caller of a message sees it: same class, text led by the address of the pool.

    An error that has crossed a message before is returned as it is, so that a chain of calls names one address only.
    A class that refuses to be derived from, or to be made from what pickle would make it from, is returned unchanged.
    """
    if isinstance(error, RemoteCause):
        return error.with_traceback(traceback)
    kind = type(error)
    marks = {"address": address, "pid": pid, "__wrapped__": error, "__module__": kind.__module__}
    try:
        derived = type(kind.__name__, (RemoteCause, kind), marks)
        # Without `__init__`: the class's own may take other arguments than those it hands to Exception. What pickle
        # would give to `__new__` is more than `args` has: of an OSError also the file name.
        reduced = error.__reduce__()
        remote = derived.__new__(derived, *(error.args if isinstance(reduced, str) else reduced[1]))
    except (TypeError, ValueError):
        return error
    assert isinstance(remote, Exception)
    remote.args = error.args
    remote.__cause__, remote.__context__ = error.__cause__, error.__context__
    remote.__suppress_context__ = error.__suppress_context__
    return remote.with_traceback(traceback)
