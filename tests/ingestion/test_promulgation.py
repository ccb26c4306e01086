"""What a text says of its own life, and of the works that it ends. The short texts are invented."""

from __future__ import annotations

from datetime import date

import pytest

from ingestion.parse import parse
from ingestion.promulgation import Notes, find_repeals, read_notes
from ingestion.resolve import locate_mentions
from kg.build import Text
from kg.dates import Validity
from kg.identity import ExpressionId
from kg.model import Expression, Origin, Source
from kg.text import LayeredText
from kg.titles import TitleIndex
from kg.vocabulary import Level

E = ExpressionId("新办法", None, 1)
BODY = "第一条　甲。\n第二条　乙。\n"


def notes(text: str) -> Notes:
    return read_notes(text, parse(text, E).provisions)


@pytest.mark.parametrize(
    ("note", "enacted", "effective"),
    [
        ("2020年1月2日 全国人大常委会通过", ["2020-01-02"], None),
        ("（2012年10月26日第十一届全国人大常委会第二十九次会议通过　根据2018年4月27日《关于修改〈甲法〉等六部法律的决定》修正）",
         ["2012-10-26", "2018-04-27"], None),
        ("（1994年2月26日国务院令第149号发布　根据2016年2月6日《国务院关于修改部分行政法规的决定》第一次修订）",
         ["1994-02-26", "2016-02-06"], None),
        ("2007年11月6日 施行", [], "2007-11-06"),
        ("（2019年5月28日公布 自2019年7月1日起施行）", ["2019-05-28"], "2019-07-01"),
        ("2024-08-21 公布\n2024-08-22 施行", ["2024-08-21"], "2024-08-22"),
        ("自2020年6月1日起施行的决定", [], "2020-06-01"),
        ("某发〔2013〕31号", [], None),
        ("2013年11月20日", [], None),
        ("（根据2019年3月2日《国务院关于废止和修改部分行政法规的决定》修订）", ["2019-03-02"], None),
    ],
)  # fmt: skip
def test_notes_below_the_title(note: str, enacted: list[str], effective: str | None) -> None:
    found = notes(f"新办法\n{note}\n{BODY}")
    assert [day.isoformat() for day in found.enacted] == enacted
    assert found.effective == (date.fromisoformat(effective) if effective else None)


@pytest.mark.parametrize(
    ("closing", "effective", "from_publication"),
    [
        ("本办法自2020年6月1日起施行。", "2020-06-01", False),
        ("本法自二〇二二年三月一日起施行。", "2022-03-01", False),
        ("本条例自公布之日起施行。", None, True),
        ("本解释自2021年1月1日起施行；本解释施行后尚未审结的，适用本解释。", "2021-01-01", False),
        ("本规定于2014年1月1日起正式施行。", "2014-01-01", False),
        ("医师自2020年6月1日起领取新证。", None, False),
        ("本办法施行前已经开业的，自2020年6月1日起六个月内补办手续。", None, False),
        ("本办法由某委员会负责解释。", None, False),
        ("《甲办法》自2020年6月1日起施行。", None, False),
    ],
)
def test_the_closing_article(closing: str, effective: str | None, from_publication: bool) -> None:
    found = notes(f"新办法\n{BODY}第三条　{closing}\n")
    assert found.effective == (date.fromisoformat(effective) if effective else None)
    assert found.from_publication is from_publication


def test_the_closing_article_counts_before_the_note() -> None:
    found = notes(f"新办法\n2019年7月1日 施行\n{BODY}第三条　本办法自2020年6月1日起施行。\n")
    assert found.effective == date(2020, 6, 1)


# -- repeals -------------------------------------------------------------------------------------------

TITLES = TitleIndex.build(
    Source(title, title, Level.DEPARTMENTAL_RULE) for title in ("旧甲办法", "旧乙规定", "丙法", "新办法")
)


def repealed(article: str) -> list[str]:
    official = f"新办法\n第一条　甲。\n第二条　{article}\n"
    provisions = parse(official, E).provisions
    expression = Expression(E, "新办法", Validity(None), "", Origin("例", "a", ""))
    text = Text(expression, LayeredText(official), provisions)
    mentions = [(text.index(found.provision), found.mention) for found in locate_mentions(text, TITLES)]
    return [repeal.mention.title for repeal in find_repeals(official, provisions, mentions)]


@pytest.mark.parametrize(
    ("article", "expected"),
    [
        ("《旧甲办法》同时废止。", ["旧甲办法"]),
        ("本办法自2020年1月1日起施行。2007年3月31日公布的《旧甲办法》同时废止。", ["旧甲办法"]),
        ("《旧甲办法》和《旧乙规定》同时废止。", ["旧甲办法", "旧乙规定"]),
        ("《旧甲办法》（某发〔2002〕193号）、《旧乙规定》即行废止。", ["旧甲办法", "旧乙规定"]),
        ("自本办法施行之日起，《旧甲办法》失效。", ["旧甲办法"]),
        ("《旧甲办法》，同时废止。", ["旧甲办法"]),
        ("《旧甲办法》第五条同时废止。", []),  # one article, not the work
        ("依照《丙法》的规定被废止的，从其规定。", []),
        ("根据《丙法》，甲证书废止。", []),
        ("《旧甲办法》规定的甲制度同时废止。", []),
        ("违反《丙法》的甲。其他规定同时废止。", []),
        ("《旧甲办法》继续有效。", []),
    ],
)
def test_only_a_work_whose_predicate_is_repealed(article: str, expected: list[str]) -> None:
    assert repealed(article) == expected
