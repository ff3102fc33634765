"""Set up and run conclint from a checkout, with nothing but Python and git on the machine.

    python3 dev.py demo          lint the programs in examples/ (they have planted hazards, so it exits with 1)
    python3 dev.py lint PATH     lint a path of your own, with any options of conclint
    python3 dev.py test [ARGS]   run the tests, with any options of pytest
    python3 dev.py check         ruff, mypy, and conclint on itself

Each makes `.venv` beside this file on first use (or the folder that CONCLINT_VENV names) and installs what it needs
there, so it works where the system's pip refuses to install, and leaves the rest of the machine alone.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("CONCLINT_VENV") or ROOT / ".venv")
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
USE, TEST = "use", "test"
EXTRAS = {USE: "", TEST: "[dev,ray,xoscar]"}


def main(arguments: list[str]) -> int:
    """Run one of the commands above; its exit code."""
    command, *rest = arguments or ["help"]
    if command == "demo":
        set_up(USE)
        return run(str(PYTHON), "-m", "conclint", "examples", *rest)
    if command == "lint":
        set_up(USE)
        return run(str(PYTHON), "-m", "conclint", *rest, folder=None)
    if command == "test":
        set_up(TEST)
        return run(str(PYTHON), "-m", "pytest", *rest)
    if command == "check":
        set_up(TEST)
        return check()
    print(__doc__)
    return 0 if command in ("help", "-h", "--help") else 2


def check() -> int:
    """All static checks; each runs, whatever the others say."""
    return max(
        run(str(BIN / "ruff"), "check", "."),
        run(str(BIN / "ruff"), "format", "--check", "."),
        run(str(PYTHON), "-m", "mypy"),
        run(str(PYTHON), "-m", "conclint", "conclint", "rules", "runtime", "tests", "bench", "dev.py"),
    )


def set_up(purpose: str) -> None:
    """Make the environment and install into it, unless that has been done since pyproject.toml last changed."""
    if sys.version_info < (3, 10):  # noqa: UP036  # older ones shall be told
        sys.exit(f"conclint needs Python 3.10 or newer; this is {sys.version.split()[0]} ({sys.executable})")
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamps = {kind: VENV / f".conclint-{kind}" for kind in (USE, TEST)}
    done = [stamps[TEST]] if purpose == TEST else list(stamps.values())
    if any(stamp.is_file() and stamp.read_text() == wanted for stamp in done):
        return
    print(f"setting up {VENV} (once)", file=sys.stderr)
    pip = make_environment()
    target = f"{ROOT}{EXTRAS[purpose]}"
    if run(*pip, "install", "--quiet", "--disable-pip-version-check", "--editable", target, folder=None):
        sys.exit("the packages could not be installed; the lines above say why")
    stamps[purpose].write_text(wanted)


def make_environment() -> list[str]:
    """Create the environment where there is none; the command that is its pip.

    A Python without `ensurepip` (Debian splits it off) can still make an environment without pip, which the pip or the
    virtualenv of the system then fills from outside.
    """
    if PYTHON.is_file() and not run(str(PYTHON), "-m", "pip", "--version", quiet=True):
        return [str(PYTHON), "-m", "pip"]
    if importlib.util.find_spec("ensurepip") and not run(sys.executable, "-m", "venv", str(VENV), folder=None):
        return [str(PYTHON), "-m", "pip"]
    if importlib.util.find_spec("virtualenv") and not run(sys.executable, "-m", "virtualenv", str(VENV), folder=None):
        return [str(PYTHON), "-m", "pip"]
    if importlib.util.find_spec("pip") and not run(
        sys.executable, "-m", "venv", "--without-pip", str(VENV), folder=None
    ):
        return [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    sys.exit(
        "this Python can make no environment: it has neither ensurepip, virtualenv nor pip. "
        "On Debian and Ubuntu: apt install python3-venv"
    )


def run(*command: str, folder: Path | None = ROOT, quiet: bool = False) -> int:
    """Run a command, by default in the checkout; its exit code."""
    sink = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, cwd=folder, stdout=sink, stderr=sink, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
