"""Citations of texts: which provision, in which version, from when until when. The short texts are invented."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from ingestion.parse import parse
from ingestion.resolve import (
    AMBIGUOUS,
    OUT_OF_CORPUS,
    RESOLVED,
    UNRESOLVED,
    Resolver,
    locate_mentions,
)
from kg.build import Citation, Text
from kg.dates import Validity
from kg.identity import ExpressionId
from kg.model import Expression, Origin, RelatedTitle, Source
from kg.renumbering import alike, moves
from kg.text import LayeredText
from kg.titles import TitleIndex
from kg.vocabulary import Level

D = date
OWN, OTHER, GONE, OLD, NEW, LONE = "某办法", "丙条例", "丁条例", "旧戊规定", "戊规定", "己条例"

TITLES = TitleIndex.build(
    [
        Source(OWN, OWN, Level.DEPARTMENTAL_RULE),
        Source(OTHER, OTHER, Level.ADMINISTRATIVE_REGULATION),
        Source(GONE, GONE, Level.ADMINISTRATIVE_REGULATION),
        Source(NEW, NEW, Level.DEPARTMENTAL_RULE, former_titles=(RelatedTitle(OLD, "renamed", "invented"),)),
        Source(LONE, LONE, Level.ADMINISTRATIVE_REGULATION),
        Source("甲市献血条例", "甲市献血条例", Level.LOCAL_REGULATION, aliases=("献血条例",)),
        Source("乙市献血条例", "乙市献血条例", Level.LOCAL_REGULATION, aliases=("献血条例",)),
    ]
)


def text(key: str, body: str, version: date | None, validity: Validity | None = None, nth: int = 0) -> Text:
    official = f"{key}\n{body}"
    identity = ExpressionId(key, version, nth)
    expression = Expression(identity, key, validity or Validity(version, version), "", Origin("例", key, ""))
    return Text(expression, LayeredText(official), parse(official, identity).provisions)


def citations(citing: Text, *held: Text) -> list[Citation]:
    texts: dict[str, Sequence[Text]] = {}
    for one in (citing, *held):
        texts[one.expression.id.key] = (*texts.get(one.expression.id.key, ()), one)
    found = Resolver(TITLES, texts).resolve(citing, locate_mentions(citing, TITLES))
    for citation in found:
        assert citing.official[citation.start : citation.end] == citation.surface
        assert citation.outcome == RESOLVED or citation.reason
    return found


def targets(citation: Citation) -> list[str]:
    return [target.id.split("/", 1)[-1] for target in citation.targets]


# -- inside the citing text ----------------------------------------------------------------------------

HOME = (
    "第一章　总则\n"
    "第一条　甲。\n"
    "第二条　乙：\n（一）子；\n（二）丑：\n1.寅；\n2.卯。\n（三）辰。\n巳。\n"
    "第二条之一　午。\n"
    "第三条　未。\n申。\n"
    "第二章　罚则\n"
)


@pytest.mark.parametrize(
    ("article", "expected"),
    [
        ("违反本办法第一条的。", [["art1"]]),
        ("违反本办法第二条第一款第（二）项的。", [["art2/p1/i2"]]),
        ("违反本办法第二条第（三）项的。", [["art2/p1/i3"]]),
        ("违反第二条第一款第二项的。", [["art2/p1/i2"]]),
        ("违反第二条之一的。", [["art2-1"]]),
        ("违反第一条至第三条的。", [["art1", "art2", "art2-1", "art3"]]),
        ("违反第二条第一款第（一）项至第（三）项的。", [["art2/p1/i1", "art2/p1/i2", "art2/p1/i3"]]),
        ("违反第一条、第三条第二款的。", [["art1", "art3/p2"]]),
        ("违反前条的。", [["art3"]]),
        ("适用本办法第二章。", [["ch2"]]),
        ("本章另有规定的除外。", [["ch2"]]),
        ("甲。\n违反前款的。", [["art4/p1"]]),
        ("甲。\n乙。\n违反前两款的。", [["art4/p1", "art4/p2"]]),
        ("甲。\n违反本条第一款的。", [["art4/p1"]]),
        ("有下列情形之一的：\n（一）甲；\n（二）乙。\n有前款第（二）项情形的，丙。", [["art4/p1/i2"]]),
        ("有下列情形之一的：\n（一）甲；\n（二）违反前项的。", [["art4/p1/i1"]]),
        ("有下列情形之一的：\n（一）甲；\n（二）乙。\n有本条第一款第（一）项情形的，丙。", [["art4/p1/i1"]]),
        ("甲。\n第一款所称甲。", [["art4/p1"]]),
        ("有下列情形之一的：\n（一）甲；\n（二）乙。\n有第（二）项情形的，应当丙。", [["art4/p1/i2"]]),
        ("依照《某办法》第三条第一款。", [["art3/p1"]]),
    ],
)
def test_at_home(article: str, expected: list[list[str]]) -> None:
    found = citations(text(OWN, f"{HOME}第四条　{article}\n", D(2020, 1, 1)))
    assert [c.outcome for c in found] == [RESOLVED] * len(found)
    assert [targets(c) for c in found] == expected
    assert all(t.basis == "self" and t.from_date is t.until_date is None for c in found for t in c.targets)


@pytest.mark.parametrize(
    ("article", "reason"),
    [
        ("违反本办法第九条的。", "没有第九条"),
        ("违反本办法第一条第三款的。", "没有第一条第三款"),
        ("违反本办法第一条第（一）项的。", "没有第一条第（一）项"),
        ("违反第三条至第一条的。", "范围颠倒"),
        ("违反前款的。", "之前没有"),
        ("依照该法第三条。", "没有提到"),
        ("该条第二款所称甲。", "该条"),
    ],
)
def test_places_that_are_not_there(article: str, reason: str) -> None:
    (found,) = citations(text(OWN, f"{HOME}第四条　{article}\n", D(2020, 1, 1)))
    assert (found.outcome, found.targets) == (UNRESOLVED, ())
    assert reason in found.reason


def test_the_first_paragraph_has_none_before_it() -> None:
    (found,) = citations(text(OWN, "第一条　违反前条的。\n", D(2020, 1, 1)))
    assert found.outcome == UNRESOLVED


def test_annexes_number_their_own_articles() -> None:
    body = "第一条　甲。\n第二条　违反第一条的。\n附件\n规则\n第一条　乙。\n第三条　丙。\n"
    (found,) = citations(text(OWN, body, D(2020, 1, 1)))
    assert targets(found) == ["art1"]


def test_notes_and_labels_cite_nothing() -> None:
    body = "（根据《丙条例》第一条修订）\n第一条　甲。\n第二条\n乙。\n国家某委员会\n"
    assert citations(text(OWN, body, D(2020, 1, 1)), text(OTHER, "第一条　甲。\n", D(2010, 1, 1))) == []


def test_a_certificate_is_no_work() -> None:
    body = "第一条　未取得《医疗机构执业许可证》、《知情同意书》的，依照《日内瓦公约议定书》处理。\n"
    (found,) = citations(text(OWN, body, D(2020, 1, 1)))
    assert (found.surface, found.outcome) == ("《日内瓦公约议定书》", OUT_OF_CORPUS)


def test_rows_of_a_table_do_not_share_a_title() -> None:
    body = "第一条　甲。\n第二条　下列：\n| 第一条 | 《丙条例》第三条 |\n| 第一条 | 乙 |\n"
    assert [targets(c) for c in citations(text(OWN, body, D(2020, 1, 1)), THIRD)] == [
        ["art1"],
        ["art3"],
        ["art1"],
    ]


# -- other works ---------------------------------------------------------------------------------------

THIRD = text(OTHER, "第一条　甲。\n第二条　乙：\n（一）子；\n（二）丑。\n第三条　丙。\n", D(2010, 1, 1))


@pytest.mark.parametrize(
    ("article", "outcome", "expected"),
    [
        ("依照《丙条例》第二条。", RESOLVED, [["art2"]]),
        ("依照《丙条例》第二条第（二）项。", RESOLVED, [["art2/p1/i2"]]),
        ("依照《丙条例》第一条、第三条。", RESOLVED, [["art1", "art3"]]),
        ("依照《丙条例》第二条。依照该条例第三条。", RESOLVED, [["art2"], ["art3"]]),
        ("依照《丙条例》的规定。", RESOLVED, [[f"{OTHER}@2010-01-01"]]),
        ("依照《丙条例》第八条。", UNRESOLVED, [[]]),
        ("依照《丁条例》第八条。", OUT_OF_CORPUS, [[GONE]]),
        ("依照《无名条例》第八条。", OUT_OF_CORPUS, [[]]),
        ("依照《献血条例》第一条。", AMBIGUOUS, [[]]),
    ],
)  # fmt: skip
def test_other_works(article: str, outcome: str, expected: list[list[str]]) -> None:
    found = citations(text(OWN, f"第一条　{article}\n", D(2020, 1, 1)), THIRD)
    assert {c.outcome for c in found} == {outcome}
    assert [targets(c) for c in found] == expected


def test_a_new_article_forgets_what_was_said_before() -> None:
    body = "第一条　依照《丙条例》。\n第二条　依照该条例第二条。\n"
    assert [c.outcome for c in citations(text(OWN, body, D(2020, 1, 1)), THIRD)] == [RESOLVED, UNRESOLVED]


def test_own_articles_after_another_title() -> None:
    body = "第一条　甲。\n第二条　依照《丙条例》第三条和本办法第一条处罚。违反第一条的，从其规定。\n"
    assert [targets(c) for c in citations(text(OWN, body, D(2020, 1, 1)), THIRD)] == [
        ["art3"],
        ["art1"],
        ["art1"],
    ]


def test_a_former_name_with_a_number_is_ambiguous() -> None:
    renamed = text(NEW, "第一条　甲。\n", D(2010, 1, 1))
    body = "第一条　依照《旧戊规定》第一条。\n第二条　依照《旧戊规定》。\n"
    numbered, whole = citations(text(OWN, body, D(2020, 1, 1)), renamed)
    assert (numbered.outcome, numbered.targets) == (AMBIGUOUS, ())
    assert "旧名称" in numbered.reason
    assert (whole.outcome, targets(whole)) == (RESOLVED, [f"{NEW}@2010-01-01"])


# -- versions ------------------------------------------------------------------------------------------

FIRST = "第一条　医师应当告知患者病情和医疗措施，并取得其同意。\n第二条　医师不得收受财物。\n第三条　违反本条例的，由卫生行政部门给予警告。\n"
SECOND = "第一条　为了保护患者，制定本条例。\n第二条　医师应当告知患者病情和医疗措施，并取得其同意。\n第三条　违反本条例的，由卫生健康主管部门给予警告或者罚款。\n"
V1 = text(OTHER, FIRST, D(2010, 1, 1), Validity(D(2010, 6, 1), D(2010, 1, 1), D(2022, 1, 1)))
V2 = text(OTHER, SECOND, D(2021, 9, 1), Validity(D(2022, 1, 1), D(2021, 9, 1)))


def on(citation: Citation, day: date) -> list[str]:
    """The targets of a citation on a day."""
    return [
        t.id
        for t in citation.targets
        if (t.from_date or "") <= day.isoformat() and (t.until_date is None or day.isoformat() < t.until_date)
    ]


def cite(article: str, made: date, *held: Text, validity: Validity | None = None) -> Citation:
    (found,) = citations(text(OWN, f"第一条　{article}\n", made, validity), *held)
    return found


def test_one_citation_on_two_days_reaches_two_versions() -> None:
    found = cite("依照《丙条例》第三条处罚。", D(2015, 1, 1), V1, V2)
    assert found.outcome == RESOLVED
    assert on(found, D(2015, 7, 1)) == [f"{OTHER}@2010-01-01/art3"]
    assert on(found, D(2021, 12, 31)) == [f"{OTHER}@2010-01-01/art3"]
    assert on(found, D(2022, 1, 1)) == [f"{OTHER}@2021-09-01/art3"]
    assert [t.basis for t in found.targets] == ["direct", "same"]
    assert on(found, D(2014, 1, 1)) == []  # the citing text did not exist


def test_a_renumbered_article_is_followed() -> None:
    found = cite("依照《丙条例》第一条。", D(2015, 1, 1), V1, V2)
    assert on(found, D(2020, 1, 1)) == [f"{OTHER}@2010-01-01/art1"]
    assert on(found, D(2023, 1, 1)) == [f"{OTHER}@2021-09-01/art2"]
    assert [t.basis for t in found.targets] == ["direct", "diff"]


def test_an_article_that_is_gone_is_reached_only_while_it_stood() -> None:
    found = cite("依照《丙条例》第二条。", D(2015, 1, 1), V1, V2)
    assert on(found, D(2020, 1, 1)) == [f"{OTHER}@2010-01-01/art2"]
    assert on(found, D(2023, 1, 1)) == []
    assert "第二条在 2021-09-01 版本中已变" in found.reason


def test_words_written_after_the_revision_mean_the_revision() -> None:
    found = cite("依照《丙条例》第一条。", D(2023, 1, 1), V1, V2)
    assert [(t.id, t.basis) for t in found.targets] == [(f"{OTHER}@2021-09-01/art1", "direct")]


def test_a_revision_not_yet_in_force_is_what_the_words_mean() -> None:
    # written between adoption and effect: the numbers are those of the newest text that existed
    found = cite("依照《丙条例》第二条。", D(2021, 10, 1), V1, V2)
    assert on(found, D(2022, 2, 1)) == [f"{OTHER}@2021-09-01/art2"]
    assert on(found, D(2021, 11, 1)) == [f"{OTHER}@2010-01-01/art1"]


def test_the_version_that_was_meant_is_not_held() -> None:
    found = cite("依照《丙条例》第三条。", D(2015, 1, 1), V2)
    assert (found.outcome, found.targets) == (AMBIGUOUS, ())
    assert "未持有" in found.reason
    whole = cite("依照《丙条例》。", D(2015, 1, 1), V2)
    assert (whole.outcome, [t.from_date for t in whole.targets]) == (RESOLVED, ["2022-01-01"])


def test_lives_that_do_not_meet() -> None:
    over = Validity(D(2015, 6, 1), D(2015, 1, 1), D(2016, 1, 1))
    found = cite("依照《丙条例》第二条。", D(2015, 1, 1), V1, V2, validity=over)
    assert [(t.id, t.from_date, t.until_date) for t in found.targets] == [
        (f"{OTHER}@2010-01-01/art2", "2015-06-01", "2016-01-01")
    ]
    late = text(OTHER, FIRST, D(2010, 1, 1), Validity(D(2010, 6, 1), D(2010, 1, 1), D(2012, 1, 1)))
    past = cite("依照《丙条例》第二条。", D(2015, 1, 1), late, validity=over)
    assert [(t.id, t.basis) for t in past.targets] == [(f"{OTHER}@2010-01-01/art2", "past")]
    assert "不重叠" in past.reason
    assert cite("依照《丙条例》。", D(2015, 1, 1), late, validity=over).outcome == AMBIGUOUS


def test_an_undated_citing_text_does_not_say_which_version() -> None:
    citing = text(OWN, "第一条　依照《丙条例》第二条。\n", None, Validity(None), nth=1)
    (found,) = citations(citing, V1, V2)
    assert found.outcome == AMBIGUOUS


# -- the difference of two versions --------------------------------------------------------------------


def moved(base: str, other: str) -> dict[str, str | None]:
    a, b = text(OTHER, base, D(2010, 1, 1)), text(OTHER, other, D(2020, 1, 1))
    return {
        "/".join(map(str, old)): None if new is None else "/".join(map(str, new)) for old, new in moves(a, b).items()
    }  # fmt: skip


def test_moves() -> None:
    assert moved(FIRST, SECOND) == {"art1": "art2", "art2": None, "art3": "art3"}
    assert moved(FIRST, FIRST) == {"art1": "art1", "art2": "art2", "art3": "art3"}


def test_twins_do_not_tell() -> None:
    assert (
        moved("第一条　甲乙丙丁。\n", "第一条　子丑寅卯。\n第二条　甲乙丙丁。\n第三条　甲乙丙丁。\n")["art1"]
        is None
    )


def test_an_article_is_reached_once() -> None:
    base = "第一条　甲部门负责监督检查乙。\n第二条　甲部门负责监督检查丙。\n"
    other = "第一条　丁部门负责戊。\n第二条　甲部门负责监督检查乙。\n第三条　甲部门负责监督检查丙。\n"
    assert moved(base, other) == {"art1": "art2", "art2": "art3"}


def test_alike() -> None:
    assert alike("甲乙丙", "甲乙丙") == 1.0
    assert alike("甲乙丙", "丁戊己") == 0.0
    assert 0.6 < alike("甲乙丙", "甲乙丁") < 0.7
