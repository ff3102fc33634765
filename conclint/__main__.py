"""`python -m conclint`."""

from __future__ import annotations

from conclint.cli import main

if __name__ == "__main__":
    main()
