"""One fault of each kind, made by hand: what a hostile file, table or text does, and what is said of it.

Zip bombs, damaged and encrypted files, files out of their folder and invalid UTF-8 are in tests/ingestion (readers and origins).
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cite_report import html_report
from app.workbench.dispute import COLUMNS
from evaluator.citation_check import check_citations
from evaluator.importers.table import as_written, inert, read_table
from ingestion.document import read_document
from ingestion.readers.acquired import Acquired, Form
from kg.append_log import replay
from kg.model import Origin
from kg.problem import DamagedError
from tests.app.conftest import Run
from tests.app.invented import NURSING_2020
from tests.hostile.generated import DAY, answers
from tests.ingestion.test_readers import docx_file, paragraph, raw, reading

SECRET = "不该读到的文字"


def law(words: str) -> Acquired:
    return Acquired(Origin("made", "a.md", "0" * 64), words, Form.MARKDOWN, ())


def test_an_external_entity_in_a_document_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text(SECRET, "utf-8")
    prologue = f'<!DOCTYPE w [<!ENTITY x SYSTEM "file://{tmp_path}/secret.txt">]>'
    found = reading(tmp_path, "a.docx", docx_file(paragraph("第一条 &x;"), prologue=prologue))
    assert found.text is None or SECRET not in raw(found)


def test_entities_that_multiply_do_not_fill_the_memory(tmp_path: Path) -> None:
    rows = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 9))
    prologue = f'<!DOCTYPE w [<!ENTITY a0 "第一条">{rows}]>'
    found = reading(tmp_path, "a.docx", docx_file(paragraph("&a8;"), prologue=prologue))
    assert found.text is None or len(raw(found)) < 10_000


def test_a_line_of_many_megabytes_is_one_line(tmp_path: Path) -> None:
    """Ten megabytes here; a hundred, the limit of a file, in `make soak`."""
    found = reading(tmp_path, "a.txt", ("第一条 " + "护士应当尊重病人。" * 400_000).encode())
    assert found.text is not None
    document = read_document(Acquired(Origin("made", "a.txt", "0" * 64), found.text.raw, Form.PLAIN, ()))
    assert len(document.provisions) >= 1


@pytest.mark.parametrize("mark", ["（", "《", "“", "第（", "<b>", "[", "{"])
def test_deep_nesting_is_read_to_its_end(mark: str) -> None:
    document = read_document(law(f"# 甲\n\n第一条 {mark * 3000}护士应当尊重病人。\n"))
    assert document.provisions
    assert check_citations(mark * 3000 + "《甲护理条例》第二条", build=answers().build, as_of=DAY) is not None


@pytest.mark.parametrize("hidden", ["\u200b", "\u202e", "\u2066", "\ufeff", "\u00ad"])
def test_what_cannot_be_seen_in_a_law_is_reported_and_not_in_its_words(hidden: str) -> None:
    document = read_document(law(NURSING_2020.replace("保护病人隐私", f"保护{hidden}病人隐私")))
    assert [p.code for p in document.problems] == ["repaired_invisible"]
    assert hidden not in document.text.official and "保护病人隐私" in document.text.official


@pytest.mark.parametrize("hidden", ["\u200b", "\u202e", "\u2067", "\u00ad", "\ufe0f"])
def test_what_cannot_be_seen_in_a_quotation_is_told_and_shown(hidden: str) -> None:
    text = f"《甲护理条例》第二条规定：“护士应当尊重、关心、爱护病人，{hidden}保护病人隐私。”"
    (found,) = check_citations(text, build=answers().build, as_of=DAY)
    point = f"U+{ord(hidden):04X}"
    assert point in found.evidence and "看不见的字符" in found.evidence
    page = html_report(text, [found], answers().build, name="a", as_of="2021-01-01")
    assert hidden not in page and f"⟨{point}⟩" in page
    (clean,) = check_citations(text.replace(hidden, ""), build=answers().build, as_of=DAY)
    assert "看不见" not in clean.evidence and clean.outcome is found.outcome


@given(st.text(alphabet="=+-@\t\r\n '甲1", max_size=8))
def test_a_cell_is_no_formula_and_comes_back_as_it_was(cell: str) -> None:
    assert not inert(cell).lstrip(" \n").startswith(("=", "+", "-", "@", "\t"))
    assert as_written(inert(cell)) == cell


def test_a_table_of_ours_holds_no_formula_and_is_read_back(run: Run, made_home: Path, tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://x","点")'
    source, out = tmp_path / "a.jsonl", tmp_path / "s.csv"
    row = {"scene": "@隐私", "query": "护士能说出去吗", "reference": "", "response": evil, "model": "+甲"}
    source.write_text(json.dumps(row, ensure_ascii=False) + "\n", "utf-8")
    told = run(
        "evaluate", source, "--out", out, "--tier", "rules", "--home", made_home, "--as-of", "2021-01-01"
    )
    assert told.code == 0, told.err
    with out.open(encoding="utf-8-sig", newline="") as stream:
        cells = [cell for line in csv.reader(stream) for cell in line]
    assert not [
        cell for cell in cells if cell.startswith(("=", "+", "@")) or (cell.startswith("-") and cell != "-1")
    ]
    ((_, again),) = read_table(out, ("response",))
    assert (again["response"], again["scene"], again["model"]) == (evil, "@隐私", "+甲")
    assert "response" in COLUMNS


@pytest.mark.parametrize(
    "line", [b"\xff\xfe\n", b'{"id": "\xed\xa0\x80"}\n', b"[" * 100_000, b"null\n", b"{\n"]
)
def test_a_log_that_holds_anything_else_is_named_by_line(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"id": 1}\n' + line)
    with pytest.raises(DamagedError, match=r"log\.jsonl:2"):
        replay(path, lambda row: row["id"], what="记录")
