"""One text repaired and parsed: whose word counts, what it says, and that the cache changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ingestion.document import Document, DocumentCache, best_claim, code_digest, read_document
from ingestion.readers.acquired import Acquired, Claim, Form
from kg.identity import ExpressionId
from kg.model import Origin
from kg.vocabulary import Kind

RAW = "某办法\n2020年1月2日 公布\n第一条　为了甲。\n第二条　本办法自2020年6月1日起施行。\n第四条　乙。\n"


def acquired(raw: str = RAW, *claims: Claim, form: Form = Form.PLAIN, place: str = "a.md") -> Acquired:
    return Acquired(Origin("例", place, "0" * 64), raw, form, claims)


@pytest.mark.parametrize(
    ("claims", "value"),
    [
        ([("front_matter:a", "甲"), ("INDEX:a", "乙")], "乙"),
        ([("file_name:a", "甲"), ("laws.db:law_id=1", "乙")], "乙"),
        ([("somewhere", "甲"), ("front_matter:a", "乙")], "乙"),
        ([("INDEX:a", ""), ("file_name:a", "乙")], "乙"),
        ([("INDEX:b", "乙"), ("INDEX:a", "甲")], "乙"),  # equal authority: by value, whatever the order
        ([], None),
    ],
)
def test_whose_word_counts(claims: list[tuple[str, str]], value: str | None) -> None:
    made = [Claim("title", word, evidence) for evidence, word in claims]
    for order in (made, made[::-1]):
        found = best_claim(order, "title")
        assert (found.value if found else None) == value


def test_a_document_says_what_it_is() -> None:
    document = read_document(acquired(RAW, Claim("title", "某 办　法", "INDEX:a.md")))
    assert document.title == "某办法"
    assert document.notes.enacted == (date(2020, 1, 2),)
    assert document.notes.effective == date(2020, 6, 1)
    assert list(document.articles) == ["art1", "art2", "art4"]
    assert document.articles["art1"] == "第一条为了甲."
    assert document.gaps() == 1


def test_same_words_whatever_stands_around_them() -> None:
    a = read_document(acquired("某办法\n第一条　甲，乙。\n某委员会办公厅\n2020年1月1日\n"))
    b = read_document(acquired("# 某办法\n\n（2020年1月1日公布）\n\n**第一条** 甲,乙.\n", form=Form.MARKDOWN))
    c = read_document(acquired("某办法\n第一条　甲，丙。\n"))
    assert a.body_digest == b.body_digest != c.body_digest


def test_rebased() -> None:
    real = ExpressionId("某办法", date(2020, 1, 2))
    document = read_document(acquired()).rebased(real)
    assert {p.id.expression for p in document.provisions} == {real}
    assert [p.place for p in document.problems if p.code == "article_gap"] == [f"{real}/art4"]


def test_headings_glued_onto_articles_are_noted() -> None:
    raw = "某法\n第一条　甲。\n第二编　物权\n第二条　乙。\n"
    rows = read_document(acquired(raw, form=Form.ROWS))
    assert [p.text for p in rows.problems if p.code == "glued_heading"] == [
        "来源把“第二编”粘在上一条末尾，已分开"
    ]
    assert not [p for p in read_document(acquired(raw)).problems if p.code == "glued_heading"]


# -- the cache -----------------------------------------------------------------------------------------


def same(a: Document, b: Document) -> bool:
    return (
        (a.origin, a.form, a.claims, a.provisions, a.problems)
        == (b.origin, b.form, b.claims, b.provisions, b.problems)
        and a.text.official == b.text.official
        and a.text.repairs == b.text.repairs
    )


@pytest.mark.parametrize(
    ("raw", "form"),
    [(RAW, Form.PLAIN), ("## 某法\n**第一条** 甲\u200b。\n", Form.MARKDOWN), ("", Form.PLAIN), ("第一章 \ud800甲\n第一条 乙\n", Form.PLAIN)],
)  # fmt: skip
def test_the_cache_changes_nothing(tmp_path: Path, raw: str, form: Form) -> None:
    source = acquired(raw, form=form)
    made = read_document(source)
    for _ in range(2):
        assert same(DocumentCache(tmp_path).read(source), made)
    assert len(list(tmp_path.rglob("*.json"))) == 1


def test_a_cached_text_of_another_place_names_its_own(tmp_path: Path) -> None:
    raw = "某法\n第一条　甲\u200b。\n"
    cache = DocumentCache(tmp_path)
    cache.read(acquired(raw, place="a.txt"))
    source = acquired(raw, Claim("title", "某法", "INDEX:b.txt"), place="b.txt")
    found = cache.read(source)
    assert same(found, read_document(source))
    assert [p.place for p in found.problems] == ["例:b.txt"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": "another"}', "\x00", "null", '{"key": "KEY"}'])
def test_a_damaged_entry_is_made_again(tmp_path: Path, damage: str) -> None:
    cache = DocumentCache(tmp_path)
    made = cache.read(acquired())
    (path,) = tmp_path.rglob("*.json")
    path.write_text(damage.replace("KEY", path.stem), encoding="utf-8")
    assert same(cache.read(acquired()), made)
    path.write_text(path.read_text(encoding="utf-8").replace("art2", "art3", 1), encoding="utf-8")
    assert same(cache.read(acquired()), made)
    assert same(DocumentCache(tmp_path).read(acquired()), made)


def test_other_code_has_another_cache(tmp_path: Path) -> None:
    assert DocumentCache(tmp_path).folder.name == code_digest()[:16]


def test_form_is_part_of_the_key(tmp_path: Path) -> None:
    cache = DocumentCache(tmp_path)
    plain, marked = (acquired("**第一条** 甲", form=form) for form in (Form.PLAIN, Form.MARKDOWN))
    assert cache.read(plain).text.official != cache.read(marked).text.official
    assert same(cache.read(replace(plain)), read_document(plain))


def test_front_only() -> None:
    document = read_document(acquired("某办法\n"))
    assert [p.kind for p in document.provisions] == [Kind.FRONT]
    assert document.articles == {}
