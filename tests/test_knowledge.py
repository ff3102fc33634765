"""The tables of `conclint.knowledge`: that they can be read, and that what they name exists.

Names are looked up where their library is installed. A new table of another library needs no change here, unless
it describes types that cannot be imported: those are listed in `names_not_importable.py`, with the reason.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import importlib.util
import inspect
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

import conclint.knowledge
from conclint.knowledge import Knowledge, Row, index, load, read_table
from conclint.knowledge.predicate import Predicate, parse
from tests.names_not_importable import NOT_ON_THE_CLASS, PLATFORMS, SINCE, UNNAMED_TYPES, UNTIL

FOLDER = Path(conclint.knowledge.__file__).parent
TABLES = sorted(entry.name for entry in FOLDER.glob("*.toml"))
STDLIB_TABLES = [name for name in TABLES if name.startswith("stdlib_")]

ROLES = """
    lock rlock condition semaphore event barrier thread timer queue simple-queue thread-pool process-pool mp-pool
    mp-thread-pool future async-result process async-lock async-condition async-semaphore async-event async-queue task
    async-future task-group loop contextvar thread-local scheduler popen socket file connection manager runner
"""


def gated(name: str) -> bool:
    """Whether this Python or this system is one that need not have `name`."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        prefix = ".".join(parts[:end])
        if not SINCE.get(prefix, (3, 0)) <= sys.version_info[:2] <= UNTIL.get(prefix, (4, 0)):
            return True
        if not sys.platform.startswith(PLATFORMS.get(prefix, "")):
            return True
    return False


def installed(name: str) -> bool:
    """Whether the library that `name` belongs to can be imported here.

    Several libraries may share a namespace package (`google`, `azure`): then each is a package of its own below it.
    """
    head, *rest = name.split(".")
    while True:
        found = sys.modules.get(head)
        spec = found.__spec__ if found is not None else importlib.util.find_spec(head)
        if spec is None:
            return False
        if spec.origin is not None or not rest:
            return True
        head = f"{head}.{rest.pop(0)}"


@functools.cache
def exists(name: str) -> bool:
    """Whether importing and reading attributes leads to `name`."""
    return any(True for _ in objects(name))


