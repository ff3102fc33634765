"""The table of tests/seeds: what conclint reports for programs with the structure of those that it was begun with."""

from __future__ import annotations

from pathlib import Path

import msgspec
import tomli

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "seeds"


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row. `expect` holds "row CODE"; `block` is the text's block that it has the structure of, `why` the reason."""

    file: str
    expect: tuple[str, ...]
    block: int | None = None
    why: str = ""

    @property
    def seed(self) -> str:
        """The number of the text, as its file name begins."""
        return self.file[1:4]

    @property
    def codes(self) -> list[str]:
        """What is expected, without the rows."""
        return sorted(each.partition(" ")[2] for each in self.expect)


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    program: tuple[Program, ...]


def programs() -> tuple[Program, ...]:
    """The rows in order."""
    return msgspec.convert(tomli.loads((FOLDER / "expected.toml").read_text()), _Table).program
