"""Which texts are versions of which work, and when each is law. The short texts are invented."""

from __future__ import annotations

import csv
import itertools
from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest

from ingestion.acquire import acquire
from ingestion.compile import Compiled, compile_build
from ingestion.document import Document, read_document
from ingestion.ledger import Ledger, read_ledger
from ingestion.readers.acquired import Acquired, Claim, Form
from ingestion.versions import Ending, Version, newest_first, timeline, versions_of
from kg.identity import ExpressionId
from kg.model import DatedVersion, Expression, Origin, Source
from kg.pack import data_folder
from kg.vocabulary import Level, Status

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not on this machine")

D = date
WORK = "某条例"
TODAY = D(2026, 11, 22)


def source(*versions: DatedVersion, status: str = "", evidence: str = "") -> Source:
    told = {"status": evidence} if evidence else {}
    return Source(
        WORK, WORK, Level.ADMINISTRATIVE_REGULATION, versions=versions, status=status, evidence=told
    )


def copy(
    words: str = "甲",
    *,
    note: str = "",
    closing: str = "",
    place: str = "a.md",
    origin: str = "例",
    by: str = "INDEX:",
    articles: int = 3,
    **claims: str,
) -> Document:
    """A text of the work with `articles` articles; claims are what its origin states about it."""
    numerals = "一二三四五六七八九"
    body = "".join(f"第{numerals[n]}条　{words}{numerals[n]}。\n" for n in range(articles))
    end = f"第{numerals[articles]}条　{closing}\n" if closing else ""
    raw = f"{WORK}\n{note}\n{body}{end}"
    made = tuple(Claim(field, value, f"{by}{place}") for field, value in {"title": WORK, **claims}.items())
    return read_document(Acquired(Origin(origin, place, "0" * 64), raw, Form.PLAIN, made))


def ids(versions: list[Version]) -> list[str]:
    return [str(version.id).removeprefix(WORK) for version in versions]


def codes(versions: list[Version]) -> list[str]:
    return [problem.code for version in versions for problem in version.problems]


# -- rule 1: the date of a version ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claimed", "note", "by", "expected", "code"),
    [
        ("2020-01-02", "", "INDEX:", "@2020-01-02", None),
        ("2020-01-02", "2020年1月2日公布", "INDEX:", "@2020-01-02", None),
        ("2018-01-02", "2018年1月2日公布　根据2020年3月4日《某决定》修订", "INDEX:", "@2020-03-04", "version_date_disagrees"),
        ("2022-01-02", "2018年1月2日公布", "INDEX:", "@2022-01-02", "amendment_not_noted"),
        ("2018-02-02", "2018年1月2日通过", "INDEX:", "@2018-02-02", None),  # adopted, then published
        ("", "2018年1月2日公布", "INDEX:", "@2018-01-02", None),
        ("2022-01-02", "2018年1月2日公布", "front_matter:", "@2018-01-02", None),  # its word does not count
        ("unknown", "", "INDEX:", "@unknown~1", None),
        ("", "", "INDEX:", "@unknown~1", None),
    ],
)  # fmt: skip
def test_rule_1_the_date(claimed: str, note: str, by: str, expected: str, code: str | None) -> None:
    versions = versions_of(source(), [copy(note=note, by=by, version_date=claimed)])
    assert ids(versions) == [expected]
    assert codes(versions) == ([code] if code else [])


def test_two_dates_for_the_same_words_are_one_version() -> None:
    versions = versions_of(
        source(),
        [copy(version_date="2018-01-02", place="a"), copy(version_date="2018-01-05", place="b")],
    )
    assert ids(versions) == ["@2018-01-05"]
    assert codes(versions) == ["version_date_disagrees"]
    assert len(versions[0].copies) == 2


# -- rule 2: undated texts -----------------------------------------------------------------------------


def test_rule_2_the_same_words() -> None:
    versions = versions_of(
        source(),
        [copy("乙", place="b"), copy("乙", version_date="2020-01-02"), copy("甲", version_date="2010-01-02")],
    )
    assert ids(versions) == ["@2010-01-02", "@2020-01-02"]
    assert [c.origin.place for c in versions[1].copies] == ["a.md", "b"]


