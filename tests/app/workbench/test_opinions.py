"""What people say of glosses, cases, grades and answers: kept, counted, never changed, bound to what was judged."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.loop import Decided, Decision, Tried
from alignment.loop_run import DECISIONS, answered
from app.workbench.dispute import (
    DisputeLog,
    dispute,
    expert_table,
    grades_words,
    read_grades,
)
from app.workbench.opinion import (
    Matter,
    Opinion,
    OpinionLog,
    accord,
    exported,
    judged_by,
    opinion,
    opinion_from_row,
    settled,
    standing,
    told_of,
    withdrawn,
)
from app.workbench.queues import cases, disputes, glosses, page_of, samples
from evaluator.guardian.assessment import Assessment, Mark
from evaluator.guardian.experts import read_expert_grades
from evaluator.metrics import Dimension
from kg.append_log import append_rows
from kg.build import Build
from kg.home import Home
from kg.problem import DamagedError, InputError
from kg.review import Act
from tests.app.workbench.conftest import clean, html

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
Draw = Callable[..., Any]


def said(
    author: str, act: Act, *, value: str = "", target: str = "x", words: str = "话", minute: int = 0
) -> Opinion:
    return opinion(
        Matter.GLOSS, target, words, act, author=author, time=NOW + timedelta(minutes=minute), reason="看过", value=value
    )  # fmt: skip


def test_an_opinion_says_who_what_and_why() -> None:
    with pytest.raises(InputError, match="理由"):
        opinion(Matter.CASE, "x", "话", Act.ACCEPT, author="甲", time=NOW, reason=" ")
    with pytest.raises(InputError, match="应为什么"):
        opinion(Matter.CASE, "x", "话", Act.CORRECT, author="甲", time=NOW, reason="错")
    with pytest.raises(InputError, match="没有改动"):
        opinion(
            Matter.GLOSS, "x", "话", Act.CORRECT, author="甲", time=NOW, reason="错", value="话 ", now="话"
        )


def test_opinions_are_kept_and_an_altered_line_is_told(tmp_path: Path) -> None:
    log = OpinionLog.of(Home(tmp_path))
    assert log.read() == []
    mine = said("甲", Act.CORRECT, value="别的话")
    log.append([mine])
    log.append([withdrawn(mine, author="甲", time=NOW, reason="看错")])
    assert [one.act for one in log.read()] == [Act.CORRECT, Act.WITHDRAW]
    assert [opinion_from_row(json.loads(line)) for line in exported(log.read()).splitlines()] == log.read()
    log.path.write_text(log.path.read_text().replace("别的话", "又一句"), encoding="utf-8")
    with pytest.raises(DamagedError, match=r"opinions\.jsonl:1"):
        log.read()


def test_the_last_word_counts_and_only_ones_own_is_taken_back() -> None:
    first, later = said("甲", Act.ACCEPT), said("甲", Act.REJECT, minute=1)
    other = said("乙", Act.ACCEPT)
    assert standing([first, other, later]) == [later, other]
    with pytest.raises(InputError, match="只有本人"):
        withdrawn(first, author="乙", time=NOW, reason="不同意")
    forged = opinion(Matter.GLOSS, other.id, "", Act.WITHDRAW, author="甲", time=NOW, reason="不同意")
    assert other in standing([other, forged])
    assert standing([other, withdrawn(other, author="乙", time=NOW, reason="看错")]) == []


def test_two_people_agree_or_differ_and_words_that_changed_are_another_thing() -> None:
    pair = [said("甲", Act.ACCEPT), said("乙", Act.REJECT)]
    found = accord(pair, Matter.GLOSS)
    assert (found.shared, found.agreed) == (1, 0)
    assert [one.told for one in found.conflicts[0]] == ["乙 否定", "甲 认可"]
    assert accord(pair, Matter.CASE).shared == 0
    assert accord([pair[0], said("乙", Act.REJECT, words="改过的话")], Matter.GLOSS).shared == 0
    same = [said("甲", Act.CORRECT, value="某话"), said("乙", Act.CORRECT, value="某话")]
    assert settled(same, Matter.GLOSS) == [same[0]]
    assert settled(pair, Matter.GLOSS) == settled(same[:1], Matter.GLOSS) == []
    assert told_of(pair, Matter.GLOSS, "话") == "甲 认可；乙 否定"
    assert told_of(pair, Matter.GLOSS, "改过的话") == ""


@given(
    st.lists(
        st.tuples(
            st.sampled_from("甲乙丙"), st.sampled_from("xyz"), st.sampled_from([Act.ACCEPT, Act.REJECT])
        )
    )
)
def test_what_is_shared_is_agreed_or_in_conflict(rows: list[tuple[str, str, Act]]) -> None:
    told = [said(author, act, target=target, minute=n) for n, (author, target, act) in enumerate(rows)]
    found = accord(told, Matter.GLOSS)
    last = {(author, target): act for author, target, act in rows}
    by_target: dict[str, set[Act]] = {}
    people: dict[str, int] = {}
    for (_, target), act in last.items():
        by_target.setdefault(target, set()).add(act)
        people[target] = people.get(target, 0) + 1
    shared = [target for target, n in people.items() if n > 1]
    assert found.shared == len(shared)
    assert found.agreed == sum(len(by_target[target]) == 1 for target in shared)
    assert len(found.conflicts) == found.shared - found.agreed
    assert found.kappa is None or -1 <= found.kappa <= 1


# -- queues ----------------------------------------------------------------------------------------------


def test_a_thing_leaves_only_its_readers_queue(build: Build) -> None:
    waiting = (*cases(build), *glosses(build))
    if not waiting:
        waiting = samples(Path("run"), [asked()])
    one = waiting[0]
    mine = opinion(one.matter, one.target, one.judged, Act.ACCEPT, author="甲", time=NOW, reason="看过")
    done = judged_by([mine], one.matter, "甲")
    assert one not in page_of(waiting, done=done, start=0, count=99)[0]
    others = judged_by([mine], one.matter, "乙")
    assert page_of(waiting, done=others, start=0, count=99)[1] == len(waiting)
    assert page_of(waiting, done=(), words="没有这样的题名", start=0, count=9) == ([], 0)


def grades(*values: int | None) -> Assessment:
    return Assessment("t", {d: Mark(d, g, None, "") for d, g in zip(Dimension, values, strict=True)})


ROW = {"scene": "护理", "query": "能说吗", "reference": "", "response": "<script>能"}


def test_tiers_that_differ_wait_for_a_persons_grades(tmp_path: Path) -> None:
    rules, learned = grades(0, 0, 1, 1, None, 1), grades(-1, 0, 1, 0, 1, None)
    made = dispute(ROW, "2026-11-22", rules, learned)
    assert made is not None
    assert made.about == (Dimension.R1, Dimension.Q2, Dimension.Q4)
    assert dispute(ROW, "2026-11-22", grades(0, 0, 1, 1, None, 1), grades(0, 0, 1, 1, 1, 1)) is None
    log = DisputeLog.of(Home(tmp_path))
    assert (log.append([made]), log.append([made])) == (1, 0)
    assert log.read() == [made]
    [row] = disputes(log.read())
    assert (row.words, row.now) == ("<script>能", "R1=-1 R2=0 Q1=1 Q2=0 Q3=1")
    told = opinion(
        Matter.GRADES, row.target, row.judged, Act.CORRECT, author="甲", time=NOW, reason="看过", value="R1=0 Q2=1"
    )  # fmt: skip
    table = tmp_path / "grades.csv"
    table.write_text(expert_table(log.read(), [told]), encoding="utf-8")
    [graded] = read_expert_grades(table)
    assert (graded.expert, graded.grades) == ("甲", {Dimension.R1: 0, Dimension.Q2: 1})
    assert next(csv.DictReader(io.StringIO(table.read_text("utf-8"))))["response"] == "<script>能"


@given(st.dictionaries(st.sampled_from(list(Dimension)), st.booleans()))
def test_grades_survive_their_words(chosen: dict[Dimension, bool]) -> None:
    given_ = {d: d.good if good else d.bad for d, good in chosen.items()}
    assert read_grades(grades_words(given_)) == given_


def test_a_grade_that_is_none_is_told() -> None:
    with pytest.raises(InputError, match="R1=2"):
        read_grades("R1=2")


def asked(prompt: str = "A-001/ask", certainty: float = 0.5) -> Decided:
    first, revised = Tried("首答", 0.2, 0.5, ("Q2",), True), Tried("改答<b>", 0.7, certainty, (), True)
    return Decided(1, prompt, first, revised, Decision.ASKED, "guardian", "在收舍之间")


def test_answers_of_the_loop_wait_least_certain_first() -> None:
    accepted = Decided(1, "z", asked().first, asked().revised, Decision.ACCEPTED, "guardian", "")
    found = samples(Path("/runs/loop"), [asked("a", 0.9), accepted, asked("b", 0.1)])
    assert [one.target for one in found] == ["loop:b", "loop:a"]


# -- on the page -----------------------------------------------------------------------------------------


def press(app: Any, words: str) -> Any:
    return clean(next(b for b in app.button if b.label == words).click().run())


def fill_reason(app: Any) -> None:
    app.text_input(
        key=next(t.key for t in app.text_input if t.key and t.key.startswith("reason-"))
    ).set_value("看过")


@pytest.mark.parametrize("queue", ["gloss", "case", "grades", "sample", "said", "differ", "nonsense"])
def test_every_queue_says_something_when_it_is_empty(drawn: Draw, queue: str) -> None:
    app = drawn("review", queue=queue)
    assert html(app) or app.caption


def test_two_people_decide_on_an_answer_of_the_loop_and_it_goes_back(
    drawn: Draw, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "loop"
    append_rows(run / "round-1" / DECISIONS, [asdict(asked())])
    monkeypatch.setenv("YILUN_LOOP_RUNS", str(run))
    for name in ("甲律师", "乙律师"):
        monkeypatch.setenv("YILUN_APP_USER", name)
        app = drawn("review", queue="sample")
        assert "改答&lt;b&gt;" in html(app)
        assert not [b for b in app.button if "写回循环" in b.label]
        fill_reason(app)
        press(app, "舍去")
        assert "改答" not in html(drawn("review", queue="sample"))
    assert "一致 1 处" in str([m.value for m in drawn("review", queue="differ").markdown])
    press(drawn("review", queue="sample"), "把两人一致的 1 条写回循环")
    assert answered(run) == {"A-001/ask"}
    assert "甲律师" in (run / "people.jsonl").read_text("utf-8")
    assert "乙律师" in (run / "people.jsonl").read_text("utf-8")


def test_disputed_grades_are_graded_and_two_who_differ_are_shown(
    drawn: Draw, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = dispute(ROW, "2026-11-22", grades(0, 0, 1, 1, 1, 1), grades(-1, 0, 1, 1, 1, 1))
    assert made is not None
    DisputeLog.of(home).append([made])
    for name, grade in (("甲律师", "0"), ("乙律师", "-1")):
        monkeypatch.setenv("YILUN_APP_USER", name)
        app = drawn("review", queue="grades")
        assert "<script>" not in html(app)
        app.selectbox(key=next(s.key for s in app.selectbox if s.key.startswith("R1-"))).set_value(grade)
        fill_reason(app)
        press(app, "记下评分")
    shown = html(drawn("review", queue="differ"))
    assert "R1=0" in shown
    assert "R1=-1" in shown


def test_an_opinion_is_taken_back_and_its_line_stays(drawn: Draw, home: Home) -> None:
    log = OpinionLog.of(home)
    log.append([said("本机用户", Act.ACCEPT)])
    app = drawn("review", queue="said")
    app.text_input(key="back-reason").set_value("看错了")
    press(app, "撤回")
    assert [one.act for one in log.read()] == [Act.ACCEPT, Act.WITHDRAW]
    assert standing(log.read()) == []
