"""CON202: how a task is kept by the fix."""

from __future__ import annotations

import pytest

from conclint.finding import Severity
from conclint.fix import apply
from conclint.testing import lint_text
from conclint_rules.tasks import lost_task

HEAD = "import asyncio\n\n\nasync def work():\n    await asyncio.sleep(1)\n\n\n"


def mended(text: str) -> str:
    findings = lint_text(text, [lost_task.RULE])
    return apply(text.encode(), findings).source.decode()


def test_a_set_that_the_file_keeps_its_tasks_in_is_used() -> None:
    text = """\
import asyncio

running: set[asyncio.Task] = set()


async def work():
    task = asyncio.create_task(work())
    running.add(task)
    task.add_done_callback(running.discard)


async def main():
    asyncio.create_task(work())
"""
    assert mended(text) == text.replace(
        "main():\n    asyncio.create_task(work())",
        "main():\n    task = asyncio.create_task(work())\n    running.add(task)\n"
        "    task.add_done_callback(running.discard)",
    )


def test_the_new_name_means_nothing_yet() -> None:
    assert "    task_2 = asyncio.create_task(work())\n" in mended(
        HEAD + "async def main(task):\n    asyncio.create_task(work())\n    return task\n"
    )


def test_a_name_that_nothing_reads_is_kept() -> None:
    assert "    job = asyncio.create_task(work())\n    _background_tasks.add(job)\n" in mended(
        HEAD + "async def main():\n    job = asyncio.create_task(work())\n"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "asyncio.get_running_loop().call_soon(lambda: asyncio.create_task(work()))",
        "job: object = asyncio.create_task(work())",
    ],
)
def test_other_places_are_reported_without_a_fix(statement: str) -> None:
    findings = lint_text(f"{HEAD}async def main():\n    {statement}\n", [lost_task.RULE])
    assert [finding.fix for finding in findings] == [None]


def test_a_group_with_a_method_of_that_name_is_no_loop() -> None:
    text = (
        HEAD
        + "async def main(group: asyncio.TaskGroup, pool):\n    group.create_task(work())\n    pool.create_task(1)\n"
    )
    assert lint_text(text, [lost_task.RULE]) == ()


def severity(body: str) -> Severity:
    text = f"import asyncio\n\n\nasync def watch(queue, step):\n{body}\n\n\nasync def main(queue):\n"
    (found,) = lint_text(text + "    asyncio.create_task(watch(queue, print))\n", [lost_task.RULE])
    return found.severity


LOOP = "    while True:\n        step()\n        step()\n        step()\n        "


@pytest.mark.parametrize(
    "wait", ["asyncio.sleep(5)", "asyncio.wait_for(queue.get(), 5)", "asyncio.wait([queue.task], timeout=5)"]
)
def test_a_task_that_only_waits_for_timers_is_kept_by_the_loop(wait: str) -> None:
    assert severity(f"{LOOP}await {wait}") is Severity.NOTE


@pytest.mark.parametrize("wait", ["queue.get()", "asyncio.wait_for(queue.get(), None)", "asyncio.wait([queue.task])"])
def test_a_task_that_waits_for_something_else_is_not(wait: str) -> None:
    assert severity(f"{LOOP}await asyncio.sleep(5)\n        await {wait}") is Severity.WARNING


def test_a_sketch_of_a_task_is_not_judged_by_what_it_waits_for() -> None:
    assert severity("    await asyncio.sleep(5)") is Severity.WARNING


def test_a_last_chance_to_clean_up_is_a_note() -> None:
    text = (
        "import asyncio\n\n\nclass Client:\n    async def aclose(self):\n        await self.session.close()\n\n"
        "    def __del__(self):\n        asyncio.get_running_loop().create_task(self.aclose())\n"
    )
    (found,) = lint_text(text, [lost_task.RULE])
    assert found.severity is Severity.NOTE