def test_rule_2_the_same_effective_date() -> None:
    closing = "本条例自2020年6月1日起施行。"
    versions = versions_of(
        source(),
        [copy("乙", closing=closing, place="b"), copy("乙！", closing=closing, version_date="2020-01-02")],
    )
    assert ids(versions) == ["@2020-01-02"]
    assert codes(versions) == ["witness_differs"]


def test_rule_2_else_a_version_of_its_own() -> None:
    versions = versions_of(
        source(),
        [
            copy("丙", place="c"),
            copy("乙", place="b"),
            copy("丙", place="d"),
            copy(version_date="2020-01-02"),
        ],
    )
    assert ids(versions) == ["@2020-01-02", "@unknown~1", "@unknown~2"]
    assert sorted(len(version.copies) for version in versions) == [1, 1, 2]


# -- rule 3: the day of effect -------------------------------------------------------------------------

BY_INDEX = "INDEX:某.md"


@pytest.mark.parametrize(
    ("recorded", "note", "closing", "claimed", "begins", "code"),
    [
        pytest.param(None, "", "", "2020-06-01", D(2020, 6, 1), None, id="the origin says"),
        pytest.param(None, "", "", "2005-06-01", None, "effective_date_of_original", id="the original act's date"),
        pytest.param(None, "", "本条例自2005年6月1日起施行。", "2005-06-01", None, "effective_date_of_original", id="an amended text keeps its first act's words"),
        pytest.param(None, "", "本条例自2020年6月1日起施行。", "", D(2020, 6, 1), None, id="the text says"),
        pytest.param(None, "", "本条例自2020年6月1日起施行。", "2020-07-01", D(2020, 6, 1), "effective_date_disagrees", id="the text before its origin"),
        pytest.param((D(2020, 8, 1), BY_INDEX), "", "本条例自2020年6月1日起施行。", "", D(2020, 8, 1), "effective_date_disagrees", id="the ledger before the text"),
        pytest.param((D(2020, 8, 1), BY_INDEX), "", "", "2005-06-01", D(2020, 8, 1), None, id="the ledger against the original act's date"),
        pytest.param((D(2020, 8, 1), "memory, unverified"), "", "", "", None, None, id="memory is no evidence"),
        pytest.param((D(2020, 8, 1), "model-written, unreviewed"), "", "", "", None, None, id="nor is a model"),
        pytest.param(None, "2020年1月2日公布", "本条例自公布之日起施行。", "", D(2020, 1, 2), None, id="on publication"),
        pytest.param(None, "2005年1月2日公布　根据2020年1月2日《某决定》修订", "本条例自公布之日起施行。", "", None, None, id="the publication of the first act"),
        pytest.param(None, "2005年1月2日公布", "本条例自公布之日起施行。", "", None, "amendment_not_noted", id="a note without the amendment"),
        pytest.param(None, "", "本条例自公布之日起施行。", "2005-01-02", None, "effective_date_of_original", id="on publication, but not this one"),
        pytest.param(None, "", "", "", None, None, id="nobody says"),
        pytest.param(None, "", "", "2020-13-01", None, None, id="no date"),
    ],
)  # fmt: skip
def test_rule_3_the_day_of_effect(
    recorded: tuple[date, str] | None, note: str, closing: str, claimed: str, begins: date | None, code: str | None
) -> None:  # fmt: skip
    known = (DatedVersion(D(2020, 1, 2), *recorded),) if recorded else ()
    (version,) = versions_of(
        source(*known), [copy(note=note, closing=closing, version_date="2020-01-02", effective_date=claimed)]
    )
    assert (version.begins, version.not_before) == (begins, D(2020, 1, 2))
    assert codes([version]) == ([code] if code else [])
    validity, why = timeline(version, [version], ())
    assert validity.status(D(2020, 1, 1)) is Status.NOT_YET
    assert validity.status(TODAY) is (Status.IN_FORCE if begins else Status.UNKNOWN)
    assert why


# -- rule 4: the end -----------------------------------------------------------------------------------


