"""The plugin in flake8 itself: the findings of the command, the whole program's too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

# The sleep is two modules away from the coroutine that it stops.
FILES = {
    "shop/__init__.py": "",
    "shop/clock.py": "import time\n\n\ndef rest():\n    time.sleep(1)\n",
    "shop/till.py": (
        "from shop.clock import rest\n\n\nclass Till:\n    def count(self):\n        rest()\n        return 3\n"
    ),
    "shop/desk.py": (
        "from shop.till import Till\n\n\nclass Desk:\n    def __init__(self):\n        self.till = Till()\n\n"
        "    async def answer(self):\n        return self.till.count()\n\n"
        "    async def answer_all(self):\n        return [self.till.count()]\n"
    ),
    "shop/door.py": (
        "import asyncio\n\n\nasync def ring():\n    await asyncio.sleep(1)\n\n\nasync def open_door():\n"
        "    schön = ring; asyncio.create_task(ring())\n    ring()\n"
    ),
}
Place = tuple[str, int, int, str]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def flake8(project: Path, *arguments: str, text: str | None = None) -> list[Place]:
    command = [sys.executable, "-m", "flake8", "--isolated", "--format", "%(path)s|%(row)d|%(col)d|%(code)s|%(text)s"]
    done = subprocess.run(
        [*command, *arguments], cwd=project, input=text, capture_output=True, check=False, encoding="utf-8"
    )
    assert done.stderr == ""
    assert done.returncode in (0, 1)
    rows = [line.split("|") for line in done.stdout.splitlines()]
    return sorted((path.removeprefix("./"), int(row), int(column), code) for path, row, column, code, _ in rows)


def conclint(project: Path) -> list[Place]:
    command = [sys.executable, "-m", "conclint", "--isolated", "--all-places", "--output-format", "json", "."]
    done = subprocess.run(command, cwd=project, capture_output=True, check=False, encoding="utf-8")
    return sorted(
        (found["filename"], found["location"]["row"], found["location"]["column"], found["code"])
        for found in json.loads(done.stdout)
    )


def test_flake8_reports_what_the_command_reports(project: Path) -> None:
    found = flake8(project, "--select", "CON", "--jobs", "1", ".")
    assert found == conclint(project)
    assert {code for *_, code in found} == {"CON101", "CON201", "CON202"}


def test_a_path_across_modules_is_reported_where_the_coroutine_stands(project: Path) -> None:
    rows = [row for path, row, _, code in flake8(project, "--select", "CON", "shop/desk.py") if code == "CON101"]
    assert rows == [9, 12]


def test_several_processes_of_flake8_report_the_same(project: Path) -> None:
    for number in range(8):
        (project / "shop" / f"more{number}.py").write_text(FILES["shop/door.py"], encoding="utf-8")
    assert flake8(project, "--select", "CON", "--jobs", "2", ".") == conclint(project)


def test_select_keeps_to_the_codes_it_names(project: Path) -> None:
    assert {code for *_, code in flake8(project, "--select", "CON2", ".")} == {"CON201", "CON202"}


def test_ignore_leaves_a_code_out(project: Path) -> None:
    found = flake8(project, "--select", "CON", "--extend-ignore", "CON202", ".")
    assert {code for *_, code in found} == {"CON101", "CON201"}


def test_the_plugin_is_on_without_being_selected(project: Path) -> None:
    assert "CON101" in {code for *_, code in flake8(project, "shop/desk.py")}


def test_a_noqa_comment_silences_its_line(project: Path) -> None:
    path = project / "shop" / "desk.py"
    path.write_text(path.read_text().replace("return self.till.count()", "return self.till.count()  # noqa: CON101"))
    assert [row for _, row, _, _ in flake8(project, "--select", "CON", "shop/desk.py")] == [12]


def test_a_comment_of_conclint_silences_its_line(project: Path) -> None:
    path = project / "shop" / "door.py"
    text = path.read_text(encoding="utf-8").replace("    ring()\n", "    ring()  # conclint: ignore[CON201] a test\n")
    path.write_text(text, encoding="utf-8")
    assert [code for *_, code in flake8(project, "--select", "CON", "shop/door.py")] == ["CON202"]


def test_standard_input_is_linted_in_its_project(project: Path) -> None:
    text = FILES["shop/desk.py"].replace("async def answer_all", "def answer_all")
    arguments = ("--select", "CON", "--stdin-display-name", "shop/desk.py", "-")
    assert flake8(project, *arguments, text=text) == [("shop/desk.py", 9, 16, "CON101")]


def test_standard_input_without_a_name_is_linted_by_itself(project: Path) -> None:
    text = "import time\n\n\nasync def wait():\n    time.sleep(1)\n"
    assert flake8(project, "--select", "CON", "-", text=text) == [("stdin", 5, 5, "CON101")]


def test_a_file_that_does_not_parse_is_left_to_flake8(project: Path) -> None:
    (project / "shop" / "odd.py").write_text("def (:\n")
    assert {code for *_, code in flake8(project, "--select", "CON,E9", "shop/odd.py")} == {"E999"}
