"""Deadlocks: found where the graph of waits closes, and orders of locks that could close it another time."""

from __future__ import annotations
