"""The guard's frame: observers go on in order and off in reverse, and leave everything as it was."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator

import pytest

from conclint_runtime.guard import GuardError, Report, Settings, guard
from conclint_runtime.guard.codes import CODES
from conclint_runtime.guard.observer import OBSERVERS, Observers
from conclint_runtime.guard.patching import Patches
from conclint_runtime.guard.places import Place

HERE = Place(__file__, 1, "f")


class Told:
    """An observer that tells what is done to it, and fails where it is asked to."""

    def __init__(self, name: str, told: list[str], fails: str = "") -> None:
        self.name = name
        self.told = told
        self.fails = fails

    def _do(self, what: str) -> None:
        self.told.append(f"{what} {self.name}")
        if self.fails == what:
            raise ValueError(what)

    def install(self, _: Report, __: Settings, /) -> None:
        self._do("on")

    def uninstall(self) -> None:
        self._do("off")

    def at_end(self, _: Report, /) -> None:
        self._do("end")


def test_observers_go_on_in_order_and_off_in_reverse() -> None:
    told: list[str] = []
    observers = Observers([Told("a", told), Told("b", told)])
    observers.install(Report(), Settings())
    observers.uninstall()
    assert told == ["on a", "on b", "off b", "off a"]


def test_observers_are_taken_off_once() -> None:
    told: list[str] = []
    observers = Observers([Told("a", told)])
    observers.install(Report(), Settings())
    observers.uninstall()
    observers.uninstall()
    assert told == ["on a", "off a"]


def test_an_observer_that_cannot_begin_takes_all_off() -> None:
    told: list[str] = []
    observers = Observers([Told("a", told), Told("b", told, "on"), Told("c", told)])
    with pytest.raises(GuardError, match="'b' cannot begin"):
        observers.install(Report(), Settings())
    assert told == ["on a", "on b", "off b", "off a"]


def test_an_observer_that_cannot_be_taken_off_keeps_none_of_the_others_on() -> None:
    told: list[str] = []
    observers = Observers([Told("a", told), Told("b", told, "off")])
    observers.install(Report(), Settings())
    with pytest.raises(GuardError, match="'b'"):
        observers.uninstall()
    assert told[-1] == "off a"


def test_an_observer_that_fails_at_the_end_keeps_none_of_the_others_from_it() -> None:
    told: list[str] = []
    observers = Observers([Told("a", told, "end"), Told("b", told)])
    observers.install(Report(), Settings())
    with pytest.raises(GuardError, match="'a'"):
        observers.at_end(Report())
    assert told[-1] == "end b"


class Target:
    value = 1


def test_a_patch_on_an_inherited_attribute_is_taken_off_the_class() -> None:
    class Heir(Target):
        pass

    patches = Patches()
    patches.put(Heir, "value", 2)
    patches.undo()
    assert "value" not in vars(Heir)


def test_a_patch_puts_the_very_object_back() -> None:
    before = vars(Target)["value"]
    patches = Patches()
    patches.put(Target, "value", object())
    patches.put(Target, "value", object())
    patches.undo()
    assert vars(Target)["value"] is before


def snapshot() -> Iterator[tuple[str, str, object]]:
    """The attributes of everything that is loaded from the standard library, by identity."""
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] in sys.stdlib_module_names:
            for key, value in tuple(vars(module).items()):
                yield name, key, value
                if isinstance(value, type) and value.__module__ == name:
                    yield from ((name, f"{key}.{inner}", each) for inner, each in tuple(vars(value).items()))


# What the library itself changes as it is used.
_OWN_STATE = ("_abc_impl", "__warningregistry__", "__annotations__")


def test_all_is_the_very_object_that_it_was_after_a_guard() -> None:
    with guard():
        pass
    before = {(module, key): id(value) for module, key, value in snapshot()}
    with guard():
        pass
    after = {(module, key): id(value) for module, key, value in snapshot()}
    different = [key for key, value in after.items() if before.get(key, value) != value and key in before]
    assert [key for key in different if not key[1].endswith(_OWN_STATE)] == []


def test_the_search_path_for_modules_is_as_it_was_after_a_guard() -> None:
    before = list(sys.meta_path)
    with guard():
        assert sys.meta_path != before
    assert sys.meta_path == before


def test_a_second_guard_in_one_process_is_refused() -> None:
    with guard(), pytest.raises(GuardError, match="on already"), guard():
        pass


def test_a_guard_may_follow_another() -> None:
    with guard():
        pass
    with guard() as report:
        pass
    assert report.witnesses == ()


def test_a_guard_ends_when_its_block_raises() -> None:
    before = time.sleep
    with pytest.raises(KeyError), guard():
        raise KeyError
    assert time.sleep is before


@pytest.mark.parametrize("threshold", [0.0, -1.0])
def test_a_threshold_that_is_no_time_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="more than 0"), guard(threshold=threshold):
        pass


def test_an_unknown_observer_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(GuardError, match=OBSERVERS[0][0]), guard(observers=("nobody",)):
        pass


def test_equal_witnesses_are_one_with_their_count_and_the_worst_time() -> None:
    report = Report()
    for seconds in (0.2, 0.5, 0.1):
        report.say("CON101", "slept", (HERE,), seconds=seconds)
    assert [(each.count, each.seconds) for each in report.witnesses] == [(3, 0.5)]


def test_a_report_is_bounded_by_places_not_by_events() -> None:
    report = Report()
    for _ in range(5000):
        report.say("CON101", "slept", (HERE,))
    assert len(report._waiting) < 5000
    assert report.witnesses[0].count == 5000


def test_what_was_taken_is_not_reported_again() -> None:
    report = Report()
    report.say("CON101", "slept", (HERE,))
    assert [each.code for each in report.take()] == ["CON101"]
    assert report.witnesses == ()


def test_only_certain_witnesses_of_error_rules_are_errors() -> None:
    report = Report()
    report.say("CON101", "slept", (HERE,))
    report.say("CON102", "sent", (HERE,), certainty="likely")
    report.say("CON202", "dropped", (HERE,))
    report.say(None, "starved", (HERE,), name="loop-starved")
    assert [each.code for each in report.errors] == ["CON101"]


def test_the_codes_have_the_names_of_the_catalogue() -> None:
    from conclint_rules.catalogue import RULES

    theirs = {rule.code: rule.name for rule in RULES if rule.code in CODES}
    assert {code: CODES[code][0] for code in theirs} == theirs


def test_without_a_guard_nothing_of_it_is_imported() -> None:
    code = "import conclint_runtime, sys; print([name for name in sys.modules if '.guard' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_loop_that_never_stands_is_not_reported() -> None:
    async def main() -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    with warnings.catch_warnings(), guard() as report:
        asyncio.run(main())
    assert report.witnesses == ()
