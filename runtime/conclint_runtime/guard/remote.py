"""Calls of embedded actors and tasks: blocking waits on a loop, what is waited for one by one, what is sent again and
again."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sized
from typing import TYPE_CHECKING

from conclint_runtime.guard.counts.sites import Sites
from conclint_runtime.guard.failures.shapes import decorated
from conclint_runtime.guard.fate import fate
from conclint_runtime.guard.loops import running_loop
from conclint_runtime.guard.places import Stack, here
from conclint_runtime.guard.report import Report
from conclint_runtime.guard.settings import Settings
from conclint_runtime.guard.sight import Function, Sight, undone
from conclint_runtime.guard.source import around, calls_at, last_name

if TYPE_CHECKING:
    from conclint_runtime.actors.observe import ObservedCall, ObservedWait, Observer

# From this size, in bytes, sending a value again costs more than keeping a reference to it.
_LARGE = 100_000
# So many calls from one place that does nothing else are too small to be sent one by one.
_MANY = 500


class Remote:
    """The observer of embedded actors and tasks.

    It watches only where `conclint_runtime.actors` is imported before the guard begins, as `--embed ray` does.
    """

    name = "remote"

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._before: Observer | None = None
        self._observing = False
        self._dropped: dict[int, Stack] = {}
        self._sent: dict[tuple[str, int, int], int] = {}

    def install(self, report: Report, settings: Settings, /) -> None:
        """Observe the engine, and wrap what programs call."""
        if "conclint_runtime.actors.api" not in sys.modules:
            return
        import conclint_runtime
        from conclint_runtime.actors import definitions, handle, observe

        sight = self._sight = Sight(report, settings)
        self._sites = Sites(sight)
        self._before = observe.observe(self)
        self._observing = True
        for name in ("get", "wait"):
            sight.wrap(conclint_runtime, name, self._waiting(name))
        sight.wrap(conclint_runtime, "put", self._putting)
        sight.wrap(conclint_runtime, "remote", self._defining)
        for owner in (definitions.RemoteFunction, definitions.ActorClass, handle.ActorMethod):
            sight.wrap(owner, "remote", self._sending)

    def uninstall(self) -> None:
        """Put everything back."""
        undone(self._sight)
        if self._observing:
            from conclint_runtime.actors import observe

            observe.observe(self._before)
            self._observing = False

    def at_end(self, _: Report, /) -> None:
        """Nothing: each was reported when it was seen."""

    def call_submitted(self, call: ObservedCall, submitter: ObservedCall | None) -> None:
        """Note a call whose reference is dropped."""
        if self._before is not None:
            self._before.call_submitted(call, submitter)
        sight = self._sight
        if sight is not None:
            frame = sight.scope.user_frame(here())
            if frame is not None and fate(frame) == "dropped":
                self._dropped[call.number] = sight.scope.stack(frame)

    def call_started(self, call: ObservedCall) -> None:
        """Pass it on."""
        if self._before is not None:
            self._before.call_started(call)

    def call_finished(self, call: ObservedCall, error: BaseException | None) -> None:
        """Report the error of a call that nobody can ask for any more."""
        if self._before is not None:
            self._before.call_finished(call, error)
        if error is not None and self._sight is not None:
            for told in self._sight.shared.call_failed:
                told(error, ())
        stack = self._dropped.pop(call.number, ())
        if error is not None and self._sight is not None:
            said = f"`{call.name}` failed, and its reference was dropped: nobody is told"
            self._sight.say("CON621", said, stack, detail=repr(error)[:200])

    def wait_began(self, wait: ObservedWait) -> None:
        """Pass it on."""
        if self._before is not None:
            self._before.wait_began(wait)

    def wait_ended(self, wait: ObservedWait) -> None:
        """Pass it on."""
        if self._before is not None:
            self._before.wait_ended(wait)

    def _waiting(self, name: str) -> Callable[[Function], Function]:
        def make(original: Function) -> Function:
            def wait(*arguments: object, **keywords: object) -> object:
                sight = self._sight
                frame = sight.called_by_program() if sight is not None else None
                if sight is not None and frame is not None:
                    stack = sight.scope.stack(frame)
                    if running_loop() is not None and keywords.get("timeout") != 0:
                        said = f"`ray.{name}` was called on an event loop, which stands still until it returns"
                        sight.say("CON601", said, sight.stack())
                    elif name == "get" and _of_new_call(stack):
                        said = "each call is waited for before the next is sent: never two run at once"
                        self._sites.count("CON603", said, stack)
                    if name == "get" and arguments and type(arguments[0]).__name__ == "ObjectRefGenerator":
                        said = "a stream was given to `get`, which gives it back as it is: its values come one by one"
                        sight.say("CON626", said, stack)
                    if name == "get" and _is_passed_on(stack):
                        said = "a value was fetched only to be sent on: the reference would have done"
                        sight.say("CON604", said, stack)
                return original(*arguments, **keywords)

            return wait

        return make

    def _putting(self, original: Function) -> Function:
        def put(value: object, *arguments: object, **keywords: object) -> object:
            sight = self._sight
            stack = sight.stack() if sight is not None and sight.called_by_program() is not None else ()
            if sight is not None and stack:
                with sight.shared.own_work():
                    statement = next(iter(around(stack[0].file, stack[0].line)), None)
                if isinstance(statement, ast.Return):
                    said = "a task returns a reference to what it has put: the caller must fetch twice"
                    sight.say("CON614", said, stack)
                self._again(value, stack)
            return original(value, *arguments, **keywords)

        return put

    def _defining(self, original: Function) -> Function:
        def remote(*arguments: object, **keywords: object) -> object:
            if self._sight is not None and self._sight.called_by_program() is not None:
                said = "a remote function or class is defined in each turn of a loop, and exported each time"
                stack = self._sight.stack()
                self._sites.count("CON608", said, (*stack, *decorated(stack)))
            return original(*arguments, **keywords)

        return remote

    def _sending(self, original: Function) -> Function:
        def remote(callee: object, *arguments: object, **keywords: object) -> object:
            sight = self._sight
            if sight is not None and sight.called_by_program() is not None:
                stack = sight.stack()
                for value in (*arguments, *keywords.values()):
                    self._again(value, stack)
                key = (stack[0].file, stack[0].line, -1) if stack else ("", 0, -1)
                self._sent[key] = self._sent.get(key, 0) + 1
                if self._sent[key] == _MANY:
                    said = f"{_MANY} calls were sent from one place: a call that does little spends its time on the way"
                    sight.say("CON607", said, stack, certainty="likely", count=_MANY)
            return original(callee, *arguments, **keywords)

        return remote

    def _again(self, value: object, stack: Stack) -> None:
        if not stack or _size(value) < _LARGE:
            return
        key = (stack[0].file, stack[0].line, id(value))
        self._sent[key] = self._sent.get(key, 0) + 1
        if self._sent[key] == 3:
            said = f"the same {_size(value)} bytes are sent by value again and again"
            if self._sight is not None:
                self._sight.say("CON609", said, stack, count=3)


def _size(value: object) -> int:
    """The bytes of a value, roughly: of what it holds where it is a plain container."""
    size: object = getattr(value, "nbytes", None)
    if isinstance(size, int):
        return size
    if isinstance(value, bytes | bytearray | str):
        return len(value)
    return 8 * len(value) if isinstance(value, list | dict | set | tuple) and isinstance(value, Sized) else 0


def _of_new_call(stack: Stack) -> bool:
    """Whether the `get` on the line is given the reference of a call that the line itself makes."""
    return any(
        last_name(call.func) == "get" and any(_is_remote_call(each) for each in call.args)
        for call, _ in (calls_at(stack[0].file, stack[0].line) if stack else ())
    )


def _is_passed_on(stack: Stack) -> bool:
    """Whether the `get` on the line is an argument of a remote call."""
    return any(
        _is_remote_call(call)
        and any(isinstance(each, ast.Call) and last_name(each.func) == "get" for each in call.args)
        for call, _ in (calls_at(stack[0].file, stack[0].line) if stack else ())
    )


def _is_remote_call(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and last_name(node.func) == "remote"
