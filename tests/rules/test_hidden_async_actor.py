"""CON616, CON601, CON101: a place on the loop of an async actor gets one code."""

from __future__ import annotations

from conclint.testing import lint_text
from conclint_rules.event_loop import blocking_sleep
from conclint_rules.ray import blocking_get_on_loop, hidden_async_actor

RULES = (blocking_sleep.RULE, blocking_get_on_loop.RULE, hidden_async_actor.RULE)


def codes(text: str) -> list[str]:
    return [finding.code for finding in lint_text(text, RULES)]


ACTOR = """\
import time

import ray


@ray.remote{options}
class Worker:
    async def {member}(self):
        return 1

    def pause(self):
        time.sleep(1)

    def fetch(self, ref):
        return ray.get(ref)
"""


def actor(options: str, member: str) -> str:
    return ACTOR.format(options=options, member=member)


def test_an_actor_that_shows_that_it_is_async_is_the_concern_of_the_blocking_rules() -> None:
    assert codes(actor("", "run")) == ["CON101", "CON601"]


def test_one_that_asks_for_threads_is_the_concern_of_the_hidden_loop() -> None:
    assert codes(actor("(max_concurrency=4)", "run")) == ["CON616", "CON616"]


def test_one_thread_is_no_wish_for_threads() -> None:
    assert codes(actor("(max_concurrency=1)", "run")) == ["CON101", "CON601"]


def test_one_whose_only_coroutine_is_private_is_the_concern_of_the_hidden_loop() -> None:
    assert codes(actor("", "_run")) == ["CON616", "CON616"]


def test_the_evidence_names_the_member_that_makes_the_actor_async() -> None:
    finding = lint_text(actor("", "_run"), RULES)[0]
    assert [step.place.span.row for step in finding.related] == [11, 8]


def test_a_method_that_the_actor_calls_itself_is_followed_from_its_caller() -> None:
    assert codes(actor("", "_run").replace("return 1", "return self.pause()")) == ["CON101", "CON616"]


def test_it_counts_by_itself_when_a_handle_calls_it_too() -> None:
    text = actor("", "_run").replace("return 1", "return self.pause()")
    assert codes(text + "\n\nray.get(Worker.remote().pause.remote())\n") == ["CON616", "CON616"]
