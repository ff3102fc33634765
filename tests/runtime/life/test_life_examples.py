"""The naive forms of the examples, before and after conclint has mended what it finds in them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conclint_runtime.life import placed
from conclint_runtime.life.strategies.catalogue import strategy
from conclint_runtime.life.strategy import Setting

ROOT = Path(__file__).parents[3]


def played() -> str:
    with strategy("serial").started(Setting(9, 16)) as advance:
        return str(advance(placed("glider", 9, 16), 4)).strip()


def output_of(folder: Path, way: str) -> list[str]:
    return subprocess.run(
        [sys.executable, "-m", "life", way], cwd=folder, check=True, capture_output=True, text=True, timeout=60
    ).stdout.splitlines()


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(ROOT / "examples" / "life", folder / "life", ignore=shutil.ignore_patterns("__pycache__"))
    command = "import sys; from conclint.cli import console; sys.exit(console())"
    path = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'rules')!r}]; "
    done = subprocess.run(
        [sys.executable, "-c", path + command, "--isolated", "--no-cache", "--fix", "--quiet", "life"],
        cwd=folder, check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    return folder


@pytest.mark.parametrize("way", ["coroutines", "rows", "stream"])
def test_a_naive_form_plays_by_the_rules(way: str) -> None:
    assert "\n".join(output_of(ROOT / "examples", way)[-9:]) == played()


@pytest.mark.parametrize("way", ["coroutines", "rows", "stream"])
def test_a_mended_form_plays_by_the_rules(way: str, mended: Path) -> None:
    assert "\n".join(output_of(mended, way)[-9:]) == played()


def test_living_cells_that_are_counted_across_an_await_are_lost() -> None:
    assert "generation 4: 5 cells alive" not in output_of(ROOT / "examples", "coroutines")


def test_living_cells_are_counted_right_once_it_is_mended(mended: Path) -> None:
    assert "generation 4: 5 cells alive" in output_of(mended, "coroutines")


def test_mending_sends_the_calls_of_all_bands_before_one_is_fetched(mended: Path) -> None:
    text = (mended / "life" / "actors.py").read_text()
    assert "parts = ray.get([band.step.remote(board.rows) for band in bands])" in text
