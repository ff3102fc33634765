"""One finding for each rule and primitive, the closest place first, whatever the order of the files."""

from __future__ import annotations

import itertools

from conclint.finding import Finding
from conclint.judge import judge
from conclint.testing import link_text, split
from tests.program.claims import PROBES, found, only

MANY = """\
# file: a.py
from helpers import near, far
async def first():
    far()
async def second():
    near()
# file: b.py
from helpers import far
async def third():
    far()
async def fourth():
    far()
# file: helpers.py
import time
def far():
    near()
def near():
    pause()
def pause():
    time.sleep(1)
"""


def place(finding: Finding) -> tuple[str, int]:
    return finding.place.path, finding.place.span.row


def test_many_coroutines_that_reach_one_primitive_are_one_finding() -> None:
    assert len(found(MANY)) == 1


def test_the_closest_place_is_shown() -> None:
    assert place(only(MANY)) == ("a.py", 5)


def test_the_other_places_are_listed_in_the_order_of_files_and_lines() -> None:
    assert [(one.path, one.span.row) for one in only(MANY).also] == [("a.py", 3), ("b.py", 3), ("b.py", 5)]


def test_the_other_places_come_with_their_paths() -> None:
    assert [one.root for one in only(MANY).others] == ["a.first", "b.third", "b.fourth"]


def test_a_finding_in_the_coroutine_itself_is_closer_than_one_behind_a_call() -> None:
    text = """\
import time
def pause():
    time.sleep(1)
async def first():
    pause()
async def second():
    time.sleep(1)
"""
    assert [place(one) for one in found(text)] == [("example.py", 5), ("example.py", 7)]


def test_two_primitives_of_one_helper_are_two_findings() -> None:
    text = """\
import time
def pause():
    time.sleep(1)
    time.sleep(2)
async def serve():
    pause()
"""
    assert len(found(text)) == 2


def test_a_place_that_matters_is_shown_before_a_closer_one_that_is_a_note() -> None:
    text = """\
# file: app/service.py
from app.helpers import far
async def serve():
    far()
# file: app/tests/use.py
from app.helpers import pause
async def check():
    pause()
# file: app/helpers.py
import time
def far():
    pause()
def pause():
    time.sleep(1)
"""
    assert place(only(text)) == ("app/service.py", 3)


def test_a_coroutine_that_reaches_a_primitive_twice_is_reported_at_its_shortest_path() -> None:
    text = """\
import time
def far():
    pause()
def pause():
    time.sleep(1)
async def serve():
    far()
    pause()
"""
    assert [place(one) for one in found(text)] == [("example.py", 8)]


def test_the_findings_do_not_depend_on_the_order_of_the_files() -> None:
    files = list(split(MANY).items())
    results = {judge(link_text(dict(order)), PROBES)[0] for order in itertools.permutations(files)}
    assert len(results) == 1


def test_the_path_names_each_step() -> None:
    text = """\
# file: app.py
from helpers import far
class Service:
    async def serve(self):
        far()
# file: helpers.py
import time
def far():
    pause()
def pause():
    time.sleep(1)
"""
    steps = [(one.place.path, one.place.span.row) for one in only(text).related]
    assert steps == [("app.py", 3), ("helpers.py", 3), ("helpers.py", 5)]


def test_what_functions_of_a_cycle_give_does_not_depend_on_which_is_asked_first() -> None:
    head = """\
import requests
def one(n):
    return two(n) if n else requests.Session()
def two(n):
    return one(n)
"""
    first = "async def first():\n    one(1).get('u')\n"
    second = "async def second():\n    two(1).get('u')\n"
    assert len(found(head + first + second)) == len(found(head + second + first)) == 2
