"""`python -m conclint_runtime.guard.explore`: run a program under many schedules."""

from __future__ import annotations

from conclint_runtime.guard.explore.command import main

if __name__ == "__main__":
    main()
