"""Cancelling calls."""

from __future__ import annotations

from conclint_runtime.actors.calls import Call
from conclint_runtime.actors.ref import ObjectRef
from conclint_runtime.actors.stream import ObjectRefGenerator


def cancel(ref: object, force: bool, recursive: bool) -> None:
    """Cancel the call behind a reference or a stream.

    What has not started never will. A running task fails for its callers at once, and gets a KeyboardInterrupt at its
    next byte code; a running async method gets `asyncio.CancelledError`; a running sync or threaded method goes on to
    its end (it may ask `get_runtime_context().is_canceled()`), and its result is lost. A finished call is left alone.

    Raises TypeError for what is no reference, ValueError for `force=True` on a call of an actor.
    """
    if isinstance(ref, ObjectRefGenerator):
        call = ref.completed()._call
    elif isinstance(ref, ObjectRef):
        call = ref._call
    else:
        raise TypeError(f"ray.cancel() only supported for object refs. For actors, try ray.kill(). Got: {type(ref)}.")
    if call is None:
        return
    if force and call.actor is not None:
        raise ValueError("force=True is not supported for actor tasks.")
    _cancel(call, force, recursive)


def _cancel(call: Call, force: bool, recursive: bool) -> None:
    if recursive:
        for child in tuple(call.children or ()):
            _cancel(child, force, recursive)
    if call.settled() or call.cancel_requested:
        return
    call.cancel_requested, call.forced = True, force
    interrupt = call.interrupt
    if call.actor is None or not call.running:
        call.abort_cancelled()
    if interrupt is not None:
        interrupt(call)
