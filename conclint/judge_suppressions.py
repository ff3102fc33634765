"""What is wrong with suppression comments: CON003 unused, CON004 unknown code, CON005 no reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from conclint.config_file import nearest
from conclint.finding import Confidence, Finding, Place
from conclint.rule import Rule, select
from conclint.suppress import Suppression

UNUSED = "unused-suppression"
UNKNOWN = "unknown-code-in-suppression"
NO_REASON = "suppression-without-reason"


def about(
    suppressions: Mapping[str, Sequence[Suppression]],
    used: AbstractSet[tuple[str, Suppression, str]],
    codes: frozenset[str],
    rules: Sequence[Rule],
) -> Iterator[Finding]:
    """The findings about comments, for those of the three rules that are in `codes`.

    A comment is unused only where this run could have used it: all default rules that it names must be selected. A
    blanket `# noqa` is other tools' business.
    """
    active = {rule.name: rule for rule in rules if rule.code in codes and rule.name in (UNUSED, UNKNOWN, NO_REASON)}
    if not active:
        return
    for path in sorted(suppressions):
        for each in suppressions[path]:
            for pattern in each.codes or ("",):
                known = _expand(pattern, rules)
                if not known:
                    if each.kind != "noqa" or pattern.startswith("CON"):
                        yield from _finding(active, UNKNOWN, path, each, *_unknown(pattern, rules))
                elif (path, each, pattern) not in used and _could_be_used(each, pattern, known, codes):
                    yield from _finding(active, UNUSED, path, each, _unused(pattern))
            if each.kind != "noqa" and not each.reason:
                what = ", ".join(f"`{code}`" for code in each.codes) or "everything"
                message = f"{what} is silenced without a reason: the next reader cannot tell whether it still holds"
                yield from _finding(active, NO_REASON, path, each, message)


def _expand(pattern: str, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    try:
        codes = select(rules, [pattern or "ALL"])
    except KeyError:
        return ()
    return tuple(rule for rule in rules if rule.code in codes)


def _could_be_used(each: Suppression, pattern: str, known: tuple[Rule, ...], codes: frozenset[str]) -> bool:
    if each.kind == "noqa" and not pattern:
        return False
    # The three rules of this module are judged after everything else; a comment for them alone is taken on trust.
    judged = [rule for rule in known if rule.name not in (UNUSED, UNKNOWN, NO_REASON)]
    return any(rule.code in codes for rule in judged) and all(rule.code in codes for rule in judged if rule.default)


def _unused(pattern: str) -> str:
    if not pattern:
        return "nothing is found that this comment silences: it would hide the next thing that is"
    return f"`{pattern}` is silenced but not found: the comment would hide the next one that is"


def _unknown(pattern: str, rules: Sequence[Rule]) -> tuple[str, str]:
    hint = nearest(pattern.upper(), [rule.code for rule in rules]) or nearest(pattern, [rule.name for rule in rules])
    return f"`{pattern}` names no rule: nothing is silenced by it", hint.strip(" ()").replace(
        "nearest:", "the nearest is"
    )


def _finding(
    active: Mapping[str, Rule], name: str, path: str, each: Suppression, message: str, *hint: str
) -> Iterator[Finding]:
    rule = active.get(name)
    if rule is not None:
        place = Place(path, each.span)
        yield Finding(rule.code, name, message, place, rule.severity, Confidence.CERTAIN, help="".join(hint))
