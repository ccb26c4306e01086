"""The index on disk: bytes, damage, dates; the vector cache."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clause_samples import CLAUSES, TODAY, PlainEncoder, clause
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.dates import Validity
from kg.problem import DamagedError, InputError
from kg.vocabulary import Level, Status, Topic
from retrieval.filters import Filters
from retrieval.index import ClauseIndex, document, index_vectors, write_index
from retrieval.records import decode_clause, encode_clause
from retrieval.vectors import VectorCache


def _files(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_written_twice_in_any_order_the_bytes_are_the_same(tmp_path: Path) -> None:
    shuffled = list(CLAUSES)
    random.Random(7).shuffle(shuffled)
    one = write_index(CLAUSES, tmp_path / "one", cache=tmp_path / "cache", encoder=PlainEncoder())
    two = write_index(shuffled, tmp_path / "two")
    assert _files(tmp_path / "one") == _files(tmp_path / "two")
    assert one.id == two.id


def test_clauses_come_back_as_they_were(tmp_path: Path) -> None:
    write_index(CLAUSES, tmp_path)
    index = ClauseIndex.open(tmp_path)
    assert list(index.clauses()) == sorted(CLAUSES, key=lambda c: str(c.id))
    assert all(index.clause(index.row(str(c.id)) or 0) == c for c in CLAUSES)
    assert index.row("没有@2020-01-01/art1") is None
    own_text = clause("某办法", 1, "一段", "二段")
    assert decode_clause(encode_clause(own_text)) == own_text


def test_two_clauses_of_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="某办法@2020-01-01/art1"):
        write_index([clause("某办法", 1, "甲"), clause("某办法", 1, "乙")], tmp_path)


@pytest.mark.parametrize(
    "name",
    ["ids.txt", "rows.npy", "terms.npy", "starts.npy", "documents.npy", "weights.npy"],
)
def test_a_flipped_byte_is_refused_by_name(tmp_path: Path, name: str) -> None:
    write_index(CLAUSES, tmp_path)
    data = bytearray((tmp_path / name).read_bytes())
    data[-2] ^= 1
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DamagedError, match=name):
        ClauseIndex.open(tmp_path)


def test_a_flipped_byte_in_a_record_is_refused_when_it_is_read(tmp_path: Path) -> None:
    write_index(CLAUSES, tmp_path)
    path = tmp_path / "clauses.jsonl"
    path.write_text(path.read_text("utf-8").replace("二十四小时", "二十五小时", 1), "utf-8")
    index = ClauseIndex.open(tmp_path)
    with pytest.raises(DamagedError, match=r"clauses\.jsonl.*某市急救条例@2010-01-01/art3"):
        list(index.clauses())
    with pytest.raises(DamagedError, match=r"clauses\.jsonl"):
        index.verify()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedError, match=r"clauses\.jsonl.*字节"):
        ClauseIndex.open(tmp_path)
    path.unlink()
    with pytest.raises(DamagedError, match=r"clauses\.jsonl"):
        ClauseIndex.open(tmp_path)


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    write_index([], tmp_path)
    index = ClauseIndex.open(tmp_path)
    assert len(index) == 0 and not index.allowed(TODAY).any()


def test_a_missing_file_and_a_later_change_are_refused_by_name(tmp_path: Path) -> None:
    write_index(CLAUSES, tmp_path)
    index = ClauseIndex.open(tmp_path)
    index.verify()
    (tmp_path / "ids.txt").unlink()
    with pytest.raises(DamagedError, match=r"ids\.txt"):
        index.verify()
    with pytest.raises(DamagedError, match=r"ids\.txt"):
        ClauseIndex.open(tmp_path)


def test_a_damaged_vector_index_is_refused_by_name(tmp_path: Path) -> None:
    encoder = PlainEncoder()
    write_index(CLAUSES, tmp_path / "index", cache=tmp_path / "cache", encoder=encoder)
    (path,) = (tmp_path / "cache").rglob("dense.faiss")
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    index = ClauseIndex.open(tmp_path / "index", cache=tmp_path / "cache", encoder=encoder)
    with pytest.raises(DamagedError, match=r"dense\.faiss"):
        index.stack.rank("患者", 3)
    with pytest.raises(DamagedError, match=r"dense\.faiss"):
        index.verify()
    index_vectors(tmp_path / "index", cache=tmp_path / "cache", encoder=encoder)
    repaired = ClauseIndex.open(tmp_path / "index", cache=tmp_path / "cache", encoder=encoder)
    repaired.verify()


def test_writing_vectors_that_was_cut_off_leaves_lexical_search(tmp_path: Path) -> None:
    encoder = PlainEncoder()
    write_index(CLAUSES, tmp_path / "index", cache=tmp_path / "cache", encoder=encoder)
    (note,) = (tmp_path / "cache").rglob("dense.json")
    note.unlink()
    index = ClauseIndex.open(tmp_path / "index", cache=tmp_path / "cache", encoder=encoder)
    assert "dense" not in index.stack.systems


def test_vectors_of_another_encoder_are_not_used(tmp_path: Path) -> None:
    class Other(PlainEncoder):
        name = "other"

    class Altered(PlainEncoder):
        digest = "1" * 32

    write_index(CLAUSES, tmp_path / "index", cache=tmp_path / "cache", encoder=PlainEncoder())
    index = ClauseIndex.open(tmp_path / "index", cache=tmp_path / "cache", encoder=Other())
    assert index.stack.systems == ("bm25", "gloss", "default")
    index = ClauseIndex.open(tmp_path / "index", cache=tmp_path / "cache", encoder=Altered())
    with pytest.raises(DamagedError, match="plain"):
        index.stack.rank("患者", 3)


# -- dates ---------------------------------------------------------------------------------------------

_DAYS = st.none() | st.integers(0, 40).map(lambda n: date(2020, 1, 1) + timedelta(days=n))


@settings(deadline=None)  # each example writes an index
@given(st.lists(st.tuples(_DAYS, _DAYS, _DAYS, _DAYS), min_size=1, max_size=6), st.integers(0, 42))
def test_rows_allowed_are_those_in_force_or_unknown(
    tmp_path_factory: pytest.TempPathFactory, lives: list[tuple[date | None, ...]], days: int
) -> None:
    day = date(2020, 1, 1) + timedelta(days=days)
    clauses = [clause(f"甲{n}法", 1, "应当", validity=Validity(*life)) for n, life in enumerate(lives)]
    folder = tmp_path_factory.mktemp("dates")
    write_index(clauses, folder)
    index = ClauseIndex.open(folder)
    mask = index.allowed(day)
    for row, allowed in enumerate(mask):
        status = index.clause(row).validity.status(day)
        assert allowed == (status in (Status.IN_FORCE, Status.UNKNOWN)), index.clause(row).validity


VERSIONS = [
    (date(2024, 1, 1), "传染病防治法", ["2013-06-29"], "before the new version begins, the old one"),
    (date(2025, 8, 31), "传染病防治法", ["2013-06-29"], "the last day of the old one"),
    (date(2025, 9, 1), "传染病防治法", ["2025-04-30"], "the first day of the new one"),
    (date(2012, 1, 1), "传染病防治法", [], "before either"),
    (TODAY, "某市急救条例", ["2018-01-01"], "of two unknown versions the newest"),
    (date(2015, 1, 1), "某市急救条例", ["2010-01-01"], "the newer one is not yet possible"),
]


@pytest.mark.parametrize(("day", "title", "expected", "note"), VERSIONS, ids=[note for *_, note in VERSIONS])
def test_one_version_of_an_article_is_left(
    tmp_path: Path, day: date, title: str, expected: list[str], note: str
) -> None:
    write_index(CLAUSES, tmp_path)
    index = ClauseIndex.open(tmp_path)
    left = [index.ids[row] for row in np.flatnonzero(index.allowed(day)) if title in index.ids[row]]
    assert [identifier.partition("@")[2].partition("/")[0] for identifier in left] == expected


def test_in_force_is_left_rather_than_a_newer_unknown_version(tmp_path: Path) -> None:
    old = clause("甲法", 1, "应当", version=date(2010, 1, 1))
    new = clause("甲法", 1, "应当", version=date(2015, 1, 1), validity=Validity(None, date(2015, 1, 1)))
    write_index([old, new], tmp_path)
    index = ClauseIndex.open(tmp_path)
    assert [index.ids[row] for row in np.flatnonzero(index.allowed(TODAY))] == [str(old.id)]


def test_levels_and_topics_filter(tmp_path: Path) -> None:
    write_index(CLAUSES, tmp_path)
    index = ClauseIndex.open(tmp_path)

    def keys(**wanted: Any) -> set[str]:
        mask = index.allowed(TODAY, Filters(**wanted))
        return {index.ids[row].partition("@")[0] for row in np.flatnonzero(mask)}

    assert keys(levels=[Level.ADMINISTRATIVE_REGULATION]) == {"护士条例"}
    assert keys(topics=[Topic("常规护理"), Topic("常规诊疗")]) == {"护士条例", "中华人民共和国民法典"}
    assert keys(levels=[Level.LAW], topics=[Topic("常规护理")]) == set()


def test_versions_of_an_article(tmp_path: Path) -> None:
    write_index(CLAUSES, tmp_path)
    index = ClauseIndex.open(tmp_path)
    assert len(index.versions("中华人民共和国传染病防治法", "art12")) == 2
    assert [index.ids[row] for row in index.versions("中华人民共和国刑法", "art133-1")] == [
        "中华人民共和国刑法@2020-01-01/art133-1"
    ]
    assert index.versions("中华人民共和国", "art133") == []


# -- vectors -------------------------------------------------------------------------------------------


def test_vectors_are_kept_under_the_digest_of_their_encoder(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path, PlainEncoder())
    cache.vectors(["甲"])
    assert cache.path == tmp_path / "vectors" / PlainEncoder.digest / "vectors.bin" and cache.path.exists()


def test_only_new_texts_are_encoded(tmp_path: Path) -> None:
    encoder = PlainEncoder()
    cache = VectorCache(tmp_path, encoder)
    first = cache.vectors(["甲", "乙", "甲"])
    assert sorted(encoder.encoded) == ["乙", "甲"]
    seen: list[tuple[int, int]] = []
    second = cache.vectors(["丙", "甲"], progress=lambda done, total: seen.append((done, total)))
    assert sorted(encoder.encoded) == ["丙", "乙", "甲"]
    assert seen == [(1, 1)]
    assert np.array_equal(first[0], second[1]) and np.array_equal(first[0], first[2])


@pytest.mark.parametrize("cut", [1, 40, 131, 163])
def test_a_torn_last_record_is_repaired(tmp_path: Path, cut: int) -> None:
    encoder = PlainEncoder()
    whole = VectorCache(tmp_path / "whole", encoder).vectors(["甲", "乙", "丙"])
    cache = VectorCache(tmp_path, encoder)
    cache.vectors(["甲", "乙", "丙"])
    size = cache.path.stat().st_size
    with cache.path.open("r+b") as file:
        file.truncate(size - cut)
    assert len(cache.read()) == 2
    assert np.array_equal(cache.vectors(["甲", "乙", "丙"]), whole)
    assert cache.path.stat().st_size == size and len(cache.read()) == 3


def test_a_damaged_record_is_encoded_again(tmp_path: Path) -> None:
    encoder = PlainEncoder()
    cache = VectorCache(tmp_path, encoder)
    whole = cache.vectors(["甲", "乙"])
    data = bytearray(cache.path.read_bytes())
    data[50] ^= 0xFF
    cache.path.write_bytes(data)
    assert np.array_equal(cache.vectors(["甲", "乙"]), whole)
    assert np.array_equal(cache.vectors(["甲", "乙"]), whole)
    assert len(encoder.encoded) == 3


def test_a_second_build_with_the_same_texts_encodes_nothing(tmp_path: Path) -> None:
    encoder = PlainEncoder()
    write_index(CLAUSES, tmp_path / "index", cache=tmp_path / "cache", encoder=encoder)
    count = len(encoder.encoded)
    index_vectors(tmp_path / "index", cache=tmp_path / "cache", encoder=encoder)
    assert len(encoder.encoded) == count == len({document(c).passage() for c in CLAUSES})
