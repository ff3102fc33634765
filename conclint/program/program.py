"""The whole program of one run, as rules see it.

It is linked by demand: nothing is resolved that nobody asks for, and questions start from names, so that a rule pays
for its hits and not for the size of the program.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from conclint.facts import Facts
from conclint.finding import Confidence
from conclint.knowledge import Knowledge
from conclint.program.model import ClassNode, Func, Module, last_name
from conclint.program.modules import ModuleNames, module_names
from conclint.program.reads import Reads


class Options:
    """What of the settings the linker and the rules need.

    `target_version` is the oldest Python that the program supports. `contexts` maps decorators to where they run a
    function: loop, thread or process. Paths that would be less sure than `min_confidence` are not followed.
    """

    def __init__(
        self,
        target_version: tuple[int, int] | None = None,
        safe: Iterable[str] = (),
        contexts: Iterable[tuple[str, str]] = (),
        roots: Sequence[str] = (),
        min_confidence: Confidence = Confidence.LIKELY,
    ) -> None:
        self.target_version = target_version or (3, 10)
        self.safe = frozenset(safe)
        self.contexts = dict(contexts)
        self.roots = tuple(roots)
        self.min_confidence = min_confidence


class Program:
    """Modules, indexes by name, and the knowledge of libraries."""

    def __init__(
        self, files: Sequence[tuple[str, Facts]], knowledge: Knowledge, options: Options | None = None
    ) -> None:
        from conclint.program.calls import Calls
        from conclint.program.contexts import Contexts
        from conclint.program.effects import Effects
        from conclint.program.evaluate import Evaluator
        from conclint.program.headers import Headers
        from conclint.program.renamed import Renamed

        self.reads = Reads()
        self.knowledge = knowledge
        self.options = options or Options()
        names = module_names([path for path, _ in files], self.options.roots)
        self.names = ModuleNames()
        self.modules: list[Module] = []
        for number, (path, facts) in enumerate(files):
            found = names[path]
            package = path.endswith("__init__.py")
            module = Module(path, found[0] if found else "", facts, is_package=package, number=number)
            self.modules.append(module)
            self.names.add(module, found)
        self.evaluator = Evaluator(self)
        self.headers = Headers(self)
        self.renamed = Renamed(self)
        self.calls = Calls(self)
        self.contexts = Contexts(self)
        self.effects = Effects(self)

    @cached_property
    def by_name(self) -> dict[str, list[Func]]:
        """The functions in which something of that name is called, read or handed on."""
        found: dict[str, list[Func]] = {}
        for module in self.modules:
            for func in module.functions:
                for name in func.fact.names:
                    users = found.get(name)
                    if users is None:
                        found[name] = [func]
                    else:
                        users.append(func)
        return found

    def decorated_with(self, maker: Func) -> Iterator[Func]:
        """The functions with a decorator of that name."""
        for name in self.renamed.names(maker.name):
            yield from self._decorated.get(name, ())

    @cached_property
    def _decorated(self) -> dict[str, list[Func]]:
        found: dict[str, list[Func]] = {}
        for func in self.functions():
            for decorator in func.fact.decorators:
                users = found.setdefault(last_name(decorator.func), [])
                if func not in users[-1:]:
                    users.append(func)
        return found

    def functions(self) -> Iterator[Func]:
        """All functions, in the order of files and lines."""
        for module in self.modules:
            yield from module.functions

    def classes(self) -> Iterator[ClassNode]:
        """All classes, in the order of files and lines."""
        for module in self.modules:
            yield from module.classes

    @cached_property
    def subclasses(self) -> dict[ClassNode, list[ClassNode]]:
        """The direct subclasses of each class of the program."""
        found: dict[ClassNode, list[ClassNode]] = {}
        for cls in self.classes():
            if cls.fact.bases:
                for base in self.evaluator.bases(cls):
                    if isinstance(base, ClassNode):
                        found.setdefault(base, []).append(cls)
        return found

    def below(self, cls: ClassNode) -> list[ClassNode]:
        """The classes that inherit from `cls`, however far."""
        found: dict[ClassNode, None] = {}
        todo = list(self.subclasses.get(cls, ()))
        while todo:
            one = todo.pop()
            if one not in found:
                found[one] = None
                todo.extend(self.subclasses.get(one, ()))
        return list(found)
