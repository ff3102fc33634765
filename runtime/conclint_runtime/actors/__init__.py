"""Actors and tasks, embedded in this process, with the semantics of Ray Core.

`api` is what the program calls; `engine_protocol` is what an engine gives to it; `engine` is the embedded one.
"""
