"""Running programs that say `import ray` on this runtime."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType

_SUBMODULES = ("actor", "exceptions", "util", "util.queue", "util.actor_pool")


def install_as(name: str) -> Callable[[], None]:
    """Make `import name` mean this package, with its submodules `actor`, `exceptions`, `util`, `util.queue`.

    Parameters:
        name: the top-level module name, such as `ray`.

    Returns a function that puts back what `sys.modules` had before. Modules that imported the name in between keep
    what they got.
    """
    package = __package__.rpartition(".")[0]
    replaced: dict[str, ModuleType | None] = {}
    for part in ("", *_SUBMODULES):
        tail = f".{part}" if part else ""
        replaced[name + tail] = sys.modules.get(name + tail)
        sys.modules[name + tail] = importlib.import_module(package + tail)

    def undo() -> None:
        for key, module in replaced.items():
            if module is None:
                sys.modules.pop(key, None)
            else:
                sys.modules[key] = module

    return undo
