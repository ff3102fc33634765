"""The programs in examples/: each planted hazard is found where it is, and nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import conclint
from conclint.config import Settings
from conclint.finding import Finding

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
# The file, the line, and the code that it has.
PLANTED = [
    ("web_service/desk.py", 'return self._rates.convert(price, request.get("currency", "EUR"))', "CON101"),
    ("web_service/desk.py", 'return self._rates.convert(price, request.get("currency", "EUR"))', "CON102"),
    ("web_service/desk.py", 'label = self._printer.draw(number, request["address"])', "CON105"),
    ("web_service/desk.py", 'asyncio.create_task(tell_courier(number, request["address"]))', "CON202"),
    ("web_service/desk.py", 'self._journal.write("cancelled", number)', "CON201"),
    ("web_service/journal.py", "self.written += await self._flush()", "CON213"),
    ("web_service/journal.py", "except asyncio.CancelledError:", "CON207"),
    ("ray_pipeline/driver.py", "vectors.extend(ray.get(embedder.embed.remote(batch)))", "CON603"),
    ("ray_pipeline/driver.py", "return sum(count_words(text) for text in texts)", "CON617"),
    ("ray_pipeline/workers.py", "time.sleep(SECONDS_PER_CALL)", "CON616"),
    ("ray_pipeline/workers.py", "return ranked(self.names, self.vectors, vector)[:count]", "CON601"),
    ("batch_job/scan.py", "found.extend(job.result())", "CON301"),
    ("batch_job/ledger.py", "wait(jobs)", "CON303"),
    ("batch_job/ledger.py", "tail = self.doubles()", "CON502"),
    ("life/coroutines.py", "board = asyncio.run(game.next_board(board))", "CON221"),
    (
        "life/coroutines.py",
        "following.rows[y][x] = self._oracle.ask(board.alive(y, x), board.neighbors(y, x))",
        "CON102",
    ),
    ("life/coroutines.py", "self.living += await self._next_cell(board, following, y, x)", "CON213"),
    ("life/rows.py", "rows = await asyncio.gather(*(next_row(board, y) for y in range(board.height)))", "CON231"),
    ("life/threads.py", "part.result()", "CON301"),
    ("life/threads.py", "guard = threading.Lock()", "CON217"),
    ("life/stream.py", "board = Board(pool.submit(next_rows, board, 0, board.height).result())", "CON105"),
    ("life/actors.py", "parts = [ray.get(band.step.remote(board.rows)) for band in bands]", "CON603"),
    ("batch_report.py", 'print("\\n".join(lines(Path.cwd())))', "CON401"),
]
FILES = sorted(EXAMPLES.rglob("*.py"))


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    return conclint.lint(EXAMPLES, config=Settings(root=EXAMPLES))


def line(finding: Finding) -> tuple[str, str, str]:
    file = Path(finding.place.path).resolve()
    text = file.read_text().splitlines()[finding.place.span.row - 1].strip()
    return file.relative_to(EXAMPLES).as_posix(), text, finding.code


def test_what_is_planted_is_found_and_nothing_else(findings: list[Finding]) -> None:
    assert sorted(map(line, findings)) == sorted(PLANTED)


@pytest.mark.parametrize("code", ["CON101", "CON102"])
def test_a_stall_is_proved_by_a_path_through_three_modules(findings: list[Finding], code: str) -> None:
    [finding] = [each for each in findings if each.code == code and line(each)[0].startswith("web_service/")]
    assert len({step.place.path for step in finding.related}) >= 3


@pytest.mark.parametrize(("file", "text", "code"), PLANTED)
def test_what_is_planted_is_said_in_the_page_of_the_examples(file: str, text: str, code: str) -> None:
    page = (EXAMPLES / "README.md").read_text()
    folder, _, name = file.rpartition("/")
    section = page[page.index(f"**{folder}**") :].partition("\n\n**")[0] if folder else page
    rows = [row for row in section.splitlines() if f"{name}`" in row and code in row]
    assert len(rows) == 1, text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(EXAMPLES).as_posix())
def test_an_example_is_written_for_the_oldest_python(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=(3, 10))
