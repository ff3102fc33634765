"""`python -m conclint_runtime.guard`: run a program under the guard."""

from __future__ import annotations

from conclint_runtime.guard.command import main

if __name__ == "__main__":
    main()
