"""The command line of the bench."""

from __future__ import annotations

import sys
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
# So that a checkout works where nothing of it is installed.
sys.path[:0] = [str(ROOT), str(ROOT / "rules"), str(ROOT / "runtime")]

_FOLDER = click.option(
    "--folder",
    type=click.Path(file_okay=False, resolve_path=True, path_type=Path),
    default=ROOT / "bench" / ".scratch",
    help="Where downloads, copies and environments go; what is there is used again.  [default: bench/.scratch]",
)


@click.group()
def main() -> None:
    """Measure conclint beside its peers, and read what it finds in released packages."""


@main.command()
@click.argument("names", nargs=-1)
@_FOLDER
def packages(names: tuple[str, ...], folder: Path) -> None:
    """Download the packages (all, or those of these NAMES) at their pinned versions, and unpack their sources."""
    from bench import packages

    sys.exit(packages.fetch(folder, names))


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, resolve_path=True, path_type=Path))
@click.option("--rounds", default=5, show_default=True, help="How often each tool runs.")
@click.option("--patience", default=45.0, show_default=True, help="A run that took more seconds is not repeated.")
@click.option("--only", multiple=True, metavar="TOOL", help="Beside conclint, run these peers alone.")
@_FOLDER
def speed(paths: tuple[Path, ...], rounds: int, patience: float, only: tuple[str, ...], folder: Path) -> None:
    """Run conclint and its peers side by side on PATHS (by default: four of the packages)."""
    from bench import packages, speed

    sys.exit(speed.compare(paths or packages.unpacked(folder, speed.TREES), folder, rounds, patience, only))


@main.command()
@click.argument("path", type=click.Path(exists=True, resolve_path=True, path_type=Path))
@click.option("--top", default=20, show_default=True, help="How many functions to show of each stage.")
def profile(path: Path, top: int) -> None:
    """Show where the time of a cold run over PATH goes: by stage, by rule and by function."""
    from bench import stages

    stages.show(path, top)


@main.command()
@click.argument("path", type=click.Path(exists=True, resolve_path=True, path_type=Path))
@click.option("--rounds", default=9, show_default=True, help="How often each is measured.")
@_FOLDER
def editor(path: Path, rounds: int, folder: Path) -> None:
    """Show how long the flake8 plugin takes for a file of the project at PATH whose facts are cached."""
    from bench import editor

    editor.show(path, folder, rounds)


@main.command()
@click.argument("texts", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def seeds(texts: tuple[Path, ...]) -> None:
    """Lint the code blocks of TEXTS, named NNN_anything, and compare with the table of tests/seeds."""
    from bench import seeds

    sys.exit(max(seeds.compare(text) for text in texts))


@main.command()
@click.argument("path", type=click.Path(exists=True, resolve_path=True, path_type=Path))
@click.option("--select", multiple=True, metavar="CODE", help="Only these rules.")
def findings(path: Path, select: tuple[str, ...]) -> None:
    """Print what is shown by default in the package at PATH, each hop with its line, for reading."""
    from bench import findings

    findings.show(path, select)


@main.command()
@click.option("--rounds", default=5, show_default=True, help="How often each row is measured, all taking turns.")
@click.option("--without", multiple=True, metavar="RIVAL", help="Leave `ray` or `xoscar` out.")
def runtime(rounds: int, without: tuple[str, ...]) -> None:
    """Measure the companion runtime beside Ray, xoscar and `concurrent.futures`, and say which targets hold."""
    from bench import runtime

    sys.exit(runtime.compare(rounds, without))


if __name__ == "__main__":
    main(prog_name="python -m bench")
