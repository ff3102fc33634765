from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from .ledger import Ledger
from .pictures import checksum
from .scan import Scanner


def main(folder: Path) -> None:
    ledger = Ledger()
    pictures = Scanner(threads=4).pictures(folder)
    with ProcessPoolExecutor() as processes:
        for path, value in zip(pictures, processes.map(checksum, pictures, chunksize=16)):
            ledger.enter(path.name, value)
    ledger.settle()
    print(ledger.close_day())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