def version(day: date | None, begins: date | None, nth: int = 0, doubt: str = "") -> Version:
    return Version(ExpressionId(WORK, day, nth), [copy()], begins, day, "", doubt)


def test_rule_4_a_later_version_ends_the_earlier() -> None:
    old, new = version(D(2010, 1, 1), D(2010, 6, 1)), version(D(2020, 1, 1), D(2020, 6, 1))
    ended, _ = timeline(old, [old, new], ())
    current, _ = timeline(new, [old, new], ())
    assert (ended.begins, ended.ends) == (D(2010, 6, 1), D(2020, 6, 1))
    assert (current.begins, current.ends) == (D(2020, 6, 1), None)
    assert [ended.status(day) for day in (D(2020, 5, 31), D(2020, 6, 1))] == [Status.IN_FORCE, Status.ENDED]
    assert [current.status(day) for day in (D(2020, 5, 31), D(2020, 6, 1))] == [
        Status.NOT_YET,
        Status.IN_FORCE,
    ]


def test_rule_4_the_next_version_ends_it_not_the_last() -> None:
    group = [version(D(year, 1, 1), D(year, 6, 1)) for year in (2000, 2010, 2020)]
    assert [timeline(v, group, ())[0].ends for v in group] == [D(2010, 6, 1), D(2020, 6, 1), None]


def test_rule_4_a_later_version_without_a_day_of_effect_contests() -> None:
    old, new = version(D(2010, 1, 1), D(2010, 6, 1)), version(D(2020, 1, 1), None)
    validity, _ = timeline(old, [old, new], ())
    assert (validity.ends, validity.contested_from) == (None, D(2020, 1, 1))
    assert validity.status(D(2019, 12, 31)) is Status.IN_FORCE
    assert validity.status(D(2020, 1, 1)) is Status.UNKNOWN
    third = version(D(2022, 1, 1), D(2022, 6, 1))
    assert timeline(old, [old, new, third], ())[0].status(D(2022, 6, 1)) is Status.ENDED


def test_rule_4_undated_texts_are_ordered_by_their_effect() -> None:
    loose, dated = version(None, D(2005, 3, 1), 1), version(D(2024, 12, 31), D(2025, 1, 1))
    assert timeline(loose, [dated, loose], ())[0].ends == D(2025, 1, 1)
    assert timeline(dated, [dated, loose], ())[0].ends is None
    nobody_knows = version(None, None, 2)
    assert timeline(nobody_knows, [dated, nobody_knows], ())[0].ends is None


@pytest.mark.parametrize(
    ("ending", "ends", "contested"),
    [
        (Ending(WORK, D(2024, 5, 1), D(2023, 12, 4), "新条例@2023-12-04/art50"), D(2024, 5, 1), None),
        (Ending(WORK, None, D(2023, 12, 4), "新条例@2023-12-04/art50"), None, D(2023, 12, 4)),
        (Ending(WORK, D(2009, 5, 1), None, "旧条例@2009-01-01/art50"), None, None),  # before it was made
        (Ending(WORK, D(2024, 5, 1), D(2024, 1, 1), "台账", newer=D(2024, 1, 1)), D(2024, 5, 1), None),
        (Ending(WORK, D(2010, 6, 1), D(2009, 1, 1), "台账", newer=D(2009, 1, 1)), None, None),
    ],
)
def test_rule_4_recorded_events(ending: Ending, ends: date | None, contested: date | None) -> None:
    only = version(D(2010, 1, 1), D(2010, 6, 1))
    validity, why = timeline(only, [only], [ending])
    assert (validity.ends, validity.contested_from) == (ends, contested)
    assert (ending.evidence in why) is (ends is not None or contested is not None)


def test_rule_4_a_recorded_newer_version_does_not_end_an_undated_text() -> None:
    loose = version(None, None, 1)
    assert (
        timeline(loose, [loose], [Ending(WORK, D(2024, 5, 1), None, "台账", newer=D(2024, 1, 1))])[0].ends
        is None
    )


