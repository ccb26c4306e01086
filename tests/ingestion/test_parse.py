"""The grammar of a law's text: real structures, and what holds for any text at all.

The short texts are invented.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingestion.acquire import acquire
from ingestion.document import Document, read_document
from ingestion.edges import find_edges
from ingestion.lines import read_lines
from ingestion.parse import Parsed, parse, render
from kg.identity import ExpressionId
from kg.vocabulary import Kind

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not on this machine")

E = ExpressionId("某办法", date(2020, 1, 1))


def outline(text: str) -> list[str]:
    """`path text` of each provision in order, heads only, one space between lines."""
    return [
        " ".join(["/".join(map(str, p.id.steps)), *text[p.start : p.head_end].split()])
        for p in parse(text, E).provisions
    ]


def codes(text: str) -> list[tuple[str, str]]:
    return [(p.code, p.place.removeprefix(f"{E}/")) for p in parse(text, E).problems]


def broken(official: str, parsed: Parsed) -> str:
    """What does not hold of a tree, empty if all does."""
    provisions = parsed.provisions
    if "".join(official[p.start : p.head_end] for p in provisions) != official:
        return "the heads do not partition the text"
    if len({p.id for p in provisions}) != len(provisions):
        return "an id occurs twice"
    open_: list[int] = []
    for p in provisions:
        if not p.start <= p.head_end <= p.end:
            return f"{p.id}: spans are out of order"
        while open_ and open_[-1] <= p.start:
            open_.pop()
        if open_ and p.end > open_[-1] and p.end > p.start:
            return f"{p.id} leaves the provision around it"
        open_.append(p.end)
    rendered = render(official, provisions)
    again = parse(rendered, E)
    if [p.id.steps for p in again.provisions] != [p.id.steps for p in provisions]:
        return "rendered and parsed again, the ids differ"
    pairs = zip(provisions, again.provisions, strict=True)
    if any(
        official[p.start : p.head_end].split() != rendered[q.start : q.head_end].split() for p, q in pairs
    ):
        return "rendered and parsed again, the words differ"
    if render(rendered, again.provisions) != rendered:
        return "rendering twice gives another text"
    return ""


# -- structures ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "某法\n第十六条　甲。\n第十七条　乙。\n第十七条之一　丙。\n第十七条之二　丁。\n第十八条　戊。\n",
            ["art16", "art16/p1", "art17", "art17/p1", "art17-1", "art17-1/p1", "art17-2", "art17-2/p1", "art18", "art18/p1"],
            id="articles inserted later",
        ),
        pytest.param(
            "某法\n第一条为了甲。\n第二条应当乙。\n",
            ["art1", "art1/p1", "art2", "art2/p1"],
            id="glued without a space",
        ),
        pytest.param(
            "某法\n第一条\n甲。\n乙。\n",
            ["art1", "art1/p1", "art1/p2"],
            id="label on a line of its own",
        ),
        pytest.param(
            "某法\n第一条　应当：\n(一)甲；\n（二）乙。\n",
            ["art1", "art1/p1", "art1/p1/i1", "art1/p1/i2"],
            id="half-width items",
        ),
        pytest.param(
            "某法\n第一条　应当：（一）甲；（二）乙；（三）丙。\n第二条　丁。\n",
            ["art1", "art1/p1", "art1/p1/i1", "art1/p1/i2", "art1/p1/i3", "art2", "art2/p1"],
            id="items in one line",
        ),
        pytest.param(
            "某法\n第一条　应当：\n（一）甲：\n1.子；\n2.丑。\n（二）乙：\n（1）寅；\n（2）卯。\n",
            ["art1", "art1/p1", "art1/p1/i1", "art1/p1/i1/s1", "art1/p1/i1/s2", "art1/p1/i2", "art1/p1/i2/s1", "art1/p1/i2/s2"],
            id="目 in both styles",
        ),
        pytest.param(
            "某法\n第一条　应当：\n（一）甲；\n（二）乙。\n有前款情形的，丙。\n第二条　丁。\n",
            ["art1", "art1/p1", "art1/p1/i1", "art1/p1/i2", "art1/p2", "art2", "art2/p1"],
            id="款 after the items",
        ),
        pytest.param(
            "某法\n第一条　应当：\n（一）甲。\n甲是指子。\n（二）乙。\n",
            ["art1", "art1/p1", "art1/p1/i1", "art1/p1/i2"],
            id="a plain line inside a list that goes on belongs to the item",
        ),
        pytest.param(
            "某法\n第一条　甲：\n（一）子。\n第二款：\n（一）丑。\n",
            ["art1", "art1/p1", "art1/p1/i1", "art1/p2", "art1/p2/i1"],
            id="a list for each of two 款",
        ),
        pytest.param(
            "某法\n第一条　由下列人员组成：\n主任，\n副主任若干人，\n委员若干人。\n甲实行乙制。\n",
            ["art1", "art1/p1", "art1/p2"],
            id="a sentence over several lines",
        ),
        pytest.param(
            "某法\n第一条　事故分为二级：\n一级事故：造成甲的；\n二级事故：造成乙的。\n丙。\n",
            ["art1", "art1/p1", "art1/p2"],
            id="a list without numbers",
        ),
        pytest.param(
            "某法\n第一条　用语的含义：\n甲，是指子。\n乙，是指丑。\n",
            ["art1", "art1/p1", "art1/p2", "art1/p3"],
            id="whole sentences are 款 of their own",
        ),
        pytest.param(
            "某法\n第一条　应当：\n（一）甲，\n以及乙；\n（二）丙、\n丁。\n戊。\n",
            ["art1", "art1/p1", "art1/p1/i1", "art1/p1/i2", "art1/p2"],
            id="an item over two lines",
        ),
        pytest.param(
            "某解释\n一、一般规定\n第一条　甲。\n二、责任承担\n第二条　乙。\n第三条　丙。\n",
            ["n1", "art1", "art1/p1", "n2", "art2", "art2/p1", "art3", "art3/p1"],
            id="divisions of a judicial interpretation",
        ),
        pytest.param(
            "某法\n第一编　总则\n第一分编　通则\n第一章　甲\n第一节　子\n第一条　甲。\n第二节　丑\n第二条　乙。\n第二编　物权\n第三条　丙。\n附则\n第四条　丁。\n",
            ["part1", "part1/sub1", "part1/sub1/ch1", "part1/sub1/ch1/sec1", "art1", "art1/p1", "part1/sub1/ch1/sec2", "art2", "art2/p1",
             "part2", "art3", "art3/p1", "supp", "art4", "art4/p1"],
            id="编 分编 章 节 附则",
        ),
        pytest.param(
            "某条例\n目录\n第一章　总则\n第二章　罚则\n第一章　总则\n第一条　甲。\n第二章　罚则\n第二条　乙。\n",
            ["ch1", "art1", "art1/p1", "ch2", "art2", "art2/p1"],
            id="table of contents",
        ),
        pytest.param(
            "某法\n序言\n甲是乙。\n丙是丁。\n第一章　总纲\n第一条　戊。\n",
            ["preamble", "preamble/p1", "preamble/p2", "ch1", "art1", "art1/p1"],
            id="preamble",
        ),
        pytest.param(
            "某解释\n2020年1月2日 通过\n为依法惩处甲，现就若干问题解释如下：\n第一条　乙。\n",
            ["preamble", "preamble/p1", "art1", "art1/p1"],
            id="prose above the first article",
        ),
        pytest.param(
            "某决定\n全国人大常委会根据情况，讨论了甲，解释如下：\n甲是乙。\n现予公告。\n",
            ["preamble", "preamble/p1", "preamble/p2", "preamble/p3"],
            id="prose only",
        ),
        pytest.param(
            "某条例\n第一条　见附件。\n附件1\n申请表\n一、姓名\n二、年龄\n附件2：规则\n第一条　丙。\n",
            ["art1", "art1/p1", "annex1", "annex1/p1", "annex1/n1", "annex1/n2", "annex2", "annex2/art1", "annex2/art1/p1"],
            id="annexes number their own articles",
        ),
        pytest.param(
            "某办法\n第一条　甲。\n附：1.甲表\n2.乙表\n附1\n甲表\n",
            ["art1", "art1/p1", "art1/p2", "art1/p2/s2", "annex1", "annex1/p1"],
            id="a list of annexes is none",
        ),
        pytest.param(
            "某决定\n一、删去第一条。\n二、增加一条。\n附：\n第一条　甲。\n第二条　乙。\n",
            ["n1", "n2", "preamble", "preamble/p1", "art1", "art1/p1", "art2", "art2/p1"],
            id="a decision that republishes the text",
        ),
        pytest.param(
            "某办法\n第一条　如下：\n| 甲 | 乙 |\n| 1 | 2 |\n第二条　丙。\n",
            ["art1", "art1/p1", "art1/p2", "art2", "art2/p1"],
            id="a table is one 款",
        ),
        pytest.param(
            "某指南\n一、要求\n（一）人员\n1.医师。\n（1）甲。\n2.护士。\n（二）设备\n二、流程\n",
            ["n1", "n1/n1", "n1/n1/n1", "n1/n1/n1/n1", "n1/n1/n2", "n1/n2", "n2"],
            id="text without 条",
        ),
        pytest.param(
            "某指南\n1 范围\n1.1 甲\n1.2 乙\n2.1 丙\n",
            ["n1", "n2", "n1~2"],
            id="decimal numbers",
        ),
        pytest.param(
            "某指南\n1. 甲\n1. 乙\n1. 丙\n",
            ["n1", "n1~2", "n1~3"],
            id="markdown numbers every item 1",
        ),
        pytest.param(
            "某修正案\n一、将第九十一条修改为：“第九十一条　甲，是指：\n（一）子；\n（二）丑。”\n二、删去第二条。\n",
            ["n1", "n1/n1", "n1/n2", "n2"],
            id="an amendment quotes an article",
        ),
        pytest.param(
            "某办法\n第一条　甲。\n第二条　乙。\n国务院卫生健康委员会\n2020年1月2日\n",
            ["art1", "art1/p1", "art2", "art2/p1", "tail"],
            id="signature",
        ),
    ],
)  # fmt: skip
def test_structure(text: str, expected: list[str]) -> None:
    found = [line.split(" ")[0] for line in outline(text)]
    assert found[0] == "front"
    assert found[1:] == expected
    assert broken(text, parse(text, E)) == ""


def test_words_stay_with_their_provision() -> None:
    text = "某法\n第一条　应当：\n（一）甲。\n甲是指子。\n（二）乙。\n有前款情形的，丙。\n"
    assert outline(text)[2:] == [
        "art1/p1 应当：", "art1/p1/i1 （一）甲。 甲是指子。", "art1/p1/i2 （二）乙。", "art1/p2 有前款情形的，丙。",
    ]  # fmt: skip


def test_a_sole_paragraph_is_marked() -> None:
    text = "某法\n第一条　甲。\n第二条　乙。\n丙。\n"
    assert [p.sole for p in parse(text, E).provisions if p.kind is Kind.PARAGRAPH] == [True, False, False]


def test_headings_are_read() -> None:
    tree = parse("某法\n第一章　总则\n第一条　甲。\n医疗机构\n第二条　乙。\n", E)
    assert [(p.label, p.heading) for p in tree.provisions if p.kind.is_container] == [
        ("第一章", "总则"),
        ("", "医疗机构"),
    ]
    assert [p.code for p in tree.problems] == ["heading_without_number"]


def test_a_line_out_of_order_keeps_its_words() -> None:
    # 第七条 with a space does not continue the numbering: a reference, with its label
    text = "某法\n第一条　甲：\n第七条　“乙。”\n第二条　丙。\n"
    assert outline(text)[1:4] == ["art1 第一条", "art1/p1 甲：", "art1/p2 第七条 “乙。”"]
    assert broken(text, parse(text, E)) == ""
    assert codes(text) == [("article_out_of_order", "art1/p1")]


# -- numbering -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("某\n第一条　甲。\n第二条　乙。\n", []),
        ("某\n第一条　甲。\n第三条　乙。\n", [("article_gap", "art3")]),
        ("某\n第五条　甲。\n第六条　乙。\n", [("numbering_starts_late", "art5")]),
        ("某\n第一条　甲：\n（一）子；\n（三）丑。\n", [("item_gap", "art1/p1/i3")]),
        ("某\n第一条　甲：\n（一）子；\n（一）丑。\n", [("repeated_number", "art1/p1/i1~2")]),
        ("某\n一、甲。\n三、乙。\n", [("point_gap", "n3")]),
        ("某\n一、甲。\n（一）子。\n二、乙。\n（二）丑。\n", []),  # numbering that runs on across sections
        ("某\n第一条　甲。\n第二编　物权\n第二条　乙。\n", [("container_gap", "part2")]),
        ("某\n第一条　详见附件。\n", [("annex_absent", "某办法@2020-01-01")]),
    ],
)  # fmt: skip
def test_numbering(text: str, expected: list[tuple[str, str]]) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize(
    "reference",
    [
        "第五条第二款规定的情形，从其规定。",
        "第三条、第四条的规定适用于甲。",
        "第三条至第五条所称甲。",
        "第三条规定的事项，由乙办理。",
        "第九条所列情形。",
    ],
)
def test_references_at_the_beginning_of_a_line_are_no_articles(reference: str) -> None:
    text = f"某\n第一条　甲。\n第二条　乙：\n{reference}\n第三条　丙。\n"
    assert [line.split(" ")[0] for line in outline(text)[1:]] == [
        "art1", "art1/p1", "art2", "art2/p1", "art2/p2", "art3", "art3/p1",
    ]  # fmt: skip
    assert codes(text) == []


# -- what stands behind the text -----------------------------------------------------------------------

CLOSED = "甲规定\n第一条　甲。\n第二条　本规定自2014年1月1日起施行。原《乙规定》同时废止。\n"


@pytest.mark.parametrize(
    ("behind", "expected", "code"),
    [
        ("关于印发丙规范（试行）的通知\n（某发〔2017〕8号）\n各省：\n请执行。\n某委员会办公厅\n2017年2月15日\n", ["tail"], "second_text"),
        ("国家某委关于丙丁的公告（2017年第8号）\n一、丁。\n", ["tail"], "second_text"),
        ("丙办法\n第一条　丁。\n第二条　戊。\n", ["annex", "annex/art1", "annex/art1/p1", "annex/art2", "annex/art2/p1"], "second_text"),
        ("第一条　丁。\n第二条　戊。\n", ["annex", "annex/art1", "annex/art1/p1", "annex/art2", "annex/art2/p1"], "second_text"),
        ("税率表一\n级数 | 税率\n", ["annex", "annex/p1"], "unmarked_annex"),
        ("附：\n税率表\n", ["annex", "annex/p1"], ""),
        ("附：1.申请表\n2.回执\n附1\n申请表\n", ["annex", "annex/n2", "annex1", "annex1/p1"], ""),
        ("本规定施行前的行为，不适用本规定。\n", ["art2/p2"], ""),
        ("国家某委员会\n2014年1月1日\n", ["tail"], ""),
    ],
)  # fmt: skip
def test_behind_the_closing_article(behind: str, expected: list[str], code: str) -> None:
    found = [line.split(" ")[0] for line in outline(CLOSED + behind)]
    assert found[:5] == ["front", "art1", "art1/p1", "art2", "art2/p1"]
    assert found[5:] == expected
    assert [found_code for found_code, _ in codes(CLOSED + behind)] == ([code] if code else [])
    assert broken(CLOSED + behind, parse(CLOSED + behind, E)) == ""


def test_a_closing_clause_in_the_middle_ends_nothing() -> None:
    text = "甲\n第一条　本法自2014年1月1日起施行。\n医疗机构\n第二条　乙。\n"
    assert find_edges(list(read_lines(text))).breaks == frozenset()
    assert [line.split(" ")[0] for line in outline(text)[1:]] == [
        "art1",
        "art1/p1",
        "supp",
        "art2",
        "art2/p1",
    ]


# -- any text at all -----------------------------------------------------------------------------------

LABELS = (
    "第一条", "第二条", "第三条", "第三条之一", "第十七条之二", "第 4 条", "第五条", "（一）", "（二）", "(三)", "（四）", "一、",
    "二、", "三、", "1.", "2.", "1、", "（1）", "（2）", "1.1", "1.2", "1)", "①", "②", "附件", "附件1", "附件二", "附：", "附1", "附则",
    "总 则", "第一章", "第二章", "第一节", "第一编", "第一分编", "第二部分", "序言", "目录", "条目一", "附录：", "第百条", "十百、",
)  # fmt: skip
WORDS = (
    "为了甲", "应当：", "不得乙。", "有下列情形之一的：", "总则", "第二款规定的", "医疗机构应当告知患者；", "（一）甲；（二）乙。",
    "：（一）甲；（二）乙；（三）丙。", "| 甲 | 乙 |", "2020年1月1日通过", "国务院", "2013年11月20日", "关于印发某规范的通知",
    "本办法自2020年1月1日起施行。", "一般规定", "A & B", "３％", "至第五条", "详见附件1", "为依法惩处甲，解释如下：", "",
)  # fmt: skip
ends = st.sampled_from(["\n"] * 8 + ["\n\n", "\r\n", "\x0b", "\u2028", ""])
lines = st.one_of(
    st.tuples(
        st.sampled_from(["", " ", "　"]), st.sampled_from(LABELS),
        st.sampled_from(["", "　", " ", "\u00a0", "：", "  "]), st.sampled_from(WORDS), ends,
    ),
    st.tuples(st.sampled_from(WORDS), ends),
    st.tuples(st.text(max_size=10), ends),
)  # fmt: skip
laws = st.lists(lines.map("".join), max_size=25).map("".join)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(laws)
@example("第一条\n（二）\n")
@example("第一条 总则\n第一条  | 甲 |\n第二部分  ：（一）甲；（二）乙；（三）丙。\n")
@example("第二条　甲。\n　第七条　乙。\n第三条　丙。\n")
def test_law_like_text_is_never_refused(text: str) -> None:
    assert broken(text, parse(text, E)) == ""


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
@example(" ")
@example("")
def test_no_text_is_refused(text: str) -> None:
    assert broken(text, parse(text, E)) == ""


@settings(max_examples=50, deadline=None)
@given(laws)
def test_ids_depend_on_the_text_only(text: str) -> None:
    other = ExpressionId("别的办法", None, 3)
    first, again, elsewhere = parse(text, E), parse(text, E), parse(text, other)
    assert first == again
    assert [p.id.steps for p in first.provisions] == [p.id.steps for p in elsewhere.provisions]


# -- every file of both corpora ------------------------------------------------------------------------


def hold(documents: list[Document]) -> None:
    wrong: list[str] = []
    for document in documents:
        layers, provisions = document.text, document.provisions
        raw = "".join(layers.raw[layers.to_raw(p.start) : layers.to_raw(p.head_end)] for p in provisions)
        if raw != layers.raw:
            wrong.append(f"{document.origin.place}: the provisions do not give back the raw text")
        if why := broken(layers.official, Parsed(provisions, ())):
            wrong.append(f"{document.origin.place}: {why}")
    assert wrong == []


def gaps(documents: list[Document]) -> set[tuple[str, str]]:
    return {
        (document.title, problem.text)
        for document in documents
        for problem in document.problems
        if problem.code == "article_gap"
    }


def contiguous(document: Document) -> bool:
    """Whether the articles of the text itself run on without gap."""
    numbers = [
        p.id.steps[0].number for p in document.provisions if p.kind is Kind.ARTICLE and len(p.id.steps) == 1
    ]
    return all(b - a in (0, 1) for a, b in pairwise(numbers))


def check(documents: list[Document]) -> None:
    hold(documents)
    silent = [
        d.origin.place
        for d in documents
        if not contiguous(d) and not any(p.code == "article_gap" for p in d.problems)
    ]
    assert silent == [], "a gap in the numbering is reported"


def test_every_packaged_law() -> None:
    documents = [read_document(acquired) for acquired in acquire([], packaged=True).texts]
    assert len(documents) >= 300
    check(documents)
    assert {("中华人民共和国生态环境法典", f"第一千{n}条缺失") for n in ("一百二十", "二百零一")} <= gaps(
        documents
    )
    law = next(d for d in documents if d.title == "中华人民共和国民法典")
    assert len(law.articles) == 1260
    # the database has no heading for the first 编 and glues the others onto the article before them
    assert [p.id.steps[0].number for p in law.provisions if p.kind is Kind.PART] == [2, 3, 4, 5, 6, 7]
    assert sum(p.code == "container_gap" for p in law.problems) == 1


@needs_corpus
@pytest.mark.corpus
@pytest.mark.slow
def test_every_file_of_the_corpus() -> None:
    documents = [read_document(acquired) for acquired in acquire([CORPUS], packaged=False).texts]
    assert len(documents) >= 600
    check(documents)
    assert ("山东省中医药条例", "第十三条缺失") in gaps(documents)
    records = next(
        d for d in documents if d.origin.place.endswith("medical-policy-rag/医疗机构病历管理规定.txt")
    )
    assert records.provisions[-1].kind is Kind.TAIL
    assert (
        "关于印发电子病历应用管理规范（试行）的通知" in records.text.official[records.provisions[-1].start :]
    )
    assert records.notes.effective == date(2014, 1, 1)
