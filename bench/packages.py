"""The released packages that conclint is measured and judged on."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

VERSIONS = {
    "ray": "2.60.0",
    "xoscar": "0.12.2",
    "xinference": "4.1.0",
    "distributed": "2026.8.0",
    "dask": "2026.8.0",
    "aiohttp": "3.14.5",
    "celery": "5.7.0",
    "django": "5.2.19",
    "litellm": "1.109.1",
    "prefect": "3.9.1",
    "skypilot": "0.14.1",
    "verl": "0.9.1",
    "openai": "3.52.0",
    "mcp": "2.3.0",
    "starlette": "1.10.0",
    "discord.py": "2.7.1",
    "temporalio": "1.35.0",
    "homeassistant": "2024.3.3",
}
# The wheels of one platform, so that every machine gets the same sources.
_PLATFORM = (
    "--python-version", "3.11", "--implementation", "cp", "--abi", "cp311", "--abi", "abi3", "--abi", "none",
    "--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_17_x86_64", "--platform", "manylinux2014_x86_64",
    "--platform", "any",
)  # fmt: skip


class PackageError(Exception):
    """A package is not there: the message names it and says how to get it."""


def fetch(folder: Path, names: Sequence[str]) -> int:
    """Download and unpack packages that are not there yet.

    Parameters:
        folder: where `downloads` and `packages` are kept.
        names: which ones; all where there are none.

    Returns:
        The exit code: 1 where one could not be had, 2 where a name is unknown.
    """
    unknown = [name for name in names if name not in VERSIONS]
    if unknown:
        print(f"not among the packages: {', '.join(unknown)}; they are {', '.join(VERSIONS)}", file=sys.stderr)
        return 2
    missing = [name for name in names or VERSIONS if not _fetch_one(folder, name)]
    if missing:
        print(f"could not be had: {', '.join(missing)}", file=sys.stderr)
    return 1 if missing else 0


def _fetch_one(folder: Path, name: str) -> bool:
    target = folder / "packages" / f"{name}-{VERSIONS[name]}"
    if not target.is_dir():
        archive = _download(folder / "downloads" / target.name, f"{name}=={VERSIONS[name]}")
        if archive is None:
            return False
        # Under another name first: a run that is stopped half-way leaves nothing that looks complete.
        partial = target.with_name(target.name + ".partial")
        for path, data in _sources(archive):
            file = partial / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        partial.rename(target)
    files = list(target.rglob("*.py"))
    lines = sum(file.read_bytes().count(b"\n") for file in files)
    print(f"{name:14} {VERSIONS[name]:10} {len(files):6} files {lines:8} lines  {target}")
    return True


def _download(folder: Path, requirement: str) -> Path | None:
    """The archive of a requirement: a wheel, or the source distribution where there is none."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    for kind in (("--only-binary=:all:", *_PLATFORM), ("--no-binary=:all:",)):
        folder.mkdir(parents=True, exist_ok=True)
        if archives := sorted(path for path in folder.iterdir() if path.is_file()):
            return archives[0]
        done = subprocess.run([*pip, *kind, "--dest", str(folder), requirement], check=False, capture_output=True)
        if done.returncode and kind[0].startswith("--no-binary"):
            sys.stderr.buffer.write(done.stderr)
    return next((path for path in sorted(folder.iterdir()) if path.is_file()), None)


def _sources(archive: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    """The Python files of a wheel or source distribution, by their paths in it."""
    if archive.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                if name.endswith(".py") and _inside(name):
                    yield PurePosixPath(name), wheel.read(name)
        return
    with tarfile.open(archive) as bundle:
        for member in bundle:
            if member.isfile() and member.name.endswith(".py") and _inside(member.name):
                content = bundle.extractfile(member)
                if content is not None:
                    yield PurePosixPath(member.name), content.read()


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def unpacked(folder: Path, names: Sequence[str]) -> tuple[Path, ...]:
    """The folders of packages, downloaded if need be.

    Raises:
        PackageError: one could not be had.
    """
    if fetch(folder, names):
        raise PackageError(f"some of {', '.join(names)} could not be had; `python -m bench packages` says why")
    return tuple(folder / "packages" / f"{name}-{VERSIONS[name]}" for name in names)
