"""How bad CON401 says it is, and when it offers to move the statements."""

from __future__ import annotations

from conclint.finding import Finding, Severity
from conclint.program.program import Options
from conclint.testing import lint_text
from conclint_rules.processes.missing_main_guard import RULE

HEAD = "import multiprocessing\n\n\ndef work():\n    pass\n\n\n"
START = "multiprocessing.Process(target=work).start()\n"


def only(text: str, options: Options | None = None) -> Finding:
    (finding,) = lint_text(text, [RULE], options)
    return finding


def test_the_default_start_method_is_a_warning() -> None:
    assert only(HEAD + START).severity == Severity.WARNING


def test_the_default_start_method_is_an_error_from_python_3_14() -> None:
    assert only(HEAD + START, Options(target_version=(3, 14))).severity == Severity.ERROR


def test_a_start_method_that_is_set_in_the_script_counts() -> None:
    assert only(HEAD + 'multiprocessing.set_start_method("forkserver")\n' + START).severity == Severity.ERROR


def test_an_executor_is_judged_by_its_context() -> None:
    text = (
        "import multiprocessing\nfrom concurrent.futures import ProcessPoolExecutor\n\n"
        'with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:\n    pool.submit(print)\n'
    )
    assert only(text).severity == Severity.ERROR


def test_a_name_that_a_function_reads_stays_where_it_is() -> None:
    text = f"import multiprocessing\n\n\ndef work():\n    print(size)\n\n\nsize = 3\n{START}"
    fix = only(text).fix
    assert fix is not None
    assert [span.row for edit in fix.edits for span in getattr(edit, "spans", ())] == [9]


def test_nothing_is_moved_past_a_definition() -> None:
    assert only(f"import multiprocessing\n\n{START}\n\ndef later():\n    pass\n".replace("work", "print")).fix is None


def test_nothing_is_moved_out_of_a_try() -> None:
    assert only(f"{HEAD}try:\n    {START}except OSError:\n    pass\n").fix is None
