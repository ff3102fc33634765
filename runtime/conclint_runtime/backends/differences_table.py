"""The table of differences as the documentation prints it."""

from __future__ import annotations

from conclint_runtime.backends.differences import DIFFERENCES, Difference

_NAMES = {
    "embedded": "embedded",
    "ray": "Ray",
    "xoscar": "xoscar in this process",
    "xoscar-sub": "xoscar with sub-processes",
}


def as_markdown() -> str:
    """Return the rows as a Markdown table, refused ones last."""
    rows = sorted(DIFFERENCES, key=lambda row: row.refused)
    return "\n".join(["| engine | about | what happens | instead |", "|---|---|---|---|", *map(_row, rows)])


def _row(row: Difference) -> str:
    engines = (
        "xoscar" if set(row.engines) == {"xoscar", "xoscar-sub"} else ", ".join(_NAMES[name] for name in row.engines)
    )
    what = f"`NotOnThisBackend`: {row.what}" if row.refused else row.what
    return f"| {engines} | {row.feature} | {what} | {row.instead} |"
