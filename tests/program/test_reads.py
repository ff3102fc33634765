"""What is read of a module is noted: a result that is kept rests on all that it was made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

from conclint import catalogue, knowledge
from conclint.extract import extract
from conclint.facts import Facts
from conclint.finding import Confidence
from conclint.judge import WHOLE, unit
from conclint.program.program import Options, Program
from conclint.program.reads import Reads, Remembered, Rest, key_of
from conclint.program.table import Page
from conclint.rule import Rule
from conclint.source import Source, read
from tests.since_project import Project

Answer = TypeVar("Answer")
RULES = catalogue.load()


class Untouched:
    """Of an earlier run nothing but what a program must know of modules that it has not read."""

    def __init__(self, facts: Sequence[Facts]) -> None:
        self._packages = frozenset(package for one in facts for package in one.packages)
        self._uses: dict[str, list[int]] = {}
        for number, one in enumerate(facts):
            for name in {name for function in one.functions for name in function.names}:
                self._uses.setdefault(name, []).append(number)

    def page(self, kind: str, name: str) -> Page | None:
        del kind, name
        return None

    def uses(self, name: str) -> Sequence[int]:
        return self._uses.get(name, ())

    def packages(self) -> frozenset[str]:
        return self._packages

    def names(self, kind: str) -> frozenset[str] | None:
        del kind
        return None


class Watched:
    """Tells which modules were read during a piece of work that has not noted them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.unnoted: set[int] = set()
        self._read: list[list[int]] = [[]]
        original = Reads.of

        def of(reads: Reads, work: Callable[[], Answer]) -> tuple[Answer, Rest]:
            self._read.append([])
            answer, rest = original(reads, work)
            self.unnoted.update(number for number in self._read.pop() if not rest.modules >> number & 1)
            return answer, rest

        monkeypatch.setattr(Reads, "of", of)

    def loader(self, number: int, facts: Facts) -> Callable[[], Facts]:
        def load() -> Facts:
            self._read[-1].append(number)
            return facts

        return load


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Facts]]:
    root = tmp_path_factory.mktemp("code")
    sources = [(name, read(str(root / name))) for name in Project(root).names()]
    return [(name, extract(source)) for name, source in sources if isinstance(source, Source)]


@pytest.fixture(scope="module")
def known(files: list[tuple[str, Facts]]) -> knowledge.Knowledge:
    return knowledge.load({package for _, facts in files for package in facts.packages})


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_notes_every_module_that_it_reads(
    rule: Rule, files: list[tuple[str, Facts]], known: knowledge.Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier, watched = Untouched([facts for _, facts in files]), Watched(monkeypatch)
    for number in range(len(files)) if rule.by_module else (WHOLE,):
        program = Program(
            [(path, watched.loader(at, facts)) for at, (path, facts) in enumerate(files)],
            known,
            Options(min_confidence=Confidence.POSSIBLE),
            earlier,
        )
        if number != WHOLE:
            # Its own module is always among what it rests on.
            assert program.modules[number].facts.lines >= 0
        unit(program, rule, number)
    assert {files[number][0] for number in watched.unnoted} == set()


def test_who_takes_a_remembered_answer_has_read_what_it_rests_on() -> None:
    reads = Reads()
    known: Remembered[str, int] = Remembered(reads)

    def work() -> int:
        reads.modules |= 4
        reads.keys.add(7)
        return 1

    known.get("question", work)
    _, rest = reads.of(lambda: known.get("question", work))
    assert rest == Rest(4, frozenset((7,)))


def test_work_for_its_own_sake_is_not_read_by_the_work_around_it() -> None:
    reads = Reads()

    def inner() -> None:
        reads.modules |= 2

    _, rest = reads.of(lambda: reads.of(inner))
    assert rest.modules == 0


def test_a_key_is_the_same_number_in_every_process() -> None:
    assert key_of("calls", "pause", 3) == 3241528224
