"""Where something happened, as the user sees it: the frames of the program, without those of the library below.

The culprit of a blocking `socket.recv` is not the standard library that calls it, but the innermost frame of the
program's own code on the way there.
"""

from __future__ import annotations

import _thread
import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import FrameType, TracebackType

# A stack is evidence for a reader: what is deeper than this helps nobody and costs at each event.
_DEEPEST = 60
_SHOWN = 16


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, and the function that it is in.

    `file` is an absolute path, `line` counts from 1, `function` is the name as the code object has it.
    """

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{_short(self.file)}:{self.line} in {self.function}"


Stack = tuple[Place, ...]


def _short(file: str) -> str:
    """The path relative to the working folder where it lies below it."""
    try:
        relative = os.path.relpath(file)
    except ValueError:  # another drive of Windows
        return file
    return file if relative.startswith("..") else relative


def _folder(path: str) -> str:
    return os.path.join(os.path.realpath(path), "")


class Scope:
    """Which files are the program's own.

    Not the standard library, not this package, and not what is installed beside it, unless the program itself lies
    there: `program` is the folder of the program, or "" where nobody named one.
    """

    def __init__(self, program: str = "") -> None:
        self._own = _folder(program) if program else ""
        paths = sysconfig.get_paths()
        installed = {paths["purelib"], paths["platlib"], *site.getsitepackages(), site.getusersitepackages()}
        self._libraries = tuple(sorted({_folder(paths["stdlib"]), _folder(paths["platstdlib"])}))
        self._installed = tuple(sorted(_folder(path) for path in installed))
        self._guard = _folder(os.path.dirname(__file__))
        self._package = _folder(os.path.dirname(os.path.dirname(__file__)))
        self._known: dict[str, str] = {}
        # The threads that are in here: what they call meanwhile is not the program's doing.
        self.classifying: set[int] = set()

    def owner(self, file: str) -> str:
        """Whose file that is: `user`, `library` (the standard one), `installed`, `guard`, or `runtime` (the rest of
        this package)."""
        found = self._known.get(file)
        if found is None:
            thread = _thread.get_ident()
            self.classifying.add(thread)
            try:
                found = self._known[file] = self._classify(file)
            finally:
                self.classifying.discard(thread)
        return found

    def _classify(self, file: str) -> str:
        if file.startswith("<"):
            # What was typed, or made by `exec`, is the user's; frozen modules are the library's.
            return "library" if file.startswith("<frozen") else "user"
        path = os.path.realpath(file)
        if path.startswith(self._package) and not (self._own and self._own.startswith(self._package)):
            return "guard" if path.startswith(self._guard) else "runtime"
        if self._own and path.startswith(self._own) and not self._own.startswith(self._libraries):
            return "user"
        if path.startswith(self._installed):
            return "user" if self._own and path.startswith(self._own) else "installed"
        return "library" if path.startswith(self._libraries) else "user"

    def is_user(self, frame: FrameType) -> bool:
        """Whether the frame runs code of the program."""
        return self.owner(frame.f_code.co_filename) == "user"

    def user_frame(self, frame: FrameType | None) -> FrameType | None:
        """The innermost frame of the program, from `frame` outwards."""
        for each in outwards(frame):
            if self.is_user(each):
                return each
        return None

    def stack(self, frame: FrameType | None) -> Stack:
        """The places of the program's own frames, innermost first."""
        found: list[Place] = []
        for each in outwards(frame):
            if self.is_user(each):
                found.append(place_of(each))
                if len(found) == _SHOWN:
                    break
        return tuple(found)

    def caller(self, frame: FrameType | None) -> FrameType | None:
        """The first frame from `frame` outwards that is not of this package: the one that called what is patched."""
        # Asked at each event: a loop of its own costs half of what the generator does.
        known = self._known
        while frame is not None:
            file = frame.f_code.co_filename
            if (known.get(file) or self.owner(file)) != "guard":
                return frame
            frame = frame.f_back
        return None

    def traceback_stack(self, traceback: TracebackType | None) -> Stack:
        """The places of the program's own frames in a traceback, innermost first."""
        found = [
            Place(each.tb_frame.f_code.co_filename, each.tb_lineno, each.tb_frame.f_code.co_name)
            for each in tracebacks(traceback)
            if self.is_user(each.tb_frame)
        ]
        return tuple(reversed(found[-_SHOWN:]))

    def of_entries(self, entries: Iterable[tuple[str, int, str]]) -> Stack:
        """The same of triples of file, line and function, as coroutines remember where they were made."""
        return tuple(Place(*entry) for entry in entries if self.owner(entry[0]) == "user")[:_SHOWN]


def place_of(frame: FrameType) -> Place:
    """Where a frame is now."""
    code = frame.f_code
    return Place(code.co_filename, line_of(frame), code.co_name)


def line_of(frame: FrameType) -> int:
    """The line that a frame is at; that of its function where the instruction has none."""
    line: int | None = frame.f_lineno
    return line or frame.f_code.co_firstlineno


def outwards(frame: FrameType | None) -> Iterator[FrameType]:
    """The frame and those that it was called from, as far as a stack is worth reading."""
    for _ in range(_DEEPEST):
        if frame is None:
            return
        yield frame
        frame = frame.f_back


def tracebacks(traceback: TracebackType | None) -> Iterator[TracebackType]:
    """The steps of a traceback, outermost first."""
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def here(depth: int = 1) -> FrameType:
    """The frame of the caller, `depth` calls up."""
    return sys._getframe(depth + 1)
