"""Reviews from the command line into builds: kept, applied, told when stale. The texts are invented."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from app.builder import make_build
from kg.build import Build
from kg.home import Home
from kg.norm import Method
from kg.pack import data_folder
from kg.review import State
from kg.review_log import NAME
from tests.app.conftest import Run
from tests.app.invented import write_corpus

TARGET = "甲护理条例@2020-05-01/art2/p1"
WHO = ("--author", "甲律师", "--reason", "照原文", "--time", "2026-11-22T09:30:00+08:00")
OTHER = ("--author", "乙律师", "--reason", "照原文", "--time", "2026-11-22T10:30:00+08:00")


@pytest.fixture
def home(made_home: Path, tmp_path: Path) -> Path:
    """The home that `run` uses, with the small build."""
    shutil.copytree(made_home, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


def rebuilt(home: Path, corpus: Path, **options: Any) -> Build:
    report = make_build(
        Home(home), [corpus], selector="all", environ={}, load_graph=False, encode=False,
        progress=lambda *_: None, **options,
    )  # fmt: skip
    return Build(Home(home).build_path(report.build_id))


def first(build: Build) -> str:
    """The duty of 第二条: 护士应当尊重、关心、爱护病人."""
    return next(norm.id for norm in build.norms(TARGET) if norm.modality.value == "obligation")


def test_a_correction_reaches_the_build_and_stays(run: Run, home: Path, corpus: Path) -> None:
    before = Build(Home(home).build())
    norm_id = first(before)
    done = run("review", "add", norm_id, "--act", "correct", "--set", "counterparty=病人@2", *WHO, "--json")
    assert done.code == 0, done.err
    listed = json.loads(run("review", "list", "--json").out)
    assert [row["state"] for row in listed] == ["pending"]
    after = rebuilt(home, corpus)
    assert after.id != before.id
    norm = next(n for n in after.norms(TARGET) if n.id == norm_id)
    assert norm.method is Method.EXPERT
    assert norm.counterparty is not None
    assert norm.counterparty.text == "病人"
    assert [judged.state for judged in after.reviews] == [State.APPLIED]
    assert rebuilt(home, corpus).id == after.id
    assert "已应用" in run("review", "list").out
    assert run("review", "stale").code == 0
    article = json.loads(run("norms", f"{TARGET}", "--json").out)["provisions"][0]["norms"]
    assert "expert" in [row["method"] for row in article]
    nodes = (after.path / "graph" / "nodes" / "Review.jsonl").read_text("utf-8").splitlines()
    edges = (after.path / "graph" / "edges" / "Review.REVIEWS.Provision.jsonl").read_text("utf-8")
    assert len(nodes) == 1
    assert TARGET in edges


def test_changed_words_make_it_stale_and_say_so(run: Run, home: Path, tmp_path: Path) -> None:
    run("review", "add", first(Build(Home(home).build())), "--act", "reject", *WHO)
    changed = write_corpus(tmp_path / "changed")
    path = changed / "nursing-2020.md"
    path.write_text(path.read_text("utf-8").replace("关心、爱护", "关爱"), encoding="utf-8")
    build = rebuilt(home, changed)
    assert [judged.state for judged in build.reviews] == [State.STALE]
    assert ("review_stale", TARGET) in [(p.code, p.place) for p in build.problems]
    assert build.norms(TARGET)
    outcome = run("review", "stale")
    assert outcome.code == 1
    assert "过时" in outcome.out


def test_experts_who_differ_are_both_kept(run: Run, home: Path, corpus: Path) -> None:
    machine = Build(Home(home).build())
    run("review", "add", first(machine), "--act", "reject", *WHO)
    run("review", "add", first(machine), "--act", "accept", *OTHER)
    build = rebuilt(home, corpus)
    assert build.norms(TARGET) == machine.norms(TARGET)
    assert [judged.state for judged in build.reviews] == [State.CONFLICT, State.CONFLICT]
    assert run("review", "stale").out.count("有分歧") == 2
    rejected = build.reviews[0].review.id
    assert run("review", "add", rejected[:8], "--act", "withdraw", *OTHER).code == 2  # it is not theirs
    assert run("review", "add", rejected[:8], "--act", "withdraw", *WHO).code == 0
    states = {judged.review.id: judged.state for judged in rebuilt(home, corpus).reviews}
    assert list(states.values()) == [State.WITHDRAWN, State.APPLIED, State.APPLIED]


def test_a_missed_norm_and_a_fact(run: Run, home: Path, corpus: Path) -> None:
    added = run(
        "review", "add", "《甲护理条例》第五条", "--act", "add", "--set", "modality=declaration",
        "--set", "action=施行", *WHO,
    )  # fmt: skip
    assert added.code == 0, added.err
    fact = run(
        "review", "add", "中华人民共和国立法法", "--act", "fact", "--field", "effective_from@2023-03-13",
        "--value", "2023-03-15", *WHO,
    )  # fmt: skip
    assert fact.code == 0, fact.err
    build = rebuilt(home, corpus)
    assert "施行" in [n.action.text for n in build.norms("甲护理条例@2020-05-01/art5") if n.action]
    (version,) = build.sources["中华人民共和国立法法"].versions
    assert (str(version.effective_from), version.evidence) == (
        "2023-03-15",
        "expert:甲律师 2026-11-22 照原文",
    )


def test_exported_reviews_travel_with_a_pack(run: Run, home: Path, corpus: Path, tmp_path: Path) -> None:
    run("review", "add", first(Build(Home(home).build())), "--act", "accept", *WHO)
    pack = tmp_path / "pack"
    shutil.copytree(data_folder(), pack)
    (pack / "reviews").mkdir()
    assert run("review", "export", "--out", pack / "reviews" / "2026.jsonl").code == 0
    elsewhere = rebuilt(tmp_path / "elsewhere", corpus, pack=pack)
    assert [judged.state for judged in elsewhere.reviews] == [State.APPLIED]
    assert rebuilt(home, corpus).id == elsewhere.id  # the same reviews, the same build


def test_a_torn_line_is_a_problem_of_the_build(run: Run, home: Path, corpus: Path) -> None:
    run("review", "add", first(Build(Home(home).build())), "--act", "accept", *WHO)
    path = home / "reviews" / NAME
    path.write_bytes(path.read_bytes()[:-20])
    build = rebuilt(home, corpus)
    assert build.reviews == ()
    assert ("review_torn", f"reviews/{NAME}:1") in [(p.code, p.place) for p in build.problems]
    assert run("review", "stale").code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((f"{TARGET}#n1", "--act", "burn"), "--act 'burn' 不是"),
        ((f"{TARGET}#n99", "--act", "accept"), "没有规范"),
        ((TARGET, "--act", "accept"), "不是规范 id"),
        ((f"{TARGET}#n1", "--act", "correct"), "没有改动"),
        ((f"{TARGET}#n1", "--act", "correct", "--set", "bearer=医师"), "没有“医师”"),
        ((f"{TARGET}#n1", "--act", "correct", "--set", "action=病人"), "病人@1"),
        ((f"{TARGET}#n1", "--act", "correct", "--set", "action=病人@3"), "只有 2 处"),
        ((f"{TARGET}#n1", "--act", "correct", "--set", "bearers=外星人"), "没有 '外星人'"),
        ((f"{TARGET}#n1", "--act", "correct", "--set", "colour=红"), "名称=内容"),
        ((f"{TARGET}#n1", "--act", "accept", "--set", "bearer=护士"), "不需要 --set"),
        (("《甲护理条例》第五条", "--act", "add", "--set", "action=施行"), "modality"),
        (("立法法", "--act", "fact"), "--value"),
        (("立法法", "--act", "fact", "--field", "topics", "--value", "护理"), "不能审核的字段"),
        (("立法法", "--act", "fact", "--field", "level", "--value", "法律"), "已是"),
        (("0000", "--act", "withdraw"), "有 0 条"),
    ],
)
def test_what_cannot_be_reviewed_is_said(run: Run, home: Path, arguments: tuple[str, ...], said: str) -> None:
    outcome = run("review", "add", *arguments, *WHO)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
    assert not (home / "reviews" / NAME).exists()
