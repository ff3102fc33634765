"""`python -m conclint`."""

from __future__ import annotations

from conclint.cli import console

if __name__ == "__main__":
    console()