@pytest.mark.parametrize("word", ["已废止", "已失效", "已被修改", "已废止或失效(源库标记)"])
def test_rule_4_a_status_word_without_a_day_is_unknown(word: str) -> None:
    (only,) = versions_of(
        source(), [copy(version_date="2010-01-01", effective_date="2010-06-01", status=word)]
    )
    validity, why = timeline(only, [only], ())
    assert validity.ends is None
    assert word in why
    for year in range(2011, 2030):
        assert validity.status(D(year, 1, 1)) is Status.UNKNOWN
    assert validity.status(D(2010, 5, 31)) is Status.NOT_YET


def test_rule_4_a_status_word_overrides_no_date() -> None:
    (only,) = versions_of(
        source(), [copy(version_date="2010-01-01", effective_date="2010-06-01", status="现行有效")]
    )
    ending = Ending(WORK, D(2020, 1, 1), None, "新条例")
    assert timeline(only, [only], [ending])[0].status(TODAY) is Status.ENDED
    (over,) = versions_of(
        source(), [copy(version_date="2010-01-01", effective_date="2010-06-01", status="已废止")]
    )
    assert timeline(over, [over], [ending])[0].status(D(2015, 1, 1)) is Status.IN_FORCE  # its end is known
    (future,) = versions_of(
        source(), [copy(version_date="2026-08-28", effective_date="2027-01-01", status="现行有效")]
    )
    assert timeline(future, [future], ())[0].status(TODAY) is Status.NOT_YET


def test_rule_4_front_matter_is_not_believed() -> None:
    claims = {"version_date": "2010-01-01", "effective_date": "2010-06-01"}
    document = copy(**claims)
    doubted = read_document(
        Acquired(document.origin, document.text.raw, Form.PLAIN, (*document.claims, Claim("status", "已废止", "front_matter:a.md")))
    )  # fmt: skip
    (only,) = versions_of(source(), [doubted])
    assert timeline(only, [only], ())[0].status(TODAY) is Status.IN_FORCE


@pytest.mark.parametrize("status", ["repealed", "amended_since"])
def test_rule_4_the_ledger_doubts(status: str) -> None:
    known = source(status=status, evidence="memory, unverified")
    (only,) = versions_of(known, [copy(version_date="2010-01-01", effective_date="2010-06-01")])
    validity, why = timeline(only, [only], ())
    assert validity.status(TODAY) is Status.UNKNOWN
    assert "台账" in why


# -- rule 5: copies ------------------------------------------------------------------------------------


def taken(*copies: Document) -> str:
    for order in itertools.permutations(copies):
        (found,) = versions_of(source(), list(order))
    return found.text.origin.place


DAY = "2020-01-02"


def test_rule_5_unbroken_numbering_first() -> None:
    broken = read_document(
        Acquired(
            Origin("chinese-law-vector", "broken", ""), f"{WORK}\n第一条　甲。\n第三条　乙。\n第四条　丙。\n第五条　丁。\n",
            Form.PLAIN, (Claim("title", WORK, "INDEX:x"), Claim("version_date", DAY, "INDEX:x")),
        )
    )  # fmt: skip
    assert taken(broken, copy(version_date=DAY, place="whole", origin="just-laws")) == "whole"


def test_rule_5_then_most_articles_then_the_origin() -> None:
    short = copy(version_date=DAY, place="short", origin="chinese-law-vector", articles=2)
    a = copy("甲", version_date=DAY, place="a", origin="ImCa0/just-laws")
    b = copy("乙", version_date=DAY, place="b", origin="LawRefBook/Laws")
    assert taken(short, a) == "a"
    assert taken(a, b) == "b"
    assert taken(a, b, short) == "b"


def test_rule_5_the_others_are_compared() -> None:
    a = copy("甲", version_date=DAY, place="a", origin="LawRefBook/Laws")
    b = copy("乙", version_date=DAY, place="b", origin="just-laws", articles=2)
    (only,) = versions_of(source(), [a, b])
    (problem,) = only.problems
    assert problem.code == "witness_differs"
    assert "2 条文字不同（art1、art2），1 条所缺（art3）" in problem.text


