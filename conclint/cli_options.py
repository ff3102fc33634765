"""The options of the command, and the record that a call of it makes.

Nothing of conclint is imported here but this: `conclint --help` and `--version` answer at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import click

_NAMES_WIDTH = 25
FORMATS = ("full", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit")


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line says. The fields are the options, documented there."""

    paths: tuple[str, ...]
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] | None = None
    extend_ignore: tuple[str, ...] | None = None
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] | None = None
    min_severity: str | None = None
    min_confidence: str | None = None
    all_places: bool = False
    fix: bool = False
    unsafe_fixes: bool = False
    diff: bool = False
    add_ignore: str | None = None
    baseline: str | None = None
    write_baseline: str | None = None
    evidence: tuple[str, ...] = ()
    output_format: str | None = None
    output_file: str | None = None
    statistics: bool = False
    color: str = "auto"
    quiet: bool = False
    verbose: bool = False
    exit_zero: bool = False
    explain: str | None = None
    list_rules: bool = False
    show_files: bool = False
    show_settings: bool = False
    config: str | None = None
    isolated: bool = False
    exclude: tuple[str, ...] | None = None
    force_exclude: bool = False
    stdin_filename: str | None = None
    target_version: str | None = None
    jobs: int | None = None
    no_cache: bool = False
    cache_dir: str | None = None
    clear_cache: bool = False


def _words(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[str, ...] | None:
    """Values may be repeated, and separated by commas."""
    words = tuple(word for value in values for word in re.split(r"[,\s]+", value) if word)
    return words if values else None


def _globs(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[str, ...] | None:
    words = tuple(word.strip() for value in values for word in value.split(",") if word.strip())
    return words if values else None


def _per_file(
    _: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
    found: dict[str, tuple[str, ...]] = {}
    for value in values:
        for pair in value.split():
            # The last colon: a path on Windows has one of its own.
            pattern, colon, codes = pair.rpartition(":")
            words = tuple(code for code in codes.split(",") if code)
            if not (pattern and colon and words):
                raise click.BadParameter(
                    f"{pair!r} is not PATTERN:CODE[,CODE...], as in 'tests/*:CON101'", param=parameter
                )
            found[pattern] = (*found.get(pattern, ()), *words)
    return tuple(found.items()) if values else None


class Sectioned(click.Option):
    """An option that `--help` shows under a title."""

    section = ""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The two columns of the help, the first as wide in every section."""
        record = super().get_help_record(ctx)
        if record is None:
            return None
        return record[0].replace(" [=", "[=").ljust(_NAMES_WIDTH), record[1].replace("  [x>=0]", "")


def _option(section: str, *names: str, **attributes: object) -> Sectioned:
    option = Sectioned(names, **attributes)  # type: ignore[arg-type]  # the attributes are click's own
    option.section = section
    return option


def options() -> list[click.Parameter]:
    codes = {"multiple": True, "metavar": "CODE[,...]", "callback": _words}
    rules, shown, mend, about, files, run = (
        "What is reported", "How it is shown", "Mending", "Instead of linting", "Files and settings", "The run",
    )  # fmt: skip
    flag = {"is_flag": True}
    return [
        click.Argument(["paths"], nargs=-1, metavar="[PATHS]..."),
        _option(rules, "--select", **codes, help="Report these alone: codes, prefixes of codes, names, or ALL."),
        _option(rules, "--ignore", **codes, help="Do not report these."),
        _option(rules, "--extend-select", **codes, help="Report these too."),
        _option(rules, "--extend-ignore", **codes, help="Do not report these either."),
        _option(rules, "--per-file-ignores", multiple=True, metavar="GLOB:CODE", callback=_per_file,
                help="Do not report these in files of this pattern."),
        _option(rules, "--min-severity", type=click.Choice(["note", "warning", "error"]), metavar="LEVEL",
                help="Hide what is less severe than note, warning or error. By default, notes are shown of rules that "
                "are notes by nature; other findings become notes where they are mostly harmless (start-up code, "
                "tests), and are hidden."),
        _option(rules, "--min-confidence", type=click.Choice(["possible", "likely", "certain"]),
                metavar="LEVEL", help="Hide what is less sure than possible, likely or certain.  [default: likely]"),
        _option(rules, "--all-places", **flag, help="Show every place of a group, not only the closest."),
        _option(rules, "--baseline", metavar="FILE", help="Report only what this baseline does not know."),
        _option(rules, "--write-baseline", metavar="FILE", help="Write what is found as the baseline, and exit 0."),
        _option(rules, "--evidence", multiple=True, metavar="FILE",
                help="Say which findings the runtime's guard has seen happen."),
        _option(mend, "--fix", **flag, help="Apply the fixes that are safe, and show what is left."),
        _option(mend, "--unsafe-fixes", **flag, help="Apply the fixes that may change behaviour too."),
        _option(mend, "--diff", **flag, help="Show what the fixes would change; write nothing."),
        _option(mend, "--add-ignore", metavar="[=REASON]",
                help="Write `# conclint: ignore[...] REASON` behind each finding."),
        _option(shown, "--output-format", type=click.Choice(FORMATS), metavar="FORMAT",
                help=f"The form of the report: {', '.join(FORMATS)}.  [default: full]"),
        _option(shown, "--output-file", "-o", metavar="FILE", help="Write the report here instead of to the output."),
        _option(shown, "--statistics", **flag, help="Show how many findings each rule has."),
        _option(shown, "--color", type=click.Choice(["auto", "always", "never"]), default="auto",
                metavar="WHEN", help="Colour the report: auto, always, never.  [default: auto]"),
        _option(shown, "--quiet", "-q", **flag, help="Show the findings and nothing else."),
        _option(shown, "--verbose", "-v", **flag, help="Say what is done, and how long each stage takes."),
        _option(about, "--explain", metavar="CODE", help="Print the page of a rule."),
        _option(about, "--list-rules", **flag, help="Print a table of all rules."),
        _option(about, "--show-files", **flag, help="Print the files that a run would read."),
        _option(about, "--show-settings", **flag, help="Print the settings that a run would use."),
        _option(about, "--clear-cache", **flag, help="Delete the cache."),
        _option(files, "--config", metavar="FILE", help="Use this file instead of the nearest configuration."),
        _option(files, "--isolated", **flag, help="Use no configuration file."),
        _option(files, "--exclude", multiple=True, metavar="GLOB[,...]", callback=_globs,
                help="Leave out these files and folders too, written as in .gitignore."),
        _option(files, "--force-exclude", **flag, help="Leave out excluded files even when they are named."),
        _option(files, "--stdin-filename", metavar="FILE", help="The name of what `-` reads."),
        _option(files, "--target-version", metavar="3.X",
                help="The oldest Python that the code runs on.  [default: from requires-python]"),
        _option(run, "--jobs", "-j", type=click.IntRange(min=0), metavar="N",
                help="How many processes to use, 0 for as many as make sense."),
        _option(run, "--no-cache", **flag, help="Neither read nor write the cache."),
        _option(run, "--cache-dir", metavar="FOLDER",
                help="Where the cache is.  [default: .conclint_cache beside the configuration]"),
        _option(run, "--exit-zero", **flag, help="Exit 0 also when there are findings."),
    ]  # fmt: skip
