"""CON202: how a task is kept by the fix."""

from __future__ import annotations

import pytest

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