def test_rule_5_a_part_bears_witness_to_the_version_it_agrees_with() -> None:
    old, new = copy("甲", version_date="2010-01-02"), copy("乙", version_date="2020-01-02")
    part = copy("乙", place="part", articles=2, part_of=WORK, version_date="2010-01-02")
    versions = versions_of(source(), [part, old, new])
    assert [[c.origin.place for c in v.copies] for v in versions] == [["a.md"], ["a.md", "part"]]
    assert codes(versions) == []
    lost = copy("丁", place="lost", part_of=WORK)
    assert codes(versions_of(source(), [lost, old, new])) == ["part_unplaced"]


def test_nothing_depends_on_the_order_of_the_texts() -> None:
    texts = [
        copy("甲", version_date="2010-01-02", place="a"), copy("乙", version_date="2020-01-02", place="b"), copy("丙", place="c"),
        copy("乙", place="d"), copy("丁", place="e"),
    ]  # fmt: skip
    outcomes = {
        tuple((str(v.id), tuple(c.origin.place for c in v.copies), v.evidence) for v in versions_of(source(), list(order)))
        for order in itertools.permutations(texts)
    }  # fmt: skip
    assert len(outcomes) == 1


def test_newest_first() -> None:
    versions = {
        str(v.id): v
        for v in (version(None, None, 1), version(D(2010, 1, 1), None), version(D(2020, 1, 1), None))
    }
    assert ids(newest_first(versions)) == ["@2020-01-01", "@2010-01-01", "@unknown~1"]


# -- real laws -----------------------------------------------------------------------------------------


def build(titles: list[str], ledger: Ledger, *, corpus: bool) -> Compiled:
    acquisition = acquire([CORPUS] if corpus else [], packaged=not corpus)
    return compile_build(
        acquisition, ledger, [], selector=",".join(titles), as_of=TODAY, read=read_document, progress=lambda *_: None
    )  # fmt: skip


def by_work(compiled: Compiled) -> dict[str, list[Expression]]:
    found: dict[str, list[Expression]] = defaultdict(list)
    for text in compiled.texts:
        found[text.expression.id.key].append(text.expression)
    return found


def held(compiled: Compiled, identifier: str) -> Expression:
    return next(t.expression for t in compiled.texts if str(t.expression.id) == identifier)


WRONG_DATES = ["中华人民共和国精神卫生法", "中华人民共和国刑法", "中华人民共和国医疗保障法"]


def test_packaged_laws_whose_dates_are_wrong() -> None:
    """Their effective dates are those of the first act, and 现行有效 is said of a law of next year."""
    compiled = build(WRONG_DATES, Ledger({}, {}), corpus=False)
    mental = held(compiled, "中华人民共和国精神卫生法@2018-04-27")
    assert (mental.validity.begins, mental.validity.not_before) == (None, D(2018, 4, 27))
    assert mental.validity.status(D(2018, 4, 26)) is Status.NOT_YET
    assert mental.validity.status(TODAY) is Status.UNKNOWN
    assert "2013-05-01" in mental.validity_note
    criminal = held(compiled, "中华人民共和国刑法@2020-12-26")
    assert criminal.validity.begins is None
    assert criminal.validity.status(TODAY) is Status.UNKNOWN
    insurance = held(compiled, "中华人民共和国医疗保障法@2026-08-28")
    assert insurance.validity.status(TODAY) is Status.NOT_YET
    assert insurance.validity.status(D(2026, 12, 31)) is Status.NOT_YET
    assert insurance.validity.status(D(2027, 1, 1)) is Status.IN_FORCE


def test_the_ledger_knows_better() -> None:
    compiled = build(WRONG_DATES, read_ledger(data_folder() / "ledger"), corpus=False)
    assert held(compiled, "中华人民共和国精神卫生法@2018-04-27").validity.begins == D(2018, 4, 27)
    criminal = held(compiled, "中华人民共和国刑法@2020-12-26")
    # 修正案十一 made this text, 修正案十二 ended it: both are recorded, though the package has no text of 2023
    assert (criminal.validity.begins, criminal.validity.ends) == (D(2021, 3, 1), D(2024, 3, 1))


