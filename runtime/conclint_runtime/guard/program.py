"""A program that is run as `__main__` with its own arguments, as the interpreter would run it."""

from __future__ import annotations

import builtins
import importlib.util
import io
import os
import sys
import traceback
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType, TracebackType


class ProgramError(Exception):
    """There is no program to run: the text names it and says why."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is run: a script's path, or with `module` a module's dotted name, and the arguments that it gets."""

    name: str
    module: bool
    arguments: tuple[str, ...]

    def folder(self) -> str:
        """Where the program lies."""
        if not self.module:
            return os.path.dirname(os.path.abspath(self.name))
        spec = _spec(self.name)
        return os.path.dirname(os.path.abspath(spec.origin)) if spec.origin else os.getcwd()

    def load(self) -> tuple[ModuleType, CodeType]:
        """Make the module `__main__` of the program, set the arguments and the search path, compile it.

        Raises:
            ProgramError: there is no such script or module.
            SyntaxError: it cannot be compiled.
        """
        main = ModuleType("__main__")
        if self.module:
            sys.path.insert(0, os.getcwd())
            spec = _spec(self.name)
            loader = spec.loader
            code = loader.get_code(spec.name) if isinstance(loader, SourceFileLoader) else None
            if code is None:
                raise ProgramError(f"{self.name!r} has no code to run: it is not a module of Python source")
            main.__spec__, main.__loader__, main.__file__ = spec, loader, spec.origin
            main.__package__ = spec.parent
            sys.argv = [spec.origin or self.name, *self.arguments]
        else:
            path = os.path.abspath(self.name)
            sys.path.insert(0, os.path.dirname(path))
            code = _compiled(self.name, path)
            main.__spec__, main.__loader__, main.__file__ = None, SourceFileLoader("__main__", path), self.name
            main.__package__ = None
            sys.argv = [self.name, *self.arguments]
        vars(main)["__builtins__"] = builtins
        return main, code

    def run(self) -> int:
        """Run it to its end.

        Returns:
            The exit code: that of its `SystemExit`, 1 after an exception (which is shown), else 0.

        Raises:
            ProgramError: there is no such script or module.
        """
        try:
            main, code = self.load()
            sys.modules["__main__"] = main
            exec(code, vars(main))
        except ProgramError:
            raise
        except SystemExit as end:
            return _exit_code(end)
        except BaseException as error:
            # The interpreter shows the traceback that the exception itself has.
            error = error.with_traceback(_from_program(error.__traceback__))
            sys.excepthook(type(error), error, error.__traceback__)
            return 130 if isinstance(error, KeyboardInterrupt) else 1
        return 0


def _spec(name: str) -> ModuleSpec:
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{name}.__main__")
    except (ImportError, ValueError) as error:
        raise ProgramError(f"no module {name!r} to run: {error}") from error
    if spec is None:
        raise ProgramError(f"no module {name!r} to run, or it is a package without a `__main__`")
    return spec


def _compiled(name: str, path: str) -> CodeType:
    try:
        with io.open_code(path) as source:
            text = source.read()
    except OSError as error:
        raise ProgramError(f"cannot read {name!r}: {error.strerror}") from error
    return compile(text, path, "exec", dont_inherit=True)


def _exit_code(end: SystemExit) -> int:
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code
    print(end.code, file=sys.stderr)
    return 1


def _from_program(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without the frames of this module, which no user wants to see."""
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace


def stacks() -> str:
    """Where each thread is, for the reader of a run that did not end."""
    parts = []
    for number, frame in sys._current_frames().items():
        parts.append(f"thread {number}:\n{''.join(traceback.format_stack(frame))}")
    return "\n".join(parts)
