"""The main road of the command: find the files, run the engine, show what is found."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from conclint import cli_output, report
from conclint.cli_modes import FINDINGS, INTERNAL, OK, Call
from conclint.config_file import ConfigError
from conclint.contents import Contents
from conclint.discovery import Found, NoSuchPathError, discover, stands_among_others, state
from conclint.finding import Applicability, Finding, Place, Severity
from conclint.memo import Memo
from conclint.run import Outcome, lint

if TYPE_CHECKING:
    from conclint.evidence import Seen
    from conclint.judge import Failure
    from conclint.rule import Rule

# These also link to the pages of rules; the others need not load any.
_WITH_EDITS = _WITH_RULES = ("json", "jsonl", "sarif")


def execute(call: Call) -> int:
    """Lint, and mend or silence where that is asked for; return the exit code.

    Raises:
        ConfigError: a path does not exist, or something cannot be read or written.
    """
    if call.request.diff or call.request.fix or call.request.unsafe_fixes:
        from conclint import cli_fix

        return cli_fix.execute(call)
    files = find_files(call)
    outcome = run(call, files)
    outcome = dataclasses.replace(outcome, timings={"discover": files.seconds, **outcome.timings})
    if call.request.add_ignore is not None:
        return _add_ignore(call, outcome)
    if call.request.write_baseline is not None:
        return _write_baseline(call, outcome)
    return show(call, outcome)


class Files(NamedTuple):
    """The files of a run, whether they are only a part of a program, and the seconds that finding them took."""

    found: tuple[Found, ...]
    partial: bool
    seconds: float

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of the files."""
        return tuple(file.path for file in self.found)

    def again(self) -> Files:
        """The same files as they are now, after some have been written."""
        return self._replace(found=tuple(state(path) for path in self.paths))


def find_files(call: Call) -> Files:
    """The files of the run.

    Raises:
        ConfigError: a path does not exist.
    """
    begin = time.perf_counter()
    if call.overlay:
        return Files(
            tuple(Found(path, 0, -1) for path in call.overlay), stands_among_others(call.overlay, call.overlay), 0.0
        )
    try:
        found = discover(call.paths, call.settings)
    except NoSuchPathError as error:
        raise ConfigError(f"{error}: no such file or folder") from error
    if not call.request.quiet:
        for path, reason in found.problems:
            cli_output.say(f"warning: the folder {path} cannot be read: {reason}")
        if not found.files:
            cli_output.say(f"warning: there are no Python files in {', '.join(call.paths)}")
    return Files(found.files, found.partial, time.perf_counter() - begin)


def run(call: Call, files: Files, overlay: Mapping[str, bytes] | None = None, *, progress: bool = True) -> Outcome:
    """Find out what is wrong, or remember it, where nothing has changed since the last run."""
    overlay = call.overlay if overlay is None else overlay
    if overlay or call.settings.cache_dir is None:
        return _run(call, files, overlay, progress=progress)
    begin = time.perf_counter()
    memo = Memo(call.settings, files.found, files.partial)
    known = memo.load()
    if known is not None:
        return dataclasses.replace(known, timings={"remember": time.perf_counter() - begin})
    outcome = _run(call, files, overlay, progress=progress)
    memo.save(outcome)
    return outcome


def _run(call: Call, files: Files, overlay: Mapping[str, bytes], *, progress: bool) -> Outcome:
    from conclint.engine import analyse

    bar = cli_output.ProgressBar(progress and not call.request.quiet)
    try:
        return lint(
            files.paths,
            call.settings,
            call.rules,
            analyse,
            progress=bar,
            overlay=overlay,
            partial=files.partial,
        )
    finally:
        bar.clear()


