"""What runs against each other: each tool with its cache cold, warm, or with one file changed."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bench.peers import PYLINT_CHECKS
from bench.trees import edited

_ROOT = Path(__file__).resolve().parent.parent
COLD, WARM, CHANGED = "cold", "warm", "one file changed"


@dataclass(frozen=True, slots=True)
class Contestant:
    """A tool in one state of its cache.

    `cache` is the folder that is emptied before a cold run; a warm one follows a run that fills it.
    """

    name: str
    state: str
    command: tuple[str, ...]
    cache: Path | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def prepare(self, changed: Path) -> None:
        """Bring cache and tree into the state that the run starts from."""
        if self.state == COLD and self.cache is not None:
            shutil.rmtree(self.cache, ignore_errors=True)
        if self.state == CHANGED:
            text = changed.read_text(encoding="utf-8")
            changed.write_text(edited(text, text.count("\n")), encoding="utf-8")


def contestants(scratch: Path, commands: Path) -> list[Contestant]:
    """All of them that are there, the warm ones behind the cold one that fills their cache.

    Parameters:
        scratch: where caches go.
        commands: the folder with the peers' commands.
    """
    found = _conclint(scratch, 1)
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if processors > 1:
        found += _conclint(scratch, processors)
    cache = scratch / "cache-ruff"
    ruff = (str(commands / "ruff"), "check", "--isolated", "--no-respect-gitignore", "--select", "ASYNC,RUF006",
            "--cache-dir", str(cache), "--exit-zero", ".")  # fmt: skip
    found += [Contestant("ruff", COLD, ruff, cache), Contestant("ruff", WARM, ruff, cache)]
    found.append(Contestant("ruff, 1 thread", COLD, ruff, cache, {"RAYON_NUM_THREADS": "1"}))
    flake8 = (str(commands / "flake8"), "--isolated", "--jobs", "1", "--select", "ASYNC", "--exit-zero", ".")
    found.append(Contestant("flake8-async", COLD, flake8))
    checks = ",".join(PYLINT_CHECKS)
    pylint = (str(commands / "pylint"), "--rcfile", os.devnull, "--jobs", "1", "--recursive=y", "--persistent=n",
              "--score=n", "--disable=all", f"--enable={checks}", "--exit-zero", ".")  # fmt: skip
    found.append(Contestant("pylint", COLD, pylint))
    found.append(
        Contestant("ty-async", COLD, (str(commands / "ty-async"), ".", "--async200-stdlib", "--async200-transitive"))
    )
    blockpath = commands.parent.parent / "peers-newer" / "bin" / "blockpath"
    found.append(Contestant("blockpath", COLD, (str(blockpath), "check", "--no-config", ".")))
    return [each for each in found if Path(each.command[0]).is_file()]


def _conclint(scratch: Path, jobs: int) -> list[Contestant]:
    cache = scratch / f"cache-conclint-{jobs}"
    command = (sys.executable, "-m", "conclint", "--isolated", "--quiet", "--output-format", "concise", "--jobs",
               str(jobs), "--cache-dir", str(cache), "--exit-zero", ".")  # fmt: skip
    environment = {
        "PYTHONPATH": os.pathsep.join(str(path) for path in (_ROOT, _ROOT / "rules", _ROOT / "runtime")),
        # An installed package has its byte code beside it; here it is kept apart, whatever the environment says.
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(scratch / "bytecode"),
    }
    name = f"conclint, {jobs} job{'s' if jobs > 1 else ''}"
    return [Contestant(name, state, command, cache, environment) for state in (COLD, WARM, CHANGED)]
