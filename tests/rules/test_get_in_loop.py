"""CON603: which loops over remote calls are sequential for no reason."""

from __future__ import annotations

import pytest

from conclint.finding import Applicability
from conclint.testing import lint_text
from conclint_rules.ray import get_in_loop

HEAD = """\
import ray


@ray.remote
def f(x):
    return x


def main(items, log, state):
    found = []
"""


def reported(body: str) -> bool:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return bool(lint_text(HEAD + lines, [get_in_loop.RULE]))


@pytest.mark.parametrize(
    "body",
    [
        "for x in items:\n    log(x, ray.get(f.remote(x)))",
        "for x in items:\n    y = x + 1\n    found.append((y, ray.get(f.remote(y))))",
        "for x in items:\n    state.total += ray.get(f.remote(x))",
        "for a, b in items:\n    found.append(ray.get(f.remote(b)))",
        "for x in items:\n    try:\n        log(ray.get(f.remote(x)))\n    except ValueError:\n        continue",
    ],
)
def test_a_loop_whose_turns_do_not_need_each_other_is_reported(body: str) -> None:
    assert reported(body)


@pytest.mark.parametrize(
    "body",
    [
        "for x in items:\n    state = ray.get(f.remote((x, state)))",
        "for x in items:\n    state.update(ray.get(f.remote((x, state))))",
        "for x in items:\n    y = state.best\n    state.best = ray.get(f.remote((x, y)))",
        "for x in items:\n    log(state, ray.get(f.remote((x, state))))",
        "for x in items:\n    y = ray.get(f.remote((x, found)))\n    found.append(y)",
        "while items:\n    items = ray.get(f.remote(items))",
        "for x in items:\n    if ray.get(f.remote(x)):\n        break",
        "for x in items:\n    yield ray.get(f.remote(x))",
    ],
)
def test_a_loop_that_hands_its_results_on_is_not(body: str) -> None:
    assert not reported(body)


def test_the_fix_is_safe_only_where_the_callee_is_known() -> None:
    text = "import ray\n\n\ndef main(workers):\n    return [ray.get(w.run.remote()) for w in workers]\n"
    (finding,) = lint_text(text, [get_in_loop.RULE])
    assert finding.fix is not None
    assert finding.fix.applicability is Applicability.UNSAFE


def test_a_comprehension_with_a_condition_is_reported_without_a_fix() -> None:
    (finding,) = lint_text(HEAD + "    return [ray.get(f.remote(x)) for x in items if x]\n", [get_in_loop.RULE])
    assert finding.fix is None