def show(
    call: Call,
    outcome: Outcome,
    *,
    overlay: Mapping[str, bytes] | None = None,
    notes: Sequence[str] = (),
    aside: bool = False,
) -> int:
    """Write the report and the summary, and return the exit code.

    Parameters:
        overlay: contents that are not on disk, where they are not those of the call.
        notes: lines before the summary.
        aside: write the report to the error stream, because the output has something else.
    """
    request = call.request
    contents = Contents(call.overlay if overlay is None else overlay)
    known = ""
    if call.settings.baseline:
        outcome, known = _without_known(call, outcome, contents)
    witnessed = _witnessed(request.evidence)
    shown = report.Report(
        findings=outcome.findings,
        contents=contents,
        rules={rule.code: rule for rule in call.rules} if call.settings.output_format in _WITH_RULES else {},
        root=call.settings.root,
        changes=_Edits(contents) if call.settings.output_format in _WITH_EDITS else report.no_changes,
        witnessed=witnessed,
        colour=cli_output.colour(request.color, request.output_file is not None),
        width=cli_output.width(),
        plain=cli_output.ascii_alone(),
        failures=tuple(_failed(failure) for failure in outcome.failures),
    )
    if request.statistics:
        cli_output.emit(_statistics(outcome.findings, call), request.output_file, aside=aside)
    else:
        cli_output.emit(report.render(call.settings.output_format, shown), request.output_file, aside=aside)
    tell_failures(outcome)
    if not request.quiet:
        if outcome.warning:
            cli_output.say(f"warning: {outcome.warning}")
        for line in (*notes, *_summary(call, outcome, known), *_confirmed(request.evidence, outcome, witnessed)):
            cli_output.say(line)
    return exit_code(call, outcome)


def _witnessed(paths: tuple[str, ...]) -> Callable[[Finding], Seen | None]:
    """How findings were seen to happen, by the evidence files of the command line."""
    if not paths:
        return report.nothing_seen
    from conclint import evidence

    return evidence.read(paths).of


def _confirmed(
    paths: tuple[str, ...], outcome: Outcome, witnessed: Callable[[Finding], Seen | None]
) -> tuple[str, ...]:
    if not paths or not outcome.findings:
        return ()
    number = sum(witnessed(finding) is not None for finding in outcome.findings)
    return (f"{number} of them witnessed",)


def exit_code(call: Call, outcome: Outcome) -> int:
    """What the run exits with."""
    if outcome.failures:
        return INTERNAL
    return FINDINGS if outcome.findings and not call.request.exit_zero else OK


def tell_failures(outcome: Outcome) -> None:
    """Tell which rules and files broke conclint, and how."""
    for failure in outcome.failures:
        cli_output.say(f"error: {_failed(failure)}")


def _failed(failure: Failure) -> str:
    what = " on ".join(part for part in (failure.rule, failure.path) if part)
    return f"conclint broke in {what or 'a run'}; the others went on:\n{failure.traceback.rstrip()}"


