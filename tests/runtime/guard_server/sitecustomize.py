"""Lets one interpreter begin `python -m conclint_runtime.guard` many times.

The interpreter imports this file before it runs the module. What the command imports is imported here, once; then each
line of the standard input, a JSON list of arguments, makes a fork that returns from here, and so goes on as the command
with these arguments would. The answer is a line of JSON: the exit status, and what was printed.
"""

from __future__ import annotations

import importlib
import json
import os
import sys


def serve() -> None:
    """Answer until the input ends; returns in forks alone."""
    sys.path.remove(os.path.dirname(os.path.abspath(__file__)))
    os.environ["PYTHONPATH"] = os.environ.pop("CONCLINT_GUARD_SERVER")
    importlib.import_module("conclint_runtime.guard.command")
    importlib.import_module("conclint_runtime.guard.observer").named()
    for line in sys.stdin:
        output, inner = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(output)
            become(json.loads(line), inner)
            return
        os.close(inner)
        with open(output, errors="replace") as text:
            printed = text.read()
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        print(json.dumps([status, printed]), flush=True)
    os._exit(0)


def become(arguments: list[str], inner: int) -> None:
    """Take the arguments and the output of the command that this fork is to be."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(inner, 1)
    os.dup2(inner, 2)
    os.close(nothing)
    os.close(inner)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  # the command's own, until it ends
    sys.argv[1:] = arguments


if "CONCLINT_GUARD_SERVER" in os.environ:
    serve()
