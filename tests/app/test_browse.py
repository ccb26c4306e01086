"""What the browsing page shows, as plain values and as HTML: invented texts, every state, hostile words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest

from app import browse_html as mark
from app.browse_selection import Selection, Tab
from app.browse_text import LineKind, contents_rows, is_overview, neighbours, printed_lines, unit_of
from app.browse_tree import source_tree
from app.browse_view import PageView, jump, page_view
from kg.build import Build
from kg.comparison import Extent, Piece, compare
from kg.problem import InputError
from kg.vocabulary import Level, Status, Topic
from tests.app import browse_build
from tests.app.browse_build import HOSTILE, make_build_folder

DAY = date(2026, 11, 22)
TOPICS = tuple(topic.name for topic in browse_build.TOPICS)
NURSING = "甲护理条例"
NEW = "甲护理条例@2020-05-01"
OLD = "甲护理条例@2010-01-01"
LONG = "丙长法@2001-01-01"


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return Build(make_build_folder(tmp_path_factory.mktemp("state") / "builds"))


def view(build: Build, identifier: str = "", **changes: Any) -> PageView:
    return page_view(build, replace(Selection(DAY).at(identifier), **changes))


# -- the URL -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "selection",
    [
        Selection(DAY),
        Selection(DAY).at(f"{NEW}/art3/p1/i2"),
        Selection(
            date(1999, 1, 1), key="甲 乙&丙", version="unknown~1", article="n1/n2", against=OLD,
            tab=Tab.VERSIONS, words="知情 同意", levels=(Level.LAW, Level.STANDARD), topics=(Topic("基因/干细胞诊疗"),),
            held_only=True, build="abcdef",
        ),
    ],
)  # fmt: skip
def test_a_selection_survives_the_url(selection: Selection) -> None:
    assert Selection.read(selection.params(), today=date(2030, 1, 1), topics=TOPICS) == (selection, ())


def test_an_id_from_elsewhere_opens_in_one_parameter() -> None:
    read = Selection.read({"id": f"{NEW}/art2", "as_of": "2021-02-03"}, today=DAY, topics=TOPICS).selection
    assert (read.key, read.version, read.article) == (NURSING, "2020-05-01", "art2")
    assert read.as_of == date(2021, 2, 3)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"as_of": "2026-02-30"}, "2026-02-30"),
        ({"as_of": "昨天"}, "已改用今天"),
        ({"view": "graph"}, "graph"),
        ({"level": "法律,法律学"}, "法律学"),
        ({"topic": "<script>"}, "不存在"),
    ],
)
def test_a_bad_parameter_is_said_and_left_out(params: dict[str, str], said: str) -> None:
    read = Selection.read(params, today=DAY, topics=TOPICS)
    assert read.selection.as_of == DAY
    assert len(read.faults) == 1
    assert said in read.faults[0]


# -- the tree ------------------------------------------------------------------------------------------


def test_the_tree_counts_held_and_listed_and_says_what_is_missing(build: Build) -> None:
    groups = {group.level: group for group in source_tree(build, Selection(DAY))}
    assert {level: group.count for level, group in groups.items()} == {
        Level.LAW: "2/3",
        Level.ADMINISTRATIVE_REGULATION: "1/1",
        Level.DEPARTMENTAL_RULE: "0/1",
        Level.INTERNATIONAL_CODE: "0/1",
        Level.UNKNOWN: "0/0 +1",
    }
    law = groups[Level.LAW]
    assert [(row.key, row.status) for row in law.rows] == [
        ("丙长法", Status.IN_FORCE), ("甲处罚法", Status.IN_FORCE), ("乙处罚法", None),
    ]  # fmt: skip
    assert not law.opened


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({"held_only": True, "levels": (Level.LAW,)}, {"丙长法", "甲处罚法"}),
        ({"words": "护理"}, {NURSING}),
        ({"words": "护士条例（甲）"}, {NURSING}),
        ({"words": "护理 处罚"}, set()),
        ({"words": "令第 7 号"}, {NURSING}),
        ({"words": "令第7号"}, {NURSING}),
        ({"topics": (Topic("常规护理"),)}, {NURSING}),
        ({"levels": (Level.INTERNATIONAL_CODE,)}, {"丁宣言"}),
    ],
)
def test_filters(build: Build, changes: dict[str, Any], keys: set[str]) -> None:
    groups = source_tree(build, replace(Selection(DAY), **changes))
    assert {row.key for group in groups for row in group.rows} == keys


def test_the_level_of_the_chosen_work_is_open(build: Build) -> None:
    assert [g.level for g in view(build, NURSING).groups if g.opened] == [Level.ADMINISTRATIVE_REGULATION]


# -- works and versions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "shown", "statuses"),
    [
        (DAY, NEW, [Status.IN_FORCE, Status.ENDED]),
        (date(2015, 1, 1), OLD, [Status.NOT_YET, Status.IN_FORCE]),
        (date(2000, 1, 1), NEW, [Status.NOT_YET, Status.NOT_YET]),  # none: the newest, with a warning
    ],
)
def test_the_day_chooses_the_version(build: Build, as_of: date, shown: str, statuses: list[Status]) -> None:
    page = view(build, NURSING, as_of=as_of)
    assert page.source is not None
    assert [version.status for version in page.source.versions] == statuses
    assert [version.id for version in page.source.versions if version.chosen] == [shown]
    assert bool(page.warnings) == (as_of.year == 2000)


def test_a_version_that_is_not_in_force_names_the_one_that_is(build: Build) -> None:
    (warning,) = view(build, f"{OLD}/art2").warnings
    assert "已失效" in warning
    assert NEW in warning


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("乙处罚法", ["台账有，未收录", "国家法律法规数据库 www.example.cn", "yilun build --corpus"]),
        ("丁宣言", ["台账有，未收录", "著作权"]),
    ],
)
def test_a_work_without_text_says_where_it_is_published(build: Build, key: str, words: list[str]) -> None:
    page = view(build, key)
    assert page.source is not None
    assert not page.source.held
    assert all(word in page.source.missing for word in words)
    assert not page.errors
    assert not page.contents
    doubts = {fact.name: fact.doubt for fact in page.source.facts}
    assert doubts["为何列入台账"] == "模型撰写，未审核"


@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        ("不存在的法", ["不存在的法", "不在此构建"]),
        (f"{NURSING}@1999-01-01", ["没有", "1999-01-01", "2020-05-01", "2010-01-01"]),
        (f"{NURSING}@../../etc", ["没有"]),
        (f"{NEW}/art99", ["art99", "目录"]),
        (f"{NEW}/<script>", ["<script>"]),
        ("乙处罚法@2001-01-01/art1", ["没有", "无"]),
    ],
)
def test_what_the_build_does_not_have_is_said(build: Build, identifier: str, words: list[str]) -> None:
    page = view(build, identifier)
    (error,) = page.errors
    assert all(word in error for word in words)
    assert page.article is None


def test_every_message_names_the_build_that_was_asked(build: Build) -> None:
    for identifier in ("不存在的法", f"{NURSING}@1999-01-01", f"{NEW}/art99"):
        assert build.id in view(build, identifier).errors[0]


def test_a_short_text_is_read_in_full_and_a_long_one_by_its_headings(build: Build) -> None:
    short = view(build, NURSING).reading
    assert short is not None
    assert [line.text for line in short.lines if "第五条" in line.text] == [
        "第五条 本条例自2020年7月1日起施行。"
    ]
    long = view(build, LONG).reading
    assert long is not None
    assert len(long.headings) == 3
    assert not any("第一百条" in line.text for line in long.lines)


# -- contents ------------------------------------------------------------------------------------------


def test_contents_unfold_only_on_the_way_to_the_chosen_article(build: Build) -> None:
    text = build.text(LONG)
    closed = contents_rows(text, None)
    assert [(row.label, row.detail, row.opened) for row in closed] == [
        ("第一章 总则", "1—10 条", False),
        ("第二章 长章", "11—160 条", False),
        ("附则", "161 条", False),
    ]
    _, chosen = build.provision(f"{LONG}/art75")
    rows = contents_rows(text, chosen)
    assert [row.label for row in rows if row.opened] == ["第二章 长章", "第七十一条—第九十条"]
    assert [row.label for row in rows if row.chosen] == ["第七十五条"]
    assert len(rows) < 40
    assert [row.depth for row in rows if row.chosen] == [2]


def test_every_row_opens_something(build: Build) -> None:
    for identifier in build.expressions:
        for row in contents_rows(build.text(identifier), None):
            page = view(build, f"{identifier}/{row.article}")
            assert not page.errors
            assert page.article or page.reading


# -- the words of the law ------------------------------------------------------------------------------


def test_lines_are_set_as_law_is_printed(build: Build) -> None:
    page = view(build, f"{NEW}/art3")
    assert page.article is not None
    assert [(line.kind, line.text) for line in page.article.lines] == [
        (LineKind.PARAGRAPH, "第三条 护士发现医嘱违反规定的，应当："),
        (LineKind.ITEM, "（一）及时向开具医嘱的医师提出；"),
        (LineKind.ITEM, "（二）必要时报告负责人。"),
        (LineKind.PARAGRAPH, "有前款第（一）项情形的，记入病历。"),
    ]
    first = page.article.lines[0].segments[0]
    assert (first.text, first.label, first.target) == ("第三条", True, "")
    cited = [s for line in page.article.lines for s in line.segments if s.target]
    assert [(s.text, s.target) for s in cited] == [("前款第（一）项", f"{NEW}/art3/p1/i1")]


def test_printed_lines_are_the_official_text_without_blanks_at_line_ends(build: Build) -> None:
    for identifier in build.expressions:
        text = build.text(identifier)
        for provision in text.provisions:
            lines = printed_lines(text, provision, build.citations_from(text, provision))
            official = text.official[provision.start : provision.end]
            assert [line.text for line in lines] == [w.strip() for w in official.split("\n") if w.strip()]
            for line in lines:
                assert text.official.startswith(line.text, line.start)


@pytest.mark.parametrize(
    ("path", "chosen"),
    [
        ("art3", []),
        ("art3/p1", [0, 1, 2]),
        ("art3/p1/i2", [2]),
        ("art3/p2", [3]),
    ],
)
def test_a_narrower_provision_is_pointed_out_inside_its_article(
    build: Build, path: str, chosen: list[int]
) -> None:
    page = view(build, f"{NEW}/{path}").article
    assert page is not None
    assert [n for n, line in enumerate(page.lines) if line.chosen] == chosen
    assert page.whole == ("" if path == "art3" else f"{NEW}/art3")
    assert page.article.id == f"{NEW}/{path}"


def test_neighbours_cross_chapters_and_stop_at_the_ends(build: Build) -> None:
    def around(number: int) -> list[int]:
        text, here = build.provision(f"{LONG}/art{number}")
        return [p.id.steps[-1].number if p else 0 for p in neighbours(text, here)]

    assert around(1) == [0, 2]
    assert around(10) == [9, 11]
    assert around(161) == [160, 0]


def test_a_paragraph_is_read_in_its_article_and_a_chapter_as_itself(build: Build) -> None:
    text, paragraph = build.provision(f"{NEW}/art3/p2")
    assert str(unit_of(text, paragraph).id) == f"{NEW}/art3"
    long, chapter = build.provision(f"{LONG}/ch2")
    assert unit_of(long, chapter) == chapter
    assert is_overview(long, chapter)
    assert not is_overview(text, text.provisions[-1])


# -- citations, versions, cases ------------------------------------------------------------------------


def test_citations_out_show_where_they_lead_and_what_it_says(build: Build) -> None:
    page = view(build, f"{NEW}/art4").article
    assert page is not None
    found = {(c.surface, p.name, p.text) for c in page.cites for p in c.places}
    assert ("《甲处罚法》第二条", "《甲处罚法》第二条", "违反规定的，给予警告。") in found
    assert any(name == "《甲护理条例》第三条" for _, name, _ in found)


def test_a_citation_that_leads_nowhere_says_why(build: Build) -> None:
    page = view(build, "甲处罚法@2005-01-01/art3").article
    assert page is not None
    (citation,) = [c for c in page.cites if c.surface == "《乙处罚法》"]
    assert "没有其文本" in citation.fault
    assert [place.id for place in citation.places] == ["乙处罚法"]


@pytest.mark.parametrize(("as_of", "citing"), [(DAY, NEW), (date(2015, 1, 1), OLD), (date(2006, 1, 1), None)])
def test_citations_in_are_those_of_the_day(build: Build, as_of: date, citing: str | None) -> None:
    page = view(build, "甲处罚法@2005-01-01/art2", as_of=as_of).article
    assert page is not None
    assert [p.id for text in page.cited_by for _, p in text.places] == (
        [f"{citing}/art4/p1"] if citing else []
    )
    assert page.cited_count == (1 if citing else 0)


def test_versions_stand_side_by_side_the_earlier_on_the_left(build: Build) -> None:
    for chosen in (NEW, OLD):
        page = view(build, f"{chosen}/art2").article
        assert page is not None
        found = page.comparison
        assert found is not None
        assert (found.old.expression, found.new.expression) == (OLD, NEW)
        assert [p.text for p in found.difference.old if p.changed] == []
        assert [p.text for p in found.difference.new if p.changed] == ["、关心、爱护"]
    same = view(build, f"{NEW}/art1").article
    assert same is not None
    assert same.comparison is not None
    assert same.comparison.difference.extent is Extent.NOTHING


@pytest.mark.parametrize(
    ("old", "new", "extent"),
    [
        ("", "", Extent.NOTHING),
        ("甲", "", Extent.MARKED),
        ("甲乙丙", "甲乙丙", Extent.NOTHING),
        ("甲乙丙丁", "甲乙丁丙", Extent.MARKED),
        ("甲乙丙丁戊己", "子丑寅卯辰巳", Extent.TOO_MUCH),
        ("甲\n" * 1300, "乙\n" + "甲\n" * 1300, Extent.MARKED),  # compared by line
    ],
)
def test_the_pieces_of_a_difference_are_the_texts(old: str, new: str, extent: Extent) -> None:
    found = compare(old, new)
    assert "".join(p.text for p in found.old) == old
    assert "".join(p.text for p in found.new) == new
    assert found.extent is extent


def test_cases_are_shown_with_their_text_primary_first(build: Build) -> None:
    page = view(build, f"{NEW}/art2").article
    assert page is not None
    assert [(c.id, c.role, c.stance) for c in page.cases] == [
        ("X-002", "主要依据", "合规"),
        ("X-001", "辅助依据", "违反"),
    ]
    assert page.cases[1].text == "把病人的照片发到群里。"


def test_a_typed_citation_opens_and_anything_else_says_why_not(build: Build) -> None:
    assert jump(build, " 甲护理条例第二条 ", DAY) == f"{NEW}/art2"
    assert jump(build, "《甲护理条例》第三条第一款第（二）项", date(2015, 1, 1)) == f"{OLD}/art3/p1/i2"
    for words in ("护理", "甲护理条例第九十九条", "", "乙处罚法第一条"):
        with pytest.raises(InputError):
            jump(build, words, DAY)


# -- hostile words -------------------------------------------------------------------------------------


class _Seen(HTMLParser):
    """Collects what a browser would make elements and attributes of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]


