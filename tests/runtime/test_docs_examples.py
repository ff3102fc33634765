"""Each `python` fence of the runtime's documentation runs, alone, in a fresh interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs" / "runtime"
# What may stand behind `python` in the info string: the mark of the engine that the example needs.
ENGINES = {"ray": pytest.mark.ray, "xoscar": pytest.mark.xoscar}
SAFETY_NET = 180.0


class Example(NamedTuple):
    """A fence: where it begins, what its info string says, and what it holds."""

    place: str
    info: tuple[str, ...]
    code: str


def examples_of(path: Path) -> Iterator[Example]:
    """The `python` fences of a Markdown file; an indented fence is taken without its indentation."""
    info: tuple[str, ...] = ()
    fence = ""
    start = indent = 0
    held: list[str] = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        bare = line.strip()
        if not fence and bare.startswith("```"):
            fence = bare[: len(bare) - len(bare.lstrip("`"))]
            info, start, indent, held = tuple(bare.lstrip("`").split()), number, len(line) - len(line.lstrip()), []
        elif fence and bare == fence:
            if info[:1] == ("python",):
                yield Example(f"{path.name}:{start}", info[1:], "\n".join(held) + "\n")
            fence = ""
        elif fence:
            held.append(line[indent:])
    assert not fence, f"{path.name}:{start}: a fence that does not end"


EXAMPLES = [example for path in sorted(DOCS.glob("*.md")) for example in examples_of(path)]


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(example, id=example.place, marks=[ENGINES[word] for word in example.info if word in ENGINES])
        for example in EXAMPLES
    ],
)
def test_the_example_runs(example: Example, tmp_path: Path) -> None:
    assert set(example.info) <= set(ENGINES), f"{example.place}: the info string is not known: {example.info}"
    script = tmp_path / "example.py"
    script.write_text(example.code)
    path = os.pathsep.join([str(ROOT), str(ROOT / "rules"), str(ROOT / "runtime"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", str(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SAFETY_NET,
        check=False,
    )
    assert done.returncode == 0, f"{example.place} exits with {done.returncode}\n{done.stdout}\n{done.stderr}"


def test_there_are_examples_to_run() -> None:
    assert EXAMPLES
