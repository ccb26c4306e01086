"""Experts' corrections of ledger facts. The works are invented."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ingestion.fact_reviews import correct_ledger
from ingestion.ledger import Ledger
from kg.model import DatedVersion, Source
from kg.review import Act, Review, State, review
from kg.vocabulary import Level

WORK = "甲条例"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEDGER = Ledger(
    {
        WORK: Source(
            WORK, WORK, Level.ADMINISTRATIVE_REGULATION, issuing_body="某部",
            versions=(DatedVersion(date(2020, 1, 2), None, "INDEX:a"),), evidence={"issuing_body": "memory, unverified"},
        )
    },
    {},
)  # fmt: skip


def said(field: str, old: str, new: str, *, author: str = "甲", hours: int = 0, target: str = WORK) -> Review:
    return review(
        Act.FACT, target, "", author=author, time=NOON + timedelta(hours=hours), reason="查公报", old=old, new=new, field=field
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("issuing_body", "某部", "国务院"),
        ("level", "行政法规", "部门规章"),
        ("status", "", "repealed"),
        ("document_number", "", "国务院令第1号"),
    ],
)
def test_a_fact_is_corrected_with_its_evidence(field: str, old: str, new: str) -> None:
    one = said(field, old, new)
    found = correct_ledger(LEDGER, [one])
    source = found.ledger.sources[WORK]
    assert str(getattr(source, field)) == new
    assert source.evidence[field] == "expert:甲 2026-11-22 查公报"
    assert (found.states, found.problems) == ({one.id: State.APPLIED}, ())
    assert LEDGER.sources[WORK].issuing_body == "某部"


def test_the_day_a_version_took_effect() -> None:
    found = correct_ledger(LEDGER, [said("effective_from@2020-01-02", "", "2020-03-01")])
    (version,) = found.ledger.sources[WORK].versions
    assert version == DatedVersion(date(2020, 1, 2), date(2020, 3, 1), "expert:甲 2026-11-22 查公报")


@pytest.mark.parametrize(
    ("reviews", "states", "codes", "why"),
    [
        ([said("issuing_body", "别的部", "国务院")], ["stale"], ["review_stale"], "the ledger changed since"),
        ([said("issuing_body", "国务院", "某部")], ["applied"], [], "the ledger says so already"),
        ([said("level", "行政法规", "规矩")], ["stale"], ["review_stale"], "no such level"),
        ([said("effective_from@2020-01-02", "", "2019-01-01")], ["stale"], ["review_stale"], "before it was made"),
        ([said("effective_from@昨天", "", "2021-01-01")], ["stale"], ["review_stale"], "no date"),
        ([said("topics", "", "护理")], ["stale"], ["review_stale"], "a field that reviews cannot speak of"),
        ([said("status", "", "repealed", target="乙条例")], ["not_held"], [], "no such work"),
        (
            [said("issuing_body", "某部", "国务院"), said("issuing_body", "某部", "另一部", author="乙")],
            ["conflict", "conflict"], ["review_conflict"], "experts differ",
        ),
        (
            [said("issuing_body", "某部", "另一部"), said("issuing_body", "某部", "国务院", hours=1)],
            ["superseded", "applied"], [], "the author's last word",
        ),
    ],
)  # fmt: skip
def test_what_becomes_of_reviews(
    reviews: list[Review], states: list[str], codes: list[str], why: str
) -> None:
    found = correct_ledger(LEDGER, reviews)
    assert [found.states[one.id].value for one in reviews] == states, why
    assert [problem.code for problem in found.problems] == codes, why
    if "applied" not in states:
        assert found.ledger == LEDGER
