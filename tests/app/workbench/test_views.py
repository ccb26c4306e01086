"""What the pages show, as values: nothing is lost, nothing is added, hostile words stay words."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from app.review_input import norm_review
from app.workbench.audit_view import audit_pack, check_rows, kept_rows, touched
from app.workbench.dispute import disputed
from app.workbench.evaluate_view import (
    by_fault,
    by_model,
    by_scene,
    disputed_answers,
    evidence,
    figures,
    graded,
    slices,
)
from app.workbench.graph_view import (
    GraphView,
    Neighbours,
    NodeKind,
    dot,
    graph_view,
    graphml,
)
from app.workbench.judge_html import document, finding, scenario
from app.workbench.judge_view import judge_view, link, marked_facts, without
from app.workbench.review_view import agreement, queue, review_rows, reviewed_norms
from app.workbench.roles import Role, person
from app.workbench.sources_view import changed, codes, manifest_rows, problem_rows
from app.workbench.upload import read_document
from evaluator.fact_words import shipped_fact_words
from evaluator.guardian.assessment import Answer
from evaluator.guardian.learned import LearnedScorer
from evaluator.guardian.rules import RuleScorer
from evaluator.metrics import Dimension
from evaluator.proof import VerdictFile
from evaluator.verdict_store import kept, save
from kg.build import Build
from kg.home import Home
from kg.identity import article_of
from kg.problem import InputError
from kg.review import Act, Review
from kg.schema import RelationType
from tests.app.workbench.conftest import DAY, SCENARIO

WORDS, _ = shipped_fact_words()
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ARTICLE = "甲护理条例@2020-05-01/art2"


def test_the_pieces_of_a_scenario_are_the_scenario(verdict: VerdictFile) -> None:
    pieces = marked_facts(SCENARIO, WORDS)
    assert "".join(one.text for one in pieces) == SCENARIO
    assert any("没有保护病人隐私" in one.text and one.kind for one in pieces)


def test_a_fact_switched_off_is_gone_and_nothing_else(verdict: VerdictFile) -> None:
    fact = next(one.text for one in marked_facts(SCENARIO, WORDS) if one.kind)
    assert without(SCENARIO, [fact], WORDS) == SCENARIO.replace(fact, "", 1)
    assert without(SCENARIO, [], WORDS) == SCENARIO


def test_a_proof_goes_down_to_the_characters(verdict: VerdictFile, build: Build) -> None:
    view = judge_view(verdict, WORDS)
    ground = next(one for one in view.findings if one.place == "《甲护理条例》第二条")
    assert ground.quote in build.text("甲护理条例@2020-05-01").official
    assert [step.name for step in ground.steps] == ["规范", "承担者", "条件", "例外", "行为"]
    assert ground.link == link(ground.norm, DAY)
    assert "id=" in ground.link
    assert "#" not in ground.link


def test_hostile_words_are_text_everywhere(verdict: VerdictFile) -> None:
    view = judge_view(verdict, WORDS)
    for made in (scenario(view.told), document(view), *(finding(one, opened=True) for one in view.findings)):
        assert "<script>" not in made
    assert "&lt;script&gt;" in document(view)


def test_kept_verdicts_are_listed_by_what_they_rest_on(
    build: Build, verdict: VerdictFile, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    save(home, verdict)
    assert [row.id for row in kept_rows(build, kept(home), day=DAY)] == [verdict.id]
    assert kept_rows(build, kept(home), day=DAY, on=ARTICLE)
    assert not kept_rows(build, kept(home), day=DAY, on="甲护理条例@2010-03-01/art2")


def test_a_change_of_law_touches_what_rests_on_the_old_text(build: Build, verdict: VerdictFile) -> None:
    assert touched(build, verdict, DAY) == ()
    before = date(2015, 1, 1)
    assert any("甲护理条例" in one for one in touched(build, verdict, before)), (
        "on that day another text was in force"
    )


def test_an_altered_verdict_fails_at_its_step(build: Build, verdict: VerdictFile) -> None:
    assert all(row.held for row in check_rows(verdict, build)), check_rows(verdict, build)
    clause = verdict.clauses[0]
    forged = verdict.model_copy(
        update={"clauses": (clause.model_copy(update={"quote": clause.quote + "等"}), *verdict.clauses[1:])}
    )
    failed = {row.step for row in check_rows(forged, build) if not row.held}
    assert {"文件未被改动", "引文与摘要相符", "与当前构建相符"} <= failed
    signed = {row.step for row in check_rows(forged.signed(), build) if not row.held}
    assert "文件未被改动" not in signed
    assert "与当前构建相符" in signed, "a forgery that is consistent in itself is found against the build"


def test_the_pack_of_an_audit_is_whole_and_the_same_twice(build: Build, verdict: VerdictFile) -> None:
    made = audit_pack(verdict, build)
    assert made == audit_pack(verdict, build)
    with zipfile.ZipFile(io.BytesIO(made)) as pack:
        assert set(pack.namelist()) == {
            "verdict.json",
            "proof.txt",
            "proof.html",
            "proof.pdf",
            "checks.json",
            "README.txt",
        }
        assert VerdictFile.model_validate_json(pack.read("verdict.json")) == verdict
        assert all(row["held"] for row in json.loads(pack.read("checks.json"))["checks"])


CSV = (
    "scene,query,reference,response,model\r\n"
    "隐私保护,护士能说吗,,《甲护理条例》第二条要求“保护病人隐私”。建议向护士长反映。,甲模型\r\n"
    "隐私保护,护士能说吗,,《甲护理条例》第九百条要求这样。,乙模型\r\n"
)


def test_answers_are_graded_and_cut_into_parts(build: Build) -> None:
    seen: list[tuple[int, int]] = []
    run = graded("答 案.csv", CSV.encode(), RuleScorer(build), DAY, progress=lambda *done: seen.append(done))
    assert seen == [(1, 2), (2, 2)]
    assert [one.grades.r1 for one in run.assessed] == [0, -1]
    assert [(one.name, one.answers) for one in slices(run, by_scene)] == [("隐私保护", 2)]
    assert {one.name: one.risky for one in slices(run, by_model)} == {"甲模型": 0.0, "乙模型": 1.0}
    assert any("没有这一条" in one.name for one in slices(run, by_fault))
    table = {row[""]: row["答 案.csv"] for row in figures([run])}
    assert table["RiskRate"].startswith("0.500")
    pieces = evidence(str(run.rows[1]["response"]), run.assessed[1])
    assert "".join(one.text for one in pieces) == run.rows[1]["response"]
    assert any(one.bad and "第九百条" in one.text for one in pieces)
    with pytest.raises(InputError, match="既不是"):
        graded("a.xlsx", b"", RuleScorer(build), DAY, progress=lambda *_: None)
    with pytest.raises(InputError, match=r"坏\.jsonl"):
        graded("坏.jsonl", b"{", RuleScorer(build), DAY, progress=lambda *_: None)


def test_answers_on_which_the_tiers_differ_are_found(build: Build) -> None:
    learned, rules = LearnedScorer(build), RuleScorer(build)
    run = graded("a.csv", CSV.encode(), learned, DAY, progress=lambda *_: None)
    found = disputed_answers(run, rules, DAY, progress=lambda *_: None)
    expected = {}
    for row, one in zip(run.rows, run.assessed, strict=True):
        other = rules.score(Answer(row["query"], row["response"], DAY, "", row["scene"])).grades
        about = [d for d in Dimension if disputed(other.of(d), one.grades.of(d))]
        if about:
            expected[row["response"]] = about
    assert expected, "short answers leave the heads unsure of something"
    assert {one.response: list(one.about) for one in found} == expected


def test_the_least_sure_norms_come_first_and_leave_only_their_reader(build: Build) -> None:
    rows, total = queue(build, DAY, done=())
    assert total >= len(rows) > 0
    assert [row.confidence for row in rows] == sorted(row.confidence for row in rows)
    assert all("2010" not in row.norm for row in rows), "norms of texts no longer in force do not wait"
    row = rows[0]
    text, provision = build.provision(row.provision)
    assert "".join(s.text for s in row.segments) == text.words(provision)
    said = norm_review(build, Act.ACCEPT, row.norm, [], author="甲", time=NOW, reason="照原文", as_of=DAY)
    mine = reviewed_norms(build, [said], author="甲")
    assert row.norm not in {one.norm for one in queue(build, DAY, done=mine)[0]}
    assert reviewed_norms(build, [said], author="乙") == frozenset()


def _said(build: Build, author: str, act: Act) -> Review:
    norm = build.norms(ARTICLE)[0].id
    return norm_review(build, act, norm, [], author=author, time=NOW, reason="看过", as_of=DAY)


def test_two_people_agree_or_differ(build: Build) -> None:
    same = [_said(build, name, Act.ACCEPT) for name in ("甲", "乙")]
    assert (agreement(same).shared, agreement(same).agreed) == (1, 1)
    other = [_said(build, "甲", Act.ACCEPT), _said(build, "乙", Act.REJECT)]
    found = agreement(other)
    assert (found.shared, found.agreed) == (1, 0)
    assert "甲 认可；乙 否定" in found.conflicts[0]
    assert agreement(same[:1]).shared == 0
    assert [row.state for row in review_rows(other, ())] == ["待下次构建"] * 2


@pytest.mark.parametrize(
    ("environ", "email", "role"),
    [
        ({}, None, Role.ADMIN),
        ({"YILUN_APP_ROLES": "a@b=reviewer, c@d=admin"}, "a@b", Role.REVIEWER),
        ({"YILUN_APP_ROLES": "a@b=reviewer"}, "x@y", Role.READER),
        ({"YILUN_APP_ROLES": "a@b=reviewer"}, None, Role.READER),
        ({}, "x@y", Role.READER),
    ],
)
def test_who_may_do_what(environ: dict[str, str], email: str | None, role: Role) -> None:
    assert person(environ, email).role is role


def test_a_role_that_is_none_is_told() -> None:
    with pytest.raises(InputError, match="a@b=boss"):
        person({"YILUN_APP_ROLES": "a@b=boss"}, None)


def test_problems_lead_to_their_place(build: Build) -> None:
    rows = problem_rows(build)
    assert len(rows) == len(build.problems)
    for code, number in codes(build):
        assert len(problem_rows(build, code=code)) == number
    assert all(row.provision.partition("/")[0] in build.expressions for row in rows if row.provision)
    assert ("构建 id", build.manifest.id) in manifest_rows(build.manifest)
    same = changed(build, build)
    assert (same.came, same.went, same.altered, same.counts) == ((), (), (), {})


# -- the graph -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def near(build: Build) -> Neighbours:
    return Neighbours(build, DAY)


def test_an_article_is_tied_to_its_norms_and_what_it_cites(near: Neighbours, build: Build) -> None:
    view = graph_view(near, "甲护理条例@2020-05-01/art4")
    ties = {(edge.tie, edge.target) for edge in view.edges}
    assert (RelationType.CITES, "甲处罚法@2005-01-01/art2") in ties
    assert (RelationType.CITES, ARTICLE) in ties
    assert {node.kind for node in view.nodes} >= {NodeKind.ARTICLE, NodeKind.NORM}
    wider = graph_view(near, "甲护理条例@2020-05-01/art4", expanded=[ARTICLE])
    assert set(view.nodes) < set(wider.nodes)
    only = graph_view(near, "甲护理条例@2020-05-01/art4", ties=[RelationType.CITES])
    assert {edge.tie for edge in only.edges} == {RelationType.CITES}


def test_a_party_is_tied_to_the_norms_that_bind_it(near: Neighbours, build: Build) -> None:
    view = graph_view(near, "护士")
    bound = [edge.source for edge in view.edges if edge.tie is RelationType.BINDS and edge.target == "护士"]
    assert bound
    assert all(
        "护士" in norm.bearers
        for name in bound
        for norm in build.norms(name.split("#")[0])
        if norm.id == name
    )


def test_what_does_not_fit_is_counted(near: Neighbours) -> None:
    whole = graph_view(near, ARTICLE)
    cut = graph_view(near, ARTICLE, most=2)
    assert len(cut.nodes) == 2
    assert cut.cut > 0
    assert whole.cut == 0


def test_what_is_pinned_stays_with_its_ties_to_what_is_shown(near: Neighbours) -> None:
    own = {node.id for node in graph_view(near, "护士").nodes}
    pinned = graph_view(near, ARTICLE, pinned=["护士", "患者"])
    plain = graph_view(near, ARTICLE)
    assert {node.id for node in pinned.nodes} == {node.id for node in plain.nodes} | {"护士", "患者"}
    assert set(plain.edges) < set(pinned.edges)
    assert any("护士" in (edge.source, edge.target) for edge in pinned.edges)
    assert not own <= {node.id for node in pinned.nodes}, "a pin brings no neighbours of its own"
    with pytest.raises(InputError):
        graph_view(near, ARTICLE, pinned=["没有@2020-01-01/art1"])


def test_no_node_of_this_build(near: Neighbours) -> None:
    with pytest.raises(InputError):
        graph_view(near, "没有@2020-01-01/art1")
    assert article_of(f"{ARTICLE}/p1") == ARTICLE


def test_words_in_a_picture_are_quoted(near: Neighbours) -> None:
    view = graph_view(near, ARTICLE)
    hostile = type(view.nodes[0])('a"]; x [label="<b>', NodeKind.NORM, 'a"] \\ \n<script>\u202e')
    made = dot(GraphView("c", (hostile,), (), 0))
    assert '"a\\"]; x [label=\\"<b>"' in made
    assert "\u202e" not in made
    root = ElementTree.fromstring(graphml(GraphView("c", (hostile,), (), 0)))
    assert root.find(".//{*}node").attrib["id"] == hostile.id  # type: ignore[union-attr]  # it is there


# -- uploads ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.exe", b"", "不是 txt"),
        ("a.txt", b"\xff\xfe\x00", "不是 UTF-8"),
        ("a.docx", b"PK nothing", "读不出来"),
        ("a.pdf", b"%PDF-1.4 nothing", "读不出来|没有文字"),
        ("../../etc/passwd.txt", b"x" * (21 * 2**20), "最多 20 MB"),
    ],
)
def test_a_file_that_cannot_be_taken(name: str, content: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says) as told:
        read_document(name, content)
    assert "/" not in str(told.value).split(" ")[0]


def test_a_text_file_is_its_text() -> None:
    assert read_document("甲 文书.txt", "\ufeff护士".encode()).text == "护士"
