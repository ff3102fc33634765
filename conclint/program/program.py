"""The whole program of one run, as rules see it.

It is linked by demand: nothing is resolved that nobody asks for, and questions start from names, so that a rule pays
for its hits and not for the size of the program. What is asked is noted (`conclint.program.reads`), so that an answer
can be kept until something that it rests on has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property, partial
from typing import Protocol

from conclint.facts import Facts
from conclint.finding import Confidence
from conclint.knowledge import Knowledge
from conclint.program.model import ClassNode, Func, Module, last_name
from conclint.program.modules import ModuleNames, module_names
from conclint.program.names import Definitions, NameSets
from conclint.program.reads import Reads, key_of
from conclint.program.table import Key, Page, Table


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
        self.version_is_declared = target_version is not None
        self.safe = frozenset(safe)
        self.contexts = dict(contexts)
        self.roots = tuple(roots)
        self.min_confidence = min_confidence


class Kept(Protocol):
    """What an earlier run has left of a program that is the same but for some modules."""

    def page(self, kind: str, name: str) -> Page | None:
        """A page of a table, or None where it was not asked for."""

    def uses(self, name: str) -> Sequence[int]:
        """The numbers of the modules in which a name is used."""

    def packages(self) -> frozenset[str]:
        """The top-level packages that its modules import."""

    def names(self, kind: str) -> frozenset[str] | None:
        """A set of names, or None where it was not asked for."""


class ByName:
    """The functions in which something of a name is called, read or handed on."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._found: dict[str, tuple[list[Func], int]] = {}

    def get(self, name: str, default: Sequence[Func] = ()) -> Sequence[Func]:
        """All of them, in the order of files and lines: whoever asks has read all modules that they stand in."""
        found = self._found.get(name)
        if found is None:
            modules = [self._program.modules[number] for number in self._program.uses(name)]
            users = [func for module in modules for func in module.users.get(name, ())]
            found = self._found[name] = users, sum(module.bit for module in modules)
        self._program.reads.modules |= found[1]
        self._program.reads.keys.add(key_of("uses", name))
        return found[0] or default


