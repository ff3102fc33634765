"""The programs that the project began with, written anew: what is wrong with each is reported, and nothing else."""

from __future__ import annotations

import ast

import pytest

import conclint
from bench.seed_table import FOLDER, Program, programs
from conclint.config import Settings

PROGRAMS = programs()


def by_file(program: Program) -> str:
    return program.file.removesuffix(".py")


@pytest.mark.parametrize("program", PROGRAMS, ids=by_file)
def test_a_program_has_the_findings_of_the_table_and_no_other(program: Program) -> None:
    # Linted under another name: a path under `tests` tells conclint that it is a test's own subject.
    findings = conclint.lint(
        source=(FOLDER / program.file).read_bytes(), filename="program.py", config=Settings(root=FOLDER)
    )
    assert [f"{each.place.span.row} {each.code}" for each in findings] == list(program.expect)


def test_every_program_is_in_the_table() -> None:
    assert sorted(program.file for program in PROGRAMS) == sorted(path.name for path in FOLDER.glob("*.py"))


@pytest.mark.parametrize("program", [each for each in PROGRAMS if not each.expect], ids=by_file)
def test_a_program_without_findings_parses(program: Program) -> None:
    # A notebook's await at module level is fine.
    compile((FOLDER / program.file).read_text(), program.file, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
