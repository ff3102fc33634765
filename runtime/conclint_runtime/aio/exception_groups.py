"""`BaseExceptionGroup` and `ExceptionGroup` under one name on every supported Python.

From 3.11 on they are the builtin ones. On 3.10 they are a minimal pair of our own (PEP 654: construction, `message`,
`exceptions`, `derive`, `subgroup`, `split`), so that no package has to be installed; `except*` is syntax of 3.11 and
cannot be had, `split()` is the way there.
"""

from __future__ import annotations

import sys

if sys.version_info >= (3, 11):
    from builtins import BaseExceptionGroup, ExceptionGroup
else:
    from conclint_runtime.aio.py310_exception_groups import BaseExceptionGroup, ExceptionGroup

__all__ = ["BaseExceptionGroup", "ExceptionGroup"]