def objects(name: str) -> Iterator[object]:
    """What `name` leads to, or nothing."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found: object = importlib.import_module(".".join(parts[:end]))
                for part in parts[end:]:
                    found = getattr(found, part)
        except (ImportError, AttributeError):
            continue
        yield found
        return


def other_names(knowledge: Knowledge, name: str) -> Iterator[str]:
    """The name itself, and those that the aliases give to it or to what it is in."""
    yield name
    for alias, target in knowledge.aliases.items():
        if name == target or name.startswith(target + "."):
            yield alias + name[len(target) :]


def rows_of(table: str) -> dict[str, Row]:
    """All rows of one table, those of its types included."""
    knowledge = Knowledge()
    knowledge.add(read_table((FOLDER / table).read_bytes(), table))
    return knowledge.rows


@functools.cache
def whole() -> Knowledge:
    """Every table at once."""
    return load(index())


def unknown_types(table: str) -> Iterator[str]:
    """Types that the rows and attributes of a table name and nobody knows."""
    own = read_table((FOLDER / table).read_bytes(), table)
    named = {f"{name}()": row.returns for name, row in rows_of(table).items() if row.returns not in ("", "self")}
    for name, shorthand in own.types.items():
        named |= {f"{name}.{attribute}": kind for attribute, kind in shorthand.attributes.items()}
        named |= {f"a base of {name}": base for base in shorthand.bases}
    for where, written in named.items():
        kind = whole().canonical(written.removeprefix("element:"))
        if whole().is_type(kind) or gated(kind) or hasattr(builtins, kind):
            continue
        if not installed(kind) or any(isinstance(found, type) for found in objects(kind)):
            continue
        yield f"{where}: {written}"


def argument_errors(name: str, row: Row) -> Iterator[str]:
    """Arguments that a row names at another place than the function has them."""
    things: list[object] = [thing for alias in other_names(whole(), name) for thing in objects(alias)]
    found = things[0] if things else None
    if not callable(found):
        return
    try:
        parameters = list(inspect.signature(found).parameters.values())
    except (TypeError, ValueError):
        return
    if parameters and parameters[0].name in ("self", "cls"):
        del parameters[0]
    open_ended = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    places = {str(parameter).split(":")[0].split("=")[0]: place for place, parameter in enumerate(parameters)}
    by_place_alone = {
        place for place, parameter in enumerate(parameters) if parameter.kind is parameter.POSITIONAL_ONLY
    }
    conditions = [parse(text) for text in (*row.unless, *row.when)]
    asked = [(condition.position, condition.name) for condition in conditions]
    asked += [argument(text) for text in (row.callable, row.executor) if text]
    for position, wanted in asked:
        if not wanted or position in by_place_alone or (open_ended and wanted not in places):
            continue
        if wanted not in places or position not in (None, places[wanted]):
            yield f"{name}: {position}:{wanted}, but it has {list(places)}"


def argument(text: str) -> tuple[int | None, str]:
    """The position and the name in `"1:target"`."""
    found = re.fullmatch(r"(?:(\d+)(?::|$))?(\*?[A-Za-z_]\w*)?", text)
    assert found is not None, f"{text!r} names no argument"
    assert found[0], "an argument is a position, a name or both"
    return (None if found[1] is None else int(found[1])), (found[2] or "")


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_of_the_form_that_the_loader_describes(table: str) -> None:
    assert read_table((FOLDER / table).read_bytes(), table)


@pytest.mark.parametrize("table", TABLES)
def test_every_row_names_the_page_that_says_so(table: str) -> None:
    assert [name for name, row in rows_of(table).items() if not row.source.startswith("https://")] == []


@pytest.mark.parametrize("table", TABLES)
def test_every_type_names_the_page_that_says_so(table: str) -> None:
    knowledge = Knowledge()
    knowledge.add(read_table((FOLDER / table).read_bytes(), table))
    assert [name for name, known in knowledge.types.items() if not known.source.startswith("https://")] == []


@pytest.mark.parametrize("table", TABLES)
def test_the_names_of_a_table_exist_where_its_library_is_installed(table: str) -> None:
    missing = [
        name
        for name in rows_of(table)
        if installed(name)
        and not gated(name)
        and name not in NOT_ON_THE_CLASS
        and not UNNAMED_TYPES & {name, name.rpartition(".")[0]}
        and not any(exists(alias) for alias in other_names(whole(), name))
    ]
    assert missing == []


@pytest.mark.parametrize("table", TABLES)
def test_a_class_that_has_rows_for_methods_is_described_as_a_type(table: str) -> None:
    owners = {name.rpartition(".")[0] for name in rows_of(table) if installed(name)}
    classes = {name for name in owners if any(isinstance(found, type) for found in objects(name))}
    assert [name for name in classes if not whole().is_type(name)] == []


@pytest.mark.parametrize("table", TABLES)
def test_an_alias_points_at_a_known_or_existing_name(table: str) -> None:
    targets = set(read_table((FOLDER / table).read_bytes(), table).aliases.values())
    known = whole()
    lost = [
        name
        for name in targets
        if known.row(name) is None
        and not known.is_type(name)
        and not gated(name)
        and installed(name)
        and not exists(name)
    ]
    assert lost == []


@pytest.mark.parametrize("table", TABLES)
def test_an_alias_points_at_a_name_that_is_not_an_alias_itself(table: str) -> None:
    aliases = read_table((FOLDER / table).read_bytes(), table).aliases
    assert [alias for alias, name in aliases.items() if whole().canonical(name) != name] == []


@pytest.mark.parametrize("table", TABLES)
def test_a_row_is_under_the_canonical_name(table: str) -> None:
    assert [name for name in rows_of(table) if whole().canonical(name) != name] == []


@pytest.mark.parametrize("table", TABLES)
def test_a_type_that_a_table_names_is_known_or_can_be_imported(table: str) -> None:
    assert list(unknown_types(table)) == []


@pytest.mark.parametrize("table", TABLES)
def test_the_conditions_of_a_table_can_be_read(table: str) -> None:
    for row in rows_of(table).values():
        for text in (*row.unless, *row.when):
            assert isinstance(parse(text), Predicate)


@pytest.mark.parametrize("table", TABLES)
def test_conditions_belong_to_rows_that_block(table: str) -> None:
    rows = rows_of(table).items()
    assert [name for name, row in rows if (row.unless or row.when) and not row.blocks] == []


@pytest.mark.parametrize("table", TABLES)
def test_what_blocks_need_not_be_awaited(table: str) -> None:
    assert [name for name, row in rows_of(table).items() if row.blocks and row.is_async] == []


@pytest.mark.parametrize("table", TABLES)
def test_an_argument_is_where_the_row_says(table: str) -> None:
    assert [error for name, row in rows_of(table).items() for error in argument_errors(name, row)] == []


@pytest.mark.parametrize("table", TABLES)
def test_what_runs_elsewhere_says_which_argument_that_is(table: str) -> None:
    rows = rows_of(table).items()
    assert [name for name, row in rows if row.runs and not (row.callable or row.decorates)] == []


@pytest.mark.parametrize("table", TABLES)
def test_the_dotted_constants_of_conditions_exist(table: str) -> None:
    constants = {
        str(predicate.value)
        for row in rows_of(table).values()
        for predicate in map(parse, (*row.unless, *row.when))
        if predicate.dotted
    }
    assert [name for name in constants if installed(name) and not gated(name) and not exists(name)] == []


@pytest.mark.parametrize("table", STDLIB_TABLES)
def test_the_roles_of_the_standard_library_are_those_the_engine_knows(table: str) -> None:
    own = read_table((FOLDER / table).read_bytes(), table)
    assert {shorthand.role for shorthand in own.types.values()} <= {*ROLES.split(), ""}


@pytest.mark.parametrize("table", STDLIB_TABLES)
def test_what_the_standard_library_makes_awaitable_is_a_coroutine_function(table: str) -> None:
    plain = [
        name
        for name, row in rows_of(table).items()
        if row.is_async
        and name not in NOT_ON_THE_CLASS
        and not gated(name)
        and not any(
            inspect.iscoroutinefunction(found) for alias in other_names(whole(), name) for found in objects(alias)
        )
    ]
    assert plain == []


@pytest.mark.parametrize("table", TABLES)
def test_an_async_twin_exists_where_its_library_is_installed(table: str) -> None:
    twins = {twin for row in rows_of(table).values() for twin in row.twin.values()}
    assert [name for name in twins if installed(name) and not exists(name)] == []


def test_a_name_is_only_excused_where_it_is_missing() -> None:
    assert [name for name in (*SINCE, *UNTIL, *PLATFORMS) if gated(name) and exists(name)] == []
