from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from conclint.contents import Contents, Location
from conclint.finding import Applicability, Finding, Fix, Severity
from conclint.report import FORMATS, Change, Report, render
from tests.handmade import RULES, finding

SCHEMA = Path(__file__).parent / "data" / "sarif-schema-2.1.0.json"
FILES = {
    "a.py": b"def f():\n    slow(1)\n",
    "b.py": "\n\nx = 'größer'; slow()\n".encode(),
}
MEND = Fix(Applicability.UNSAFE, "use something else", ())
WHOLE = finding(
    "a.py",
    2,
    severity=Severity.WARNING,
    message="`slow` is slow: it takes, 100% of\nthe time <&>",
    related=[("a.py", 2, "`f` calls `slow`"), ("b.py", 3, "here it is slow")],
    also=[("b.py", 1), ("b.py", 2)],
    fix=MEND,
    root="f",
)
PLAIN = finding("b.py", 3, 16, length=6)


def _report(*findings: Finding, files: Mapping[str, bytes] = FILES, **more: Any) -> Report:
    rules = {rule.code: rule for rule in RULES}
    return Report(findings, Contents(files), rules, Path.cwd(), **more)


def _text(name: str, *findings: Finding, **more: Any) -> str:
    return "".join(render(name, _report(*findings, **more)))


def _json(name: str, *findings: Finding, **more: Any) -> Any:
    return json.loads(_text(name, *findings, **more))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_shows_the_same_twice(name: str) -> None:
    assert _text(name, WHOLE, PLAIN) == _text(name, WHOLE, PLAIN)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_can_show_a_file_whose_name_is_no_text(name: str) -> None:
    # Whoever writes it decides about the encoding; the pieces must only be made without an error.
    assert _text(name, finding("\udcff.py", 1)) != ""


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"full", "concise"}))
def test_every_format_for_machines_is_utf8_whatever_a_file_is_called(name: str) -> None:
    text = _text(name, finding("\udcff.py", 1, message="`\udcff`"))
    assert name == "github" or text.encode("utf-8")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_can_show_a_finding_in_a_file_that_is_gone(name: str) -> None:
    assert "CON101" in _text(name, finding("gone.py", 3, 4)) or name == "gitlab"


def test_concise_is_one_line_a_finding() -> None:
    lines = _text("concise", PLAIN, finding("a.py", 1)).splitlines()
    assert [re.fullmatch(r"[^:]+:\d+:\d+: CON\d+ .+", line) is not None for line in lines] == [True, True]


def test_concise_counts_columns_in_characters_from_one() -> None:
    assert _text("concise", PLAIN).startswith("b.py:3:15: CON101 `time.sleep`")


def test_concise_counts_the_other_places() -> None:
    assert "(and 2 more places)" in _text("concise", WHOLE)


def test_json_has_the_documented_keys_in_order() -> None:
    (entry,) = _json("json", WHOLE)
    assert list(entry) == [
        "code", "name", "message", "severity", "confidence", "filename", "location", "end_location", "related", "also",
        "fix", "url",
    ]  # fmt: skip


def test_json_gives_places_from_one_in_characters() -> None:
    (entry,) = _json("json", PLAIN)
    assert (entry["location"], entry["end_location"]) == ({"row": 3, "column": 15}, {"row": 3, "column": 21})


def test_json_gives_the_path_step_by_step() -> None:
    (entry,) = _json("json", WHOLE)
    assert entry["related"][1] == {
        "filename": "b.py",
        "location": {"row": 3, "column": 1},
        "message": "here it is slow",
    }


def test_json_lists_the_other_places() -> None:
    (entry,) = _json("json", WHOLE)
    assert entry["also"][0] == {"filename": "b.py", "location": {"row": 1, "column": 1}}


def test_json_gives_the_edits_of_a_fix() -> None:
    def changes(_: Finding) -> tuple[Change, ...]:
        return (Change(Location(2, 5, 2, 9), "fast"),)

    (entry,) = _json("json", WHOLE, changes=changes)
    assert entry["fix"] == {
        "applicability": "unsafe",
        "message": "use something else",
        "edits": [{"location": {"row": 2, "column": 5}, "end_location": {"row": 2, "column": 9}, "content": "fast"}],
    }


def test_json_without_a_fix_says_null() -> None:
    (entry,) = _json("json", PLAIN)
    assert entry["fix"] is None


def test_json_without_findings_is_an_empty_list() -> None:
    assert _json("json") == []


def test_jsonl_is_one_object_a_line() -> None:
    lines = _text("jsonl", WHOLE, PLAIN).splitlines()
    assert [json.loads(line)["filename"] for line in lines] == ["a.py", "b.py"]


def test_jsonl_without_findings_is_empty() -> None:
    assert _text("jsonl") == ""


def _changes(_: Finding) -> tuple[Change, ...]:
    return (Change(Location(2, 5, 2, 9), "fast"),)


@pytest.mark.parametrize(
    "findings", [(), (PLAIN,), (WHOLE, PLAIN), (finding("/abs/ü x.py", 1), finding("\udcff.py", 1))]
)
def test_sarif_follows_the_published_schema(findings: tuple[Finding, ...]) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft4Validator(schema).validate(_json("sarif", *findings, changes=_changes))


