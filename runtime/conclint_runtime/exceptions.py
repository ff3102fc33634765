"""The errors of remote calls, under Ray's names and in Ray's hierarchy, so that `except` clauses carry over.

Source: the Ray Core documentation, "Fault tolerance" and "ray.exceptions".
"""

# ruff: noqa: N818 - the names are Ray's

from __future__ import annotations

import os


class RayError(Exception):
    """The root of every error of this module."""


class UserCodeException(RayError):
    """User code that a library ran on behalf of the program failed."""


class RayTaskError(RayError):
    """A task or an actor method raised.

    What `get` and `await` raise is an instance of this class *and* of the class of the original error,
    so that `except ValueError` sees a `ValueError` raised on the other side.

    Parameters:
        function_name: the function or `Class.method` that raised.
        traceback_str: the remote traceback as text.
        cause: the error itself, as the function raised it; kept as the attribute `cause`.
        actor_repr: how the actor that ran the method prints, when it was one.
        actor_id: the actor's identifier in hexadecimal, when it was one.
    """

    def __init__(
        self,
        function_name: str,
        traceback_str: str,
        cause: BaseException,
        actor_repr: str | None = None,
        actor_id: str | None = None,
    ) -> None:
        self.function_name = function_name
        self.traceback_str = traceback_str
        self.cause = cause
        self.actor_repr = actor_repr
        self.actor_id = actor_id
        self.pid = os.getpid()
        super().__init__(function_name, traceback_str, cause, actor_repr, actor_id)

    def as_instanceof_cause(self) -> RayTaskError:
        """Return an error that is both a `RayTaskError` and an instance of the cause's class.

        Where the cause's class cannot be combined with another one (it is final, or its layout differs), the
        plain `RayTaskError` is returned; its `cause` still tells.
        """
        kind = type(self.cause)
        if issubclass(RayTaskError, kind):
            return self
        try:
            return _dual_class(kind)(self)  # type: ignore[arg-type, call-arg]  # it is made from the plain error
        except Exception:
            return self

    def __str__(self) -> str:
        where = f"\x1b[36mray::{self.function_name}()\x1b[39m (pid={self.pid}, ip=127.0.0.1"
        if self.actor_repr is not None:
            where += f", actor_id={self.actor_id}, repr={self.actor_repr}"
        lines = self.traceback_str.strip().split("\n")
        return "\n".join([f"{where})", *(line for line in lines if not line.startswith("Traceback "))])


def _dual_class(kind: type[BaseException]) -> type[RayTaskError]:
    """Make the class `RayTaskError(<kind>)`, whose instances are made from the plain error."""

    def new(cls: type[RayTaskError], plain: RayTaskError) -> RayTaskError:
        if _is_group(kind):  # a group checks its arguments in __new__
            arguments = (getattr(plain.cause, "message", ""), getattr(plain.cause, "exceptions", ()))
            return kind.__new__(cls, *arguments)
        return kind.__new__(cls)

    def init(self: RayTaskError, plain: RayTaskError) -> None:
        for name in ("function_name", "traceback_str", "cause", "actor_repr", "actor_id", "pid"):
            self.__dict__[name] = getattr(plain, name)
        self.__dict__["_plain"] = plain

    def missing(self: RayTaskError, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.__dict__["cause"], name)

    name = f"RayTaskError({kind.__name__})"
    members = {
        "__new__": new,
        "__init__": init,
        "__getattr__": missing,
        "__str__": lambda self: str(self.__dict__["_plain"]),
        "__reduce__": lambda self: (_rebuild, (self.__dict__["_plain"],)),
        # Readable through the cause even where its class makes `args` a property.
        "args": property(lambda self: (self.__dict__["cause"],), _ignore),
        "__module__": __name__,
        "__qualname__": name,
    }
    return type(name, (RayTaskError, kind), members)


def _ignore(_error: RayTaskError, _args: object) -> None:
    """The setter of a property that others set without need."""


def _is_group(kind: type[BaseException]) -> bool:
    group: type[BaseException] | None = getattr(__import__("builtins"), "BaseExceptionGroup", None)
    return group is not None and issubclass(kind, group)


