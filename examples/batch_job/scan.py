from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .pictures import is_picture


class Scanner:
    """Walks a folder with several threads: on a slow disk that is what takes long."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(max_workers=threads)

    def pictures(self, folder: Path) -> list[Path]:
        return sorted(self._threads.submit(self._folder, folder).result())

    def _folder(self, folder: Path) -> list[Path]:
        paths = list(folder.iterdir())
        below = [self._threads.submit(self._folder, path) for path in paths if path.is_dir()]
        found = [path for path in paths if is_picture(path)]
        for job in below:
            found.extend(job.result())
        return found