def test_sarif_says_that_a_rule_broke_and_still_follows_the_schema() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    log = _json("sarif", PLAIN, failures=("CON102 broke",))
    jsonschema.Draft4Validator(schema).validate(log)
    (invocation,) = log["runs"][0]["invocations"]
    assert invocation == {
        "executionSuccessful": False,
        "toolExecutionNotifications": [{"level": "error", "message": {"text": "CON102 broke"}}],
    }


def _result(*findings: Finding, **more: Any) -> Any:
    return _json("sarif", *findings, **more)["runs"][0]["results"][0]


def test_sarif_gives_the_path_as_a_code_flow() -> None:
    (flow,) = _result(WHOLE)["codeFlows"]
    steps = flow["threadFlows"][0]["locations"]
    assert [step["location"]["message"]["text"] for step in steps] == ["`f` calls `slow`", "here it is slow"]


def test_a_code_flow_begins_where_the_finding_is() -> None:
    (flow,) = _result(finding("a.py", 1, related=[("b.py", 3, "there")]))["codeFlows"]
    first = flow["threadFlows"][0]["locations"][0]["location"]["physicalLocation"]
    assert (first["artifactLocation"]["uri"], first["region"]["startLine"]) == ("a.py", 1)


def test_sarif_gives_the_fixes() -> None:
    (fix,) = _result(WHOLE, changes=_changes)["fixes"]
    assert fix["artifactChanges"][0]["replacements"][0]["insertedContent"] == {"text": "fast"}


def test_sarif_refers_to_the_rule_by_its_index() -> None:
    run = _json("sarif", PLAIN)["runs"][0]
    assert run["tool"]["driver"]["rules"][run["results"][0]["ruleIndex"]]["id"] == "CON101"


def test_sarif_says_nothing_of_the_machine() -> None:
    assert str(Path.cwd()) not in _text("sarif", WHOLE, PLAIN)


def _print(*findings: Finding, files: Mapping[str, bytes] = FILES) -> str:
    return str(_result(*findings, files=files)["partialFingerprints"]["conclint/v1"])


def test_a_fingerprint_stays_when_lines_move() -> None:
    moved = {**FILES, "a.py": b"\n\n" + FILES["a.py"]}
    assert _print(finding("a.py", 2, 4)) == _print(finding("a.py", 4, 4), files=moved)


def test_a_fingerprint_changes_with_the_line() -> None:
    changed = {**FILES, "a.py": FILES["a.py"].replace(b"slow(1)", b"slow(2)")}
    assert _print(finding("a.py", 2, 4)) != _print(finding("a.py", 2, 4), files=changed)


def test_findings_alike_have_fingerprints_of_their_own() -> None:
    same = {"a.py": b"f()\nf()\n"}
    results = _json("sarif", finding("a.py", 1), finding("a.py", 2), files=same)["runs"][0]["results"]
    assert len({result["partialFingerprints"]["conclint/v1"] for result in results}) == 2


def test_github_escapes_what_its_commands_are_made_of() -> None:
    line = _text("github", finding("a,b:c%.py", 1, message="50% of\nthe, time:"))
    assert line.startswith("::error title=conclint CON101 (blocking-sleep),file=a%2Cb%3Ac%25.py,line=1,")
    assert "50%25 of%0Athe, time:" in line


def test_github_is_one_line_a_finding() -> None:
    assert len(_text("github", WHOLE, PLAIN).splitlines()) == 2


@pytest.mark.parametrize(
    ("severity", "command"), [(Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.NOTE, "notice")]
)
def test_github_has_a_command_for_each_severity(severity: Severity, command: str) -> None:
    assert _text("github", finding(severity=severity)).startswith(f"::{command} ")


def test_gitlab_has_the_keys_that_it_needs() -> None:
    (issue,) = _json("gitlab", PLAIN)
    assert (sorted(issue), issue["location"], issue["severity"]) == (
        ["check_name", "description", "fingerprint", "location", "severity"],
        {"path": "b.py", "lines": {"begin": 3, "end": 3}},
        "major",
    )


def test_gitlab_fingerprints_are_unique() -> None:
    same = {"a.py": b"f()\nf()\n"}
    issues = _json("gitlab", finding("a.py", 1), finding("a.py", 2), files=same)
    assert len({issue["fingerprint"] for issue in issues}) == 2


def test_junit_is_xml_with_a_failure_for_each_finding() -> None:
    root = ElementTree.fromstring(_text("junit", WHOLE, PLAIN).encode())
    assert (root.get("failures"), len(root.findall("testsuite/testcase/failure"))) == ("2", 2)


def test_junit_keeps_what_xml_would_take_for_markup() -> None:
    root = ElementTree.fromstring(_text("junit", WHOLE).encode())
    (failure,) = root.findall("testsuite/testcase/failure")
    assert "<&>" in (failure.text or "")


def test_junit_replaces_what_xml_cannot_carry() -> None:
    root = ElementTree.fromstring(_text("junit", finding(message="a\x00b\x1bc")).encode())
    assert root.findall("testsuite/testcase/failure")[0].get("message") == "a\ufffdb\ufffdc"


def test_junit_without_findings_has_a_case_that_passed() -> None:
    root = ElementTree.fromstring(_text("junit").encode())
    assert (root.get("tests"), len(root.findall("testsuite/testcase")), root.findall("testsuite/testcase/failure")) == (
        "1",
        1,
        [],
    )
