"""The guard: watches a program while it runs, and reports what goes wrong with the codes of the linter's rules.

    with guard() as report:
        asyncio.run(main())
    print(report.text())

or, for a program as it is, `python -m conclint_runtime.guard script.py`, or, for tests, `pytest --guard`.
"""

from __future__ import annotations

from conclint_runtime.guard.observer import GuardError, Observer
from conclint_runtime.guard.places import Place, Scope
from conclint_runtime.guard.report import Report, Witness
from conclint_runtime.guard.session import guard
from conclint_runtime.guard.settings import Settings

__all__ = ["GuardError", "Observer", "Place", "Report", "Scope", "Settings", "Witness", "guard"]
