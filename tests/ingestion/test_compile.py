"""From acquired texts to a build: which texts are taken, what ends what, and the same bytes every time.

The works are invented.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ingestion.compile import Compiled, compile_build
from ingestion.document import DocumentCache, read_document
from ingestion.ledger import Action, CorrectionRow, Ledger
from ingestion.readers.acquired import Acquired, Acquisition, Claim, Form
from ingestion.scenarios import Case
from ingestion.write import write_build
from kg.build import Build
from kg.manifest import Manifest
from kg.model import Origin, RelatedTitle, Source, Successor
from kg.pack import digest_folder
from kg.problem import InputError, Severity
from kg.vocabulary import Level, Status

TODAY = date(2026, 11, 22)
LAW, RULE, OLD, NEW = "甲法", "乙办法", "旧丙条例", "丙条例"


def acquired(title: str, body: str, *, place: str = "", form: Form = Form.PLAIN, **claims: str) -> Acquired:
    place = place or f"{title}.md"
    stated = {"title": title, **claims}
    return Acquired(
        Origin("例", place, "0" * 64), f"{title}\n{body}", form,
        tuple(Claim(field, value, f"INDEX:{place}") for field, value in stated.items() if value),
    )  # fmt: skip


TEXTS = (
    acquired(LAW, "第一条　本法所称医师，是指甲。\n第二条　医师应当告知患者。\n第三条　违反前条的，给予警告。\n", place="甲法2010.md",
             version_date="2010-01-02", effective_date="2010-06-01", status="现行有效"),
    acquired(LAW, "第一条　本法所称医师，是指甲。\n第二条　医师不得收受财物。\n第三条　医师应当告知患者。\n第四条　违反前条的，给予警告。\n", place="甲法2022.md",
             version_date="2022-01-02", effective_date="2022-06-01"),
    acquired(RULE, "第一条　根据《甲法》，制定本办法。\n第二条　依照《甲法》第二条、《没有的法》第一条。\n", version_date="2015-01-02", effective_date="2015-06-01"),
    acquired(OLD, "第一条　丙。\n第二条　丁。\n", version_date="2007-01-02", effective_date="2007-06-01"),
    acquired(NEW, "第一条　戊。\n第二条　本条例自2024年5月1日起施行。2007年1月2日公布的《旧丙条例》同时废止。\n", version_date="2023-12-04"),
    acquired("不在台账的规定", "第一条　己。\n", version_date="2020-01-01"),
)  # fmt: skip


def source(title: str, **more: object) -> Source:
    return Source(title, title, Level.LAW, **more)  # type: ignore[arg-type]


LEDGER = Ledger({title: source(title) for title in (LAW, RULE, OLD, NEW, "没有文本的法")}, {})
CASES = (
    Case.model_validate(
        {"id": "X-1", "scene": "医患关系", "scenario": "未告知。", "stance": "violation",
         "gold": [{"title": LAW, "article": "第三条", "role": "primary"}, {"title": "没有文本的法", "article": "第一条", "role": "supporting"}]}
    ),
)  # fmt: skip


def compiled(
    texts: tuple[Acquired, ...] = TEXTS, *, ledger: Ledger = LEDGER, selector: str = "ledger", cache: DocumentCache | None = None
) -> Compiled:  # fmt: skip
    read = cache.read if cache else read_document
    return compile_build(
        Acquisition(texts, ()),
        ledger,
        CASES,
        selector=selector,
        as_of=TODAY,
        read=read,
        progress=lambda *_: None,
    )


def written(value: Compiled, folder: Path) -> Manifest:
    return write_build(value, folder, input_digest="x", inputs={}, parameters={}, progress=lambda *_: None)


def held(value: Compiled) -> list[str]:
    return [str(text.expression.id) for text in value.texts]


def codes(value: Compiled) -> list[tuple[str, str]]:
    return [(problem.code, problem.place) for problem in value.problems]


# -- the value -----------------------------------------------------------------------------------------


def test_what_a_build_holds() -> None:
    value = compiled()
    assert held(value) == [
        "丙条例@2023-12-04",
        "乙办法@2015-01-02",
        "旧丙条例@2007-01-02",
        "甲法@2010-01-02",
        "甲法@2022-01-02",
    ]
    assert value.counts["sources_held"] == 4
    assert value.counts["sources_in_ledger"] == 5
    assert value.counts["texts_acquired"] == 6
    assert value.counts["texts_read"] == 5
    assert value.counts["articles"] == 13
    assert (value.counts["gold_bound"], value.counts["gold_unbound"]) == (1, 1)
    assert [str(b.provision.id) for b in value.bindings] == ["甲法@2022-01-02/art3"]
    assert [d.term for d in value.definitions] == ["医师", "医师"]
    assert [(str(text), key) for text, key, _ in value.bases] == [("乙办法@2015-01-02", LAW)]


def test_citations_are_dated() -> None:
    value = compiled()
    (citation,) = [c for c in value.citations if c.surface == "《甲法》第二条"]
    assert [(t.id, t.from_date, t.until_date, t.basis) for t in citation.targets] == [
        ("甲法@2010-01-02/art2", "2015-06-01", "2022-06-01", "direct"),
        ("甲法@2022-01-02/art3", "2022-06-01", None, "diff"),
    ]
    assert {c.outcome for c in value.citations if "没有的法" in c.surface} == {"out_of_corpus"}


def test_what_ends_what() -> None:
    value = compiled()
    assert [(s.by, s.ended, s.since) for s in value.supersessions] == [
        ("丙条例@2023-12-04", "旧丙条例@2007-01-02", "2024-05-01"),
        ("甲法@2022-01-02", "甲法@2010-01-02", "2022-06-01"),
    ]
    (old,) = [t.expression for t in value.texts if t.expression.id.key == OLD]
    assert old.validity.status(date(2024, 4, 30)) is Status.IN_FORCE
    assert old.validity.status(date(2024, 5, 1)) is Status.ENDED
    assert "丙条例@2023-12-04/art2/p1" in old.validity_note


def test_a_successor_in_the_ledger_ends_a_work_only_with_evidence() -> None:
    doubted = ("memory, unverified", None, Status.UNKNOWN)
    for evidence, ends, after in (("TEXT:丙条例.md#二", date(2024, 5, 1), Status.ENDED), doubted):
        sources = {**LEDGER.sources, OLD: source(OLD, successor=Successor(NEW, date(2024, 5, 1), evidence))}
        value = compiled(tuple(t for t in TEXTS if t.origin.place != "丙条例.md"), ledger=Ledger(sources, {}))
        (old,) = [t.expression for t in value.texts if t.expression.id.key == OLD]
        assert old.validity.ends == ends
        # What is only remembered to have been replaced is shown neither as law nor as ended.
        assert old.validity.status(date(2024, 4, 30)) is Status.IN_FORCE
        assert old.validity.status(date(2024, 5, 1)) is after
        assert ("未经核实" in old.validity_note) == (ends is None)


# -- which texts are taken -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selector", "keys"),
    [
        ("ledger", {LAW, RULE, OLD, NEW}),
        ("all", {LAW, RULE, OLD, NEW, "不在台账的规定"}),
        (LAW, {LAW}),
        (f" {LAW} ,不在台账的规定,", {LAW, "不在台账的规定"}),
    ],
)
def test_selectors(selector: str, keys: set[str]) -> None:
    value = compiled(selector=selector)
    assert {text.expression.id.key for text in value.texts} == keys
    assert all(source.in_ledger for source in value.sources if source.key != "不在台账的规定")


def test_a_title_asked_for_that_is_not_held_is_a_problem() -> None:
    value = compiled(selector=f"{LAW},没有文本的法,谁也不知道的法")
    missing = [p for p in value.problems if p.code == "not_held"]
    assert [p.place for p in missing] == ["没有文本的法", "谁也不知道的法"]
    assert {p.severity for p in missing} == {Severity.ERROR}
    assert {text.expression.id.key for text in value.texts} == {LAW}


@pytest.mark.parametrize("selector", ["", " , ,"])
def test_an_empty_selector_is_bad_input(selector: str) -> None:
    with pytest.raises(InputError, match="--sources"):
        compiled(selector=selector)


def test_a_selector_with_two_meanings_is_bad_input() -> None:
    sources = {key: Source(key, key, Level.LAW, aliases=("通名条例",)) for key in ("甲市条例", "乙市条例")}
    with pytest.raises(InputError, match="乙市条例、甲市条例"):
        compiled(ledger=Ledger(sources, {}), selector="通名条例")


def test_a_file_with_another_text_than_its_title_is_refused() -> None:
    wrong = CorrectionRow(
        file="甲法2022.md",
        action=Action.REFUSE,
        title="",
        reason="内容是另一部法",
        evidence="TEXT:甲法2022.md#1",
    )
    value = compiled(ledger=Ledger(LEDGER.sources, {wrong.file: wrong}))
    assert [i for i in held(value) if i.startswith(LAW)] == ["甲法@2010-01-02"]
    (problem,) = [p for p in value.problems if p.code == "wrong_text"]
    assert (problem.severity, problem.place) == (Severity.ERROR, "例:甲法2022.md")
    assert "内容是另一部法" in problem.text


def test_a_part_is_a_witness_of_the_whole() -> None:
    body = "第二条　医师不得收受财物。\n第三条　医师应当告知患者。\n"
    part = acquired("甲法分编", body, part_of=LAW, version_date="2022-01-02")
    known = CorrectionRow(
        file=part.origin.place, action=Action.PART_OF, title=LAW, reason="分编", evidence="TEXT:a#1"
    )
    value = compiled((*TEXTS, part), ledger=Ledger(LEDGER.sources, {known.file: known}))
    (text,) = [t for t in value.texts if str(t.expression.id) == "甲法@2022-01-02"]
    assert [w.place for w in text.expression.witnesses] == [part.origin.place]
    alone = compiled((part,), ledger=Ledger(LEDGER.sources, {known.file: known}))
    assert alone.texts == ()
    assert ("parts_only", f"例:{part.origin.place}") in codes(alone)


@pytest.mark.parametrize(("title", "code"), [("", "no_title"), ("某/法", "bad_title"), ("@~", "bad_title")])
def test_titles_that_cannot_be_used(title: str, code: str) -> None:
    value = compiled((acquired(title, "第一条　甲。\n", place="x.md"),), selector="all")
    assert (value.texts, codes(value)[0]) == ((), (code, "例:x.md"))


def test_a_title_with_two_meanings_is_a_work_of_its_own() -> None:
    sources = {key: Source(key, key, Level.LAW, aliases=("通名条例",)) for key in ("甲市条例", "乙市条例")}
    value = compiled((acquired("通名条例", "第一条　甲。\n"),), ledger=Ledger(sources, {}), selector="all")
    assert held(value) == ["通名条例@unknown~1"]
    assert ("ambiguous_title", "例:通名条例.md") in codes(value)


def test_a_former_title_is_another_work() -> None:
    sources = {LAW: source(LAW, former_titles=(RelatedTitle("旧甲法", "replaced", "INDEX:a"),))}
    value = compiled((acquired("旧甲法", "第一条　甲。\n"),), ledger=Ledger(sources, {}), selector="all")
    assert held(value) == ["旧甲法@unknown~1"]


def test_one_text_under_two_titles_is_reported() -> None:
    body = "".join(f"第{n}条　{'甲' * 120}。\n" for n in "一二三四五")
    value = compiled(
        (acquired("甲规定", body), acquired("乙规定", body)), ledger=Ledger({}, {}), selector="all"
    )
    assert [place for code, place in codes(value) if code == "same_text_two_titles"] == ["甲规定@unknown~1"]


def test_no_texts_at_all() -> None:
    value = compiled(())
    assert value.texts == value.citations == value.bindings == ()
    assert value.counts["gold_unbound"] == 2


# -- the same bytes ------------------------------------------------------------------------------------


def test_twice_is_the_same_twice(tmp_path: Path) -> None:
    first, second = (written(compiled(), tmp_path / name) for name in "ab")
    assert first.id == second.id
    assert digest_folder(tmp_path / "a") == digest_folder(tmp_path / "b")


def test_the_order_of_the_texts_does_not_matter(tmp_path: Path) -> None:
    written(compiled(), tmp_path / "a")
    written(compiled(TEXTS[::-1]), tmp_path / "b")
    assert digest_folder(tmp_path / "a") == digest_folder(tmp_path / "b")


def test_incremental_equals_clean(tmp_path: Path) -> None:
    cache = DocumentCache(tmp_path / "cache")
    compiled(TEXTS[:3], cache=cache, selector="all")  # another corpus before
    changed = acquired(LAW, "第一条　全改了。\n", place="甲法2022.md", version_date="2022-01-02")
    compiled((changed, *TEXTS[2:]), cache=cache, selector="all")
    written(compiled(cache=cache), tmp_path / "incremental")
    written(compiled(), tmp_path / "clean")
    assert digest_folder(tmp_path / "incremental") == digest_folder(tmp_path / "clean")


def test_a_changed_text_changes_its_own_rows_only(tmp_path: Path) -> None:
    written(compiled(), tmp_path / "a")
    changed = acquired(
        RULE, "第一条　甲。\n第二条　乙。\n", version_date="2015-01-02", effective_date="2015-06-01"
    )
    written(compiled(tuple(changed if t.origin.place == "乙办法.md" else t for t in TEXTS)), tmp_path / "b")
    names = {p.name for p in (tmp_path / "a" / "texts").iterdir()}
    same = [
        n for n in names if (tmp_path / "a/texts" / n).read_bytes() == (tmp_path / "b/texts" / n).read_bytes()
    ]
    assert len(names) - len(same) == 1


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    value = compiled()
    written(value, tmp_path / "b")
    build = Build(tmp_path / "b")
    assert sorted(build.expressions) == held(value)
    for text in value.texts:
        again = build.text(text.expression.id)
        assert (again.expression, again.provisions, again.official) == (
            text.expression,
            text.provisions,
            text.official,
        )
    assert build.citations == value.citations
    assert build.problems == value.problems
    assert tuple(build.sources.values()) == value.sources
