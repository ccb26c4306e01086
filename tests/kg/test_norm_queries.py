"""The named questions about norms, on the embedded server, over a build that was really extracted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ingestion.compile import compile_build
from ingestion.document import read_document
from ingestion.ledger import Ledger
from ingestion.norms.extract import Extractor
from ingestion.norms.lexicon import read_lexicon
from ingestion.norms.segmenter import Segmenter
from ingestion.readers.acquired import Acquired, Acquisition, Claim, Form
from ingestion.write import write_build
from kg.home import Home
from kg.model import Origin
from kg.norm import TieMethod
from kg.pack import data_folder
from kg.problem import InputError
from kg.queries.named import QUERIES
from kg.queries.norms import Tie, ask, definitions, duties, protections, sanctions
from kg.store import GraphStore
from kg.text import digest
from kg.vocabulary import Status

OLD = """# 甲法

第一条 医务人员不得泄露患者的隐私。

第二条 医师应当向患者说明病情。
"""
NEW = """# 甲法

第一条 本法所称急救人员，是指从事院前急救的人员。

第二条 医师应当向患者说明病情。

第三条 医务人员不得向患者收取财物。

第四条 护士应当核对医嘱和处方信息。

第五条 医师违反本法第二条规定，未向患者说明病情的，由卫生健康主管部门责令改正，给予警告。

第六条 违反本法第三条规定的，给予处分。

第七条 任何组织和个人不得干扰患者投诉，不得侮辱医务人员。

第八条 护士未核对医嘱和处方信息的，给予警告；情节严重的，吊销执业证书；造成患者损害的，依照本法第五条的规定处罚。

第九条 违反本法规定，构成犯罪的，依法追究刑事责任。

第十条 县级以上地方人民政府卫生健康主管部门应当受理患者投诉。

第十一条 国务院卫生健康主管部门应当公布患者投诉的电话。

