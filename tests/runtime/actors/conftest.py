"""What the tests of embedded actors share: an engine with two task slots, and a gate that tests open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import conclint_runtime as ray
from tests.runtime.actors.gates import Gate


@pytest.fixture(autouse=True)
def engine(nothing_leaks: None) -> Iterator[None]:  # noqa: ARG001 - it must end after this one
    """Run the test on a fresh embedded engine with two task slots, and shut it down before leaks are counted."""
    ray.shutdown()
    ray.init(num_cpus=2, namespace="tests")
    yield
    ray.shutdown()


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A closed gate, opened at the end whatever happens."""
    door = Gate()
    yield door
    door.open()
