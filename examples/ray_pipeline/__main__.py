from __future__ import annotations

import sys
from pathlib import Path

import ray

from .driver import run


def main() -> None:
    ray.init(include_dashboard=False)
    for name, near in run(sorted(Path(sys.argv[1]).glob("*.txt"))).items():
        print(f"{name}: {', '.join(near)}")


if __name__ == "__main__":
    main()