def _rebuild(plain: RayTaskError) -> RayTaskError:
    return plain.as_instanceof_cause()


class TaskCancelledError(RayError):
    """The call was cancelled before it could give its result.

    Parameters:
        task_id: the call's identifier in hexadecimal, when known.
        error_message: what to say instead of the ordinary text.
    """

    def __init__(self, task_id: str | None = None, error_message: str = "") -> None:
        super().__init__(task_id, error_message)
        self.task_id = task_id
        self.error_message = error_message

    def __str__(self) -> str:
        if self.error_message:
            return self.error_message
        return (
            "This task or its dependency was cancelled."
            if self.task_id is None
            else f"Task: {self.task_id} was cancelled."
        )


class GetTimeoutError(RayError, TimeoutError):
    """`get` was given a timeout, and a result was not there in time."""


class RayActorError(RayError):
    """The actor cannot answer: it has died, or cannot be reached.

    Parameters:
        message: what happened to the actor.
        actor_id: its identifier in hexadecimal, when known.
    """

    def __init__(
        self, message: str = "The actor died unexpectedly before finishing this task.", actor_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.error_msg = message
        self.actor_id = actor_id


class ActorDiedError(RayActorError):
    """The actor is dead: killed, exited, out of scope, or its constructor failed."""


class ActorUnavailableError(RayActorError):
    """The actor cannot be reached now; it may come back."""


class ActorAlreadyExistsError(ValueError, RayError):
    """An actor of this name lives already in this namespace."""


class ActorHandleNotFoundError(ValueError, RayError):
    """A handle names an actor that this runtime does not know."""


class ActorUnschedulableError(RayError):
    """No node can hold the actor."""


class TaskUnschedulableError(RayError):
    """No node can run the task."""


class AsyncioActorExit(RayError):
    """Raised inside an async actor to end it."""


class PendingCallsLimitExceeded(RayError):
    """The actor has as many unfinished calls as its `max_pending_calls` allows."""


class WorkerCrashedError(RayError):
    """The process that ran the task ended before the task did."""


class ObjectLostError(RayError):
    """The value behind a reference is gone."""


class ObjectFetchTimedOutError(ObjectLostError):
    """The value behind a reference could not be fetched in time."""


class ObjectFreedError(ObjectLostError):
    """The value behind a reference was freed by hand."""


class ObjectReconstructionFailedError(ObjectLostError):
    """The value behind a reference was lost and cannot be made again."""


class OwnerDiedError(ObjectLostError):
    """The value behind a reference is gone with the worker that owned it."""


class ReferenceCountingAssertionError(ObjectLostError, AssertionError):
    """The value behind a reference was deleted too early."""


class ObjectRefStreamEndOfStreamError(RayError):
    """The stream has no further reference."""


class ObjectStoreFullError(RayError):
    """The object store has no room for the value."""


class OutOfDiskError(RayError):
    """The disk has no room for the value."""


class OutOfMemoryError(RayError):
    """The node has no memory for the task."""


class OufOfBandObjectRefSerializationException(RayError):
    """A reference was serialised outside of a remote call. The spelling is Ray's."""


class PlasmaObjectNotAvailable(RayError):
    """The value was not in the object store in time."""


class RuntimeEnvSetupError(RayError):
    """The runtime environment could not be set up."""


class UnserializableException(RayError):
    """The remote error could not be serialised; its text is kept."""


class CrossLanguageError(RayError):
    """The error was raised in another language."""


class RaySystemError(RayError):
    """The runtime itself failed."""


class RayChannelError(RaySystemError):
    """A channel between workers failed."""


class RayChannelTimeoutError(RayChannelError, TimeoutError):
    """A channel between workers was not ready in time."""


class LocalRayletDiedError(RayError):
    """The node's scheduler died."""


class NodeDiedError(RayError):
    """The node died, or cannot be reached."""


class RpcError(RayError):
    """A call between nodes failed."""


class TaskPlacementGroupRemoved(RayError):
    """The task's placement group was removed."""


class ActorPlacementGroupRemoved(RayError):
    """The actor's placement group was removed."""
