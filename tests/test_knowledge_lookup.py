"""How the tables are read, merged and searched, and how the conditions of their rows are parsed."""

from __future__ import annotations

import pytest

from conclint.knowledge import Knowledge, KnowledgeError, Row, load, read_table
from conclint.knowledge.predicate import Predicate, PredicateError, parse


def knowledge_of(*tables: str) -> Knowledge:
    """The tables given as text, in their order."""
    knowledge = Knowledge()
    for text in tables:
        knowledge.add(read_table(text.encode(), "table.toml"))
    return knowledge


def row(knowledge: Knowledge, name: str) -> Row:
    """A row that must be there."""
    found = knowledge.row(name)
    assert found is not None, f"no row for {name}"
    return found


@pytest.fixture(scope="module")
def stdlib() -> Knowledge:
    return load(())


@pytest.mark.parametrize(
    ("text", "predicate"),
    [
        ("1:timeout=0", Predicate(1, "timeout", "equals", 0)),
        ("timeout=0.5", Predicate(None, "timeout", "equals", 0.5)),
        ("0=None", Predicate(0, "", "equals", None)),
        ("0:block=False", Predicate(0, "block", "equals", False)),
        ("host=''", Predicate(None, "host", "equals", "")),
        ("1:options=os.WNOHANG", Predicate(1, "options", "equals", "os.WNOHANG", dotted=True)),
        ("mode='os.WNOHANG'", Predicate(None, "mode", "equals", "os.WNOHANG")),
        ("0:interval given", Predicate(0, "interval", "given")),
        ("timeout missing", Predicate(None, "timeout", "missing")),
        ("2 given", Predicate(2, "", "given")),
        ("delta=-1", Predicate(None, "delta", "equals", -1)),
    ],
)
def test_a_condition_is_read_as_written(text: str, predicate: Predicate) -> None:
    assert parse(text) == predicate


def test_the_type_of_a_literal_is_kept() -> None:
    assert parse("0:block=False").value is False


@pytest.mark.parametrize(
    "text",
    [
        "",
        "timeout",
        "timeout=",
        "=0",
        "1:=0",
        "timeout is given",
        "timeout=zero",
        "timeout=[1]",
        "a.b=0",
        "timeout=f()",
    ],
)
def test_a_condition_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(PredicateError, match=r"condition reads|is neither|is not a number"):
        parse(text)


def test_a_method_is_found_on_a_base(stdlib: Knowledge) -> None:
    found = stdlib.method("concurrent.futures.ThreadPoolExecutor", "submit")
    assert found is not None
    assert found.runs == "receiver"


def test_a_method_is_found_by_its_dotted_name_through_a_base(stdlib: Knowledge) -> None:
    assert row(stdlib, "queue.PriorityQueue.get").blocks == "wait"


def test_a_base_is_followed_to_the_end(stdlib: Knowledge) -> None:
    assert row(stdlib, "http.server.ThreadingHTTPServer.serve_forever").blocks == "network"


def test_an_alias_of_a_class_holds_for_its_methods(stdlib: Knowledge) -> None:
    assert row(stdlib, "multiprocessing.queues.Queue.get").blocks == "wait"


def test_an_alias_of_a_module_holds_for_the_methods_of_its_classes(stdlib: Knowledge) -> None:
    assert stdlib.canonical("asyncio.locks.Lock.acquire") == "asyncio.Lock.acquire"


def test_an_alias_is_not_taken_for_the_start_of_a_longer_word(stdlib: Knowledge) -> None:
    assert stdlib.canonical("posixpathlib.exists") == "posixpathlib.exists"


def test_the_longest_alias_counts() -> None:
    knowledge = knowledge_of('[aliases]\n"a.b" = "short"\n"a.b.c" = "long.name"\n')
    assert knowledge.canonical("a.b.c.d") == "long.name.d"


def test_a_role_is_that_of_the_nearest_class(stdlib: Knowledge) -> None:
    assert stdlib.role("threading.Timer") == "timer"


def test_a_role_is_found_through_an_alias(stdlib: Knowledge) -> None:
    assert stdlib.role("concurrent.futures.thread.ThreadPoolExecutor") == "thread-pool"


def test_an_attribute_is_found_on_a_base(stdlib: Knowledge) -> None:
    assert stdlib.attribute("http.client.HTTPSConnection", "sock") == "socket.socket"


def test_a_type_without_a_row_of_its_own_is_what_its_constructor_gives(stdlib: Knowledge) -> None:
    assert row(stdlib, "threading.Event").returns == "threading.Event"


def test_a_wildcard_means_methods_that_are_not_listed(stdlib: Knowledge) -> None:
    assert row(stdlib, "ftplib.FTP_TLS.retrbinary").blocks == "network"


def test_a_wildcard_does_not_mean_safe_methods(stdlib: Knowledge) -> None:
    assert row(stdlib, "ftplib.FTP_TLS.close").blocks == ""


def test_a_wildcard_does_not_mean_private_methods(stdlib: Knowledge) -> None:
    assert stdlib.row("ftplib.FTP._private") is None


def test_what_no_table_names_is_unknown(stdlib: Knowledge) -> None:
    assert stdlib.row("threading.Lock.unheard_of") is None


def test_a_method_keeps_the_source_of_its_own_row() -> None:
    knowledge = knowledge_of(
        """
        source = "https://example.org/table"
        [functions]
        "lib.T.m" = { unless = ["0:block=False"], source = "https://example.org/row" }
        [types."lib.T"]
        [types."lib.T".blocks]
        wait = ["m"]
        """
    )
    assert row(knowledge, "lib.T.m") == Row(blocks="wait", unless=("0:block=False",), source="https://example.org/row")


def test_a_later_table_replaces_a_row() -> None:
    knowledge = knowledge_of(
        '[functions]\n"lib.f" = { blocks = "network" }\n', '[functions]\n"lib.f" = { blocks = "file" }\n'
    )
    assert row(knowledge, "lib.f").blocks == "file"


def test_bases_that_form_a_ring_end() -> None:
    knowledge = knowledge_of('[types."lib.A"]\nbases = ["lib.B"]\n[types."lib.B"]\nbases = ["lib.A"]\n')
    assert knowledge.mro("lib.A") == ("lib.A", "lib.B")


@pytest.mark.parametrize(
    "text",
    ["[functions", '[functions]\n"f" = { blocks = "dinner" }', '[functions]\n"f" = { block = "file" }', "unknown = 1"],
)
def test_a_broken_table_is_named_in_the_error(text: str) -> None:
    with pytest.raises(KnowledgeError, match=r"table\.toml"):
        read_table(text.encode(), "table.toml")
