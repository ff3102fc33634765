"""CON617: what is known to be remote, and what is offered for it."""

from __future__ import annotations

import pytest

from conclint.finding import Applicability
from conclint.fix import apply
from conclint.testing import lint_text
from conclint_rules.ray import direct_call

HEAD = """\
import ray


@ray.remote
def f(x):
    return x


@ray.remote
class A:
    def m(self, x):
        return x


"""


@pytest.mark.parametrize(
    "use",
    [
        "f.options(num_cpus=1).remote(1)",
        "A.options(name='a').remote().m.options(num_returns=2).remote(1)",
        "[h.m.remote(1) for h in [A.remote(), A.remote()]]",
        "ray.get_actor('a').m.remote(1)",
        "list(map(f, [1]))",
    ],
)
def test_calls_through_remote_are_silent(use: str) -> None:
    assert lint_text(f"{HEAD}{use}\n", [direct_call.RULE]) == ()


@pytest.mark.parametrize(
    ("use", "shown"),
    [
        ("f(1)", "ray.get(f.remote(1))"),
        ("A()", "A.remote()"),
        ("A.remote().m(1)", "ray.get(A.remote().m.remote(1))"),
        ("A.options(name='a').remote().m(1)", "ray.get(A.options(name='a').remote().m.remote(1))"),
        ("A.m.remote(1)", "A.m(1)"),
    ],
)
def test_what_is_shown_is_the_remote_call(use: str, shown: str) -> None:
    text = f"{HEAD}print({use})\n"
    (finding,) = lint_text(text, [direct_call.RULE])
    assert finding.fix is not None
    assert finding.fix.applicability is Applicability.SHOWN
    assert apply(text.encode(), [finding]).source.decode() == f"{HEAD}print({shown})\n"