class _Edits:
    """The text edits of fixes, for the formats that carry them."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents

    def __call__(self, finding: Finding) -> tuple[report.Change, ...]:
        from conclint.fix import text_edits

        path = finding.place.path
        source = self._contents.source(path)
        if source is None or finding.fix is None:
            return ()
        return tuple(
            report.Change(self._contents.location(Place(path, span)), content)
            for span, content in text_edits(source.data, finding.fix)
        )


def _without_known(call: Call, outcome: Outcome, contents: Contents) -> tuple[Outcome, str]:
    from conclint import baseline
    from conclint.fingerprint import fingerprints

    known = baseline.read(call.settings.baseline)
    prints = fingerprints(outcome.findings, contents, call.settings.root)
    compared = baseline.compare(known, outcome.findings, prints)
    text = f", {compared.known} more in the baseline" if compared.known else ""
    if compared.gone and call.request.verbose:
        cli_output.say(f"{compared.gone} of the baseline are not found any more; --write-baseline brings it up to date")
    return dataclasses.replace(outcome, findings=compared.findings), text


def _write_baseline(call: Call, outcome: Outcome) -> int:
    from conclint import baseline
    from conclint.fingerprint import fingerprints

    path = str(call.request.write_baseline)
    prints = fingerprints(outcome.findings, Contents(call.overlay), call.settings.root)
    try:
        baseline.write(path, outcome.findings, prints, str(call.settings.root))
    except OSError as error:
        raise ConfigError(f"{path}: the baseline cannot be written: {error.strerror or error}") from error
    tell_failures(outcome)
    if not call.request.quiet:
        cli_output.say(f"wrote {count(len(outcome.findings), 'finding')} to {path}")
    return INTERNAL if outcome.failures else OK


def _add_ignore(call: Call, outcome: Outcome) -> int:
    from conclint import add_ignore
    from conclint.fix import WriteError, write
    from conclint.source import Source

    contents = Contents()
    silenced = files = 0
    problems: list[str] = []
    for path, written in add_ignore.plan(outcome.findings, call.request.add_ignore or ""):
        problems += written.problems
        source = contents.source(path)
        if written.silenced and isinstance(source, Source):
            try:
                write(path, source.data, written.data)
            except WriteError as error:
                problems.append(str(error))
            else:
                silenced += written.silenced
                files += 1
    for problem in problems:
        cli_output.say(f"error: {problem}")
    tell_failures(outcome)
    if not call.request.quiet:
        cli_output.say(f"silenced {count(silenced, 'place')} in {count(files, 'file')}")
    if outcome.failures:
        return INTERNAL
    return FINDINGS if problems and not call.request.exit_zero else OK


class _Count(msgspec.Struct, frozen=True):
    code: str
    name: str
    count: int
    fix: str | None


def _statistics(findings: Sequence[Finding], call: Call) -> list[str]:
    numbers = Counter((finding.code, finding.name) for finding in findings)
    rules: dict[str, Rule] = {rule.code: rule for rule in call.rules}
    counts = []
    for (code, name), number in sorted(numbers.items(), key=lambda item: (-item[1], item[0])):
        fix = rules[code].fix if code in rules else None
        counts.append(_Count(code, name, number, fix.name.lower() if fix else None))
    if call.settings.output_format in ("json", "jsonl"):
        return [msgspec.json.format(msgspec.json.encode(counts), indent=2).decode() + "\n"]
    size = max((len(str(each.count)) for each in counts), default=1)
    marks = {"safe": "  (--fix)", "unsafe": "  (--unsafe-fixes)"}
    return [f"{each.count:>{size}}  {each.code}  {each.name}{marks.get(each.fix or '', '')}\n" for each in counts]


def _summary(call: Call, outcome: Outcome, known: str) -> list[str]:
    lines = []
    files = count(outcome.files, "file")
    if outcome.findings:
        kinds = Counter(finding.severity for finding in outcome.findings)
        parts = [count(kinds[each], each.name.lower()) for each in sorted(Severity, reverse=True) if kinds[each]]
        where = len({finding.place.path for finding in outcome.findings})
        lines.append(f"{count(len(outcome.findings), 'finding')} ({', '.join(parts)}) in {where} of {files}{known}")
        lines += _mendable(outcome.findings)
    elif outcome.files:
        lines.append(f"no findings in {files}{known}")
    if call.request.verbose:
        lines.append(f"settings: {call.settings.source or 'no configuration file'}")
        if outcome.hidden:
            lines.append(f"{count(outcome.hidden, 'finding')} hidden by --min-severity and --min-confidence")
        lines += [f"{stage:>10} {seconds:8.3f} s" for stage, seconds in outcome.timings.items()]
    return lines


def _mendable(findings: Sequence[Finding]) -> list[str]:
    kinds = Counter(finding.fix.applicability for finding in findings if finding.fix)
    parts = []
    if kinds[Applicability.SAFE]:
        parts.append(f"{kinds[Applicability.SAFE]} can be mended with --fix")
    if kinds[Applicability.UNSAFE]:
        more = "more " if parts else ""
        parts.append(f"{kinds[Applicability.UNSAFE]} {more}{'' if parts else 'can be mended '}with --unsafe-fixes")
    return [", ".join(parts)] if parts else []


def count(number: int, noun: str) -> str:
    """A number with its noun: `1 file`, `2 files`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
