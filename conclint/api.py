"""conclint as a library: `conclint.lint`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from conclint import catalogue, run
from conclint import config as configuration
from conclint.config import ConfigError, Options, Settings
from conclint.discovery import NoSuchPathError, discover, stands_among_others
from conclint.finding import Finding
from conclint.judge import Failure

PathLike = str | os.PathLike[str]


class LintError(Exception):
    """A rule or a file broke conclint itself. `findings` are what the others gave, `failures` say what happened."""

    def __init__(self, findings: list[Finding], failures: tuple[Failure, ...]) -> None:
        super().__init__("\n".join(f"{each.rule} {each.path}\n{each.traceback}" for each in failures))
        self.findings = findings
        self.failures = failures


def lint(
    paths: PathLike | Iterable[PathLike] = (),
    config: Settings | Options | PathLike | None = None,
    *,
    source: str | bytes | None = None,
    filename: PathLike = "<source>",
) -> list[Finding]:
    """Lint files and folders, or a piece of source.

    Parameters:
        paths: a path or several; the working folder if there are none and no source.
        config: `Settings` to use as they are; `Options` that win over the nearest configuration file, as the command
            line does; the path of a configuration file to use; or None for the nearest.
        source: a module's contents to lint instead of a file's.
        filename: what the findings call it.

    Returns:
        the findings that the command would show, in the order of files and lines.

    Raises:
        ConfigError: a setting cannot be used, or a path does not exist.
        LintError: a rule or a file broke conclint.
        TypeError: both paths and source are given.
    """
    from conclint.engine import analyse

    given = [os.fspath(paths)] if isinstance(paths, (str, os.PathLike)) else [os.fspath(path) for path in paths]
    if source is not None and given:
        raise TypeError("lint() takes paths or source, not both")
    name = os.fspath(filename)
    settings = _settings(config, [name] if source is not None else given or ["."])
    rules = catalogue.load()
    configuration.check(settings, rules)
    if source is not None:
        overlay = {name: source.encode("utf-8") if isinstance(source, str) else source}
        files, partial = [name], stands_among_others([name], overlay)
    else:
        overlay = {}
        files, partial = _files(given or ["."], settings)
    outcome = run.lint(files, settings, rules, analyse, overlay=overlay, partial=partial)
    findings = list(outcome.findings)
    if outcome.failures:
        raise LintError(findings, outcome.failures)
    return findings


def _settings(config: Settings | Options | PathLike | None, paths: list[str]) -> Settings:
    if isinstance(config, Settings):
        return config
    if isinstance(config, Options):
        return configuration.load(paths, config)
    return configuration.load(paths, Options(), config=str(Path(config)) if config is not None else "")


def _files(paths: list[str], settings: Settings) -> tuple[list[str], bool]:
    try:
        found = discover(paths, settings)
    except NoSuchPathError as error:
        raise ConfigError(f"{error}: no such file or folder") from error
    return [file.path for file in found.files], found.partial
