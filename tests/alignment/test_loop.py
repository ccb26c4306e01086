"""The loop: what is decided of answers, what people say, what the next round is trained on, and a whole run on a toy."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pytest

from alignment.loop import Bounds, Decision, Tried, decide, next_rows, revision, with_people
from alignment.loop_run import DECISIONS, HELD_OUT, LoopPart, answer_for_people, read_decisions, run_loop
from alignment.prompt import prompt
from alignment.recipe import Recipe
from alignment.rows import PREFERENCES, SFT, PreferenceRow, PromptRow, SftRow, read_rows, write_rows
from alignment.sample import Decoding
from alignment.train import ordered
from evaluator.guardian.rules import RuleScorer
from kg.append_log import append_rows
from kg.build import Build
from kg.problem import InputError
from tests.alignment.tiny import recipe

BAD = Tried("坏", -1.0, 0.9, ("R1 规范符合：条号与内容不符",), False)
GOOD = Tried("好", 1.0, 0.9, (), True)
DAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("revised", "expected", "says"),
    [
        (GOOD, Decision.ACCEPTED, "引用均已核实"),
        (replace(GOOD, verified=False), Decision.REJECTED, "没有核实"),
        (BAD, Decision.REJECTED, "没有核实"),
        (replace(BAD, verified=True), Decision.REJECTED, "条号与内容不符"),
        (replace(GOOD, score=0.65), Decision.ASKED, "收舍之间"),
        (replace(GOOD, score=0.3, reasons=("Q3 可行建议：没有",)), Decision.REJECTED, "Q3"),
        (replace(GOOD, certainty=0.4), Decision.ASKED, "把握不足"),
        (replace(GOOD, score=None), Decision.ASKED, "没有评出"),
    ],
)
def test_what_becomes_of_an_answer(revised: Tried, expected: Decision, says: str) -> None:
    made = decide(1, "p", BAD, revised, Bounds())
    assert made.decision is expected
    assert says in made.reason
    assert made.by == "guardian"


def row(name: str = "p", fold: str = "train") -> PromptRow:
    return PromptRow(
        id=name, case=name, fold=fold, prompt=prompt("护士泄露隐私", (), as_of=DAY), clauses=[], stance="violation", scene="隐私保护",
        gold_clauses=["甲护理条例@2020-05-01/art2"], scenario="护士泄露隐私", as_of=DAY.isoformat(),
    )  # fmt: skip


def test_people_answer_only_what_was_asked() -> None:
    asked = decide(1, "p", BAD, replace(GOOD, score=0.65), Bounds())
    sure = decide(1, "q", BAD, GOOD, Bounds())
    said = dict.fromkeys(("p", "q"), (Decision.REJECTED, "甲律师", "没有写例外"))
    found = with_people([asked, sure], said)
    assert [(one.decision, one.by) for one in found] == [
        (Decision.REJECTED, "甲律师"),
        (Decision.ACCEPTED, "guardian"),
    ]


def test_the_next_round_is_trained_on_what_was_accepted_and_became_better() -> None:
    better = decide(1, "p", BAD, GOOD, Bounds())
    same = decide(1, "q", GOOD, GOOD, Bounds())
    out = decide(1, "r", BAD, BAD, Bounds())
    sft, pairs = next_rows({n: row(n) for n in "pqr"}, [better, same, out])
    assert [one.case for one in sft] == ["p", "q"]
    assert [(one.case, one.fault, one.rejected[0]["content"]) for one in pairs] == [("p", "R1", "坏")]


def test_a_revision_is_told_what_is_wrong() -> None:
    turns = revision(row(), BAD)
    assert [turn["role"] for turn in turns] == ["system", "user", "assistant", "user"]
    assert "条号与内容不符" in turns[-1]["content"]


def test_a_decision_of_a_person_has_a_name_and_a_reason(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="决定者与理由"):
        answer_for_people(tmp_path, "p", Decision.ACCEPTED, by=" ", reason="好")


def test_a_run_on_a_toy_keeps_every_decision_and_goes_on(toy: Path, build: Build, tmp_path: Path) -> None:
    """The toy writes nonsense, which nothing accepts: the loop says so and trains on nothing."""
    data = tmp_path / "rows"
    data.mkdir()
    write_rows(data / "prompts.jsonl", [row("a"), row("b"), row("h", "dev")])
    made = Recipe.model_validate(recipe(toy, "dpo", data={"folder": str(data), "max_tokens": 512}))
    part = LoopPart(rounds=2, prompts=2, held_out=1, decoding=Decoding(tokens=8, batch=2))
    scorer = RuleScorer(build)
    finals = run_loop(made, part, tmp_path / "loop", build=build, guardian=scorer, judges={"rules": scorer})
    decided = read_decisions(tmp_path / "loop" / "round-1" / DECISIONS)
    assert {one.prompt for one in decided} == {"a", "b"}
    assert all(one.decision is not Decision.ACCEPTED for one in decided)
    assert len(finals) == 1
    before = (tmp_path / "loop" / HELD_OUT).read_bytes()
    assert (
        run_loop(made, part, tmp_path / "loop", build=build, guardian=scorer, judges={"rules": scorer})
        == finals
    )
    assert (tmp_path / "loop" / HELD_OUT).read_bytes() == before


def test_accepted_answers_are_trained_on_and_the_score_is_taken_again(
    toy: Path, build: Build, tmp_path: Path
) -> None:
    """The answers of a round are written beforehand, as a better model would have: the rest of the round is real."""
    data, place = tmp_path / "rows", tmp_path / "loop" / "round-1"
    data.mkdir()
    place.mkdir(parents=True)
    write_rows(data / "prompts.jsonl", [row("a"), row("h", "dev")])
    good = "您辛苦了。护士泄露隐私，违反《甲护理条例》第二条：“护士应当尊重、关心、爱护病人，保护病人隐私”。建议向护士长书面反映。"
    for name, text in (("first", good.replace("第二条", "第九百条")), ("revised", good)):
        line = json.dumps({"id": "a", "text": text, "whole": True}, ensure_ascii=False)
        (place / f"{name}.jsonl").write_text(line + "\n", encoding="utf-8")
    value = recipe(toy, "dpo", data={"folder": str(data), "max_tokens": 900})
    value["train"] = {**value["train"], "max_steps": 2, "batch": 1}  # type: ignore[dict-item]
    part = LoopPart(
        rounds=1, prompts=1, held_out=1, bounds=Bounds(certainty=0.0), decoding=Decoding(tokens=8)
    )
    scorer = RuleScorer(build)
    finals = run_loop(
        Recipe.model_validate(value),
        part,
        tmp_path / "loop",
        build=build,
        guardian=scorer,
        judges={"rules": scorer},
    )
    assert len(finals) == 2
    (pair,) = read_rows(place / PREFERENCES, PreferenceRow)
    assert (pair.chosen[0]["content"], pair.fault) == (good, "R1")
    assert (place / "dpo" / "adapter" / "adapter_model.safetensors").is_file()
    assert json.loads((place / "standing-rules.json").read_text("utf-8"))["answers"] == 1


def test_what_a_person_accepts_after_its_round_was_trained_goes_into_the_next(
    toy: Path, build: Build, tmp_path: Path
) -> None:
    data, loop = tmp_path / "rows", tmp_path / "loop"
    data.mkdir()
    names = [f"p{i}" for i in range(4)]
    write_rows(data / "prompts.jsonl", [*map(row, names), row("h", "dev")])
    good = "您辛苦了。护士泄露隐私，违反《甲护理条例》第二条：“护士应当尊重、关心、爱护病人，保护病人隐私”。建议向护士长书面反映。"
    value = recipe(toy, "dpo", data={"folder": str(data), "max_tokens": 900})
    value["train"] = {**value["train"], "max_steps": 2, "batch": 1}  # type: ignore[dict-item]
    made = Recipe.model_validate(value)
    order = [names[i] for i in ordered(names, made.train.seed)]
    for number, (sure, doubtful) in ((1, order[:2]), (2, order[2:])):
        place = loop / f"round-{number}"
        place.mkdir(parents=True)
        for name, text in (("first", good.replace("第二条", "第九百条")), ("revised", good)):
            lines = [
                json.dumps({"id": one, "text": text, "whole": True}, ensure_ascii=False)
                for one in (sure, doubtful)
            ]
            (place / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        decisions = [decide(number, one, BAD, replace(GOOD, text=good), Bounds()) for one in (sure, doubtful)]
        decisions[1] = replace(decisions[1], decision=Decision.ASKED)
        append_rows(place / DECISIONS, map(asdict, decisions))
    part = LoopPart(rounds=1, prompts=2, held_out=1, decoding=Decoding(tokens=8))
    scorer = RuleScorer(build)
    run_loop(made, part, loop, build=build, guardian=scorer, judges={"rules": scorer})
    first = (loop / "round-1" / SFT).read_bytes()
    answer_for_people(loop, order[1], Decision.ACCEPTED, by="甲律师", reason="引用与步骤都对")
    (loop / HELD_OUT).write_text('{"round": 0, "final": -1.0}\n{"round": 1, "final": -0.5}\n', "utf-8")
    run_loop(made, replace(part, rounds=2), loop, build=build, guardian=scorer, judges={"rules": scorer})
    assert (loop / "round-1" / SFT).read_bytes() == first
    assert [one.case for one in read_rows(loop / "round-2" / SFT, SftRow)] == [order[1], order[2]]
