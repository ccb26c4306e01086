"""Which rule prevails: real texts by rank, maker, age and scope, and what 立法法 says of each pair."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from itertools import product

import pytest

from ingestion.acquire import acquire
from ingestion.compile import Compiled, compile_build
from ingestion.document import read_document
from ingestion.ledger import read_ledger
from ingestion.write import write_build
from kg.build import Build
from kg.dates import Validity
from kg.identity import ProvisionId
from kg.norm import Modality, Norm, Span
from kg.pack import data_folder
from kg.precedence import (
    CIVIL_CODE,
    LEGISLATION,
    SUPERVISION,
    Basis,
    Outcome,
    Precedence,
    Principle,
    basis_provision,
)
from kg.precedence import precedence as decide
from kg.standing import Narrower, Standing, narrower, standing
from kg.vocabulary import Level

DAY = date(2026, 11, 22)
F, S, U, BOTH = Outcome.FIRST, Outcome.SECOND, Outcome.UNDETERMINED, Outcome.BOTH
CONGRESS, COMMITTEE = "全国人民代表大会", "全国人民代表大会常务委员会"
HEALTH, DRUGS = "国家卫生健康委员会", "国家市场监督管理总局"


def rule(title: str, level: Level, maker: str, since: str = "", begins: str = "", ends: str = "") -> Standing:
    made = date.fromisoformat(since) if since else None
    validity = Validity(
        date.fromisoformat(begins or since) if begins or since else None,
        ends=date.fromisoformat(ends) if ends else None,
    )
    return Standing(title, title, title, level, maker, validity, made)


CONSTITUTION = rule("中华人民共和国宪法", Level.CONSTITUTION, CONGRESS, "1982-12-04")
CODE = rule(CIVIL_CODE, Level.LAW, CONGRESS, "2020-05-28", "2021-01-01")
CRIMINAL = rule("中华人民共和国刑法", Level.LAW, CONGRESS, "1997-03-14", "1997-10-01")
DOCTORS = rule("中华人民共和国医师法", Level.LAW, COMMITTEE, "2021-08-20", "2022-03-01")
MENTAL = rule("中华人民共和国精神卫生法", Level.LAW, COMMITTEE, "2012-10-26", "2013-05-01")
DISEASE = rule("中华人民共和国传染病防治法", Level.LAW, COMMITTEE, "2025-04-30", "2025-09-01")
OLD_DISEASE = rule(
    "中华人民共和国传染病防治法", Level.LAW, COMMITTEE, "2013-06-29", "2013-06-29", "2025-09-01"
)
ORGANS = rule("人体器官捐献和移植条例", Level.ADMINISTRATIVE_REGULATION, "", "2023-12-04", "2024-05-01")
INSTITUTIONS = rule("医疗机构管理条例", Level.ADMINISTRATIVE_REGULATION, "", "2022-03-29", "2022-05-01")
NURSES = rule("护士条例", Level.ADMINISTRATIVE_REGULATION, "国务院", "2008-01-31", "2008-05-12")
PRESCRIPTIONS = rule("处方管理办法", Level.DEPARTMENTAL_RULE, "卫生部", "2007-02-14", "2007-05-01")
DEVICES = rule("医疗器械注册与备案管理办法", Level.DEPARTMENTAL_RULE, DRUGS, "2021-08-26", "2021-10-01")
QUALITY = rule(
    "医疗质量管理办法", Level.DEPARTMENTAL_RULE, "国家卫生和计划生育委员会", "2016-09-25", "2016-11-01"
)
SHANDONG = rule(
    "山东省药品使用条例", Level.LOCAL_REGULATION, "山东省人民代表大会常务委员会", "2006-11-30", "2007-03-01"
)
SHANDONG_MENTAL = rule(
    "山东省精神卫生条例", Level.LOCAL_REGULATION, "山东省人民代表大会常务委员会", "2019-03-29", "2019-06-01"
)
ZHEJIANG_MENTAL = rule(
    "浙江省精神卫生条例", Level.LOCAL_REGULATION, "浙江省人民代表大会常务委员会", "2006-12-28", "2007-05-01"
)
SHENZHEN = rule(
    "深圳经济特区中医药条例",
    Level.LOCAL_REGULATION,
    "深圳市人民代表大会常务委员会",
    "2010-04-02",
    "2010-07-01",
)
SHANDONG_RULE = rule("山东省某办法", Level.LOCAL_GOVERNMENT_RULE, "山东省人民政府", "2020-01-01")  # invented
JINAN_RULE = rule("济南市某办法", Level.LOCAL_GOVERNMENT_RULE, "济南市人民政府", "2020-01-01")  # invented
INTERPRETATION = rule(
    "最高人民法院关于审理医疗损害责任纠纷案件适用法律若干问题的解释",
    Level.JUDICIAL_INTERPRETATION,
    "最高人民法院",
    "2017-12-13",
    "2017-12-14",
)
NOTICE = rule("某部通知", Level.NORMATIVE_DOCUMENT, HEALTH, "2024-01-01")  # invented
COUNCIL = rule("国务院某通知", Level.NORMATIVE_DOCUMENT, "国务院", "2024-01-01")  # invented
HELSINKI = rule("赫尔辛基宣言", Level.INTERNATIONAL_CODE, "世界医学会", "2024-10-19")
UNRANKED = rule("某文件", Level.UNKNOWN, "", "2024-01-01")  # invented

N = Narrower
TABLE: list[tuple[Standing, Standing, Narrower, Outcome, Principle, str, str]] = [
    (CONSTITUTION, CODE, N.SECOND, F, Principle.SUPERIOR, "98", "being special does not lift a law above the Constitution"),
    (CONSTITUTION, SHENZHEN, N.UNKNOWN, F, Principle.SUPERIOR, "98", "nothing derogates from the Constitution"),
    (MENTAL, NURSES, N.SECOND, F, Principle.SUPERIOR, "99.1", "rank comes before speciality"),
    (MENTAL, SHANDONG_MENTAL, N.UNKNOWN, F, Principle.SUPERIOR, "99.1", "a newer local regulation yields to an older law"),
    (ORGANS, PRESCRIPTIONS, N.UNKNOWN, F, Principle.SUPERIOR, "99.2", "administrative regulation and rule"),
    (ORGANS, SHANDONG, N.UNKNOWN, F, Principle.SUPERIOR, "99.2", "administrative and local regulation"),
    (SHANDONG, SHANDONG_RULE, N.UNKNOWN, F, Principle.SUPERIOR, "100.1", "of one province"),
    (SHANDONG, JINAN_RULE, N.UNKNOWN, U, Principle.AUTHORITY, "100.1", "nobody recorded that 济南 lies in 山东"),
    (SHENZHEN, MENTAL, N.UNKNOWN, U, Principle.AUTHORITY, "101 106.2", "whether it departs within its authorisation is not recorded"),
    (PRESCRIPTIONS, SHANDONG, N.UNKNOWN, U, Principle.AUTHORITY, "106.1.2", "the State Council gives its opinion first"),
    (PRESCRIPTIONS, DEVICES, N.FIRST, U, Principle.AUTHORITY, "102 106.1.3", "rules of two ministries have equal force"),
    (PRESCRIPTIONS, QUALITY, N.SECOND, U, Principle.AUTHORITY, "102 106.1.3", "a renamed ministry is not known to be the same"),
    (DEVICES, SHANDONG_RULE, N.UNKNOWN, U, Principle.AUTHORITY, "102 106.1.3", "rules of a ministry and of a province"),
    (SHANDONG_MENTAL, ZHEJIANG_MENTAL, N.UNKNOWN, BOTH, Principle.TERRITORY, "81.1", "each in its own province"),
    (DOCTORS, MENTAL, N.NEITHER, F, Principle.POSTERIOR, "103", "same maker, same scope: the newer"),
    (DISEASE, MENTAL, N.FIRST, F, Principle.AGREEMENT, "103", "same maker, special and newer"),
    (DOCTORS, MENTAL, N.SECOND, U, Principle.AUTHORITY, "103 105.1", "new general against old special law"),
    (INSTITUTIONS, NURSES, N.SECOND, U, Principle.AUTHORITY, "103 105.2", "new general against old special regulation"),
    (ORGANS, INSTITUTIONS, N.FIRST, F, Principle.AGREEMENT, "103", "all regulations are of one maker, even where the ledger does not say so"),
    (DOCTORS, MENTAL, N.UNKNOWN, U, Principle.AUTHORITY, "103", "nobody said which is special"),
    (SHANDONG, SHANDONG_MENTAL, N.FIRST, U, Principle.AUTHORITY, "103 106.1.1", "the maker decides: old special, new general"),
    (CODE, DOCTORS, N.SECOND, S, Principle.SPECIAL, "民11", "民法典 itself gives way to special rules"),
    (CODE, DOCTORS, N.FIRST, U, Principle.AUTHORITY, "103 105.1", "but is not itself special by that article"),
    (CRIMINAL, DOCTORS, N.SECOND, U, Principle.AUTHORITY, "103 105.1", "Congress and its committee: one maker? disputed"),
    (CODE, CRIMINAL, N.NEITHER, F, Principle.POSTERIOR, "103", "both of the Congress: the newer"),
    (CODE, INTERPRETATION, N.UNKNOWN, F, Principle.INTERPRETATION, "119.1 监42.1", "an interpretation may not contradict the law"),
    (ORGANS, INTERPRETATION, N.UNKNOWN, U, Principle.INTERPRETATION, "119.1", "no common order of rank"),
    (PRESCRIPTIONS, NOTICE, N.SECOND, F, Principle.NOT_LEGISLATION, "2", "a notice is no legislation"),
    (PRESCRIPTIONS, COUNCIL, N.UNKNOWN, U, Principle.AUTHORITY, "91.1 108.1.3", "rules are made under decisions of the State Council"),
    (ORGANS, COUNCIL, N.UNKNOWN, F, Principle.NOT_LEGISLATION, "2", "its regulation is above its notice"),
    (DOCTORS, HELSINKI, N.UNKNOWN, F, Principle.NOT_LEGISLATION, "2", "a declaration binds its members where law does not forbid"),
    (NOTICE, HELSINKI, N.UNKNOWN, U, Principle.NOT_LEGISLATION, "2", "neither is legislation"),
    (DOCTORS, UNRANKED, N.UNKNOWN, U, Principle.AUTHORITY, "", "rank unknown"),
    (OLD_DISEASE, DISEASE, N.NEITHER, S, Principle.TIME, "104", "the old text has ended"),
    (OLD_DISEASE, ORGANS, N.FIRST, S, Principle.TIME, "104", "an ended law does not outrank a regulation in force"),
]  # fmt: skip


def written(answer: Precedence) -> str:
    short = {LEGISLATION: "", SUPERVISION: "监", CIVIL_CODE: "民"}
    return " ".join(
        short[b.work] + ".".join(str(n) for n in (b.article, b.paragraph, b.item) if n) for b in answer.basis
    )


@pytest.mark.parametrize(("first", "second", "special", "outcome", "principle", "basis", "why"), TABLE)
def test_pairs(
    first: Standing, second: Standing, special: Narrower, outcome: Outcome, principle: Principle, basis: str, why: str
) -> None:  # fmt: skip
    answer = decide(first, second, as_of=DAY, special=special)
    assert (answer.outcome, answer.principle, written(answer)) == (outcome, principle, basis), why
    assert answer.reason
    if answer.principle is Principle.AUTHORITY and len(answer.basis) > 1:
        assert answer.decider, why


SIDES = sorted({side for row in TABLE for side in row[:2]}, key=lambda s: s.id + str(s.since))


def test_the_answer_does_not_depend_on_the_order() -> None:
    turned = {N.FIRST: N.SECOND, N.SECOND: N.FIRST, N.NEITHER: N.NEITHER, N.UNKNOWN: N.UNKNOWN}
    for first, second, special in product(SIDES, SIDES, Narrower):
        if first is second:
            continue
        one = decide(first, second, as_of=DAY, special=special)
        other = decide(second, first, as_of=DAY, special=turned[special])
        assert one.outcome is other.outcome.mirrored, (first.id, second.id, special)
        assert (one.principle, one.basis, one.decider) == (other.principle, other.basis, other.decider)


def test_an_unknown_validity_is_said() -> None:
    doubtful = Standing(
        "甲条例", "甲条例", "甲条例", Level.ADMINISTRATIVE_REGULATION, "", Validity(None), None
    )
    answer = decide(DOCTORS, doubtful, as_of=DAY)
    assert answer.outcome is F
    assert answer.cautions == (f"《甲条例》在 {DAY} 的效力待核",)


def test_before_its_day_a_rule_does_not_compete() -> None:
    assert decide(DISEASE, MENTAL, as_of=date(2025, 8, 31), special=N.FIRST).outcome is S
    assert decide(DISEASE, MENTAL, as_of=date(2025, 9, 1), special=N.FIRST).outcome is F
    assert decide(DISEASE, DOCTORS, as_of=date(2001, 1, 1)).outcome is Outcome.NEITHER


def test_words_that_may_be_older_than_the_oldest_text_held_decide_nothing() -> None:
    base = rule("甲法", Level.LAW, COMMITTEE, "2018-10-26")
    maybe = Standing(base.id, base.work, base.title, base.level, base.maker, base.validity, base.since, True)
    assert decide(DOCTORS, maybe, as_of=DAY, special=N.NEITHER).outcome is F  # 2021 is after any of them
    assert decide(MENTAL, maybe, as_of=DAY, special=N.NEITHER).outcome is U  # 2012 may be after it


# -- which is special ----------------------------------------------------------------------------------

KINDS = {"医师": ["医务人员"], "护士": ["医务人员"], "医务人员": []}


def norm(bearers: str, condition: str = "", counterparties: str = "") -> Norm:
    return Norm(
        "n", ProvisionId.parse("甲@2020-01-01/art1"), Modality.OBLIGATION,
        condition=Span(0, len(condition), condition) if condition else None,
        bearers=tuple(bearers.split()), counterparties=tuple(counterparties.split()),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "expected", "why"),
    [
        (norm("医师"), norm("医务人员"), N.FIRST, "a kind of"),
        (norm("医务人员"), norm("医师 护士"), N.SECOND, "both are kinds of it"),
        (norm("医师"), norm("护士"), N.UNKNOWN, "two kinds side by side"),
        (norm("医师"), norm("医师"), N.NEITHER, "the same"),
        (norm("医师", "紧急情况下"), norm("医师"), N.FIRST, "only under a condition"),
        (norm("医师", "紧急情况下"), norm("医师", "手术前"), N.UNKNOWN, "two conditions"),
        (norm("医师"), norm("医务人员", "紧急情况下"), N.UNKNOWN, "narrower in one, wider in the other"),
        (norm("医师", "", "患者"), norm("医师"), N.FIRST, "towards somebody in particular"),
        (norm(""), norm("医师"), N.SECOND, "everybody and doctors"),
    ],
)
def test_narrower(first: Norm, second: Norm, expected: Narrower, why: str) -> None:
    assert narrower(first, second, KINDS) is expected, why


# -- what the articles say -----------------------------------------------------------------------------

SAID = [
    (Basis(LEGISLATION, 2), "法律、行政法规、地方性法规、自治条例和单行条例的制定、修改和废止，适用本法"),
    (Basis(LEGISLATION, 81, 1), "不同宪法、法律、行政法规和本省、自治区的地方性法规相抵触"),
    (Basis(LEGISLATION, 91, 1), "可以根据法律和国务院的行政法规、决定、命令"),
    (Basis(LEGISLATION, 98), "宪法具有最高的法律效力"),
    (Basis(LEGISLATION, 99, 1), "法律的效力高于行政法规、地方性法规、规章"),
    (Basis(LEGISLATION, 99, 2), "行政法规的效力高于地方性法规、规章"),
    (Basis(LEGISLATION, 100, 1), "地方性法规的效力高于本级和下级地方政府规章"),
    (Basis(LEGISLATION, 101), "作变通规定的"),
    (Basis(LEGISLATION, 102), "具有同等效力，在各自的权限范围内施行"),
    (
        Basis(LEGISLATION, 103),
        "特别规定与一般规定不一致的，适用特别规定；新的规定与旧的规定不一致的，适用新的规定",
    ),
    (Basis(LEGISLATION, 104), "不溯及既往"),
    (Basis(LEGISLATION, 105, 1), "由全国人民代表大会常务委员会裁决"),
    (Basis(LEGISLATION, 105, 2), "由国务院裁决"),
    (Basis(LEGISLATION, 106, 1, 1), "由制定机关裁决"),
    (Basis(LEGISLATION, 106, 1, 2), "由国务院提出意见"),
    (Basis(LEGISLATION, 106, 1, 3), "由国务院裁决"),
    (Basis(LEGISLATION, 106, 2), "根据授权制定的法规与法律规定不一致"),
    (Basis(LEGISLATION, 108, 1, 3), "国务院有权改变或者撤销不适当的部门规章"),
    (Basis(LEGISLATION, 119, 1), "符合立法的目的、原则和原意"),
    (Basis(SUPERVISION, 42, 1), "具体应用法律的解释同宪法或者法律相抵触"),
    (Basis(CIVIL_CODE, 11), "其他法律对民事关系有特别规定的，依照其规定"),
]


@lru_cache(maxsize=1)
def _compiled() -> Compiled:
    works = [LEGISLATION, SUPERVISION, CIVIL_CODE, "中华人民共和国宪法", "中华人民共和国医师法"]
    return compile_build(
        acquire([], packaged=True), read_ledger(data_folder() / "ledger"), [],
        selector=",".join(works), as_of=DAY, read=read_document, progress=lambda *_: None,
    )  # fmt: skip


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("builds") / "build"
    write_build(
        _compiled(), folder, input_digest="x", inputs={}, parameters={}, progress=lambda *_: None
    )  # fmt: skip
    return Build(folder)


@pytest.mark.parametrize(("basis", "words"), SAID, ids=lambda v: v.display() if isinstance(v, Basis) else "")
def test_the_articles_say_so(packaged: Build, basis: Basis, words: str) -> None:
    found = basis_provision(packaged, basis, DAY)
    assert found is not None
    text, provision = packaged.provision(found)
    assert words in text.words(provision)


def test_every_article_that_is_cited_is_checked() -> None:
    cited = {
        basis for first, second, special in product(SIDES, SIDES, Narrower) if first is not second
        for basis in decide(first, second, as_of=DAY, special=special).basis
    }  # fmt: skip
    assert cited <= {basis for basis, _ in SAID}


def test_standings_of_a_build(packaged: Build) -> None:
    inform = f"{CIVIL_CODE}@2020-05-28/art1219"
    found = standing(packaged, inform)
    assert (found.level, found.maker, found.since) == (Level.LAW, CONGRESS, date(2020, 5, 28))
    assert not found.older_possible
    old, new = ("中华人民共和国宪法@1982-12-04", "中华人民共和国宪法@2018-03-11")
    courts = standing(packaged, f"{new}/art128")
    assert courts.level is Level.CONSTITUTION
    assert courts.since == date(1982, 12, 4)  # renumbered in 2018, not rewritten
    assert standing(packaged, f"{new}/art123").since == date(2018, 3, 11)
    assert standing(packaged, f"{old}/art1").since == date(1982, 12, 4)
    doctors = standing(packaged, "中华人民共和国医师法@2021-08-20/art25")
    answer = decide(found, doctors, as_of=DAY, special=N.SECOND)
    assert (answer.outcome, written(answer)) == (S, "民11")
    assert "《中华人民共和国医师法》第二十五条" in answer.reason


def test_an_article_that_a_build_lacks_is_none(packaged: Build) -> None:
    assert basis_provision(packaged, Basis("没有的法", 1), DAY) is None
    assert basis_provision(packaged, Basis(LEGISLATION, 999), DAY) is None
