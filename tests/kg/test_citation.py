"""The citation finder: tables of real wording, properties, adversarial input.

Expected mentions are written `anchor title(year) | places`, places as `art3/p1`, a range as `art3..art5`,
a work or an anchored place as a whole as `-`; PREVIOUS carries `<count><what it counts>`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.citation import Anchor, Mention, Place, Target
from kg.citation_grammar import ShortName, find_mentions, find_short_names
from kg.model import Source
from kg.numerals import chinese_numeral
from kg.titles import TitleIndex
from kg.vocabulary import Kind, Level

INDEX = TitleIndex.build(
    [
        Source(title, title, Level.LAW)
        for title in (
            "中华人民共和国民法典",
            "中华人民共和国刑法",
            "中华人民共和国医师法",
            "中华人民共和国药品管理法",
            "中华人民共和国个人信息保护法",
            "中华人民共和国宪法",
        )
    ]
    + [Source("GCP", "药物临床试验质量管理规范", Level.DEPARTMENTAL_RULE, aliases=("GCP",))]
)


def path_text(path: tuple[Place, ...]) -> str:
    return "/".join(f"{p.kind.code}{p.number}" + (f"-{p.sub}" if p.sub else "") for p in path) or "-"


def shown(mention: Mention) -> str:
    head = f"{mention.anchor} {mention.title}" if mention.title else str(mention.anchor)
    if mention.year:
        head += f"({mention.year})"
    if mention.count and mention.back_kind:
        head += f" {mention.count}{mention.back_kind.code}"
    places = [path_text(t.path) + (f"..{path_text(t.until)}" if t.until else "") for t in mention.targets]
    return f"{head} | {' '.join(places)}"


def found(text: str, titles: TitleIndex | None = None) -> list[str]:
    return [shown(mention) for mention in find_mentions(text, titles)]


NUMERALS = [
    ("《民法典》第1219条", "art1219", "Arabic"),
    ("《民法典》第一千二百一十九条", "art1219", "Chinese"),
    ("《民法典》第１２１９条", "art1219", "full-width"),
    ("《民法典》第一二一九条", "art1219", "digit by digit"),
    ("《民法典》第 1219 条", "art1219", "blanks"),
    ("《民法典》第 一千二百\n一十九 条", "art1219", "a PDF broke the line inside the numeral"),
    ("《民法典》1219条", "art1219", "without 第"),
    ("《民法典》的第1219条", "art1219", "的"),
    ("《民法典》中第1219条", "art1219", "中"),
    ("《民法典》（第1219条）", "art1219", "in brackets right behind the title"),
    ("《民法典》：第1219条", "art1219", "behind a colon"),
    ("《民法典》**第1219条**", "art1219", "Markdown"),
    ("《民法典》第1百条", "-", "a numeral that mixes scripts names no place"),
    ("《民法典》第〇条", "-", "nor does zero"),
    ("《民法典》第99999条", "-", "nor a number no statute reaches"),
]


@pytest.mark.parametrize(("text", "places", "why"), NUMERALS)
def test_numerals(text: str, places: str, why: str) -> None:
    assert found(text) == [f"title 民法典 | {places}"], why


PLACES = [
    ("第十七条之一", "art17-1", "an inserted article"),
    ("第一百三十三条之一第一款", "art133-1/p1", "and its paragraph"),
    ("第一百三十三之一条", "art133-1", "之一 before 条"),
    ("第三条之一般规定", "art3", "not an inserted article"),
    ("第二十五条第一款第（二）项第1目", "art25/p1/i2/s1", "every level"),
    ("第二十五条第一款第(二)项", "art25/p1/i2", "half-width brackets"),
    ("第二十五条第一款第㈡项", "art25/p1/i2", "an enclosed numeral"),
    ("第二十五条第二项", "art25/i2", "an item of a sole paragraph"),
    ("第25条1款2项", "art25/p1/i2", "第 left out"),
    ("第二十五条第（四）款", "art25/p4", "a paragraph numbered like an item"),
    ("第四编第六章", "part4/ch6", "containers"),
    ("第三编第二分编第十章第一节", "part3/sub2/ch10/sec1", "分编"),
    ("第七编“侵权责任”第六章第1218条", "part7/ch6/art1218", "the name of a part between"),
    ("第三条至第五条", "art3..art5", "a range"),
    ("第三十四条至三十七条", "art34..art37", "a range without the second 第"),
    ("第1218-1220条", "art1218..art1220", "a range under one unit"),
    ("第1218条—第1220条", "art1218..art1220", "a dash"),
    ("第二百一十三条至第二百一十九条之一", "art213..art219-1", "刑法第二百二十条"),
    ("第一百二十条之一至之六", "art120-1..art120-6", "a range of inserted articles"),
    ("第一百二十条之一、之二", "art120-1 art120-2", "a list of them"),
    ("第21、25条", "art21 art25", "a list under one unit"),
    ("第一、二款", "p1 p2", "the same for paragraphs"),
    ("第（一）、（二）、（三）项", "i1 i2 i3", "and items"),
    ("第（一）项至第（三）项", "i1..i3", "a range of items"),
    ("第十四条第（一）（二）项", "art14/i1 art14/i2", "nothing between the brackets"),
    ("第9、10条，及第十四条", "art9 art10 art14", "a comma and a conjunction"),
    ("第三条第一、二款", "art3/p1 art3/p2", "a list under one unit below an article"),
    ("第八十九条第(二)至第(四)项", "art89/i2..art89/i4", "国境卫生检疫法实施细则"),
    ("第二十五条第一款、第三款", "art25/p1 art25/p3", "both under the article"),
    ("第三条第一款和第五条第二款", "art3/p1 art5/p2", "two articles"),
    ("第三条第一款、第五条", "art3/p1 art5", "the second is a whole article"),
    (
        "第六十七条第一款第一项至第六项、第八项、第九项",
        "art67/p1/i1..art67/p1/i6 art67/p1/i8 art67/p1/i9",
        "a range opens the list",
    ),
    (
        "第二十八条第一款和第二款、第二十九条第一款、第三十四条",
        "art28/p1 art28/p2 art29/p1 art34",
        "levels go up and down",
    ),
    ("第十四条第三款，第十五条第二款", "art14/p3 art15/p2", "a comma between articles"),
    ("第五章、第二十条", "ch5 art20", "an article is not inside the chapter named before it"),
    ("第52条、56条", "art52 art56", "第 left out in a list"),
    ("第1219条（知情同意）、第1220条", "art1219 art1220", "a catchword between"),
    ("第三条和五项义务", "art3", "a count of things ends the list"),
    ("第十条三项义务", "art10", "the same inside a chain"),
    ("第三条和有关规定", "art3", "words end the list"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "places", "why"), PLACES)
def test_places(text: str, places: str, why: str) -> None:
    assert found(f"《某法》{text}的规定") == [f"title 某法 | {places}"], why
    assert found(f"违反本法{text}的规定") == [f"self 本法 | {places}"], why


ANCHORS = [
    ("《医师法》（2021年修订）第二条", ["title 医师法(2021) | art2"], "an edition"),
    ("《医师法》(2021修订)", ["title 医师法(2021) | -"], "an edition and nothing else"),
    ("2021年修订的《医师法》第二条", ["title 医师法(2021) | art2"], "an edition before the title"),
    ("《医疗器械监督管理条例》（2000年国务院令第276号）第四十六条", ["title 医疗器械监督管理条例(2000) | art46"], "an order number with its year"),
    ("《药品管理法》（以下简称本法）第二条", ["title 药品管理法 | art2"], "a definition between"),
    ("《医疗机构病历管理规定（2013年版）》第二条", ["title 医疗机构病历管理规定（2013年版）(2013) | art2"], "an edition inside"),
    ("《知情同意书》", ["title 知情同意书 | -"], "any title: `is_instrument` tells which name norms"),
    ("《A法》第三条、《B法》第五条", ["title A法 | art3", "title B法 | art5"], "several titles are several mentions"),
    ("《上海市实施〈中华人民共和国献血法〉办法》第十条", ["title 上海市实施〈中华人民共和国献血法〉办法 | art10"], "a title in a title"),
    ("《关于修改《刑法》的决定》", ["title 关于修改《刑法》的决定 | -"], "nested alike"),
    ("《医师和《民法典》第三条", ["title 民法典 | art3"], "an unclosed 《 hides nothing behind it"),
    ("上海市实施《中华人民共和国食品安全法》办法第十条", ["title 上海市实施《中华人民共和国食品安全法》办法 | art10"], "the local measure, not the law"),
    ("《药品管理法》实施条例第五条", ["title 药品管理法实施条例 | art5"], "the title goes on behind 》"),
    ("《民法典》侵权责任编司法解释（一）第三条", ["title 民法典侵权责任编司法解释（一） | art3"], "an interpretation, not the code"),
    ("《民法典》侵权责任编第1218条", ["title 民法典 | part7/art1218"], "a part of the code by name"),
    ("《刑法》分则第三章第一节", ["title 刑法 | part2/ch3/sec1"], "the special part"),
    ("《赫尔辛基宣言》第26段", ["title 赫尔辛基宣言 | n26"], "the paragraphs of a declaration"),
    ("**《护士条例》第三条**、第五条", ["title 护士条例 | art3 art5"], "Markdown inside a list"),
    ("《治疗规范》附件2", ["title 治疗规范 | annex2"], "an annex"),
    ("违反本法第三条，依照本条例第五条、本解释第六条", ["self 本法 | art3", "self 本条例 | art5", "self 本解释 | art6"], "the citing work"),
    ("本实施细则第二条", ["self 本实施细则 | art2"], "a longer noun"),
    ("本规定（试行）第五条", ["self 本规定 | art5"], "a qualifier between"),
    ("造成本法第二十条规定的后果", ["self 本法 | art20"], "造成 + 本法, not 成本"),
    ("为了规范，制定本法。本法所称药品，符合本法规定", [], "the work alone is no citation"),
    ("该法第二十条；同法第三条；上述条例第四条", ["same 该法 | art20", "same 同法 | art3", "same 上述条例 | art4"], "the work cited last"),
    ("《护士条例》第三条，条例第七条", ["title 护士条例 | art3", "same 条例 | art7"], "a noun alone"),
    ("其办法第三条", ["same 办法 | art3"], "a noun behind a connective"),
    ("该条第二款；同条第三款", ["same 该条 | p2", "same 同条 | p3"], "the article cited last"),
    ("本条第一款第（二）项和第三款", ["here 本条 | p1/i2 p3"], "places inside the article"),
    ("本条第一款、第五条", ["here 本条 | p1", "bare | art5"], "an article is not inside an article"),
    ("违反本条规定，本章另有规定的，本节、本编", ["here 本条 | -", "here 本章 | -", "here 本节 | -", "here 本编 | -"], "alone"),
    ("本章第一节；单位犯本节第二百零一条", ["here 本章 | sec1", "here 本节 | art201"], "inside containers"),
    ("前款规定的情形", ["previous 前款 1p | -"], "the paragraph before"),
    ("前款第（一）、（二）项", ["previous 前款 1p | i1 i2"], "items of it"),
    ("前款和第三款", ["previous 前款 1p | -", "bare | p3"], "a paragraph is not inside a paragraph"),
    ("前两款、前三项、前条第一款", ["previous 前两款 2p | -", "previous 前三项 3i | -", "previous 前条 1art | p1"], "counts"),
    ("本条前两款", ["previous 前两款 2p | -"], "本条 adds nothing here"),
    ("依照第一款的规定处罚", ["bare | p1"], "no anchor"),
    ("隐私权（第1032条）", ["bare | art1032"], "in brackets"),
    ("将第四十条改为第四十二条", ["bare | art40", "bare | art42"], "an amendment"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected", "why"), ANCHORS)
def test_anchors(text: str, expected: list[str], why: str) -> None:
    assert found(text) == expected, why
    assert found(text, INDEX) == expected, why


WITH_INDEX = [
    ("依照刑法第一百三十三条之一处罚", ["title 刑法 | art133-1"], "known, without 《》"),
    ("民法典1219条", ["title 民法典 | art1219"], "and without 第"),
    ("“民法典”第1219条", ["title 民法典 | art1219"], "in quotation marks"),
    ("中华人民共和国民法典第十条", ["title 中华人民共和国民法典 | art10"], "the full title"),
    ("依照药品管理法的有关规定", ["title 药品管理法 | -"], "a title with 的有关规定"),
    ("药品管理法规定", ["title 药品管理法 | -"], "with 规定"),
    ("根据宪法，制定本法", ["title 宪法 | -"], "after a citing verb"),
    ("宪法宣誓", [], "a word in passing"),
    ("根据药品管理法实施条例第五条", ["title 药品管理法实施条例 | art5"], "unknown, and not its parent"),
    ("根据药品管理法实施条例的规定", [], "the same without a place"),
    ("兽医师法第三条", ["title 兽医师法 | art3"], "an unknown title that ends like a known one"),
    ("民法典侵权责任编第六章", ["title 民法典侵权责任编 | ch6"], "a part of the code is in the index"),
    ("违反GCP第52条", ["title GCP | art52"], "a Latin alias"),
]


@pytest.mark.parametrize(("text", "expected", "why"), WITH_INDEX)
def test_known_titles(text: str, expected: list[str], why: str) -> None:
    assert found(text, INDEX) == expected, why


UNKNOWN = [
    ("不符合专利法第三十一条和本细则第三十四条", ["title 专利法 | art31", "self 本细则 | art34"], "never the citing work's own article"),
    ("违反安全生产法第二十条", ["title 安全生产法 | art20"], "生产 is part of the name, 违反 is not"),
    ("其实施条例第五条", ["title 实施条例 | art5"], "an unnamed implementing regulation is not the law before it"),
    ("合同法第五条", ["title 合同法 | art5"], "not 同法"),
    ("基本法第五条", ["title 基本法 | art5"], "not 本法"),
    (
        "最高人民法院关于审理医疗损害责任纠纷案件适用法律若干问题的解释第十一条",
        ["title 最高人民法院关于审理医疗损害责任纠纷案件适用法律若干问题的解释 | art11"],
        "a long title with 适用 and 的 inside",
    ),
    ("法释〔2017〕20号第四条", ["title 法释〔2017〕20号 | art4"], "a document number"),
    ("护士条例第十七条规定的第二款", ["title 护士条例 | art17", "bare | p2"], "规定 is not a work here"),
    ("按照ICH第三条", ["title ICH | art3"], "a Latin name"),
    ("治疗方法第一条", ["bare | art1"], "方法 is no law"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected", "why"), UNKNOWN)
def test_unknown_titles_before_a_place(text: str, expected: list[str], why: str) -> None:
    assert found(text) == expected, why


NOT_CITATIONS = [
    "第十二届全国人民代表大会第1次会议",
    "第一款车", "第二款手机", "第三章节日安排", "第一条线索", "第三条微博", "第一编辑部",
    "第二项目部", "第一目标", "第三方机构", "第一类医疗器械", "第二节课", "第三节颈椎", "第四项手术", "第二点", "第三段话", "第一段落",
    "第三条款", "第一项款项", "第六条件", "第一章程",
    "条目、条件、条款、款项、项目、章程、节日、编辑、目录",
    "本条例规定", "本项目", "本款项", "本章程", "本节目", "本编辑部", "本目录", "本条款", "本条约",
    "样本条件", "基本条例", "成本项", "文本章节",
    "目前款项已付", "以前项目", "之前条件", "前款式", "前条件", "前项目",
    "合同项下", "不同条件", "应该条", "该项权利", "该条规定",
    "第", "第第第", "《》", "《", "》", "（（（", "第一、第二", "第（一）", "第十", "之一",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_CITATIONS)
def test_not_citations(text: str) -> None:
    assert found(text) == []
    assert found(text, INDEX) == []


def test_short_names() -> None:
    text = "根据《中华人民共和国刑法》（以下简称刑法）、《某规范》（2020年第57号，以下简称《规范》）和《条约》（以下统称“公约”）"
    names = find_short_names(text)
    assert [(n.name, n.title) for n in names] == [
        ("刑法", "中华人民共和国刑法"),
        ("规范", "某规范"),
        ("公约", "条约"),
    ]
    assert all(text.startswith(name.name, name.start) for name in names)
    assert find_short_names("《某法》（中华人民共和国主席令第一号）（以下简称《某》）") == [
        ShortName("某", "某法", 25)
    ]


# Properties


def chinese(n: int) -> str:
    return chinese_numeral(n)


def arabic(n: int) -> str:
    return str(n)


def full_width(n: int) -> str:
    return "".join(chr(ord(digit) + 0xFEE0) for digit in str(n))


def spaced(n: int) -> str:
    return f" {chinese_numeral(n)} "


STYLES: st.SearchStrategy[Callable[[int], str]] = st.sampled_from([chinese, arabic, full_width, spaced])
BRACKETS = st.sampled_from(["{}", "({})", "（{}）"])
SMALL = st.integers(1, 30)


@st.composite
def written_paths(draw: st.DrawFn) -> tuple[tuple[Place, ...], str]:
    """A path that begins with an article, and one way to write it."""
    style = draw(STYLES)
    article = Place(Kind.ARTICLE, draw(st.integers(1, 2000)), draw(st.sampled_from([0, 0, 0, 1, 2, 11])))
    text = f"第{style(article.number)}条" + (f"之{chinese_numeral(article.sub)}" if article.sub else "")
    path = [article]
    for kind, bracket in ((Kind.PARAGRAPH, "{}"), (Kind.ITEM, draw(BRACKETS)), (Kind.SUBITEM, "{}")):
        if draw(st.booleans()):
            place = Place(kind, draw(SMALL))
            path.append(place)
            text += f"第{bracket.format(style(place.number))}{kind.zh}"
    return tuple(path), text


@st.composite
def written_targets(draw: st.DrawFn) -> tuple[tuple[Target, ...], str]:
    """A list of targets, ranges among them, and one way to write it."""
    targets: list[Target] = []
    text = ""
    for index in range(draw(st.integers(1, 4))):
        path, written = draw(written_paths())
        text += (draw(st.sampled_from(["、", "和", "以及", "或者"])) if index else "") + written
        if draw(st.integers(0, 3)) == 0:
            until, written = draw(written_paths())
            text += draw(st.sampled_from(["至", "到", "—", "-"])) + written
            targets.append(Target(path, until))
        else:
            targets.append(Target(path))
    return tuple(targets), text


HEADS = st.sampled_from(
    [
        ("《中华人民共和国民法典》", Anchor.TITLE, None),
        ("《医师法》（2021年修订）", Anchor.TITLE, 2021),
        ("本条例", Anchor.SELF, None),
        ("该法", Anchor.SAME, None),
        ("", Anchor.BARE, None),
    ]
)


@given(
    HEADS,
    written_targets(),
    st.sampled_from(["违反", "", "\n", "依照"]),
    st.sampled_from(["的规定", "，", "", "。"]),
)
def test_a_rendered_citation_is_found_with_the_same_parts(
    head: tuple[str, Anchor, int | None], places: tuple[tuple[Target, ...], str], before: str, after: str
) -> None:
    name, anchor, year = head
    targets, written = places
    text = before + name + written + after
    (mention,) = find_mentions(text, INDEX)
    assert (mention.anchor, mention.year, mention.targets) == (anchor, year, targets)
    assert mention.surface == (name + written).rstrip() == text[mention.start : mention.end]


FRAGMENTS = st.sampled_from(
    [
        "第",
        "《",
        "》",
        "（",
        "）",
        "(",
        ")",
        "本法",
        "本条",
        "本",
        "前款",
        "前两款",
        "前",
        "该法",
        "同",
        "条",
        "款",
        "项",
        "目",
        "编",
        "章",
        "节",
        "点",
        "条例",
        "办法",
        "之一",
        "之",
        "一",
        "十二",
        "百",
        "12",
        "１",
        "、",
        "和",
        "至",
        "-",
        "—",
        "，",
        "；",
        "的",
        "规定",
        "关于",
        "民法典",
        "刑法",
        "2019年修订",
        "以下简称",
        "\n",
        "\u3000",
        "*",
        "“",
        "”",
        "第三条",
        "第一款",
        "第（二）项",
        "附件1",
        "实施",
        "解释",
        "侵权责任编",
        "GCP",
        "法",
    ]
)


@given(st.one_of(st.lists(FRAGMENTS, max_size=30).map("".join), st.text(max_size=60)))
def test_any_text_gives_exact_ordered_spans(text: str) -> None:
    for titles in (None, INDEX):
        mentions = find_mentions(text, titles)
        for mention in mentions:
            assert mention.surface == text[mention.start : mention.end] != ""
            assert mention.targets
            for target in mention.targets:
                assert all(place.number > 0 for place in (*target.path, *target.until))
        assert all(a.end <= b.start for a, b in pairwise(mentions))
    find_short_names(text)


ADVERSARIAL = {
    "ordinals": "第" * 100_000,
    "open titles": "《" * 100_000,
    "nested titles": "《" * 50_000 + "》" * 50_000,
    "empty titles": "《》" * 50_000,
    "open brackets": "（" * 100_000,
    "brackets after a title": "《某法》" + "（甲）" * 33_000,
    "one endless numeral": "第" + "9" * 100_000 + "条",
    "one endless spaced numeral": "第" + "一 " * 50_000 + "条",
    "numbers without a unit": "第一、" * 33_000,
    "an endless list": "第一条、" * 25_000,
    "an endless range": "第1条至" * 20_000,
    "inserted articles": "第一条" + "、之一" * 33_000,
    "works without places": "本法第" * 33_000,
    "nouns without places": "条例第" * 33_000,
    "long names": "关于医疗规定第一条" * 11_000,
    "one endless word": "医" * 100_000 + "法第一条",
    "titles half written": "中华人民共和国" * 14_000,
    "blanks": "第 " + " " * 100_000 + "条",
}


@pytest.mark.parametrize("text", ADVERSARIAL.values(), ids=ADVERSARIAL)
def test_time_is_linear_in_the_text(text: str) -> None:
    began = time.perf_counter()
    find_mentions(text, INDEX)
    find_short_names(text)
    assert time.perf_counter() - began < 5  # measured under 0.7 s; a quadratic reading takes minutes


CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs ../shared/corpus")
def test_the_corpus_is_read_exactly() -> None:
    """A floor under what is found in a fixed set of statutes; the order is that of the anchors."""
    text = "".join(path.read_text("utf-8") for path in sorted((CORPUS / "just-laws").rglob("*.md")))
    mentions = find_mentions(text, INDEX)
    assert all(m.surface == text[m.start : m.end] for m in mentions)
    counts = {anchor: sum(m.anchor is anchor for m in mentions) for anchor in Anchor}
    assert counts[Anchor.SELF] > 100
    assert counts[Anchor.PREVIOUS] > 100
