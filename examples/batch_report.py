"""A report of the pictures below the working folder: `python batch_report.py`."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

from batch_job.pictures import checksum, is_picture


def line(path: Path) -> str:
    return f"{path.name:40} {path.stat().st_size:10} {checksum(path):08x}"


def lines(folder: Path) -> list[str]:
    with multiprocessing.Pool() as pool:
        return pool.map(line, sorted(path for path in folder.rglob("*") if is_picture(path)))


print("\n".join(lines(Path.cwd())))
