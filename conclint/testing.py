"""For those who write rules: lint programs that are written as text, and read what they promise.

    findings = lint_text("import time\\nasync def f():\\n    time.sleep(1)  # CON101\\n", [RULE])

A program may have several files, each begun by a line `# file: name.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from conclint import facts as vocabulary
from conclint.extract import extract
from conclint.finding import Finding
from conclint.judge import judge
from conclint.knowledge import load
from conclint.program.program import Options, Program
from conclint.rule import Rule
from conclint.source import Source, decode

_FILE = re.compile(r"^# file: (\S+)\n", re.MULTILINE)
_MARK = re.compile(r"#.*?\b([A-Z]{3,4}[0-9]{3,4}(?:[ ,]+[A-Z]{3,4}[0-9]{3,4})*)\s*$")


def split(text: str) -> dict[str, str]:
    """The files of an example by name; one without `# file:` lines is `example.py`."""
    heads = list(_FILE.finditer(text))
    if not heads:
        return {"example.py": text}
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return {head[1]: text[head.end() : end] for head, end in zip(heads, ends)}


def link_text(files: Mapping[str, str], options: Options | None = None) -> Program:
    """The program that these files make.

    Raises:
        ValueError: a file cannot be read or parsed.
    """
    linked = []
    for path, text in files.items():
        source = decode(path, text.encode())
        if not isinstance(source, Source):
            raise ValueError(f"{path}: {source.reason}")
        facts = vocabulary.decode(vocabulary.encode(extract(source)))
        if facts.error is not None:
            raise ValueError(f"{path}:{facts.error[0]}: {facts.error[2]}")
        linked.append((path, facts))
    packages = {package for _, facts in linked for package in facts.packages}
    return Program(linked, load(packages), options)


def lint_text(text: str, rules: Iterable[Rule], options: Options | None = None) -> tuple[Finding, ...]:
    """What these rules find in an example; without `options` it is one of a project that supports Python 3.10.

    Raises:
        ValueError: a file cannot be read or parsed.
        AssertionError: a rule raised; the message is its traceback.
    """
    findings, failures = judge(link_text(split(text), options or Options(target_version=(3, 10))), tuple(rules))
    if failures:
        raise AssertionError(failures[0].traceback)
    return findings


def marks(text: str) -> set[tuple[str, int, str]]:
    """What an example promises: file, row and code for each `# CONnnn` at the end of a line."""
    found: set[tuple[str, int, str]] = set()
    for path, content in split(text).items():
        for row, line in enumerate(content.splitlines(), 1):
            mark = _MARK.search(line)
            if mark:
                found.update((path, row, code) for code in re.split(r"[ ,]+", mark[1]))
    return found


def places(findings: Sequence[Finding]) -> set[tuple[str, int, str]]:
    """File, row and code of findings and of the other places of their groups, to compare with `marks`."""
    found: set[tuple[str, int, str]] = set()
    for finding in findings:
        for place in (finding.place, *finding.also):
            found.add((place.path, place.span.row, finding.code))
    return found
