"""Who may import whom, what an import costs, and that no fact is kept that nobody reads."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from conclint import facts

ROOT = Path(__file__).parent.parent
FOLDERS = {"conclint": ROOT, "conclint_rules": ROOT / "rules", "conclint_runtime": ROOT / "runtime"}
HEAVY = ("libcst", "click", "msgspec", "tomli", "pathspec", "ray", "xoscar", "asyncio", "multiprocessing", "email")


class Import(NamedTuple):
    """One import: by which module, of which, and whether only a type checker sees it."""

    user: str
    used: str
    typing: bool

    def __str__(self) -> str:
        return f"{self.user} imports {self.used}"


def imports_of(path: Path, user: str) -> Iterator[Import]:
    tree = ast.parse(path.read_text())
    guarded = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = user.split(".") if path.name == "__init__.py" else user.split(".")[:-1]
                package = package[: len(package) - node.level + 1]
                base = ".".join([*package, *([base] if base else [])])
            names = [f"{base}.{alias.name}" if is_module(f"{base}.{alias.name}") else base for alias in node.names]
        else:
            continue
        yield from (Import(user, name, id(node) in guarded) for name in names)


def is_module(dotted: str) -> bool:
    top = dotted.partition(".")[0]
    path = FOLDERS.get(top, ROOT / "nowhere").joinpath(*dotted.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def name_of(path: Path, top: str) -> str:
    parts = path.relative_to(FOLDERS[top]).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


IMPORTS = sorted({
    found
    for top, folder in FOLDERS.items()
    for path in (folder / top).rglob("*.py")
    for found in imports_of(path, name_of(path, top))
})  # fmt: skip


def belongs(module: str, to: tuple[str, ...]) -> bool:
    return any(module == each or module.startswith(each + ".") for each in to)


# What each part may import of conclint's own; itself always.
MAY_IMPORT = {
    "conclint.finding": (),
    "conclint.facts": ("conclint.suppress",),
    "conclint.source": ("conclint.lexemes",),
    # A tree is too deep for LibCST by the same measure, whether it is read or rewritten.
    "conclint.extract": ("conclint.facts", "conclint.source", "conclint.suppress", "conclint.nesting"),
    "conclint.knowledge": (),
    "conclint.program": ("conclint.facts", "conclint.finding", "conclint.knowledge"),
    "conclint.rule": ("conclint.finding", "conclint.facts", "conclint.knowledge", "conclint.program"),
    "conclint.judge": ("conclint.finding", "conclint.rule", "conclint.program"),
    "conclint.nesting": (),
    "conclint.fix": ("conclint.finding", "conclint.source", "conclint.nesting"),
    "conclint_rules": (
        "conclint.facts", "conclint.finding", "conclint.knowledge", "conclint.program", "conclint.rule",
    ),
}  # fmt: skip


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_imports_what_comes_before_it_alone(part: str) -> None:
    allowed = (part, *MAY_IMPORT[part])
    ours = [found for found in IMPORTS if belongs(found.user, (part,)) and not found.typing]
    wrong = [str(found) for found in ours if belongs(found.used, tuple(FOLDERS)) and not belongs(found.used, allowed)]
    assert wrong == []


def users(of: str) -> set[str]:
    return {found.user for found in IMPORTS if belongs(found.used, (of,)) and not found.typing}


def test_nobody_imports_the_command_but_its_own_parts() -> None:
    command = {found.used for found in IMPORTS if found.used.startswith("conclint.cli")}
    outside = {user for each in command for user in users(each) if not user.startswith("conclint.cli")}
    assert outside == {"conclint.__main__"}


def test_only_the_catalogue_of_the_engine_knows_the_rules() -> None:
    assert {user for user in users("conclint_rules") if user.startswith("conclint.")} == {"conclint.catalogue"}


def test_only_fixes_and_the_reader_of_newer_syntax_import_libcst() -> None:
    reader = ("conclint.extract.newer_syntax", "conclint.extract.cst_")
    assert [user for user in sorted(users("libcst")) if not user.startswith(("conclint.fix", *reader))] == []


def test_only_the_command_imports_click() -> None:
    assert [user for user in sorted(users("click")) if not user.startswith("conclint.cli")] == []


# The guard reads the linter's tables, and pytest loads its plugin; the game has one strategy of arrays as the contrast.
BESIDE_THE_STANDARD_LIBRARY = {
    "conclint_runtime.guard": ("conclint.knowledge", "pytest"),
    "conclint_runtime.life.strategies.arrays": ("numpy",),
}


def test_the_runtime_imports_the_standard_library_alone() -> None:
    ours = [found for found in IMPORTS if found.user.startswith("conclint_runtime") and not found.typing]
    allowed = (*sys.stdlib_module_names, "conclint_runtime")
    wrong = [found for found in ours if not belongs(found.used, allowed)]
    assert [each for each in wrong if not is_excepted(each)] == []


def is_excepted(found: Import) -> bool:
    return any(
        belongs(found.user, (user,)) and belongs(found.used, used) for user, used in BESIDE_THE_STANDARD_LIBRARY.items()
    )


@pytest.mark.parametrize("folder", ["rules", "runtime"])
def test_no_package_is_named_after_its_folder(folder: str) -> None:
    assert not (ROOT / folder / "__init__.py").exists()


def loaded(*arguments: str) -> set[str]:
    """The modules that a Python imports, as it says itself."""
    paths = [str(ROOT), *(str(folder) for folder in FOLDERS.values())]
    code = f"import sys; sys.path[:0] = {paths!r}; "
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code + arguments[0], *arguments[1:]],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {row.rpartition("|")[2].strip() for row in rows}


def tops(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def test_importing_conclint_imports_nothing_heavy() -> None:
    assert tops(loaded("import conclint")) & set(HEAVY) == set()


def test_importing_conclint_imports_none_of_its_parts() -> None:
    assert {module for module in loaded("import conclint") if module.startswith("conclint.")} == set()


def test_the_version_is_told_without_libcst_ray_and_the_rules() -> None:
    modules = loaded("import conclint.cli; conclint.cli.main()", "--version")
    assert tops(modules) & {"libcst", "ray", "xoscar", "conclint_rules", "msgspec", "tomli"} == set()


def test_the_version_is_told_without_the_engine() -> None:
    modules = loaded("import conclint.cli; conclint.cli.main()", "--version")
    ours = {module for module in modules if module.startswith("conclint.")}
    assert ours == {"conclint.cli", "conclint.cli_options"}


STRUCTS = [
    value
    for value in vars(facts).values()
    if isinstance(value, type) and issubclass(value, msgspec.Struct) and value.__module__ == facts.__name__
]
FIELDS = [(struct.__name__, field) for struct in STRUCTS for field in struct.__struct_fields__]


def read_names() -> frozenset[str]:
    """The attributes that are read outside of what makes the facts."""
    found = set()
    for top, folder in FOLDERS.items():
        for path in (folder / top).rglob("*.py"):
            if belongs(name_of(path, top), ("conclint.extract", "conclint.facts")):
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                    found.add(node.attr)
                elif isinstance(node, ast.MatchClass):
                    found.update(node.kwd_attrs)
    return frozenset(found)


READ = read_names()


@pytest.mark.parametrize(("struct", "field"), FIELDS)
def test_a_fact_is_read_by_somebody(struct: str, field: str) -> None:
    # `version` is read where facts are decoded.
    assert field in READ or (struct, field) == ("Facts", "version"), f"nothing reads {struct}.{field}"
