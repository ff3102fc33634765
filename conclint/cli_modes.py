"""What a call of the command does: one of the modes that only tell something, or a run."""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import click
import msgspec

from conclint import catalogue, cli_output, config
from conclint.cli_options import Request
from conclint.config import ConfigError, Options, Settings
from conclint.config_file import ConfidenceName, FormatName, SeverityName, nearest
from conclint.finding import Confidence, Severity
from conclint.rule import Rule

OK, FINDINGS, USAGE, INTERNAL = 0, 1, 2, 3
_STDIN = "<stdin>"


@dataclasses.dataclass(frozen=True)
class Call:
    """A request with what it rests on. `overlay` holds what came from the input, under its name."""

    request: Request
    settings: Settings
    paths: tuple[str, ...]
    overlay: Mapping[str, bytes]

    @functools.cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, loaded when they are first asked for: a run that has changed nothing does without.

        Raises:
            ConfigError: a pattern of the options or the configuration names none.
        """
        rules = catalogue.load()
        for option in ("select", "ignore", "extend_select", "extend_ignore"):
            config.check_patterns(rules, f"--{option.replace('_', '-')}", getattr(self.request, option) or ())
        for pattern, codes in self.request.per_file_ignores or ():
            config.check_patterns(rules, f"--per-file-ignores {pattern}", codes)
        config.check(self.settings, rules)
        return rules


def execute(request: Request) -> int:
    """Do what the command line says, and return the exit code.

    Raises:
        click.UsageError: options contradict each other.
    """
    cli_output.prepare()
    try:
        return _execute(request)
    except ConfigError as error:
        cli_output.say(f"error: {error}")
        return USAGE


def _execute(request: Request) -> int:
    _check(request)
    if request.explain is not None:
        return _explain(request.explain, request)
    if request.list_rules:
        return _list_rules(request)
    call = _call(request)
    if request.clear_cache:
        return _clear_cache(call.settings)
    if request.show_settings:
        return _show_settings(call)
    if request.show_files:
        return _show_files(call)
    from conclint import cli_lint

    return cli_lint.execute(call)


def _check(request: Request) -> None:
    if request.config is not None and request.isolated:
        raise click.UsageError("--config and --isolated exclude each other.")
    if "-" in request.paths and len(request.paths) > 1:
        raise click.UsageError("`-` reads one file from the input; it cannot be combined with other paths.")
    modes = {
        "--fix": request.fix or (request.unsafe_fixes and not request.diff),
        "--diff": request.diff,
        "--add-ignore": request.add_ignore is not None,
        "--write-baseline": request.write_baseline is not None,
    }
    said = [name for name, given in modes.items() if given]
    if len(said) > 1:
        raise click.UsageError(f"{' and '.join(said)} exclude each other.")
    if request.add_ignore is not None and "-" in request.paths:
        raise click.UsageError("--add-ignore writes to files; `-` is none.")


def _call(request: Request) -> Call:
    stdin = request.paths == ("-",) or (not request.paths and request.stdin_filename is not None)
    name = os.path.normpath(request.stdin_filename) if request.stdin_filename else _STDIN
    paths = (name,) if stdin else request.paths or (".",)
    settings = config.load(
        (request.stdin_filename or ".",) if stdin else paths,
        options(request),
        config=request.config or "",
        isolated=request.isolated,
    )
    if request.no_cache:
        settings = dataclasses.replace(settings, cache_dir=None)
    only_told = request.show_files or request.show_settings or request.clear_cache
    overlay = {name: sys.stdin.buffer.read()} if stdin and not only_told else {}
    return Call(request, settings, paths, overlay)


def options(request: Request) -> Options:
    """The settings among what the command line says."""
    return Options(
        select=request.select,
        ignore=request.ignore,
        extend_select=request.extend_select,
        extend_ignore=request.extend_ignore,
        per_file_ignores=dict(request.per_file_ignores) if request.per_file_ignores else None,
        min_severity=cast("SeverityName | None", request.min_severity),
        min_confidence=cast("ConfidenceName | None", request.min_confidence),
        exclude=request.exclude,
        force_exclude=request.force_exclude or None,
        target_version=request.target_version,
        output_format=cast("FormatName | None", request.output_format),
        all_places=request.all_places or None,
        baseline=request.baseline,
        jobs=request.jobs,
        cache_dir=request.cache_dir,
    )


def _explain(wanted: str, request: Request) -> int:
    from conclint import explain

    rules = catalogue.load()
    for rule in rules:
        if wanted.upper() == rule.code or wanted.lower() == rule.name:
            colour = cli_output.colour(request.color, request.output_file is not None)
            page = explain.terminal(rule, width=cli_output.width(), colour=colour)
            cli_output.emit([page], request.output_file)
            return OK
    hint = nearest(wanted.upper(), [r.code for r in rules]) or nearest(wanted.lower(), [r.name for r in rules])
    raise ConfigError(f"--explain: `{wanted}` is no rule{hint}; `conclint --list-rules` shows them")


class _Listed(msgspec.Struct, frozen=True):
    code: str
    name: str
    summary: str
    severity: str
    default: bool
    fix: str | None
    since: str
    url: str


def _list_rules(request: Request) -> int:
    rules = catalogue.load()
    if request.output_format in ("json", "jsonl"):
        listed = [
            _Listed(
                rule.code, rule.name, rule.summary, rule.severity.name.lower(), rule.default,
                rule.fix.name.lower() if rule.fix else None, rule.since, rule.url,
            )
            for rule in rules
        ]  # fmt: skip
        text = msgspec.json.format(msgspec.json.encode(listed), indent=2).decode() + "\n"
        cli_output.emit([text], request.output_file)
        return OK
    rows = [("code", "name", "severity", "on", "fix", "what it finds")]
    rows += [
        (
            rule.code,
            rule.name,
            rule.severity.name.lower(),
            "on" if rule.default else "off",
            rule.fix.name.lower() if rule.fix else "-",
            " ".join(rule.summary.split()),
        )
        for rule in rules
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    room = cli_output.width() - sum(widths) - 10
    lines = []
    for row in rows:
        summary = (
            row[5] if len(row[5]) <= room or not cli_output.is_terminal(sys.stdout) else f"{row[5][: room - 3]}..."
        )
        cells = [cell.ljust(size) for cell, size in zip(row[:5], widths, strict=True)]
        lines.append("  ".join((*cells, summary)).rstrip() + "\n")
    cli_output.emit(lines, request.output_file)
    return OK


def _clear_cache(settings: Settings) -> int:
    from conclint.cache import clear

    folder = settings.cache_dir
    if folder is None or not folder.is_dir():
        cli_output.say("there is no cache")
        return OK
    try:
        clear(folder)
    except OSError as error:
        raise ConfigError(f"{_near(folder)}: the cache cannot be deleted: {error.strerror or error}") from error
    left = ", except for files that are not the cache's" if folder.exists() else ""
    cli_output.say(f"deleted {_near(folder)}{left}")
    return OK


def _near(path: Path) -> str:
    text = os.path.relpath(path)
    return str(path) if text.startswith("..") else text


def _show_settings(call: Call) -> int:
    settings = call.settings
    lines = [f"# {f'from {settings.source}' if settings.source else 'no configuration file'}"]
    names = [field.name for field in dataclasses.fields(settings) if field.name != "source"]
    for name in names:
        value, key = getattr(settings, name), name.replace("_", "-")
        lines.append(f"# {key} is not set" if value in (None, "") else f"{key} = {_toml(value)}")
    codes = sorted(config.selected(settings, call.rules))
    lines.append(f"# {len(codes)} of {len(call.rules)} rules are selected: {', '.join(codes)}")
    cli_output.emit(["\n".join(lines) + "\n"], call.request.output_file)
    return OK


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (Severity, Confidence)):
        return f'"{value.name.lower()}"'
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return (
            "{ " + ", ".join(f"{_toml(key)} = {_toml(each)}" for key, each in value.items()) + " }" if value else "{}"
        )
    if isinstance(value, tuple) and value and isinstance(value[0], int):
        return f'"{value[0]}.{value[1]}"'
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return msgspec.json.encode(str(value)).decode()


def _show_files(call: Call) -> int:
    from conclint.cli_lint import find_files

    files = find_files(call)
    cli_output.emit((f"{path}\n" for path in files.paths), call.request.output_file)
    return OK
