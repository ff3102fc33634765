"""CON261: a subclass of `ExceptionGroup` that does not say how it is split."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.finding import Confidence, Finding, Related, Severity
from conclint.program.model import ClassNode
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule

_GROUPS = frozenset(("builtins.ExceptionGroup", "builtins.BaseExceptionGroup", "exceptiongroup.ExceptionGroup"))


def check(program: Program) -> Iterator[Finding]:
    """Each class that derives from an exception group and has no `derive`, its own or inherited."""
    for cls in program.classes():
        if not cls.module.reported or not cls.fact.bases:
            continue
        order = program.evaluator.mro(cls)
        group = next((node for node in order if isinstance(node, str) and node in _GROUPS), None)
        if group is None or any(isinstance(node, ClassNode) and "derive" in node.methods for node in order):
            continue
        related = tuple(
            Related(node.place, f"`{node.name}` is one of its bases")
            for node in order[1:]
            if isinstance(node, ClassNode)
        )
        yield Finding(
            RULE.code,
            RULE.name,
            f"`{cls.name}` has no `derive`: `except*` and `split` make a plain `{group.rpartition('.')[2]}` of it",
            cls.place,
            RULE.severity,
            Confidence.CERTAIN,
            related=related,
            help="define `derive(self, exceptions)` so that it returns one of its own class",
            root="",
        )


RULE = Rule(
    code="CON261",
    name="missing-derive",
    check=check,
    by_module=True,
    severity=Severity.WARNING,
    summary="A subclass of `ExceptionGroup` without `derive`: it does not survive `except*` and `split`.",
    why=(
        "`except*`, `split` and `subgroup` make new groups of the parts that match and those that do not, by calling "
        "`derive`. The inherited one makes a plain `ExceptionGroup`: the subclass and the attributes that it adds are "
        "gone after the first handler."
    ),
    use_instead="Define `def derive(self, exceptions): return MyGroup(self.message, exceptions)`.",
    bad="""\
class BatchFailed(ExceptionGroup):  # CON261
    batch = 7


try:
    try:
        raise BatchFailed("batch", [ValueError(1), OSError(2)])
    except* ValueError:
        print("values are handled")
except ExceptionGroup as rest:
    print(type(rest).__name__)
""",
    good="""\
class BatchFailed(ExceptionGroup):
    batch = 7

    def derive(self, exceptions):
        return BatchFailed(self.message, exceptions)


try:
    try:
        raise BatchFailed("batch", [ValueError(1), OSError(2)])
    except* ValueError:
        print("values are handled")
except ExceptionGroup as rest:
    print(type(rest).__name__)
""",
    near_misses=(
        NearMiss(
            "it has one, or inherits it",
            """\
class BatchFailed(ExceptionGroup):
    def derive(self, exceptions):
        return type(self)(self.message, exceptions)


class NightlyBatchFailed(BatchFailed):
    pass


class Failed(Exception):
    pass
""",
        ),
    ),
    references=("https://docs.python.org/3/library/exceptions.html#BaseExceptionGroup.derive",),
    since="0.1",
    no_witness="nothing is raised or lost that a program could be seen to miss: the class is another",
)
