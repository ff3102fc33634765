"""The same input gives the same bytes, whatever the jobs, the order of files, the hash seed and the cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COPIES = 24
"""So many copies of the examples that they are read in several processes."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples many times over, and conclint itself."""
    folder = tmp_path_factory.mktemp("tree")
    for source in sorted((ROOT / "examples").rglob("*.py")):
        for number in range(COPIES):
            target = folder / f"copy{number}" / source.relative_to(ROOT / "examples")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    for source in sorted((ROOT / "conclint").rglob("*.py")):
        target = folder / "conclint" / source.relative_to(ROOT / "conclint")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    return folder


def output(tree: Path, *arguments: str, seed: int = 1) -> bytes:
    # Notes and guesses too: what is hidden must not differ either.
    command = [sys.executable, "-m", "conclint", "--isolated", "--quiet", "--output-format", "json", "--select", "ALL"]
    command += ["--min-severity", "note", "--min-confidence", "possible", *arguments]
    paths = os.pathsep.join(str(ROOT / part) for part in ("", "rules", "runtime"))
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": paths}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
    return done.stdout


@pytest.fixture(scope="module")
def reference(tree: Path) -> bytes:
    found = output(tree, "--no-cache", "--jobs", "1", ".")
    assert found.count(b'"code"') >= COPIES
    return found


def test_two_jobs_find_what_one_finds(tree: Path, reference: bytes) -> None:
    assert output(tree, "--no-cache", "--jobs", "2", ".") == reference


@pytest.mark.parametrize("seed", [2, 77])
def test_the_hash_seed_does_not_matter(tree: Path, reference: bytes, seed: int) -> None:
    assert output(tree, "--no-cache", "--jobs", "1", ".", seed=seed) == reference


def test_the_order_of_files_does_not_matter(tree: Path, reference: bytes) -> None:
    files = sorted(str(path.relative_to(tree)) for path in tree.rglob("*.py"))
    # Every third first: an order that is neither sorted nor its reverse.
    shuffled = [files[at] for start in (2, 0, 1) for at in range(start, len(files), 3)]
    assert output(tree, "--no-cache", "--jobs", "1", *shuffled) == reference


def test_a_cold_cache_changes_nothing(tree: Path, reference: bytes, tmp_path: Path) -> None:
    assert output(tree, "--cache-dir", str(tmp_path / "cache"), ".") == reference


def test_a_warm_cache_changes_nothing(tree: Path, reference: bytes, tmp_path: Path) -> None:
    output(tree, "--cache-dir", str(tmp_path / "cache"), ".")
    assert output(tree, "--cache-dir", str(tmp_path / "cache"), ".", seed=5) == reference


def test_a_cache_that_others_filled_in_part_changes_nothing(tree: Path, reference: bytes, tmp_path: Path) -> None:
    output(tree, "--cache-dir", str(tmp_path / "cache"), "copy0", "copy1")
    assert output(tree, "--cache-dir", str(tmp_path / "cache"), ".") == reference
