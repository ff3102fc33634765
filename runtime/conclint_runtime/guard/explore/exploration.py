"""Run a program under many seeds, and the failing ones once more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace as changed
from functools import wraps
from typing import ParamSpec

from conclint_runtime.guard.explore.modes import Mode
from conclint_runtime.guard.explore.one_run import run_seed
from conclint_runtime.guard.explore.outcome import Exploration, FailingSeedError, Failure

_Parameters = ParamSpec("_Parameters")


def explore(
    program: Callable[[], object],
    *,
    seeds: int = 100,
    mode: Mode | str = Mode.GIL,
    first_seed: int = 0,
    keep_going: bool = False,
) -> Exploration:
    """Run a program under many schedules, in this thread, and report those that fail.

    A schedule fails when the program raises, when one of its threads or its loop does, when no thread can go on, or
    when it does not end. Each failing seed is run once more, and the report says whether it failed again.

    Args:
        program: a function without arguments that starts and ends what it needs, or a coroutine function.
        seeds: how many schedules to try.
        mode: `"gil"` (threads switch where this interpreter can switch) or `"free"` (between any two instructions).
        first_seed: the first seed; a failing one is run alone with `first_seed=it, seeds=1`.
        keep_going: whether to go on after the first failing seed.

    Returns:
        What was tried and what failed.

    Raises:
        ValueError: when `seeds` is below one or `mode` is unknown.
        RuntimeError: when another exploration is under way in this process.
    """
    if seeds < 1:
        raise ValueError(f"explore needs one seed at least, not {seeds}")
    chosen = Mode(mode)
    return gathered(chosen, range(first_seed, first_seed + seeds), lambda s: run_seed(program, s, chosen), keep_going)


def gathered(mode: Mode, seeds: range, run: Callable[[int], Failure | None], keep_going: bool) -> Exploration:
    """Run seeds one after another by `run`, and each that fails once more."""
    failures: list[Failure] = []
    tried = 0
    for seed in seeds:
        tried += 1
        failure = run(seed)
        if failure is None:
            continue
        second = run(seed)
        failures.append(changed(failure, again=second is not None and second.trouble is failure.trouble))
        if not keep_going:
            break
    return Exploration(mode, tried, tuple(failures))


def explored(
    *, seeds: int = 100, mode: Mode | str = Mode.GIL, first_seed: int = 0
) -> Callable[[Callable[_Parameters, object]], Callable[_Parameters, None]]:
    """Decorator for a test: run it under many schedules, and fail with the first failing seed.

    Fixtures are made once, for all schedules: what the test changes must be made in the test.

    Args:
        seeds: how many schedules to try.
        mode: as in `explore`.
        first_seed: as in `explore`.

    Raises:
        FailingSeedError: from the decorated test, when a schedule fails.
    """

    def decorate(test: Callable[_Parameters, object]) -> Callable[_Parameters, None]:
        @wraps(test)
        def under_many_schedules(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> None:
            expect_none_fails(explore(lambda: test(*args, **kwargs), seeds=seeds, mode=mode, first_seed=first_seed))

        return under_many_schedules

    return decorate


def expect_none_fails(exploration: Exploration) -> None:
    """Raise for the first failing schedule.

    Raises:
        FailingSeedError: when there is one.
    """
    for failure in exploration.failures:
        raise FailingSeedError(failure)
