"""The rules that there are: the catalogue, and what installed packages add through the entry point `conclint.rules`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

from conclint.config_file import ConfigError
from conclint.rule import CatalogueError, Rule, validate

GROUP = "conclint.rules"


def load() -> tuple[Rule, ...]:
    """All rules, in the order of their codes.

    Raises:
        ConfigError: a package's rules cannot be loaded or clash with others; the message names the package.
    """
    from conclint_rules.catalogue import RULES

    added = tuple(_installed()) if _any_installed() else ()
    try:
        return validate((*RULES, *added)) if added else tuple(RULES)
    except CatalogueError as error:
        raise ConfigError(f"the rules of an installed package: {error}") from error


def _any_installed() -> bool:
    # `importlib.metadata` takes longer to import and ask than a run without changes takes as a whole.
    marker = f"[{GROUP}]".encode()
    for folder in dict.fromkeys(sys.path):
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                try:
                    with open(os.path.join(folder, name, "entry_points.txt"), "rb") as stream:
                        if marker in stream.read():
                            return True
                except OSError:
                    continue
    return False


def packages() -> tuple[str, ...]:
    """The installed packages that add rules, with their versions."""
    if not _any_installed():
        return ()
    from importlib.metadata import entry_points

    found = {entry.dist for entry in entry_points(group=GROUP) if entry.dist is not None}
    return tuple(sorted(f"{dist.name} {dist.version}" for dist in found))


def _installed() -> Iterator[Rule]:
    from importlib.metadata import entry_points

    for entry in sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value)):
        package = entry.dist.name if entry.dist is not None else entry.value
        try:
            loaded: object = entry.load()
        except Exception as error:
            raise ConfigError(f"the rules `{entry.name}` of {package} cannot be loaded: {error!r}") from error
        found = loaded if isinstance(loaded, Iterable) else (loaded,)
        for each in found:
            if not isinstance(each, Rule):
                raise ConfigError(f"the rules `{entry.name}` of {package}: {each!r} is not a `conclint.rule.Rule`")
            yield each
