"""Glosses find the provision that they were written for, by its words, and no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from clause_samples import TODAY, clause

from kg.pack import data_folder
from kg.problem import DamagedError
from retrieval.bench import bench
from retrieval.glosses import (
    BINDINGS,
    Binding,
    Gloss,
    GlossLayer,
    bind,
    read_bindings,
    read_glosses,
)
from retrieval.index import ClauseIndex, write_index
from retrieval.retriever import Retriever

FIRST = "医师在诊疗活动中应当向患者说明病情、医疗措施和其他需要告知的事项。"
SECOND = "医师开展药物、医疗器械临床试验，应当依法通过伦理审查并取得书面知情同意。"
ARTICLE = f"{FIRST}\n{SECOND}"


def gloss(paragraph: int | None = None, meaning: str = "大夫要把病讲明白") -> Gloss:
    return Gloss("医师法", "第二十五条", paragraph, None, meaning, ("他们没讲就动刀",), ("没告诉我",))


def bound(paragraph: int | None, text: str) -> Binding:
    made = bind(f"医师法@2022-03-01/art25/{paragraph}", "医师法", "第二十五条", paragraph, text)
    assert made
    return made


@pytest.fixture
def layer() -> GlossLayer:
    glosses = [gloss(), gloss(1, "第一款的意思"), gloss(2, "第二款的意思")]
    return GlossLayer(glosses, [bound(None, ARTICLE), bound(1, FIRST), bound(2, SECOND)])


MATCHES = [
    (ARTICLE, 3, "the article as it was bound"),
    (f"第二十五条　{ARTICLE}", 3, "its label before it"),
    (f"中华人民共和国医师法第二十五条 {ARTICLE}", 3, "title and label before it"),
    (ARTICLE.replace("，", ",").replace("\n", ""), 3, "other punctuation, no line break"),
    (ARTICLE.replace("其他需要告知的", "其他"), 3, "nearly the same words"),
    (FIRST, 2, "one 款: its own gloss and that of the whole article"),
    ("医师应当坚持安全有效、经济合理的用药原则，遵循药品临床应用指导原则。", 0, "another article"),
    ("略", 0, "too short to be told apart"),
]


@pytest.mark.parametrize(("text", "count", "note"), MATCHES, ids=[m[2] for m in MATCHES])
def test_a_text_finds_its_glosses_by_its_words(layer: GlossLayer, text: str, count: int, note: str) -> None:
    assert len(layer.of(text)) == count


def test_bindings_survive_writing(tmp_path: Path) -> None:
    path = tmp_path / BINDINGS
    path.write_text(bound(1, FIRST).line() + "\n", "utf-8")
    (read,) = read_bindings(path)
    assert (read.line(), read.paragraph) == (bound(1, FIRST).line(), 1)
    path.write_text("不成列\n", "utf-8")
    with pytest.raises(DamagedError, match=r"bindings\.tsv:1"):
        read_bindings(path)


BROKEN = [
    ({"gloss": " "}, "gloss"),
    ({"situations": "一句话"}, "situations"),
    ({"keywords": [""]}, "keywords"),
    ({"article": "25"}, "第…条"),
]


@pytest.mark.parametrize(("change", "words"), BROKEN, ids=[b[1] for b in BROKEN])
def test_a_broken_gloss_is_refused_with_its_line(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    row = {
        "title": "医师法",
        "article": "第一条",
        "paragraph": None,
        "gloss": "意思",
        "situations": [],
        "keywords": [],
    }
    (tmp_path / "a.jsonl").write_text(json.dumps(row | change, ensure_ascii=False) + "\n", "utf-8")
    with pytest.raises(DamagedError, match=rf"a\.jsonl:1: .*{words}"):
        read_glosses(tmp_path)


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"title": "医师法"}\n', "utf-8")
    with pytest.raises(DamagedError, match="缺 article"):
        read_glosses(tmp_path)


def test_everyday_words_find_a_clause_through_its_gloss(tmp_path: Path, layer: GlossLayer) -> None:
    clauses = [clause("医师法", 25, FIRST, SECOND), clause("护士条例", 3, "护士发现情况应当立即报告。")]
    write_index(clauses, tmp_path / "with", glosses=layer)
    write_index(clauses, tmp_path / "without")
    query = "没讲就动刀"
    (hit,) = Retriever(ClauseIndex.open(tmp_path / "with")).search(query, as_of=TODAY)
    assert hit.article == "第二十五条" and "模型撰写，未经审核" in hit.why
    assert hit.text in (ARTICLE, FIRST, SECOND), "what is quoted is law, never a gloss"
    assert not Retriever(ClauseIndex.open(tmp_path / "without")).search(query, as_of=TODAY)
    assert not Retriever(ClauseIndex.open(tmp_path / "with")).search(query, as_of=TODAY, system="bm25")


def test_glosses_serve_articles_of_any_origin(tmp_path: Path, layer: GlossLayer) -> None:
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    rows = [
        {"_id": "x", "title": "中华人民共和国医师法", "text": f"第二十五条 {ARTICLE}"},
        {"_id": "y", "title": "护士条例", "text": "第三条 护士发现情况应当立即报告。"},
    ]
    (folder / "corpus.jsonl").write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    (folder / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": "没讲就动刀"}), "utf-8")
    (folder / "qrels" / "test.tsv").write_text("q\td\ts\nq\tx\t1\n", "utf-8")
    assert bench(folder, ["gloss"], glosses=layer)["systems"]["gloss"]["R@1"] == 1
    assert bench(folder, ["gloss"])["systems"]["gloss"]["R@1"] == 0


def test_the_glosses_of_the_pack_are_sound_and_bound() -> None:
    folder = data_folder() / "glosses"
    glosses = read_glosses(folder)
    held = {(one.title, one.article) for one in read_bindings(folder / BINDINGS)}
    bare = [one for one in glosses if (one.title, one.article) not in held]
    assert len(glosses) >= 3228
    assert len(bare) <= 0.25 * len(glosses), "run python -m retrieval.gloss_check --write"
