"""Ray's actors: which classes are made remote, which of these are async, and whose plain methods run on their loop.

A class with a single coroutine or asynchronous generator among its members, own or inherited, public or not, is an
async actor: Ray then runs all its methods, the plain ones too, on one event loop for each concurrency group.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from conclint.facts import Attr, Call, Const, Expr
from conclint.program.model import ClassNode, Func, Module
from conclint.program.reads import Remembered
from conclint.program.table import Key, Table
from conclint.program.values import ClassValue, Constant, External, Remote

if TYPE_CHECKING:
    from conclint.program.program import Program

# Decorators after which a coroutine function is none any more, as `inspect` sees the member.
_HIDES = frozenset(("asynccontextmanager", "property", "cached_property", "asyncproperty"))


class Actors:
    """Answers questions about classes that are made remote; remembers the answers."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._members: Remembered[ClassNode, tuple[Func, ...]] = Remembered(program.reads)
        self._remote = Table(program, "remote", all_at_once=self._making_remote)
        self._optional = Table(program, "options", all_at_once=self._setting_options)
        self._handles = Table(program, "handles", by_name=_calling_handles)
        self._loops = Table(program, "on-loop", all_at_once=self._running_on_loops)

    def is_actor(self, cls: ClassNode) -> bool:
        """Whether a class is made remote, by its decorator or by a call."""
        return self.decorated(cls) or bool(self._remote.rows(cls.ref))

    def decorated(self, cls: ClassNode) -> bool:
        """Whether a class is made remote by its decorator; evaluation may ask this at any time."""
        owner = cls.module.functions[cls.fact.owner]
        remote = self.program.evaluator.is_ray_remote
        return any(isinstance(item.func, str) and remote(item.func, owner) for item in cls.fact.decorators)

    def _making_remote(self, module: Module) -> Iterator[tuple[Key, tuple[int, int]]]:
        """Classes made remote by a call: `ray.remote(Cls)`, `ray.remote(num_cpus=1)(Cls)`."""
        for user in module.users.get("remote", ()):
            for index, op in user.calls:
                if len(op.args) != 1 or self._makes_remote(user, op) is None:
                    continue
                for value in self.program.evaluator.of(op.args[0], user, index):
                    if isinstance(value, ClassValue):
                        yield value.cls.ref, (user.index, index)

    def _remote_options(self, cls: ClassNode) -> tuple[tuple[str, Expr], ...]:
        """The options of the first call that makes a class remote."""
        for number, user, index in self._remote.rows(cls.ref)[:1]:
            giver = self.program.function(number, user)
            op = giver.ops[int(index)]
            return (self._makes_remote(giver, op) or ()) if isinstance(op, Call) else ()
        return ()

    def _makes_remote(self, user: Func, op: Call) -> tuple[tuple[str, Expr], ...] | None:
        """The options with which a call makes its argument remote; None where it does not."""
        if isinstance(op.func, int):
            made = user.ops[op.func]
            return made.keywords if isinstance(made, Call) and self._is_remote(user, made) else None
        return op.keywords if self._is_remote(user, op) else None

    def _is_remote(self, user: Func, op: Call) -> bool:
        return isinstance(op.func, str) and self.program.evaluator.is_ray_remote(op.func, user)

    def async_members(self, cls: ClassNode) -> tuple[Func, ...]:
        """The members that make a class, once it is remote, an async actor."""
        return self._members.get(cls, lambda: tuple(self._asynchronous(cls)))

    def _asynchronous(self, cls: ClassNode) -> Iterator[Func]:
        for member in self._effective(cls):
            if member.is_async and not any(name.rpartition(".")[2] in _HIDES for name in member.decorator_names):
                yield member

    def _effective(self, cls: ClassNode) -> Iterator[Func]:
        """The methods that instances have, own and inherited, without those that are overridden."""
        seen: set[str] = set()
        for base in self.program.evaluator.mro(cls):
            if isinstance(base, ClassNode):
                for name, method in base.methods.items():
                    if name not in seen:
                        seen.add(name)
                        yield method
                seen.update(name for name, _, _ in base.fact.attributes)

    def _running_on_loops(self, module: Module) -> Iterator[tuple[Key, tuple[int, int]]]:
        """The plain methods that run on the loops of a module's actors, and from how far up they are inherited."""
        for cls in module.classes:
            if (cls.fact.decorators or self._remote.rows(cls.ref)) and self.is_actor(cls) and self.async_members(cls):
                order = self.program.evaluator.mro(cls)
                for method in self._effective(cls):
                    if not method.is_async and self._runs_remotely(cls, method):
                        yield method.ref, (cls.index, order.index(method.cls or cls))

    def on_loop_of(self, func: Func) -> ClassNode | None:
        """The async actor on whose event loop a plain method runs when it is called through a handle, or None.

        A method that is not seen to be called through a handle counts where it is public and the class has no use of
        its own for it: what an actor calls itself may run anywhere, and is found from there.
        """
        rows = self._loops.rows(func.ref)
        if not rows:
            return None
        modules = self.program.modules
        # Of several actors that inherit it the nearest is named, those of tests last.
        number, index, _ = min(rows, key=lambda row: ("test" in modules[int(row[0])].path, int(row[2])))
        self.program.reads.modules |= modules[int(number)].bit
        return modules[int(number)].classes[int(index)]

    def _runs_remotely(self, cls: ClassNode, method: Func) -> bool:
        if not method.is_method or method.is_property or method.is_classmethod:
            return False
        if method.name == "__init__" or self.called_remotely(method.name):
            return True
        if method.name.startswith("_") or method.cls is not cls:
            return False
        return not any(
            func is not method and method.name in func.fact.names for func in cls.module.functions if _inside(func, cls)
        )

    def called_remotely(self, name: str) -> bool:
        """Whether some handle's method of that name is called: `handle.name.remote()`."""
        return bool(self._handles.rows("", name))

    # Options ----------------------------------------------------------------------------------------------------------

    def why_hidden(self, func: Func) -> str:
        """For a plain method that runs on an event loop which its author may not have meant: why; else ""."""
        cls = None if func.is_async else self.on_loop_of(func)
        return self.hides_its_loop(cls) if cls is not None else ""

    def hides_its_loop(self, cls: ClassNode) -> str:
        """Why the author of an async actor may not have meant one, as a clause; "" where it shows that they did.

        Threads were asked for (`max_concurrency`, `concurrency_groups`), or nothing public of the class is async.
        """
        members = self.async_members(cls)
        asked = self._asks_for_threads(cls)
        if asked:
            return asked
        if all(member.name.startswith("_") or member.is_static or member.cls is not cls for member in members):
            return "no public method of its own is async"
        return ""

    def _asks_for_threads(self, cls: ClassNode) -> str:
        for user, keywords in self._options(cls):
            for word, value in keywords:
                if word == "concurrency_groups":
                    return "it declares concurrency groups"
                if word == "max_concurrency" and self._above_one(user, value):
                    return "it asks for `max_concurrency` above 1"
        return ""

    def _options(self, cls: ClassNode) -> Iterator[tuple[Func, tuple[tuple[str, Expr], ...]]]:
        owner = cls.module.functions[cls.fact.owner]
        for item in cls.fact.decorators:
            yield owner, item.keywords
        yield owner, self._remote_options(cls)
        for number, user, index in self._optional.rows(cls.ref):
            giver = self.program.function(number, user)
            op = giver.ops[int(index)]
            if isinstance(op, Call):
                yield giver, op.keywords

    def _setting_options(self, module: Module) -> Iterator[tuple[Key, tuple[int, int]]]:
        """Calls of `.options(max_concurrency=…)`, by the classes that they are of."""
        for user in module.users.get("options", ()):
            for index in user.calls_by_name.get("options", ()):
                op = user.ops[index]
                if isinstance(op, Call) and any(word == "max_concurrency" for word, _ in op.keywords):
                    values = self.program.evaluator.of(op.func, user, index)
                    targets = [value.target for value in values if isinstance(value, Remote)]
                    for cls in dict.fromkeys(one for one in targets if isinstance(one, ClassNode)):
                        yield cls.ref, (user.index, index)

    def _above_one(self, user: Func, value: Expr) -> bool:
        if isinstance(value, Const):
            return isinstance(value.value, int) and value.value > 1
        found = self.program.evaluator.of(value, user, -1)
        if len(found) == 1 and isinstance(found[0], Constant):
            return isinstance(found[0].value, int) and found[0].value > 1
        return not any(isinstance(one, External) for one in found)


def _calling_handles(module: Module, name: str) -> Iterator[tuple[Key, tuple[int, ...]]]:
    """Whether a module calls some handle's method of that name: `handle.name.remote()`."""
    for user in module.users.get(name, ()):
        if "remote" in user.fact.names and any(_names_method(call.func, name) for _, call in user.calls):
            yield "", ()
            return


def _names_method(callee: Expr, name: str) -> bool:
    """Whether a callee is `….name.remote` or `….name.options`, which comes before a `remote`."""
    if isinstance(callee, str):
        return callee.endswith((f".{name}.remote", f".{name}.options"))
    if not isinstance(callee, Attr) or callee.name not in ("remote", "options"):
        return False
    return callee.base.name == name if isinstance(callee.base, Attr) else False


def _inside(func: Func, cls: ClassNode) -> bool:
    """Whether a function is a method of the class, or nested in one."""
    around: Func | None = func
    while around is not None:
        if around.cls is cls and around.name != "<class>":
            return True
        around = around.owner
    return False
