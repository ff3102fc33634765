"""The code blocks of a text, linted, and compared with the table of tests/seeds."""

from __future__ import annotations

from pathlib import Path

import conclint
from bench.blocks import Block, cut
from bench.completion import prefix
from bench.seed_table import programs
from conclint.config import Settings


def compare(text: Path) -> int:
    """Print what is found in each block of a text, and where the table says otherwise.

    Parameters:
        text: a file whose name begins with the number of its text, as in `002_anything.txt`.

    Returns:
        The exit code: 1 where they disagree.
    """
    blocks = cut(text.read_text(encoding="utf-8"))
    table = {row.block: row.codes for row in programs() if row.seed == text.name[:3] and row.block is not None}
    print(f"{text.name}: {len(blocks)} code blocks, {len(table)} of them in the table")
    wrong = 0
    for block in blocks:
        found = findings(blocks, block)
        expected = table.pop(block.number, None)
        codes = sorted(code for _, code, _ in found)
        agrees = codes == expected
        wrong += not agrees
        says = "agrees" if agrees else "NOT IN THE TABLE" if expected is None else f"DISAGREES: {expected or 'silent'}"
        print(f"  block {block.number} on row {block.row}: {says}")
        for row, code, message in found:
            print(f"    row {row}: {code} {message}")
    for number, expected in table.items():
        print(f"  block {number}: DISAGREES: {expected or 'silent'}, and the text has no such block")
    return int(bool(wrong or table))


def findings(blocks: tuple[Block, ...], block: Block) -> list[tuple[int, str, str]]:
    """What conclint shows for one block: row of the text, code, message."""
    before = prefix(blocks, block)
    shift = before.count("\n")
    found = conclint.lint(source=before + block.code, filename="block.py", config=Settings(root=Path.cwd()))
    return [
        (each.place.span.row - shift + block.row - 1, each.code, each.message)
        for each in found
        if each.place.span.row > shift
    ]
