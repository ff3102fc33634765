"""`TaskGroup`: tasks that end with the block that starts them, on every supported Python.

From 3.11 on it is that of asyncio; on 3.10 a version of our own with the same semantics.
"""

from __future__ import annotations

import sys

if sys.version_info >= (3, 11):
    from asyncio import TaskGroup
else:
    from conclint_runtime.aio.py310_task_group import TaskGroup

__all__ = ["TaskGroup"]
