"""`python -m conclint_runtime.guard`, begun in a fork where the system has forks: most of its time is its imports'."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import conclint_runtime

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
# Seconds; the guard is told of a shorter time itself.
SAFETY_NET = 90.0


class Guarded(Protocol):
    """Runs the command with these arguments; gives its exit status and what it printed."""

    def __call__(self, *arguments: str) -> tuple[int, str]: ...


@contextmanager
def guard_server() -> Iterator[Guarded]:
    """Start what begins the commands, and end it after the block."""
    if not hasattr(os, "fork"):
        yield begun_anew
        return
    command = [sys.executable, "-m", "conclint_runtime.guard"]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(HERE), _path()]),
        "CONCLINT_GUARD_SERVER": _path(),
    }
    with subprocess.Popen(command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        requests, answers = server.stdin, server.stdout

        def run(*arguments: str) -> tuple[int, str]:
            requests.write(json.dumps(arguments) + "\n")
            requests.flush()
            if not select.select([answers], [], [], SAFETY_NET)[0]:
                server.kill()
                raise TimeoutError(f"no answer within {SAFETY_NET:g} s: {' '.join(arguments)}")
            status, printed = json.loads(answers.readline())
            return status, printed

        yield run
        requests.close()


def begun_anew(*arguments: str) -> tuple[int, str]:
    """Run the command in an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "conclint_runtime.guard", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=SAFETY_NET,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": _path()},
    )
    return done.returncode, done.stdout + done.stderr


def _path() -> str:
    runtime = Path(conclint_runtime.__file__).parents[1]
    return os.pathsep.join([str(ROOT), str(ROOT / "rules"), str(runtime)])
