"""What the user wants: the record of settings, and how it comes from a file and from the command line.

The file is the nearest one above the linted paths; what the command line says wins over it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conclint import config_file
from conclint.config_file import ConfigError, ConfigFile, ContextName, FormatName, Options, nearest
from conclint.finding import Confidence, Severity
from conclint.rule import Rule, select

__all__ = ["ConfigError", "Options", "Settings", "check", "check_patterns", "load", "resolve", "selected"]

DEFAULT_EXCLUDE = (
    ".bzr", ".conclint_cache", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg", ".ipynb_checkpoints", ".mypy_cache",
    ".nox", ".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode",
    "__pycache__", "__pypackages__", "_build", "buck-out", "build", "dist", "node_modules", "site-packages", "venv",
)  # fmt: skip
CACHE_FOLDER = ".conclint_cache"
_WHOLE_CODE = 6


@dataclass(frozen=True, slots=True)
class Settings:
    """All that a run goes by.

    `root` is the folder of the configuration file, or the working folder; patterns and `extra_roots` are relative
    to it. `min_severity` None shows notes only of rules that are notes by nature: a finding that was lowered to a
    note, because it stands in start-up code, a test or the like, is true and mostly harmless.
    `jobs` 0 lets the engine decide. `cache_dir` None means no cache. `contexts` maps a decorator's dotted name to
    where the decorated function runs. `extra_roots` are absolute.
    """

    root: Path
    source: str = ""
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    min_severity: Severity | None = None
    min_confidence: Confidence = Confidence.LIKELY
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    respect_gitignore: bool = True
    target_version: tuple[int, int] | None = None
    output_format: FormatName = "full"
    all_places: bool = False
    baseline: str = ""
    jobs: int = 0
    cache_dir: Path | None = None
    blocking: tuple[str, ...] = ()
    safe: tuple[str, ...] = ()
    offloads: tuple[str, ...] = ()
    contexts: Mapping[str, ContextName] = field(default_factory=dict)
    extra_roots: tuple[str, ...] = ()


def load(paths: Sequence[str], command: Options, *, config: str = "", isolated: bool = False) -> Settings:
    """The settings of a run over `paths`.

    Parameters:
        paths: files and folders as the user gave them; the configuration is looked for from what they share upward.
        command: what the command line says.
        config: a configuration file to use instead of the nearest.
        isolated: use no configuration file at all.

    Raises:
        ConfigError: a file or an option cannot be used.
    """
    start = _common_folder(paths)
    if isolated:
        file = None
    elif config:
        file = config_file.read(Path(os.path.abspath(config)))
    else:
        file = config_file.find(start)
    return resolve(file, command, start)


def _common_folder(paths: Sequence[str]) -> Path:
    folders = []
    for path in paths:
        path = os.path.abspath(path if path != "-" else ".")
        folders.append(path if os.path.isdir(path) else os.path.dirname(path))
    try:
        return Path(os.path.commonpath(folders)) if folders else Path.cwd()
    except ValueError:  # on two Windows drives
        return Path.cwd()


def resolve(file: ConfigFile | None, command: Options, start: Path) -> Settings:
    """Settings from a file and the command line, which wins.

    `--select` replaces the file's whole selection, its ignores too: who asks for a rule by name gets it.
    `--exclude` adds to what the file excludes, and `--per-file-ignores` to what the file ignores.

    Raises:
        ConfigError: a value cannot be used.
    """
    root = file.path.parent if file else Path.cwd()
    options = file.options if file else Options()
    chosen = options if command.select is None else Options()
    severity = command.min_severity or options.min_severity
    confidence = command.min_confidence or options.min_confidence or "likely"
    cache = command.cache_dir if command.cache_dir is not None else options.cache_dir and str(root / options.cache_dir)
    baseline = command.baseline or (options.baseline and str(root / options.baseline))
    said = {_from_here(pattern, root): codes for pattern, codes in (command.per_file_ignores or {}).items()}
    per_file = {**(options.per_file_ignores or {}), **said}
    return Settings(
        root=root,
        source=file.shown if file else "",
        select=command.select or chosen.select or (),
        extend_select=(chosen.extend_select or ()) + (command.extend_select or ()),
        ignore=command.ignore if command.ignore is not None else chosen.ignore or (),
        extend_ignore=(chosen.extend_ignore or ()) + (command.extend_ignore or ()),
        per_file_ignores=tuple(per_file.items()),
        min_severity=Severity[severity.upper()] if severity else None,
        min_confidence=Confidence[confidence.upper()],
        exclude=options.exclude if options.exclude is not None else DEFAULT_EXCLUDE,
        extend_exclude=(options.extend_exclude or ()) + tuple(_from_here(each, root) for each in command.exclude or ()),
        force_exclude=bool(command.force_exclude or options.force_exclude),
        respect_gitignore=next(
            (x for x in (command.respect_gitignore, options.respect_gitignore) if x is not None), True
        ),
        target_version=_target(file, command, start),
        output_format=command.output_format or options.output_format or "full",
        all_places=bool(command.all_places or options.all_places),
        baseline=baseline or "",
        jobs=command.jobs if command.jobs is not None else options.jobs or 0,
        cache_dir=Path(os.path.abspath(cache)) if cache else root / CACHE_FOLDER,
        blocking=options.blocking or (),
        safe=options.safe or (),
        offloads=options.offloads or (),
        contexts=options.contexts or {},
        extra_roots=tuple(os.path.normpath(root / each) for each in options.extra_roots or ()),
    )


def _from_here(pattern: str, root: Path) -> str:
    """A pattern of the command line, whose paths are relative to the working folder, as one relative to the root."""
    body = pattern.removeprefix("!")
    if "/" not in body.rstrip("/") or body.startswith("**/"):
        return pattern
    path = os.path.relpath(os.path.abspath(body.rstrip("/")), root).replace(os.sep, "/")
    if path.startswith("../"):
        return pattern
    return f"{'!' if body != pattern else ''}{path}{'/' if body.endswith('/') else ''}"


def _target(file: ConfigFile | None, command: Options, start: Path) -> tuple[int, int] | None:
    said = [("--target-version", command.target_version)]
    if file:
        said.append((f"{file.shown}: `target-version`", file.options.target_version))
    for where, text in said:
        if text is not None:
            found = config_file.version(text)
            if found is None:
                raise ConfigError(f"{where} must be a version, as in 3.11, not {text!r}")
            return found
    return config_file.required_version(start)


def check_patterns(rules: Sequence[Rule], where: str, patterns: Sequence[str]) -> None:
    """Make sure that each pattern names a rule.

    Raises:
        ConfigError: one does not; the message begins with `where`, which names the option or file and key.
    """
    for pattern in patterns:
        try:
            select(rules, [pattern])
        except KeyError:
            known = [word for rule in rules for word in (rule.code, rule.name)]
            hint = nearest(pattern.upper(), known) or nearest(pattern.lower(), known)
            raise ConfigError(f"{where}: `{pattern}` names no rule{hint}; `conclint --list-rules` shows them") from None


def check(settings: Settings, rules: Sequence[Rule]) -> None:
    """Make sure that every pattern of the settings names a rule.

    Raises:
        ConfigError: one does not; the message names the file and the key.
    """
    where = settings.source or "settings"
    for key in ("select", "ignore", "extend_select", "extend_ignore"):
        check_patterns(rules, f"{where}: `{key.replace('_', '-')}`", getattr(settings, key))
    for pattern, codes in settings.per_file_ignores:
        check_patterns(rules, f'{where}: `per-file-ignores."{pattern}"`', codes)


def selected(settings: Settings, rules: Sequence[Rule]) -> frozenset[str]:
    """The codes that this run reports: of what is selected and ignored, the more specific pattern decides, and
    `ignore` where both are as specific.

    Raises:
        KeyError: a pattern names no rule.
    """
    wanted: dict[str, int] = {}
    if settings.select:
        wanted.update(_weights(rules, settings.select))
    else:
        wanted.update({rule.code: 0 for rule in rules if rule.default})
    for code, weight in _weights(rules, settings.extend_select):
        wanted[code] = max(weight, wanted.get(code, 0))
    refused: dict[str, int] = {}
    for code, weight in _weights(rules, (*settings.ignore, *settings.extend_ignore)):
        refused[code] = max(weight, refused.get(code, 0))
    return frozenset(code for code, weight in wanted.items() if weight > refused.get(code, -1))


def _weights(rules: Sequence[Rule], patterns: Sequence[str]) -> Iterator[tuple[str, int]]:
    for pattern in sorted(patterns, key=_weight):
        for code in select(rules, [pattern]):
            yield code, _weight(pattern)


def _weight(pattern: str) -> int:
    if pattern == "ALL":
        return 0
    # A name is as specific as a whole code.
    return min(len(pattern), _WHOLE_CODE) if pattern.isalnum() else _WHOLE_CODE
