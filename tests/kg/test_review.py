"""Experts' reviews: bound to words, applied as a pure function, never silently applied or dropped. Invented texts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.parse import parse
from kg.build import Text
from kg.dates import Validity
from kg.identity import ExpressionId
from kg.model import Expression, Origin
from kg.norm import BearerFrom, Evidence, Modality, Norm, Span
from kg.problem import InputError
from kg.review import (
    Act,
    Claim,
    Part,
    Review,
    Role,
    State,
    claim_of,
    review,
    review_from_row,
    review_row,
    words_digest,
)
from kg.review_log import NAME, append_reviews, read_reviews
from kg.reviewing import Reviewed, apply_reviews
from kg.text import LayeredText

BODY = """甲办法

第一条　为了保护患者，制定本办法。

第二条　医师应当尊重患者，不得泄露其隐私。
"""
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=timezone(timedelta(hours=8)))
TARGET = "甲办法@2020-01-01/art2/p1"


def text(body: str = BODY) -> Text:
    identity = ExpressionId("甲办法", date(2020, 1, 1))
    expression = Expression(identity, "甲办法", Validity(date(2020, 1, 1)), "", Origin("例", "甲", ""))
    return Text(expression, LayeredText(body), parse(body, identity).provisions)


def extracted(found: Text) -> list[Norm]:
    """What a machine could have read in 第二条: a duty whose bearer it got wrong, and a prohibition."""

    def span(words: str) -> Span:
        start = found.official.index(words)
        return Span(start, start + len(words), words)

    provision = next(p.id for p in found.provisions if str(p.id) == TARGET)
    return [
        Norm(
            f"{TARGET}#n1", provision, Modality.OBLIGATION, cue=span("应当"), bearer=span("患者，不得"),
            action=span("尊重患者"), bearer_from=BearerFrom.WRITTEN, bearers=("患者",),
            principles=(Evidence("dignity", 0.7, ("尊重",)),), confidence=0.8,
        ),
        Norm(
            f"{TARGET}#n2", provision, Modality.PROHIBITION, cue=span("不得"), bearer=span("医师"),
            action=span("泄露其隐私"), bearer_from=BearerFrom.SENTENCE, bearers=("医师",), confidence=0.9,
        ),
    ]  # fmt: skip


TEXT = text()
WRONG, RIGHT = (claim_of(TEXT, norm) for norm in extracted(TEXT))
FIXED = replace(
    WRONG,
    parts=tuple((r, Part(0, 2, "医师") if r is Role.BEARER else p) for r, p in WRONG.parts),
    bearers=("医师",),
)
SHA = words_digest(TEXT, next(p for p in TEXT.provisions if str(p.id) == TARGET))


def said(
    act: Act, old: Claim | str | None = None, new: Claim | str | None = None, *, author: str = "甲律师",
    hours: int = 0, target: str = TARGET, sha256: str = SHA, field: str = "",
) -> Review:  # fmt: skip
    return review(
        act, target, sha256, author=author, time=NOON + timedelta(hours=hours), reason="照文", old=old, new=new, field=field
    )  # fmt: skip


CORRECT = said(Act.CORRECT, WRONG, FIXED)


def applied(reviews: Sequence[Review], body: str = BODY, *, held: bool = True) -> Reviewed:
    found = text(body)
    norms = {"甲办法@2020-01-01": extracted(found)} if held and "应当尊重患者" in body else {}
    return apply_reviews(reviews, norms, lambda key: found if held and key == "甲办法@2020-01-01" else None)


def shown(result: Reviewed) -> list[tuple[str, str, str]]:
    return [
        (n.modality.value, n.bearer.text if n.bearer else "", n.method.value)
        for group in result.norms.values()
        for n in group
    ]


DUTY = ("obligation", "患者，不得", "rule")
BAN = ("prohibition", "医师", "rule")
FIXED_DUTY = ("obligation", "医师", "expert")


@pytest.mark.parametrize(
    ("reviews", "expected", "states", "why"),
    [
        ([], [DUTY, BAN], [], "nobody said anything"),
        ([CORRECT], [FIXED_DUTY, BAN], ["applied"], "a correction"),
        ([said(Act.ACCEPT, RIGHT)], [DUTY, ("prohibition", "医师", "expert")], ["applied"], "accepted as it is"),
        ([said(Act.REJECT, WRONG)], [BAN], ["applied"], "no such norm"),
        (
            [said(Act.ADD, None, replace(FIXED, modality=Modality.RIGHT, parts=((Role.ACTION, Part(4, 8, "尊重患者")),)))],
            [DUTY, ("right", "", "expert"), BAN],
            ["applied"],
            "one that was missed",
        ),
        ([CORRECT, said(Act.REJECT, WRONG, hours=1)], [BAN], ["superseded", "applied"], "the author's last word"),
        ([CORRECT, said(Act.WITHDRAW, target=CORRECT.id)], [DUTY, BAN], ["withdrawn", "applied"], "taken back"),
        (
            [CORRECT, said(Act.WITHDRAW, target=CORRECT.id, author="乙律师")],
            [FIXED_DUTY, BAN],
            ["applied", "stale"],
            "nobody takes back what another said",
        ),
        (
            [CORRECT, said(Act.REJECT, WRONG, author="乙律师")],
            [DUTY, BAN],
            ["conflict", "conflict"],
            "two experts differ: the machine's value stands",
        ),
        (
            [CORRECT, said(Act.CORRECT, WRONG, FIXED, author="乙律师", hours=3)],
            [FIXED_DUTY, BAN],
            ["applied", "applied"],
            "two experts agree",
        ),
        (
            [CORRECT, said(Act.ACCEPT, RIGHT, author="乙律师")],
            [FIXED_DUTY, ("prohibition", "医师", "expert")],
            ["applied", "applied"],
            "two norms of one 款",
        ),
        ([said(Act.CORRECT, WRONG, FIXED, sha256="0" * 64)], [DUTY, BAN], ["stale"], "other words than were reviewed"),
        ([said(Act.REJECT, WRONG, target="甲办法@2020-01-01/art9")], [DUTY, BAN], ["stale"], "no such provision now"),
        ([said(Act.REJECT, WRONG, target="乙办法@2020-01-01/art1")], [DUTY, BAN], ["not_held"], "text not in this build"),
        (
            [said(Act.CORRECT, WRONG, replace(FIXED, parts=((Role.BEARER, Part(-9, -7, "护士")),)))],
            [DUTY, BAN],
            ["stale"],
            "the words taken from the context are not there",
        ),
    ],
)  # fmt: skip
def test_reviews(
    reviews: list[Review], expected: list[tuple[str, str, str]], states: list[str], why: str
) -> None:
    result = applied(reviews)
    assert shown(result) == expected, why
    assert [result.states[one.id].value for one in reviews] == states, why
    told = {p.code for p in result.problems}
    assert ("review_stale" in told) == (State.STALE in result.states.values() and "another" not in why), why
    assert ("review_conflict" in told) == (State.CONFLICT in result.states.values()), why


def test_a_review_survives_a_text_that_was_read_anew() -> None:
    """Words before the provision were repaired: every offset moved, the reviewed words did not."""
    moved = BODY.replace("为了保护患者，制定本办法。", "为了保护患者的合法权益，规范诊疗行为，制定本办法。")
    result = applied([CORRECT], moved)
    assert shown(result) == [FIXED_DUTY, BAN]
    (norm, _) = result.norms["甲办法@2020-01-01"]
    assert norm.bearer is not None
    assert text(moved).official[norm.bearer.start : norm.bearer.end] == "医师"


def test_words_that_changed_make_it_stale() -> None:
    result = applied([CORRECT], BODY.replace("不得泄露", "不得故意泄露"))
    assert result.states == {CORRECT.id: State.STALE}
    (problem,) = result.problems
    assert (problem.code, problem.place) == ("review_stale", TARGET)
    assert shown(result)[0] == DUTY


def test_a_correction_stands_where_the_machine_reads_better_now_or_nothing() -> None:
    found = text()
    better = [replace(extracted(found)[0], counterparties=("患者",))]
    for norms in (better, []):
        result = apply_reviews([CORRECT], {"甲办法@2020-01-01": norms}, lambda _: found)
        assert shown(result) == [FIXED_DUTY]


def test_what_a_correction_does_not_speak_of_is_kept() -> None:
    silent = replace(FIXED, principles=None, topics=None)
    (norm, _) = applied([said(Act.CORRECT, WRONG, silent)]).norms["甲办法@2020-01-01"]
    assert norm.principles == extracted(TEXT)[0].principles
    assert norm.id == f"{TARGET}#n1"
    spoken = replace(FIXED, principles=("autonomy",))
    (norm, _) = applied([said(Act.CORRECT, WRONG, spoken)]).norms["甲办法@2020-01-01"]
    assert [evidence.name for evidence in norm.principles] == ["autonomy"]


def test_reviews_of_facts_leave_norms_alone() -> None:
    result = applied([said(Act.FACT, "", "国务院", target="甲办法", field="issuing_body")])
    assert (shown(result), dict(result.states)) == ([DUTY, BAN], {})


# -- rows and files ------------------------------------------------------------------------------------

SAMPLES = [
    CORRECT,
    said(Act.ACCEPT, RIGHT),
    said(Act.WITHDRAW, target=CORRECT.id),
    said(Act.FACT, "", "国务院", target="甲办法", field="issuing_body"),
]


@pytest.mark.parametrize("one", SAMPLES, ids=lambda one: one.act.value)
def test_a_review_survives_its_row(one: Review) -> None:
    assert review_from_row(json.loads(json.dumps(review_row(one)))) == one


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "改过"},
        {"id": "0" * 16},
        {"time": "2026-11-22T12:00:00"},
        {"act": "burn"},
        {"new": {"modality": "x"}},
    ],
)
def test_an_altered_row_is_no_review(change: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        review_from_row({**review_row(CORRECT), **change})


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: review(Act.CORRECT, TARGET, SHA, author="甲", time=NOON, reason="r", old=WRONG), "new"),
        (lambda: review(Act.ACCEPT, TARGET, SHA, author=" ", time=NOON, reason="r", old=WRONG), "author"),
        (lambda: review(Act.ACCEPT, TARGET, SHA, author="甲", time=NOON, reason="", old=WRONG), "reason"),
        (lambda: review(Act.ACCEPT, TARGET, SHA, author="甲", time=NOON.replace(tzinfo=None), reason="r", old=WRONG), "时区"),
    ],
)  # fmt: skip
def test_what_a_review_must_have(make: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        make()


def test_the_log_only_grows(tmp_path: Path) -> None:
    append_reviews(tmp_path / "reviews", SAMPLES[:1])
    before = (tmp_path / "reviews" / NAME).read_bytes()
    append_reviews(tmp_path / "reviews", SAMPLES[1:])
    assert (tmp_path / "reviews" / NAME).read_bytes().startswith(before)
    assert read_reviews([tmp_path / "reviews", tmp_path / "none"]) == (SAMPLES, [])


def test_a_review_in_two_files_is_one(tmp_path: Path) -> None:
    append_reviews(tmp_path / "a", SAMPLES)
    append_reviews(tmp_path / "b", SAMPLES[:2])
    assert read_reviews([tmp_path / "a", tmp_path / "b"])[0] == SAMPLES


@settings(deadline=None, max_examples=30)  # each example waits for the disk
@given(st.integers(min_value=1))
def test_a_torn_last_line_is_a_problem_and_spoils_nothing(cut: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        append_reviews(folder, SAMPLES[:2])
        path = folder / NAME
        whole = path.read_bytes()
        last = len(whole.split(b"\n")[1]) + 1
        path.write_bytes(whole[: len(whole) - 1 - cut % (last - 2) - 1])
        found, problems = read_reviews([folder])
        assert found == SAMPLES[:1]
        assert [(p.code, p.place) for p in problems] == [("review_torn", f"{path}:2")]
        append_reviews(folder, SAMPLES[2:])
        found, problems = read_reviews([folder])
        assert found == [SAMPLES[0], *SAMPLES[2:]]
        assert [p.code for p in problems] == ["review_bad_line"]


@pytest.mark.parametrize("line", ["[]", "{}", "\xff", '{"id": 3}', "甲"])
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    append_reviews(tmp_path, SAMPLES[:1])
    with (tmp_path / NAME).open("ab") as stream:
        stream.write(line.encode("latin-1", "replace") + b"\n")
    append_reviews(tmp_path, SAMPLES[1:2])
    found, (problem,) = read_reviews([tmp_path])
    assert found == SAMPLES[:2]
    assert (problem.code, problem.place) == ("review_bad_line", f"{tmp_path / NAME}:2")
