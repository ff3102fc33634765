"""`--fix`, `--unsafe-fixes` and `--diff`: mending files one after the other, each checked by linting all again."""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from conclint import cli_lint, cli_output
from conclint.cli_modes import FINDINGS, INTERNAL, OK, Call
from conclint.contents import Contents
from conclint.finding import Applicability, Finding
from conclint.fix import Left, Mended, WriteError, mend, unified_diff, write
from conclint.report.paint import Paint
from conclint.run import Outcome


def execute(call: Call) -> int:
    """Mend what can be mended, and show the rest or the patch; return the exit code."""
    # Other places of a group are mended as places of their own once the first is; expanding them is for showing.
    call = dataclasses.replace(call, settings=dataclasses.replace(call.settings, all_places=False))
    if call.settings.cache_dir is not None:
        return _execute(call)
    # Every check of a mended file links the whole program: without any cache each would read it whole, too.
    with tempfile.TemporaryDirectory(prefix="conclint-") as folder:
        return _execute(dataclasses.replace(call, settings=dataclasses.replace(call.settings, cache_dir=Path(folder))))


def _execute(call: Call) -> int:
    files = cli_lint.find_files(call)
    outcome = cli_lint.run(call, files)
    applicability = Applicability.UNSAFE if call.request.unsafe_fixes else Applicability.SAFE
    mender = _Mender(call, files, applicability)
    mended = list(mender.mend(outcome))
    if call.request.diff:
        return _show_diff(call, mended, outcome)
    problems = [] if call.overlay else list(_write(mended))
    for problem in problems:
        cli_output.say(f"error: {problem}")
    if call.overlay:
        # The mended text is the output, so that an editor can take it; what is left goes where the rest is said.
        sys.stdout.flush()
        sys.stdout.buffer.write(next((each.new for each in mended), next(iter(call.overlay.values()))))
        sys.stdout.buffer.flush()
    else:
        mender.overlay.clear()
        files = files.again()
    after = cli_lint.run(call, files, mender.overlay) if mended else outcome
    fixed = sum(len(each.fixed) for each in mended)
    notes = [f"mended {cli_lint.count(fixed, 'finding')} in {cli_lint.count(len(mended), 'file')}"] if fixed else []
    notes += _reasons(mender.left, verbose=call.request.verbose)
    code = cli_lint.show(call, after, overlay=mender.overlay, notes=notes, aside=bool(call.overlay))
    return code or (FINDINGS if problems else OK)


class _Mender:
    """Mends file after file. `overlay` holds what is mended but not written yet, `left` what could not be."""

    def __init__(self, call: Call, files: cli_lint.Files, applicability: Applicability) -> None:
        self.call = call
        self.files = files
        self.applicability = applicability
        self.overlay = dict(call.overlay)
        self.left: list[Left] = []
        self.contents = Contents(call.overlay)
        self.outcome = Outcome(())

    def mend(self, outcome: Outcome) -> Iterator[Mended]:
        """Mend the files that have something to mend, each once, and yield those that changed.

        Mending one can bring up another: the next place of a group is shown when the first is gone.
        """
        self.outcome = outcome
        tried: set[str] = set()
        while paths := {each.place.path for each in self.outcome.findings if self._wanted(each)} - tried:
            path = min(paths)
            tried.add(path)
            source = self.contents.source(path)
            result = self._mend(path, source.data) if source is not None else None
            if result is not None and result.new != result.old:
                self.overlay[path] = result.new
                self.outcome = cli_lint.run(self.call, self.files, self.overlay, progress=False)
                yield result

    def _mend(self, path: str, data: bytes) -> Mended:
        def relint(changed: bytes) -> Sequence[Finding]:
            overlay = {**self.overlay, path: changed}
            return cli_lint.run(self.call, self.files, overlay, progress=False).findings

        result = mend(path, data, self.outcome.findings, relint, applicability=self.applicability)
        self.left += result.left
        return result

    def _wanted(self, finding: Finding) -> bool:
        return finding.fix is not None and finding.fix.applicability >= self.applicability


def _write(mended: Sequence[Mended]) -> Iterator[str]:
    for each in mended:
        try:
            write(each.path, each.old, each.new)
        except WriteError as error:
            yield str(error)


def _show_diff(call: Call, mended: Sequence[Mended], outcome: Outcome) -> int:
    paint = Paint(cli_output.colour(call.request.color, call.request.output_file is not None))
    pieces = [_coloured(unified_diff(each.path, each.old, each.new), paint) for each in mended]
    cli_output.emit(pieces, call.request.output_file)
    cli_lint.tell_failures(outcome)
    if not call.request.quiet:
        fixed = sum(len(each.fixed) for each in mended)
        cli_output.say(f"{cli_lint.count(fixed, 'finding')} would be mended in {cli_lint.count(len(mended), 'file')}")
    if outcome.failures:
        return INTERNAL
    return FINDINGS if mended and not call.request.exit_zero else OK


def _coloured(patch: str, paint: Paint) -> str:
    if not paint.enabled:
        return patch
    lines = []
    for line in patch.splitlines(keepends=True):
        body, newline = line.rstrip("\r\n"), line[len(line.rstrip("\r\n")) :]
        if line.startswith(("---", "+++")):
            body = paint.bold(body)
        elif line.startswith("@@"):
            body = paint.step(body)
        elif line.startswith("+"):
            body = paint.added(body)
        elif line.startswith("-"):
            body = paint.removed(body)
        lines.append(body + newline)
    return "".join(lines)


def _reasons(left: Sequence[Left], *, verbose: bool) -> list[str]:
    if not left:
        return []
    if not verbose:
        return [
            f"{cli_lint.count(len(left), 'fix')}{'es' if len(left) > 1 else ''} could not be made; --verbose says why"
        ]
    return [f"{each.finding.place.path}:{each.finding.place.span.row}: not mended: {each.reason}" for each in left]