class Program:
    """Modules, indexes by name, and the knowledge of libraries.

    Parameters:
        files: the path of each module with its facts, or how to get them, in the order of paths.
        kept: what is known already of all modules.

    `part` are the modules that a rule is asked about at the moment: all, or one after the other.
    """

    def __init__(
        self,
        files: Sequence[tuple[str, Facts | Callable[[], Facts]]],
        knowledge: Knowledge,
        options: Options | None = None,
        kept: Kept | None = None,
    ) -> None:
        from conclint.program.calls import Calls
        from conclint.program.colour import Colours
        from conclint.program.contexts import Contexts
        from conclint.program.effects import Effects
        from conclint.program.evaluate import Evaluator
        from conclint.program.headers import Headers
        from conclint.program.hierarchy import Heirs
        from conclint.program.locks import Locks
        from conclint.program.pools import Pools
        from conclint.program.processes import Processes
        from conclint.program.renamed import Renamed
        from conclint.program.waits import Waits

        self.reads = Reads()
        self.tables: list[Table] = []
        self.name_sets = NameSets(self)
        self.kept = kept
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
        self.part: Sequence[Module] = self.modules
        self.by_name = ByName(self)
        # Tables that others are worked out from come first.
        self._decorated = Table(self, "decorated", all_at_once=_decorations)
        self.heirs = Heirs(self)
        self.renamed = Renamed(self)
        self.evaluator = Evaluator(self)
        self.headers = Headers(self)
        self.calls = Calls(self)
        self.contexts = Contexts(self)
        self.effects = Effects(self)
        self.colours = Colours(self)
        self.definitions = Definitions(self)
        self.locks = Locks(self)
        self.pools = Pools(self)
        self.waits = Waits(self, self.pools)
        self.processes = Processes(self)

    # What there is ----------------------------------------------------------------------------------------------------

    @cached_property
    def all_uses(self) -> Mapping[str, Sequence[int]]:
        """The numbers of the modules in which each name is used, taken from the modules themselves."""
        found: dict[str, list[int]] = {}
        for module in self.modules:
            for name in module.users:
                numbers = found.get(name)
                if numbers is None:
                    found[name] = [module.number]
                else:
                    numbers.append(module.number)
        return found

    def uses(self, name: str) -> Sequence[int]:
        """The numbers of the modules in which something of a name is called, read or handed on."""
        return self.kept.uses(name) if self.kept is not None else self.all_uses.get(name, ())

    @cached_property
    def packages(self) -> frozenset[str]:
        """The top-level packages that the modules import."""
        if self.kept is not None:
            return self.kept.packages()
        return frozenset(package for module in self.modules for package in module.facts.packages)

    def sets_from(self, table: str, sets: Iterable[str]) -> Iterator[tuple[str, Callable[[], Iterable[str]]]]:
        """Of some sets of names those that are worked out from a table, and how."""
        own = self.definitions.sets()
        for one in sets:
            if one in own and table == one:
                yield one, own[one]
            elif one not in own and table == "renamed":
                yield one, partial(self.effects.names_of, one)

    def whole(self) -> Sequence[Module]:
        """All modules, whatever the rule is asked about: whoever asks has read them all."""
        for module in self.modules:
            self.reads.modules |= module.bit
        return self.modules

    def outside_packages(self) -> Iterator[Module]:
        """The modules that are no part of a package, whatever the rule is asked about."""
        for module in self.modules:
            if "." not in module.name and not module.is_package:
                self.reads.modules |= module.bit
                yield module

    def function(self, number: int | str, index: int | str) -> Func:
        """A function by the numbers that a row of a table gives."""
        module = self.modules[int(number)]
        self.reads.modules |= module.bit
        return module.functions[int(index)]

    def functions(self) -> Iterator[Func]:
        """The functions that the rule is asked about, in the order of files and lines."""
        for module in self._asked():
            yield from module.functions

    def classes(self) -> Iterator[ClassNode]:
        """The classes that the rule is asked about, in the order of files and lines."""
        for module in self._asked():
            yield from module.classes

    def users(self, name: str) -> Sequence[Func]:
        """The functions, of those that the rule is asked about, in which something of a name is used."""
        if self.part is self.modules:
            return self.by_name.get(name)
        if len(self.part) == 1:
            return self.part[0].users.get(name, ())
        return [func for module in self.part for func in module.users.get(name, ())]

    def used(self, names: AbstractSet[str]) -> list[str]:
        """Of some names those that are used where the rule is asked, sorted."""
        if self.part is self.modules:
            return sorted(names)
        return sorted({name for module in self._asked() for name in module.users if name in names})

    def ask_about(self, modules: Sequence[Module] | None) -> None:
        """From now on rules are asked about these modules, which counts as reading them; None for all."""
        self.part = modules if modules is not None else self.modules
        for module in modules or ():
            self.reads.modules |= module.bit

    def _asked(self) -> Sequence[Module]:
        return self.whole() if self.part is self.modules else self.part

    # What there is by name --------------------------------------------------------------------------------------------

    def decorated_with(self, maker: Func) -> Iterator[Func]:
        """The functions with a decorator of that name."""
        for name in self.renamed.names(maker.name):
            for number, index in self._decorated.rows(name):
                yield self.function(number, index)

    def below(self, cls: ClassNode) -> list[ClassNode]:
        """The classes that inherit from `cls`, however far."""
        return self.heirs.below(cls)


def _decorations(module: Module) -> Iterator[tuple[Key, tuple[int]]]:
    """The functions with decorators, by the last names of these."""
    for func in module.functions:
        for last in dict.fromkeys(last_name(decorator.func) for decorator in func.fact.decorators):
            yield last, (func.index,)
