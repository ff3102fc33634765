"""Adapters that run the same program on a real Ray or a real xoscar.

`init(backend="ray")` imports `conclint_runtime.backends.ray` and calls its `start`, which returns an engine in the
sense of `conclint_runtime.actors.engine_protocol`. The other library is imported then, not before.
`differences` holds what an engine cannot do, as a table; docs/runtime/backends.md is written from it.
"""
