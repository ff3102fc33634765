"""A round of fixes counts only if what comes out is better than what went in."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from conclint.finding import Applicability, Finding, ReplaceExpression, Slot
from conclint.fix.rounds import ROUNDS, Mended, mend
from tests.fix.snippets import PATH, finding, span

SOURCE = "import asyncio\nasync def f():\n    bad(1)\n    bad(2)\n"


def _find(source: bytes, template: str = "good({args})", name: str = "bad") -> list[Finding]:
    """A finding for each call of `name` with simple arguments, innermost calls included."""
    text = source.decode()
    found = []
    for match in re.finditer(rf"\b{name}\(", text):
        end = _closing(text, match.end())
        nth = len(re.findall(rf"\b{name}\(", text[: match.start()]))
        whole = text[match.start() : end + 1]
        at = span(text, f"{name}(", nth)
        at = at._replace(end_column=at.column + len(whole))
        slots = (Slot("args", at, "args"),)
        found.append(finding(at, ReplaceExpression(at, template, slots), message=f"`{whole}` is bad"))
    return found


def _closing(text: str, start: int) -> int:
    depth = 1
    for index in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index
    raise AssertionError(text)


def _mend(source: str, template: str = "good({args})") -> Mended:
    data = source.encode()
    return mend(PATH, data, _find(data, template), lambda new: _find(new, template))


def test_all_fixes_are_made_in_one_round() -> None:
    mended = _mend(SOURCE)
    assert mended.new.decode() == SOURCE.replace("bad", "good")
    assert (len(mended.fixed), mended.left, mended.rounds) == (2, (), 1)


def test_a_second_run_changes_nothing() -> None:
    once = _mend(SOURCE).new
    assert _mend(once.decode()).new == once


def test_nested_fixes_are_made_in_later_rounds() -> None:
    mended = _mend("bad(bad(bad(1)))\n")
    assert (mended.new, mended.rounds) == (b"good(good(good(1)))\n", 3)


def test_rounds_end() -> None:
    mended = _mend("bad(" * 12 + "1" + ")" * 12 + "\n")
    assert mended.rounds == ROUNDS
    assert [left.reason for left in mended.left] == ["it was not reached in 10 rounds"] * 2


def test_a_fix_that_leaves_its_finding_is_not_made() -> None:
    mended = _mend(SOURCE, "bad({args})+0")
    assert mended.new == SOURCE.encode()
    assert {left.reason for left in mended.left} == {"CON101 is still found after the fix"}


def test_a_fix_that_brings_a_new_finding_is_not_made() -> None:
    data = b"bad(1)\n"

    def relint(new: bytes) -> Sequence[Finding]:
        return [*_find(new), *_find(new, name="good")]

    mended = mend(PATH, data, _find(data), relint)
    assert mended.new == data
    assert [left.reason for left in mended.left] == ["the fix brings a new finding, CON101: `good(1)` is bad"]


def test_a_fix_that_spoils_the_syntax_is_not_made() -> None:
    mended = _mend("def f(): return\nbad(1)\n", "(yield)")
    assert mended.new == b"def f(): return\nbad(1)\n"
    assert [left.reason for left in mended.left] == ["the result would not be valid Python"]


def test_a_bad_fix_does_not_keep_the_others() -> None:
    data = "".join(f"bad({number})\n" for number in range(7)).encode()

    def relint(new: bytes) -> Sequence[Finding]:
        return [*_find(new), *(made for made in _find(new, name="good") if "(3)" in made.message)]

    mended = mend(PATH, data, _find(data), relint)
    assert mended.new == data.replace(b"bad", b"good").replace(b"good(3)", b"bad(3)")
    assert (len(mended.fixed), len(mended.left)) == (6, 1)


def _grouped(new: bytes) -> Sequence[Finding]:
    found = _find(new)
    if not found:
        return []
    first, *rest = found
    return [msgspec.structs.replace(first, also=tuple(item.place for item in rest), others=tuple(rest))]


def test_the_next_of_a_group_is_not_a_new_finding() -> None:
    def shown_alone(new: bytes) -> Sequence[Finding]:
        return [msgspec.structs.replace(item, others=()) for item in _grouped(new)]

    data = SOURCE.encode()
    assert mend(PATH, data, shown_alone(data), shown_alone).new == data.replace(b"bad", b"good")


def test_all_of_a_group_are_mended_in_one_round() -> None:
    data = "".join(f"bad({number})\n" for number in range(20)).encode()
    mended = mend(PATH, data, _grouped(data), _grouped)
    assert (mended.new, mended.rounds) == (data.replace(b"bad", b"good"), 1)


def test_a_fix_below_the_applicability_that_is_asked_for_is_not_made() -> None:
    data = b"bad(1)\n"
    at = span(data, "bad(1)")
    made = finding(at, ReplaceExpression(at, "good(1)"), applicability=Applicability.UNSAFE)
    assert mend(PATH, data, [made], _find).new == data
    unsafe = mend(PATH, data, [made], lambda _: [], applicability=Applicability.UNSAFE)
    assert unsafe.new == b"good(1)\n"


def test_a_relint_that_raises_leaves_the_file_with_a_reason() -> None:
    def relint(_: bytes) -> Sequence[Finding]:
        raise RuntimeError("no facts")

    mended = mend(PATH, SOURCE.encode(), _find(SOURCE.encode()), relint)
    assert mended.new == mended.old
    assert {left.reason for left in mended.left} == {"internal error: RuntimeError: no facts"}


def test_a_file_of_a_notebook_that_awaits_at_top_level_can_be_mended() -> None:
    assert _mend("await x\nbad(1)\n").new == b"await x\ngood(1)\n"


def test_syntax_that_is_newer_than_the_interpreter_can_be_mended() -> None:
    assert _mend("type A[T] = list[T]\nx = t'{a}'\nbad(1)\n").new.endswith(b"good(1)\n")
