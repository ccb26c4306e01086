"""The benchmark on a data set small enough to compute by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from clause_samples import PlainEncoder

from kg.problem import InputError
from retrieval.bench import bench, interval, measure

DOCUMENTS = {
    "d1": ("医师法", "医师应当说明病情"),
    "d2": ("护士条例", "护士应当报告"),
    "d3": ("药品管理法", "药品不得掺假"),
    "d4": ("", "急救站值守"),
}
QUERIES = {"q1": "说明病情", "q2": "护士应当怎样", "q3": "急救站", "q4": "没有标注的查询"}


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    corpus = [{"_id": name, "title": title, "text": text} for name, (title, text) in DOCUMENTS.items()]
    (folder / "corpus.jsonl").write_text("\n".join(json.dumps(row) for row in corpus), "utf-8")
    queries = [{"_id": name, "text": text} for name, text in QUERIES.items()]
    (folder / "queries.jsonl").write_text("\n".join(json.dumps(row) for row in queries), "utf-8")
    # q1 is found first; of q2's two, one is first and one shares no term; q3's is found, one is not held.
    lines = [
        "query-id\tcorpus-id\tscore",
        "q1\td1\t1",
        "q2\td2\t2",
        "q2\td3\t1",
        "q3\td4\t1",
        "q3\tgone\t1",
        "q1\td4\t0",
    ]
    (folder / "qrels" / "test.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def test_bm25_by_hand(dataset: Path) -> None:
    found = bench(dataset, ["bm25"])
    measured = found["systems"]["bm25"]
    ideal = 2 / math.log2(2) + 1 / math.log2(3)
    assert measured["n"] == 3 and found["unbound"] == 1
    assert measured["R@1"] == measured["R@50"] == pytest.approx((1 + 0.5 + 1) / 3, abs=1e-6)
    assert measured["MRR@10"] == 1
    assert measured["nDCG@10"] == pytest.approx((1 + 2 / ideal + 1) / 3, abs=1e-6)
    assert measured["ci95"] == [0.5, 1.0]
    assert set(measured) == {
        "R@1", "R@5", "R@10", "R@20", "R@50", "MRR@10", "nDCG@10", "ms_p50", "ms_p95", "n", "ci95",
    }  # fmt: skip


def test_every_system_is_measured(dataset: Path, tmp_path: Path) -> None:
    encoder = PlainEncoder()
    found = bench(dataset, encoder=encoder, cache=tmp_path / "cache")["systems"]
    assert list(found) == ["bm25", "gloss", "dense", "fused", "default"]
    assert found["dense"]["R@50"] == 1
    assert list(bench(dataset)["systems"]) == ["bm25", "gloss", "default"]


def test_a_second_run_encodes_no_document_again(dataset: Path, tmp_path: Path) -> None:
    encoder = PlainEncoder()
    bench(dataset, encoder=encoder, cache=tmp_path / "cache")
    encoder.encoded.clear()
    bench(dataset, encoder=encoder, cache=tmp_path / "cache")
    assert not {text for _, text in DOCUMENTS.values()} & set(encoder.encoded)


MEASURES = [
    (["a", "b"], {"a": 1}, (1.0, 1.0, 1.0), "first"),
    (["b", "a"], {"a": 1}, (0.0, 0.5, 1 / math.log2(3)), "second"),
    (["b", "c"], {"a": 1}, (0.0, 0.0, 0.0), "not found"),
    (["x"] * 10 + ["a"], {"a": 1}, (0.0, 0.0, 0.0), "eleventh: outside MRR and nDCG"),
    ([], {"a": 1}, (0.0, 0.0, 0.0), "empty ranking"),
]


@pytest.mark.parametrize(("ranked", "relevant", "expected", "note"), MEASURES, ids=[m[3] for m in MEASURES])
def test_measures(
    ranked: list[str], relevant: dict[str, int], expected: tuple[float, float, float], note: str
) -> None:
    found = measure(ranked, relevant)
    assert (found.recall[0], found.mrr, found.ndcg) == pytest.approx(expected)


def test_intervals_are_repeatable_and_hold_the_mean() -> None:
    values = [1.0] * 30 + [0.0] * 70
    low, high = interval(values)
    assert (low, high) == interval(values)
    assert 0.19 < low < 0.3 < high < 0.41
    assert interval([]) == (0.0, 0.0)


BROKEN = [
    ("corpus.jsonl", "{", r"corpus\.jsonl:1", "not JSON"),
    ("corpus.jsonl", '{"_id": "d1"}', r"corpus\.jsonl:1.*text", "no text"),
    ("qrels/test.tsv", "h\th\th\nq1\td1\n", r"test\.tsv:2", "two columns"),
    ("qrels/test.tsv", "h\th\th\nq9\td1\t1\n", "q9", "unknown query"),
    ("queries.jsonl", None, r"queries\.jsonl", "missing file"),
]


@pytest.mark.parametrize(("name", "content", "words", "note"), BROKEN, ids=[b[3] for b in BROKEN])
def test_broken_data_sets_are_refused_with_the_place(
    dataset: Path, name: str, content: str | None, words: str, note: str
) -> None:
    if content is None:
        (dataset / name).unlink()
    else:
        (dataset / name).write_text(content, "utf-8")
    with pytest.raises(InputError, match=words):
        bench(dataset, ["bm25"])
