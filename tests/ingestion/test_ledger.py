"""The ledger: validated row by row, and honest about what nobody has verified."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ingestion.ledger import EVIDENCE, Action, Ledger, read_ledger
from kg.identity import ExpressionId
from kg.model import UNVERIFIED
from kg.pack import data_folder
from kg.problem import DamagedError
from kg.titles import TitleIndex, TitleRelation

ROW: dict[str, Any] = {
    "key": "某条例", "title": "某条例", "level": "行政法规", "short_titles": [], "aliases": [], "former_titles": [], "successor": None,
    "issuing_body": "", "document_number": "", "versions": [{"version_date": "2020-01-02", "effective_from": "", "evidence": "INDEX:某.md"}],
    "status": "", "topics": ["医患关系"], "official_publication": "", "acquisition": "", "copyright": "law", "why": "为了测试而编造出来的一行",
    "local_reason": "", "evidence": {"versions": "INDEX:某.md"},
}  # fmt: skip
TOPIC = {"topic": "医患关系", "definition": "编造", "evidence": "model-written, unreviewed"}
CORRECTION = {
    "file": "a.md",
    "action": "refuse",
    "title": "",
    "reason": "另一部法",
    "evidence": "TEXT:a.md#1",
}


def ledger(
    folder: Path, rows: list[Any], corrections: Sequence[Any] = (), topics: Sequence[Any] = (TOPIC,)
) -> Ledger:
    files = (("topics.jsonl", topics), ("sources.jsonl", rows), ("corrections.jsonl", corrections))
    for name, values in files:
        lines = [v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in values]
        (folder / name).write_text("\n".join(lines), encoding="utf-8")
    return read_ledger(folder)


def test_a_row_is_a_source(tmp_path: Path) -> None:
    found = ledger(tmp_path, [ROW], [CORRECTION])
    source = found.sources["某条例"]
    assert source.versions[0].effective_from is None
    assert source.in_ledger
    assert found.corrections["a.md"].action is Action.REFUSE


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"key": "某/条例"}, "key"),
        ({"key": ""}, "key"),
        ({"title": ""}, "title"),
        ({"level": "规矩"}, "level"),
        ({"topics": ["炒菜"]}, "topics"),
        ({"status": "现行"}, "status"),
        ({"why": "短"}, "why"),
        ({"surprise": 1}, "surprise"),
        ({"versions": [{"version_date": "2020-13-01", "effective_from": None, "evidence": "INDEX:a"}]}, "version_date"),
        ({"evidence": {"versions": "听说"}}, "听说"),
        ({"former_titles": [{"title": "甲", "relation": "cousin", "evidence": "INDEX:a"}]}, "relation"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    with pytest.raises(DamagedError, match=rf"sources\.jsonl:2.*{told}"):
        ledger(tmp_path, [ROW, {**ROW, "key": "另一条例", **change}])


@pytest.mark.parametrize("bad", ["{", "[]", "3"])
def test_no_row(tmp_path: Path, bad: str) -> None:
    with pytest.raises(DamagedError, match=r"sources\.jsonl:1"):
        ledger(tmp_path, [bad])


@pytest.mark.parametrize(
    ("topics", "told"),
    [
        ([TOPIC, TOPIC], "topics.jsonl:2: 场景 医患关系 已在前面出现"),
        ([TOPIC, {**TOPIC, "topic": "甲,乙"}], "topics.jsonl:2: 字段 topic"),  # a comma separates topics
        ([{**TOPIC, "evidence": "听说"}], "topics.jsonl:1: 医患关系 的证据"),
        ([], "sources.jsonl:1: 某条例 的 topics 中 医患关系 不在"),
    ],
)
def test_topics_are_the_pack_s(tmp_path: Path, topics: list[Any], told: str) -> None:
    with pytest.raises(DamagedError, match=told):
        ledger(tmp_path, [ROW], topics=topics)


def test_a_key_occurs_once(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match=r"sources\.jsonl:2: 标识 某条例"):
        ledger(tmp_path, [ROW, ROW])


def test_a_bad_correction_is_named(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match=r"corrections\.jsonl:1.*action"):
        ledger(tmp_path, [ROW], [{**CORRECTION, "action": "burn"}])


@pytest.mark.parametrize("evidence", ["INDEX:a", "TEXT:a#1", "laws.db:law_id=0ab9", *sorted(UNVERIFIED)])
def test_evidence(evidence: str) -> None:
    assert EVIDENCE.fullmatch(evidence)


@pytest.mark.parametrize(
    "evidence", ["", "INDEX:", "memory", "laws.db:law_id=", "http://example.org", "INDEX:a\nb"]
)
def test_no_evidence(evidence: str) -> None:
    assert not EVIDENCE.fullmatch(evidence)


def test_what_is_counted(tmp_path: Path) -> None:
    found = ledger(
        tmp_path, [{**ROW, "issuing_body": "某部", "evidence": {"issuing_body": "memory, unverified"}}]
    )
    assert found.facts_without_evidence() == {"issuing_body": 1}
    assert found.unknown_facts() == {"document_number": 1, "status": 1, "short_titles": 1}


# -- the project's own ledger --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own() -> Ledger:
    return read_ledger(data_folder() / "ledger")


def test_the_ledger_answers_for_260_works_and_more(own: Ledger) -> None:
    assert len(own.sources) >= 260
    for key in own.sources:
        assert ExpressionId(key, None, 1).key == key


def test_no_two_works_have_one_full_title(own: Ledger) -> None:
    titles = TitleIndex.build(own.sources.values())
    shared = {
        source.title: sorted(keys)
        for source in own.sources.values()
        if len(keys := {h.key for h in titles.lookup(source.title) if h.relation is not TitleRelation.FORMER})
        != 1
    }
    assert shared == {}


def test_versions_are_dated_once_and_take_effect_after_they_are_made(own: Ledger) -> None:
    for source in own.sources.values():
        days = [version.version_date for version in source.versions]
        assert len(days) == len(set(days)), source.key
        for version in source.versions:
            assert version.effective_from is None or version.effective_from >= version.version_date, (
                source.key
            )


def test_successors_are_later_and_another_work(own: Ledger) -> None:
    for source in own.sources.values():
        if source.successor:
            assert source.successor.title != source.title
            assert all(
                source.successor.since is None or source.successor.since > version.version_date for version in source.versions
            ), source.key  # fmt: skip


def test_no_alias_names_another_kind_of_instrument(own: Ledger) -> None:
    # 护士法 does not exist, 居民身份证条例 was repealed: as aliases they would answer with the current text.
    noun = re.compile("(法|条例|办法|规定|细则|准则)(?:（.*）)?$")
    wrong = [
        (name, source.title)
        for source in own.sources.values()
        for name in (*source.short_titles, *source.aliases)
        if (said := noun.search(name)) and (is_ := noun.search(source.title)) and said[1] != is_[1]
    ]
    assert wrong == [("宁波解法", "宁波市医疗纠纷预防与处置条例")]  # a nickname that a law review coined
