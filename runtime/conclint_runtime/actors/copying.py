"""Copies of arguments and results, as a process boundary would make them.

A value is pickled when it is handed over and unpickled by whoever takes it, each time anew. Immutable atoms need no
copy. Large buffers (arrays that support pickle protocol 5) are copied once, into bytes, so that what is loaded from
them is read-only, as results of Ray are. What names code or identity is shared instead of copied, because both sides
are in one process: classes, functions (also lambdas and local ones), modules, references and handles.
Source: PEP 574; the Ray Core documentation, "Serialization".
"""

from __future__ import annotations

import pickle
import threading
from io import BytesIO
from types import FunctionType, ModuleType
from typing import Any, cast

_PLAIN = frozenset({int, str, bytes, float, bool, type(None), complex})
ATOMS = _PLAIN | {type(...), range, type, FunctionType, ModuleType}
"""The types whose instances can be passed as they are."""
_FEW = 200
"""Up to this many items a container is searched for what a plain pickle can hold; beyond, the copier costs less."""

_sharing = threading.local()


class ByIdentity:
    """Instances are passed as they are and never copied: they stand for a thing that there is once."""

    __slots__ = ()


def _shared(index: int) -> object:
    """Return a shared object of the value that this thread is loading."""
    return _sharing.table[index]


class _Copier(pickle.Pickler):
    """A pickler that puts what is shared by identity into a table beside the bytes."""

    def __init__(self, file: BytesIO, buffers: list[pickle.PickleBuffer]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL, buffer_callback=buffers.append)
        self.shared: list[object] = []

    def reducer_override(self, value: object) -> Any:  # a reduction, or NotImplemented
        if isinstance(value, (ByIdentity, type, FunctionType, ModuleType)) and value is not _shared:
            self.shared.append(value)
            return _shared, (len(self.shared) - 1,)
        return NotImplemented


class Stored:
    """A pickled value with its buffers and what it shares; immutable, loaded as often as wanted."""

    __slots__ = ("_buffers", "_data", "_shared")

    def __init__(self, value: object) -> None:
        self._buffers: tuple[memoryview, ...] = ()
        self._shared: tuple[object, ...] = ()
        if _is_plain(value):
            self._data: bytes = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
            return
        file = BytesIO()
        buffers: list[pickle.PickleBuffer] = []
        copier = _Copier(file, buffers)
        copier.dump(value)
        # Not `getbuffer`: a buffer that is in a cycle with its stream cannot be collected without an error (3.13).
        self._data = file.getvalue()
        self._buffers = tuple(memoryview(bytes(buffer.raw())) for buffer in buffers)
        self._shared = tuple(copier.shared)

    def load(self) -> object:
        """Return a new copy of the value."""
        if not self._shared:
            return pickle.loads(self._data, buffers=self._buffers)
        outer = getattr(_sharing, "table", None)
        _sharing.table = self._shared
        try:
            return pickle.loads(self._data, buffers=self._buffers)
        finally:
            _sharing.table = outer


def is_atom(value: object) -> bool:
    """Whether the value cannot change and needs no copy."""
    kind = type(value)
    if kind in ATOMS or isinstance(value, ByIdentity):
        return True
    return isinstance(value, tuple) and kind is tuple and all(map(is_atom, value))


def _is_plain(value: object) -> bool:
    """Whether the value is a small flat container of plain atoms (or, as arguments are, two such containers)."""
    kind = type(value)
    if kind is dict:
        items = cast("dict[object, object]", value)
        return len(items) <= _FEW and all(type(key) in _PLAIN and type(item) in _PLAIN for key, item in items.items())
    if kind is list or kind is set:
        some = cast("list[object] | set[object]", value)
        return len(some) <= _FEW and all(type(item) in _PLAIN for item in some)
    if kind is tuple:
        few = cast("tuple[object, ...]", value)
        return len(few) <= 8 and all(type(item) in _PLAIN or _is_plain(item) for item in few)
    return kind in _PLAIN


def pack(value: object) -> object:
    """Return the value itself when it is an atom, else its `Stored` copy. Raises what pickling raises."""
    kind = type(value)
    if kind in ATOMS or is_atom(value):
        return value
    return Stored(value)


def unpack(value: object) -> object:
    """Return the value of what `pack` returned."""
    return value.load() if type(value) is Stored else value
