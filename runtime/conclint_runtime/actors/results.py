"""What a call gives back at once: a reference, several, a stream, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conclint_runtime.actors.blueprint import Shape
from conclint_runtime.actors.calls import Call
from conclint_runtime.actors.ref import ObjectRef
from conclint_runtime.actors.stream import ObjectRefGenerator, Stream

if TYPE_CHECKING:
    from conclint_runtime.actors.engine_protocol import Submitted


def attach_results(call: Call, shape: Shape) -> Submitted:
    """Give the call its references (or its stream) and return what the caller gets.

    Raises ValueError for `num_returns="dynamic"`, which this runtime does not have.
    """
    returns = call.options.num_returns
    if returns is None:
        if shape in {"generator", "async generator"}:
            return _stream(call)
    elif returns == "streaming":
        return _stream(call)
    elif isinstance(returns, str):
        raise ValueError(
            f"num_returns={returns!r} of {call.name} is not available embedded: use 'streaming', which Ray recommends"
            " instead of it"
        )
    elif returns != 1:
        refs: list[ObjectRef[object]] = [ObjectRef() for _ in range(returns)]
        call.refs = tuple(refs)
        for each in refs:
            each._call = call
        return refs or None
    ref: ObjectRef[object] = ObjectRef()  # not ObjectRef[object](): a call through typing costs microseconds
    ref._call = call
    call.refs = (ref,)
    return ref


def _stream(call: Call) -> ObjectRefGenerator[object]:
    stream = Stream(call, call.options.backpressure)
    call.stream = stream
    return ObjectRefGenerator(stream)
