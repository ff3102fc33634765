"""The linter's tests run before the runtime's: a real Ray leaves threads behind, beside which nothing may fork."""

from __future__ import annotations

from pathlib import Path

import pytest

_RUNTIME = Path(__file__).with_name("runtime")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.is_relative_to(_RUNTIME))