def seen(html: str) -> _Seen:
    parser = _Seen()
    parser.feed(html)
    return parser


OURS = {"div", "h3", "span", "p", "b", "a", "q", "table", "tr", "td", "th", "del", "ins"}


def all_html(page: PageView) -> Iterator[str]:
    selection = page.selection
    for words in (*page.errors, *page.warnings):
        yield mark.note(words, kind="error")
    if page.source:
        yield mark.heading(page.source.title, mark.level_tag(page.source.level), trail=(page.source.title,))
        yield mark.facts_table(page.source.facts)
        yield mark.versions(page.source.versions, selection)
        yield mark.small(page.source.missing)
    if page.reading:
        yield mark.law(page.reading.lines, selection)
    if page.article:
        yield mark.heading(page.article.name, trail=page.article.trail)
        yield mark.law(page.article.lines, selection)
        yield mark.cites(page.article.cites, selection)
        yield mark.cited_by(page.article.cited_by, selection)
        if page.article.comparison:
            yield mark.comparison(page.article.comparison, selection)
        yield from (mark.case(case, selection) for case in page.article.cases)


def test_hostile_words_of_texts_ledger_and_url_stay_words(build: Build) -> None:
    identifiers = [
        HOSTILE, f"{HOSTILE}@unknown~1/art1", f"{HOSTILE}@unknown~1/art2", "戊规定",
        '"><script>alert(1)</script>', f"{NEW}/<img src=x onerror=alert(1)>",
    ]  # fmt: skip
    shown = ""
    for identifier in identifiers:
        page = view(build, identifier, words="<b>", tab=Tab.VERSIONS)
        assert bool(page.article) == identifier.startswith(HOSTILE + "@")
        for html in all_html(page):
            found = seen(html)
            assert found.tags <= OURS
            assert found.attributes <= {"class", "lang", "href", "title", "role"}
            assert all(link.startswith("?") for link in found.links)
            shown += html
    assert "&lt;script&gt;" in shown
    assert "onerror" in shown


@pytest.mark.parametrize(
    ("char", "name"),
    [
        ("\u202e", "U+202E"),
        ("\u2066", "U+2066"),
        ("\u200b", "U+200B"),
        ("\x00", "U+0000"),
        ("\u2028", "U+2028"),
    ],
)
def test_characters_that_hide_or_reorder_are_shown_by_number(char: str, name: str) -> None:
    words = f"不得{char}收费"
    for made in (mark.escape(words), mark.attribute(words), mark.label(words), mark.visible(words)):
        assert char not in made
        assert name in made.replace("\\", "")


@pytest.mark.parametrize(
    ("words", "made"),
    [
        ("*粗* _斜_ `码`", r"\*粗\* \_斜\_ \`码\`"),
        (":red[红] :smile: $x$", r"\:red\[红\] \:smile\: \$x\$"),
        ("[文](http://x)", r"\[文\]\(http\:\/\/x\)"),
        ("<b>\n# 题", r"\<b\> \# 题"),
    ],
)
def test_labels_are_no_markdown(words: str, made: str) -> None:
    assert mark.label(words) == made


def test_a_marked_piece_is_escaped_too() -> None:
    assert Piece("<", True) in compare("甲乙丙", "甲<乙丙").new
