"""What the rules of this family share: a blocking primitive that is reached on an event loop, as a finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from conclint.finding import Finding, Fix, Related, Severity
from conclint.program.contexts import Phase
from conclint.program.effects import Path, Primitive
from conclint.program.model import Func
from conclint.program.program import Program
from conclint.rule import Rule

Describe = Callable[[Path], str]
Mend = Callable[[Program, Path], Fix | None]


def stalls(
    program: Program,
    primitives: Iterable[Primitive],
    rule: Rule,
    *,
    describe: Describe,
    mend: Mend,
    help_text: Callable[[Path], str],
    hidden: bool = False,
    harmless: Callable[[Program, Path], bool] | None = None,
) -> Iterator[Finding]:
    """A finding for each function on an event loop that reaches one of the primitives, with the path.

    `describe` says what happens, `mend` proposes a fix for a path, `help_text` says what to do in a sentence. Where
    `harmless` holds the finding is a note. One place gets one code: the plain methods of an actor that is async
    unawares are CON616's (`hidden`) and no other's.
    """
    actors = program.contexts.actors
    for primitive in primitives:
        for path in program.effects.reach(primitive, program.contexts.on_loop):
            if not path.root.module.reported or bool(actors.why_hidden(path.root)) is not hidden:
                continue
            yield Finding(
                rule.code,
                rule.name,
                describe(path),
                path.place,
                Severity.NOTE if harmless and harmless(program, path) else _lowered(program, path, rule.severity),
                path.confidence,
                related=evidence(program, path),
                help=help_text(path),
                fix=mend(program, path),
                root=path.root.dotted,
                primitive=primitive.place,
            )


def _lowered(program: Program, path: Path, severity: Severity) -> Severity:
    """A note where stopping the loop mostly harms nobody: while a program starts or ends, in tests, once.

    A call that stands in the coroutine itself is plain to see and to mend, so there it stays a warning.
    """
    phase = program.contexts.phase_by(path.root, path.entrances)
    if phase in (Phase.TEST, Phase.BENCHMARK, Phase.PRIVATE) or path.once:
        return Severity.NOTE
    if phase in (Phase.START, Phase.STOP):
        waits = path.primitive.row.blocks in ("wait", "lock")
        return Severity.NOTE if path.edges or waits else min(severity, Severity.WARNING)
    if phase in (Phase.SCRIPT, Phase.COMMAND) and path.edges:
        return Severity.NOTE
    return severity


def evidence(program: Program, path: Path) -> tuple[Related, ...]:
    """The path, step by step: what puts the root on the loop, each call on the way, the primitive."""
    why = program.contexts.why_on_loop(path.root)
    steps = [Related(path.root.place, f"{why}, it runs on the event loop")]
    steps += _actor(program, path.root)
    for edge, following in zip(path.edges, [*path.edges[1:], None]):
        place = following.place if following is not None else path.primitive.place
        label = following.label if following is not None else path.primitive.label
        steps.append(Related(place, f"`{edge.callee.qualname}` calls `{label}`"))
    return tuple(steps)


def _actor(program: Program, root: Func) -> Iterator[Related]:
    """For a plain method of an async actor: the member that makes it one."""
    actors = program.contexts.actors
    cls = None if root.is_async else actors.on_loop_of(root)
    if cls is not None:
        member = actors.async_members(cls)[0]
        kind = "an asynchronous generator" if member.fact.is_generator else "a coroutine function"
        yield Related(member.place, f"`{member.qualname}` is {kind}: one is enough to make `{cls.name}` an async actor")