第十二条 卫生健康主管部门应当答复患者投诉。
"""
TODAY = date(2026, 1, 1)


def _text(place: str, raw: str, version: str, effective: str) -> Acquired:
    claims = {"title": "甲法", "level": "法律", "version_date": version, "effective_date": effective}
    stated = tuple(Claim(field, value, f"INDEX:{place}") for field, value in claims.items())
    return Acquired(Origin("虚构", place, digest(raw)), raw, Form.MARKDOWN, stated)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphStore]:
    home = Home.resolve(tmp_path_factory.mktemp("home"), {})
    home.prepare()
    compiled = compile_build(
        Acquisition(
            (
                _text("old.md", OLD, "2010-01-01", "2010-03-01"),
                _text("new.md", NEW, "2020-01-01", "2020-03-01"),
            ),
            (),
        ),
        Ledger({}, {}),
        (),
        selector="all",
        as_of=TODAY,
        read=read_document,
        norms=Extractor(Segmenter(read_lexicon(data_folder()))),
        progress=lambda *_: None,
    )
    folder: Path = home.builds / "partial"
    manifest = write_build(
        compiled, folder, input_digest="x", inputs={}, parameters={}, progress=lambda *_: None
    )
    with GraphStore.open(home, {k: v for k, v in os.environ.items() if not k.startswith("YILUN_")}) as opened:
        opened.load(folder / "graph", manifest.id)
        yield opened


@pytest.mark.server
class TestQuestions:
    def test_duties_include_those_of_the_wider_party_and_follow_the_day(self, store: GraphStore) -> None:
        found = duties(store, "医师", "医患关系", TODAY)
        assert [(a.id.split("@")[1], a.through) for a in found] == [
            ("2020-01-01/art2/p1#n1", "医师"),
            ("2020-01-01/art3/p1#n1", "医务人员"),
            ("2020-01-01/art7/p1#n1", "任何组织和个人"),  # three steps up: 医务人员, 个人, then all
            ("2020-01-01/art7/p1#n2", "任何组织和个人"),
        ]
        assert {a.status for a in found} == {Status.IN_FORCE}
        before = duties(store, "医师", "医患关系", date(2015, 1, 1))
        assert {a.expression for a in before} == {"甲法@2010-01-01"}

    def test_an_authority_may_be_asked_for_with_its_level(self, store: GraphStore) -> None:
        def articles(party: str) -> set[str]:
            return {a.id.split("/")[1] for a in duties(store, party, "医患关系", TODAY)} & {
                "art10",
                "art11",
                "art12",
            }

        assert articles("卫生健康主管部门") == {"art10", "art11", "art12"}
        assert articles("县级卫生健康主管部门") == {"art10", "art12"}  # what names no level binds every level
        assert articles("省级卫生健康主管部门") == {"art10", "art12"}
        assert articles("国务院卫生健康主管部门") == {"art11", "art12"}
        assert articles("乡级卫生健康主管部门") == {"art12"}
        assert articles("市级机关") == {"art10"}

    def test_a_narrower_party_does_not_get_the_duties_of_another(self, store: GraphStore) -> None:
        assert all("art2" not in a.id for a in duties(store, "护士", "医患关系", TODAY))

    def test_prohibitions_that_protect(self, store: GraphStore) -> None:
        found = protections(store, "患者", TODAY)
        assert [a.id for a in found] == ["甲法@2020-01-01/art3/p1#n1"]
        (protected,) = protections(store, "医师", TODAY)
        assert (protected.id, protected.through) == ("甲法@2020-01-01/art7/p1#n2", "医务人员")

    def test_parties_are_joined_to_the_wider_ones(self, store: GraphStore) -> None:
        counts = {row["name"]: row["number"] for row in store.run(QUERIES["counts_by_type"])}
        assert counts["SUBCLASS_OF"] == sum(
            len(p.broader) for p in read_lexicon(data_folder()).parties.values()
        )

    def test_the_sanction_of_a_duty(self, store: GraphStore) -> None:
        liability, general = sanctions(store, "甲法@2020-01-01/art2", TODAY)
        assert liability.id == "甲法@2020-01-01/art5/p1#n1"
        assert liability.properties["action"] == "责令改正，给予警告"
        assert liability.tie == Tie(1, TieMethod.CITED, "本法第二条", 1.0, by_likeness=False)
        assert (general.id, general.through) == ("甲法@2020-01-01/art9/p1#n1", "甲法@2020-01-01")
        assert general.tie == Tie(1, TieMethod.GENERAL, "违反本法规定，构成犯罪的", 1.0, by_likeness=False)

    def test_the_chain_of_sanctions_goes_on(self, store: GraphStore) -> None:
        chain = sanctions(store, "甲法@2020-01-01/art4", TODAY)
        assert [(a.tie.step, a.tie.method, a.id.partition("/")[2]) for a in chain if a.tie] == [
            (1, TieMethod.LIKENESS, "art8/p1#n1"),
            (1, TieMethod.GENERAL, "art9/p1#n1"),
            (2, TieMethod.SEQUENCE, "art8/p1#n2"),
            (2, TieMethod.SEQUENCE, "art8/p1#n3"),
            (3, TieMethod.CITED, "art5/p1#n1"),
        ]
        assert [a.tie.by_likeness for a in chain if a.tie] == [True, False, True, True, True]
        assert chain[0].tie and chain[-1].tie and chain[0].tie.confidence == chain[-1].tie.confidence < 1.01
        assert sanctions(store, "甲法@2020-01-01/art4/p1#n1", TODAY) == chain
        with pytest.raises(InputError, match="没有条款或规范"):
            sanctions(store, "甲法@2020-01-01/art99", TODAY)

    def test_definitions_of_a_term(self, store: GraphStore) -> None:
        (found,) = definitions(store, "急救人员", TODAY)
        assert found.id == "甲法@2020-01-01/art1/p1"
        assert definitions(store, "急救人员", date(2015, 1, 1)) == []

    def test_wrong_questions_say_what_can_be_asked(self, store: GraphStore) -> None:
        with pytest.raises(InputError, match="duties"):
            ask(store, "nonsense", {}, TODAY)
        with pytest.raises(InputError, match="party"):
            ask(store, "duties", {"topic": "医患关系"}, TODAY)
        with pytest.raises(InputError, match=r"parties\.jsonl"):
            ask(store, "protections", {"party": "没有的主体"}, TODAY)
