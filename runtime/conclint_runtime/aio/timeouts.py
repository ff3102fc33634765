"""`timeout` and `timeout_at`: a deadline for a block of awaits, on every supported Python.

From 3.11 on they are those of asyncio; on 3.10 a version of our own with the same semantics.
"""

from __future__ import annotations

import sys

if sys.version_info >= (3, 11):
    from asyncio import Timeout, timeout, timeout_at
else:
    from conclint_runtime.aio.py310_timeouts import Timeout, timeout, timeout_at

__all__ = ["Timeout", "timeout", "timeout_at"]