def titles_with_two_versions() -> list[str]:
    with (CORPUS / "INDEX.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    dates: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        dates[row["title"]].add(row["issued_date"])
    return sorted(title for title, days in dates.items() if len(days) > 1)


@pytest.fixture(scope="module")
def corpus() -> Compiled:
    titles = [*titles_with_two_versions(), "人体器官移植条例", "人体器官捐献和移植条例"]
    return build(titles, read_ledger(data_folder() / "ledger"), corpus=True)


@needs_corpus
@pytest.mark.corpus
def test_every_work_of_which_two_versions_are_held(corpus: Compiled) -> None:
    groups = {key: group for key, group in by_work(corpus).items() if len(group) > 1}
    assert len(groups) >= 25
    for group in groups.values():
        for a, b in itertools.combinations(group, 2):
            if a.validity.begins and b.validity.begins:
                assert a.validity.overlap(b.validity) is None, (str(a.id), str(b.id))
        for day in (D(year, 7, 1) for year in range(2000, 2030)):
            current = [e for e in group if e.validity.status(day) is Status.IN_FORCE]
            assert len(current) <= 1
        for expression in group:
            assert expression.validity.begins is None or expression.validity.begins >= (
                expression.id.version or D.min
            )


@needs_corpus
@pytest.mark.corpus
@pytest.mark.parametrize(
    ("identifier", "begins", "ends"),
    [
        ("中华人民共和国传染病防治法@2013-06-29", D(2013, 6, 29), D(2025, 9, 1)),
        ("中华人民共和国传染病防治法@2025-04-30", D(2025, 9, 1), None),
        ("医疗机构管理条例@2016-02-06", None, D(2022, 5, 1)),
        ("医疗机构管理条例@2022-03-29", D(2022, 5, 1), None),
        ("中华人民共和国人类遗传资源管理条例@2019-05-28", D(2019, 7, 1), D(2024, 5, 1)),
        ("中华人民共和国人类遗传资源管理条例@2024-03-10", D(2024, 5, 1), None),
        ("中华人民共和国刑法@2020-12-26", D(2021, 3, 1), D(2024, 3, 1)),
        ("中华人民共和国刑法@2023-12-29", D(2024, 3, 1), None),
        ("人体器官移植条例@2007-03-31", D(2007, 5, 1), D(2024, 5, 1)),
        ("人体器官捐献和移植条例@2023-12-04", D(2024, 5, 1), None),
    ],
)
def test_known_works(corpus: Compiled, identifier: str, begins: date | None, ends: date | None) -> None:
    validity = held(corpus, identifier).validity
    assert (validity.begins, validity.ends) == (begins, ends)


@needs_corpus
@pytest.mark.corpus
def test_a_work_is_ended_by_the_text_that_says_so(corpus: Compiled) -> None:
    (event,) = [s for s in corpus.supersessions if s.ended == "人体器官移植条例@2007-03-31"]
    assert event.by == "人体器官捐献和移植条例@2023-12-04"
    assert event.since == "2024-05-01"
    assert event.evidence.startswith("人体器官捐献和移植条例@2023-12-04/art")


# -- versions that are not held ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("note", "contested", "why"),
    [
        (
            "2010年1月1日公布　2015年5月5日修订　2020年6月6日修订",
            D(2015, 5, 5),
            "a version between the two is not held",
        ),
        ("2010年1月1日公布　2020年6月6日修订", None, "nothing lies between"),
        (
            "2010年1月1日公布　2020年5月20日通过",
            None,
            "the later version's own adoption, before its promulgation",
        ),
        (
            "2010年1月1日公布　2015年5月5日修订",
            D(2015, 5, 5),
            "the notes stop at the version that is not held",
        ),
    ],
)
def test_a_version_that_is_not_held_in_between(note: str, contested: date | None, why: str) -> None:
    old = copy("甲", version_date="2010-01-01", effective_date="2010-02-01", place="old.md")
    new = copy("乙", note=note, version_date="2020-06-06", effective_date="2020-07-01", place="new.md")
    versions = versions_of(source(), [old, new])
    validity, said = timeline(versions[0], versions, ())
    assert (validity.ends, validity.contested_from) == (D(2020, 7, 1), contested), why
    assert validity.status(D(2014, 1, 1)) is Status.IN_FORCE
    assert ("未持有" in said) == (contested is not None)
