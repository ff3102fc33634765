"""Being told when a module has been imported."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class Arrivals(MetaPathFinder):
    """Stands first among the finders, finds nothing itself, and calls `arrived` with each module that `wanted` names,
    once it has been executed."""

    def __init__(self, wanted: Callable[[str], bool], arrived: Callable[[ModuleType], None]) -> None:
        self._wanted = wanted
        self._arrived = arrived

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """What the other finders find, with a loader that tells of the module."""
        if not self._wanted(fullname):
            return None
        # Those before have been asked, and another of this kind among them would ask this one in turn.
        finders = sys.meta_path
        for finder in finders[finders.index(self) + 1 :] if self in finders else ():
            find = getattr(finder, "find_spec", None)
            if find is None:
                continue
            spec = find(fullname, path, target)
            if isinstance(spec, ModuleSpec):
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = _Telling(spec.loader, self._arrived)
                return spec
        return None


class _Telling(Loader):
    """A loader in the place of another, for the time until the module has been executed."""

    def __init__(self, loader: Loader, arrived: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._arrived = arrived

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the loader itself does."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its true loader, let that execute it, and tell of it."""
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._arrived(module)
