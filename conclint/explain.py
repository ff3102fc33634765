"""The documentation of a rule, from its record: for the terminal, as plain text, and as Markdown.

One walk over the sections decides what there is and in which order; the printers only decide how it looks.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from conclint.finding import Applicability
from conclint.rule import Rule

_FIX_TEXT = {
    Applicability.SAFE: "A fix is available, `--fix` applies it.",
    Applicability.UNSAFE: "A fix is available, `--unsafe-fixes` applies it, for it may change what the program does.",
    Applicability.SHOWN: "A fix is shown, to be made by hand.",
}

_WITNESSED = {
    "stall": "The event loop stands still: nothing that it runs makes progress until the call returns.",
    "dead": "The program hangs, without an error: each side waits for the other.",
    "lost": "Nothing is raised where it happens: a result, an exception or a piece of work is silently lost.",
    "race": "Most of the time it works: it needs two tasks or threads in the same place at once.",
    "exc": "An exception is raised where the code runs, or a warning is printed when the object is collected.",
    "time": "The result is right, it only takes longer than it needs to.",
}


class Section(NamedTuple):
    """A part of a rule's page. `kind` says whether `body` is prose, code or a list of one entry a line."""

    title: str
    body: str
    kind: Literal["prose", "code", "list"] = "prose"


def sections(rule: Rule) -> Iterator[Section]:
    """The parts of the page of a rule, in order, without those that it leaves empty."""
    facts = [f"severity: {rule.severity.name.lower()}", f"since: {rule.since}"]
    facts.append("on by default" if rule.default else f"off by default: `--extend-select {rule.code}` turns it on")
    yield Section("", ", ".join(facts))
    yield Section("What it finds", rule.summary)
    yield Section("Why it is bad", rule.why)
    if rule.bad.strip():
        yield Section("Example", rule.bad, "code")
    yield Section("Use instead", rule.use_instead)
    if rule.good.strip():
        yield Section("", rule.good, "code")
    if rule.fix is not None:
        yield Section("Fix safety", f"{_FIX_TEXT[rule.fix]} {rule.fix_safety}".strip())
    if rule.known_problems:
        yield Section("Known problems", rule.known_problems)
    if rule.witness:
        yield Section("When it happens", _WITNESSED.get(rule.witness, rule.witness))
    elif rule.no_witness:
        yield Section("When it happens", rule.no_witness)
    if rule.references:
        yield Section("References", "\n".join(rule.references), "list")


def markdown(rule: Rule) -> str:
    """The page as Markdown."""
    parts = [f"# {rule.code} {rule.name}"]
    for section in sections(rule):
        if section.title:
            parts.append(f"## {section.title}")
        body = _unwrapped(section.body) if section.kind == "prose" else section.body.strip("\n")
        if section.kind == "code":
            body = f"```python\n{body}\n```"
        elif section.kind == "list":
            body = "\n".join(f"- <{line}>" if line.startswith("http") else f"- {line}" for line in body.splitlines())
        parts.append(body)
    return "\n\n".join(parts) + "\n"


def plain(rule: Rule) -> str:
    """The page as text without colour, 80 columns wide."""
    return terminal(rule, width=80, colour=False)


def terminal(rule: Rule, *, width: int, colour: bool) -> str:
    """The page for a terminal of `width` columns."""

    def bold(text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if colour else text

    def code(text: str) -> str:
        return re.sub(r"`([^`\n]+)`", "\x1b[36m\\1\x1b[0m", text) if colour else text

    lines = [bold(f"{rule.code} {rule.name}")]
    for section in sections(rule):
        lines.append("")
        if section.title:
            lines.append(bold(section.title))
        lines.extend(_laid_out(section, min(width, 100), code))
    return "\n".join(lines) + "\n"


def _laid_out(section: Section, width: int, code: Callable[[str], str]) -> Iterator[str]:
    if section.kind == "code":
        yield from (f"    {line}".rstrip() for line in section.body.strip("\n").splitlines())
    elif section.kind == "list":
        yield from (f"  - {line}" for line in section.body.splitlines())
    else:
        for number, paragraph in enumerate(_unwrapped(section.body).split("\n\n")):
            if number:
                yield ""
            for line in wrapped(paragraph, width - 2):
                yield code(f"  {line}")


def wrapped(text: str, width: int) -> Sequence[str]:
    """Wrap a paragraph; what stands in backticks stays on one line where it can."""
    glued = re.sub(r"`[^`]{1,40}`", lambda match: match.group().replace(" ", "\0"), text)
    parts = textwrap.wrap(glued, max(width, 20), break_long_words=False, break_on_hyphens=False)
    return [part.replace("\0", " ") for part in parts]


def _unwrapped(text: str) -> str:
    """Paragraphs on one line each, whatever width their source is written in."""
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()))
