"""The tools that conclint is measured beside, in environments of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

PEERS = ("ruff==0.17.5", "flake8==7.5.0", "flake8-async==26.8.1", "pylint==4.1.4", "ty-async==0.4.0")
NEWER_PEERS = ("blockpath==0.1.0",)
"""Those that need Python 3.12."""
PYLINT_CHECKS = (
    "await-outside-async",
    "async-context-manager-with-regular-with",
    "yield-inside-async-function",
    "not-async-context-manager",
    "bad-thread-instantiation",
    "useless-with-lock",
)


def installed(folder: Path) -> Path:
    """The folder of the commands, set up where that has not been done. What cannot be had is left out, and said."""
    environment = folder / "peers"
    _install(environment, sys.executable, PEERS)
    newer = newer_python()
    if newer is not None:
        _install(folder / "peers-newer", newer, NEWER_PEERS)
    else:
        print(f"no Python 3.12 or newer here: without {', '.join(NEWER_PEERS)}", file=sys.stderr)
    return environment / "bin"


def newer_python() -> str | None:
    """A Python that is 3.12 or newer."""
    if sys.version_info >= (3, 12):
        return sys.executable
    places = [found for name in ("python3.13", "python3.12") if (found := shutil.which(name))]
    places += sorted(str(path) for path in Path.home().glob(".pyenv/versions/3.1[23]*/bin/python"))
    for place in places:
        check = "import ensurepip, sys; sys.exit(sys.version_info < (3, 12))"
        if not subprocess.run([place, "-c", check], check=False, capture_output=True).returncode:
            return place
    return None


def _install(environment: Path, python: str, requirements: tuple[str, ...]) -> None:
    stamp = environment / "installed"
    if stamp.is_file() and stamp.read_text() == " ".join(requirements):
        return
    subprocess.run([python, "-m", "venv", str(environment)], check=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for requirement in requirements:
        done = subprocess.run([*pip, requirement], check=False, capture_output=True, text=True)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            print(f"without {requirement}: {reason}", file=sys.stderr)
    stamp.write_text(" ".join(requirements))
