"""Write the pages of the rules, and the table of rules in the README, from the records of the rules.

python docs/generate.py            writes what has changed
python docs/generate.py --check    writes nothing; exits with 1 and names what is out of date
"""

from __future__ import annotations

import sys
from pathlib import Path

from conclint.explain import markdown
from conclint.finding import Applicability
from conclint.rule import Rule
from conclint_rules.catalogue import RULES

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- rules: begin -->", "<!-- rules: end -->"
FIXES = {Applicability.SAFE: "safe", Applicability.UNSAFE: "unsafe", Applicability.SHOWN: "shown", None: ""}
FAMILIES = {
    "CON0": "conclint itself",
    "CON1": "The event loop is stopped",
    "CON2": "Tasks, awaits, cancellation",
    "CON3": "Executors and futures",
    "CON4": "Processes",
    "CON5": "Threads and locks",
    "CON6": "Ray",
    "CON7": "xoscar",
}


def page_name(rule: Rule) -> str:
    """The file of a rule's page below docs/rules."""
    return f"{rule.code}-{rule.name}.md"


def table(link: str) -> str:
    """The rules by family as a Markdown table; `link` is what leads to their pages."""
    lines = ["| rule | | finds | fix |", "|---|---|---|---|"]
    family = ""
    for rule in RULES:
        if rule.code[:4] != family:
            family = rule.code[:4]
            lines.append(f"| **{FAMILIES.get(family, family)}** | | | |")
        mark = "" if rule.default else " (off by default)"
        page = f"[{rule.code}]({link}{page_name(rule)})"
        lines.append(f"| {page} | {rule.name} | {rule.summary.strip()}{mark} | {FIXES[rule.fix]} |")
    return "\n".join(lines)


def outputs() -> dict[Path, str]:
    """What each generated file should hold."""
    pages = {ROOT / "docs" / "rules" / page_name(rule): markdown(rule) for rule in RULES}
    pages[ROOT / "docs" / "rules" / "README.md"] = f"# The rules\n\n{table('')}\n"
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if begin and end:
        pages[readme] = f"{head}{begin}\n{table('docs/rules/')}\n{end}{tail}"
    return pages


def main(arguments: list[str]) -> int:
    """Write or check; the exit code."""
    wanted = outputs()
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    stale += [path for path in (ROOT / "docs" / "rules").glob("*.md") if path not in wanted]
    for path in stale:
        print(path.relative_to(ROOT).as_posix())
        if "--check" not in arguments:
            if path in wanted:
                path.write_text(wanted[path], encoding="utf-8")
            else:
                path.unlink()
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
