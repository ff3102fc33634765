"""A program of many small files in which a change anywhere may be felt elsewhere, and changes to make in it."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from pathlib import Path

_PART = re.compile(r"^# file: (\S+)\n", re.MULTILINE)
_PARTS = _PART.split((Path(__file__).parent / "data" / "since_project.txt").read_text())
FILES = dict(zip(_PARTS[1::2], _PARTS[2::2]))

CALLS = (
    "import time; time.sleep(3)",
    "import asyncio; asyncio.run(main())",
    "import subprocess; subprocess.run(['x'])",
    "self.close()",
    "pause()",
    "return self",
    "return take()",
    "lock.acquire()",
    "import threading; threading.Thread(target=tick).start()",
    "pool.submit(save, 2).result()",
    "import asyncio; asyncio.get_event_loop().call_soon(tick)",
)
DECORATORS = ("staticmethod", "property", "functools.lru_cache", "guarded", "contextlib.contextmanager", "ray.remote")


class Project:
    """The files on disk, with time stamps that are long past and tell each version from the last."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._clock = 1_500_000_000
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self._clock += 10
        os.utime(path, (self._clock, self._clock))

    def read(self, name: str) -> str:
        return (self.root / name).read_text()

    def delete(self, name: str) -> None:
        (self.root / name).unlink()

    def names(self) -> list[str]:
        """The paths of its files, as conclint is given them."""
        return sorted(path.relative_to(self.root).as_posix() for path in self.root.rglob("*.py"))

    def replace(self, name: str, old: str, new: str) -> None:
        text = self.read(name)
        assert old in text, f"{name} has no {old!r}"
        self.write(name, text.replace(old, new, 1))


def _in_line(pattern: str, change: Callable[[str, random.Random], str]) -> Callable[[Project, random.Random], str]:
    """An edit of one of the lines that match."""

    def edit(project: Project, choose: random.Random) -> str:
        name = choose.choice(project.names())
        lines = project.read(name).split("\n")
        numbers = [number for number, line in enumerate(lines) if re.match(pattern, line)]
        if not numbers:
            return ""
        number = choose.choice(numbers)
        lines[number] = change(lines[number], choose)
        project.write(name, "\n".join(lines))
        return f"{name}: {lines[number].strip()}"

    return edit


def _replacing(pattern: str, old: str, new: str) -> Callable[[Project, random.Random], str]:
    """An edit of a part of one of the lines that match."""
    return _in_line(pattern, lambda line, _: re.sub(old, new, line, count=1))


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _defined(project: Project, choose: random.Random) -> tuple[str, str]:
    """A module and something that is defined in it."""
    found = [
        (name, word)
        for name in project.names()
        for word in re.findall(r"^(?:async def|def|class) (\w+)", project.read(name), re.MULTILINE)
    ]
    name, word = choose.choice(found)
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", "."), word


def _use(project: Project, choose: random.Random) -> str:
    name, (module, word) = choose.choice(project.names()), _defined(project, choose)
    added = choose.choice((
        f"\nfrom {module} import {word} as other\n\n\nasync def uses():\n    other()\n",
        f"\nimport {module}\n\n\nclass More({module}.{word}):\n    def wait(self):\n        self.close()\n",
        f"\nfrom {module} import *\n\n{word}_again = {word}\n",
        f"\nfrom {module} import {word}\n\n\nclass Holder:\n    def __init__(self):\n        self.it = {word}()\n"
        "\n    async def go(self):\n        self.it.wait()\n        self.it()\n",
    ))  # fmt: skip
    project.write(name, project.read(name) + added)
    return f"{name}: uses {module}.{word}"


def _add_file(project: Project, choose: random.Random) -> str:
    name = choose.choice(("time.py", "shop/time.py", "queue.py", "shop/jobs/clock.py", "shop/extra.py", "requests.py"))
    project.write(name, "def sleep(seconds):\n    pass\n\n\nclass Clock:\n    def wait(self):\n        pass\n")
    return f"new {name}"


def _delete_file(project: Project, choose: random.Random) -> str:
    names = project.names()
    if len(names) < 6:
        return ""
    name = choose.choice(names)
    project.delete(name)
    return f"without {name}"


def _restore_file(project: Project, choose: random.Random) -> str:
    name = choose.choice(sorted(FILES))
    project.write(name, FILES[name])
    return f"{name} as it was"


EDITS: tuple[Callable[[Project, random.Random], str], ...] = (
    _replacing(r"\s*(async )?def ", r"def (\w+)", r"def \1_new"),
    _replacing(r"\s*def ", "def ", "async def "),
    _replacing(r"\s*async def ", "async def ", "def "),
    _in_line(r"\s*(async )?def .*:$", lambda line, choose: f"{line}\n{_indent(line)}    {choose.choice(CALLS)}"),
    _in_line(r"\s*(async )?def ", lambda line, choose: f"{_indent(line)}@{choose.choice(DECORATORS)}\n{line}"),
    _replacing(r"class ", r"class (\w+).*:", r"class \1(Base):"),
    _replacing(r"class \w+\(", r"\(.*\)", ""),
    _replacing(r"\s*(from|import) ", r".*", ""),
    _replacing(r"(from \S+ import \w+|import \w+)$", r"$", " as renamed"),
    _replacing(r"\s*@", r".*", ""),
    _in_line(r".*\d", lambda line, choose: re.sub(r"\d+", choose.choice("0179"), line, count=1)),
    _replacing(r"", r"^", "# a comment\n"),
    _replacing(r"\s+\w.*\(", r"\S.*", "pass"),
    _replacing(r"def ", "def ", "def ("),
    _use,
    _use,
    _add_file,
    _delete_file,
    _restore_file,
    _restore_file,
)
