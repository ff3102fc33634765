"""All rules, in the order of their codes. A rule is in a run because it stands here."""

from __future__ import annotations

from conclint.rule import Rule, validate
from conclint_rules.conclint_itself import (
    suppression_without_reason,
    syntax_error,
    unknown_code_in_suppression,
    unreadable_file,
    unused_suppression,
)
from conclint_rules.event_loop import (
    argument_blocks_before_offload,
    blocking_file,
    blocking_input,
    blocking_network,
    blocking_sleep,
    blocking_subprocess,
    blocking_wait,
    loop_waits_for_itself,
    nested_event_loop,
    scheduler_on_loop,
    thread_lock_across_await,
)
from conclint_rules.executors import executor_self_wait, mutual_wait, wait_under_lock
from conclint_rules.processes import missing_main_guard
from conclint_rules.ray import (
    async_remote_task,
    blocking_get_on_loop,
    direct_call,
    get_in_loop,
    hidden_async_actor,
)
from conclint_rules.tasks import (
    coroutine_as_value,
    coroutine_function_as_callback,
    coroutine_never_awaited,
    coroutine_reused,
    exception_of_cancelled_task,
    fresh_lock,
    gather_errors_ignored,
    jump_out_of_task_group,
    lost_task,
    result_of_pending_task,
    run_per_iteration,
    sequential_awaits,
    silent_async_test,
    swallowed_cancellation,
    sync_form_of_async_protocol,
    timeout_never_fires,
    update_across_await,
    wait_on_bare_coroutines,
    yield_in_scope,
)
from conclint_rules.threads import lock_reacquired

RULES: tuple[Rule, ...] = validate(
    (
        unreadable_file.RULE,
        syntax_error.RULE,
        unused_suppression.RULE,
        unknown_code_in_suppression.RULE,
        suppression_without_reason.RULE,
        blocking_sleep.RULE,
        coroutine_never_awaited.RULE,
        lost_task.RULE,
        sequential_awaits.RULE,
        swallowed_cancellation.RULE,
        update_across_await.RULE,
        wait_on_bare_coroutines.RULE,
        blocking_network.RULE,
        blocking_subprocess.RULE,
        blocking_wait.RULE,
        thread_lock_across_await.RULE,
        nested_event_loop.RULE,
        blocking_input.RULE,
        blocking_file.RULE,
        scheduler_on_loop.RULE,
        loop_waits_for_itself.RULE,
        blocking_get_on_loop.RULE,
        async_remote_task.RULE,
        hidden_async_actor.RULE,
        lock_reacquired.RULE,
        direct_call.RULE,
        get_in_loop.RULE,
        wait_under_lock.RULE,
        executor_self_wait.RULE,
        mutual_wait.RULE,
        coroutine_as_value.RULE,
        coroutine_function_as_callback.RULE,
        gather_errors_ignored.RULE,
        fresh_lock.RULE,
        run_per_iteration.RULE,
        coroutine_reused.RULE,
        sync_form_of_async_protocol.RULE,
        silent_async_test.RULE,
        result_of_pending_task.RULE,
        exception_of_cancelled_task.RULE,
        argument_blocks_before_offload.RULE,
        timeout_never_fires.RULE,
        jump_out_of_task_group.RULE,
        yield_in_scope.RULE,
        missing_main_guard.RULE,
    )
)
