"""The hooks, run by the real pre-commit on a scratch repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SLEEPS = "import time\n\n\nasync def nap():\n    time.sleep(1)  # a short one\n"
MENDED = "import asyncio\nimport time\n\n\nasync def nap():\n    await asyncio.sleep(1)  # a short one\n"

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(not (ROOT / ".git").exists() or shutil.which("git") is None, reason="needs a clone, and git"),
    # pre-commit installs conclint into an environment of its own, from the package index.
    pytest.mark.skipif("CONCLINT_OFFLINE" in os.environ, reason="CONCLINT_OFFLINE is set"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pre-commit")


def repository(folder: Path, text: str) -> Path:
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "work.py").write_text(text)
    (folder / "app" / "rest.py").write_text("from app.work import nap\n\n\nasync def rest():\n    await nap()\n")
    for arguments in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *arguments], cwd=folder, check=True, env=without_git())
    return folder


def without_git() -> dict[str, str]:
    """The environment without what a hook of git that runs these tests would have set."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def try_hooks(folder: Path, home: Path, *hooks: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), *hooks, "--all-files", "--color", "never"]
    environment = {**without_git(), "PRE_COMMIT_HOME": str(home)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False, text=True)


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory, home: Path) -> tuple[Path, str]:
    """A repository with a sleep in a coroutine after both hooks, and what they said."""
    folder = repository(tmp_path_factory.mktemp("scratch") / "sleeps", SLEEPS)
    done = try_hooks(folder, home)
    assert done.returncode == 1, done.stdout + done.stderr
    return folder, done.stdout


def said_by(hook: str, output: str) -> str:
    return output.partition(f"- hook id: {hook}\n")[2].partition("- hook id: ")[0]


def test_the_hook_reports_a_finding(tried: tuple[Path, str]) -> None:
    assert "app/work.py:5:5" in said_by("conclint", tried[1])


def test_the_hook_fails_where_there_is_a_finding(tried: tuple[Path, str]) -> None:
    assert "exit code: 1" in said_by("conclint", tried[1])


def test_the_fixing_hook_mends_the_file(tried: tuple[Path, str]) -> None:
    assert (tried[0] / "app" / "work.py").read_text() == MENDED


def test_the_fixing_hook_says_that_it_has_changed_files(tried: tuple[Path, str]) -> None:
    assert "files were modified by this hook" in said_by("conclint-fix", tried[1])


def test_the_cache_is_no_untracked_file_of_the_repository(tried: tuple[Path, str]) -> None:
    command = ["git", "status", "--short", "--untracked-files=all"]
    done = subprocess.run(command, cwd=tried[0], env=without_git(), capture_output=True, check=True, text=True)
    assert [line for line in done.stdout.splitlines() if line.startswith("??")] == []


def test_both_hooks_pass_where_nothing_is_found(tmp_path: Path, home: Path) -> None:
    done = try_hooks(repository(tmp_path / "rests", MENDED), home)
    assert (done.returncode, done.stdout.count("Passed")) == (0, 2), done.stdout + done.stderr
