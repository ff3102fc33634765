"""The exception groups for Python 3.10, which behave as the builtin ones of later versions."""

from __future__ import annotations

import sys

import pytest

from conclint_runtime.aio import exception_groups, py310_exception_groups
from conclint_runtime.aio.py310_exception_groups import BaseExceptionGroup, ExceptionGroup

KEY, VALUE, EXIT = KeyError("k"), ValueError("v"), SystemExit(1)


def test_the_exported_names_are_those_of_this_python() -> None:
    if sys.version_info >= (3, 11):
        import builtins

        assert exception_groups.ExceptionGroup is builtins.ExceptionGroup
    else:
        assert exception_groups.ExceptionGroup is py310_exception_groups.ExceptionGroup


def test_a_group_of_plain_exceptions_is_an_exception() -> None:
    assert isinstance(BaseExceptionGroup("m", [KEY]), ExceptionGroup)


def test_a_group_with_an_exit_is_no_exception() -> None:
    assert not isinstance(BaseExceptionGroup("m", [KEY, EXIT]), Exception)


def test_a_plain_group_takes_no_exit() -> None:
    with pytest.raises(TypeError, match="use BaseExceptionGroup"):
        ExceptionGroup("m", [EXIT])


@pytest.mark.parametrize("parts", [[], [1], [KeyError]], ids=["empty", "number", "class"])
def test_a_group_holds_one_exception_at_least_and_nothing_else(parts: list[KeyError]) -> None:
    with pytest.raises(ValueError, match="an exception group holds"):
        BaseExceptionGroup("m", parts)


def test_parts_that_are_no_sequence_are_refused() -> None:
    with pytest.raises(TypeError, match="sequence"):
        BaseExceptionGroup("m", {KEY})  # type: ignore[arg-type]  # the mistake that is to be found


def test_a_message_that_is_no_string_is_refused() -> None:
    with pytest.raises(TypeError, match="string"):
        BaseExceptionGroup(1, [KEY])  # type: ignore[arg-type]  # the mistake that is to be found


def test_message_and_parts_are_attributes() -> None:
    group = ExceptionGroup("m", [KEY, VALUE])
    assert (group.message, group.exceptions) == ("m", (KEY, VALUE))


def test_the_text_tells_the_parts_because_the_interpreter_does_not() -> None:
    assert str(ExceptionGroup("m", [KEY, VALUE])) == "m (2 sub-exceptions)\n  1. KeyError: 'k'\n  2. ValueError: v"


def test_splitting_keeps_the_nesting() -> None:
    group = ExceptionGroup("outer", [KEY, ExceptionGroup("inner", [VALUE, KEY])])
    matching, rest = group.split(KeyError)
    assert repr((matching, rest)) == (
        "(ExceptionGroup('outer', [KeyError('k'), ExceptionGroup('inner', [KeyError('k')])]), "
        "ExceptionGroup('outer', [ExceptionGroup('inner', [ValueError('v')])]))"
    )


def test_splitting_by_what_all_are_gives_the_group_itself() -> None:
    group = ExceptionGroup("m", [KEY])
    assert group.split(Exception) == (group, None)


def test_splitting_by_what_none_is_gives_no_first_half() -> None:
    group = ExceptionGroup("m", [KEY])
    assert group.split(OSError)[0] is None


def test_a_subgroup_is_found_by_a_function_or_by_types() -> None:
    group = ExceptionGroup("m", [KEY, VALUE])
    by_function = group.subgroup(lambda error: error is VALUE)
    by_types = group.subgroup((ValueError, OSError))
    assert repr(by_function) == repr(by_types) == "ExceptionGroup('m', [ValueError('v')])"


def test_a_half_keeps_traceback_cause_and_context() -> None:
    def caught() -> BaseExceptionGroup[BaseException]:
        try:
            try:
                raise OSError("cause")
            except OSError as cause:
                raise BaseExceptionGroup("m", [KEY, VALUE]) from cause
        except BaseExceptionGroup as group:
            return group

    group = caught()
    half = group.subgroup(KeyError)
    assert half is not None
    assert (half.__traceback__, half.__cause__) == (group.__traceback__, group.__cause__)


def test_a_subclass_makes_its_own_halves() -> None:
    class Mine(ExceptionGroup[Exception]):
        def derive(self, exceptions: object) -> BaseExceptionGroup[BaseException]:
            return Mine(self.message, exceptions)  # type: ignore[arg-type]  # narrower than promised

    assert isinstance(Mine("m", [KEY, VALUE]).subgroup(KeyError), Mine)


def test_a_condition_of_another_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="expected an exception type"):
        ExceptionGroup("m", [KEY]).split(1)  # type: ignore[arg-type]  # the mistake that is to be found
