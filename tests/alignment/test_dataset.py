"""Rows out of cases: what enters is checked, what does not has a reason, and nothing held out is trained on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from alignment.dataset import Assembled, Assembler, Shape
from alignment.dataset_files import write_dataset
from alignment.fault import Fault, Faulted
from alignment.grounded import SECTIONS
from alignment.rows import SFT, PreferenceRow, SftRow, read_rows
from evaluator.citation_check import check_citations
from evaluator.citation_outcome import Outcome
from evaluator.folds import Fold
from kg.build import Build
from kg.problem import InputError
from retrieval.retriever import Retriever
from tests.alignment.invented_cases import ELSEWHERE, case

DAY = date(2026, 11, 22)


def assembled(build: Build, *cases: object, shape: Shape = Shape(refusal_every=1)) -> Assembled:  # noqa: B008 - frozen
    given = [one for one in cases if one is not None]
    made = Assembled()
    maker = Assembler(build, Retriever.over(build), given, as_of=DAY, shape=shape)  # type: ignore[arg-type]
    maker.add(given[0], made)  # type: ignore[arg-type]
    return made


def test_an_answer_runs_from_issue_to_advice_and_every_citation_is_verified(build: Build) -> None:
    made = assembled(build, case(), ELSEWHERE)
    row = next(row for row in made.sft if row.kind == "grounded")
    answer = row.messages[-1]["content"]
    places = [answer.index(f"【{name}】") for name in SECTIONS]
    assert places == sorted(places)
    assert "“护士应当尊重、关心、爱护病人，保护病人隐私”" in answer
    assert "听到这样的事，您一定很难受。" in answer.split("【建议】")[1]
    assert "建议先向护士长书面反映" in answer.split("【建议】")[1]
    label = next(
        f"C{n}" for n, one in enumerate(row.clauses, 1) if one.startswith("甲护理条例@2020-05-01/art2")
    )
    for name in ("争点", "依据", "适用", "结论"):
        section = answer.split(f"【{name}】")[1].split("【")[0]
        assert f"[{label}]" in section, name
    outcomes = {one.outcome for one in check_citations(answer, build=build, as_of=DAY)}
    assert outcomes == {Outcome.VERIFIED}


def test_the_prompt_shows_the_clause_in_force_among_others_and_no_label(build: Build) -> None:
    asked = assembled(build, case(), ELSEWHERE).prompts[0]
    user = asked.prompt[1]["content"]
    assert "《甲护理条例》第二条：护士应当尊重、关心、爱护病人" in user
    assert "第四条" in user, "a clause that its author names as none"
    assert "2026-11-22" in user
    assert "violation" not in user
    assert asked.gold_clauses == ["甲护理条例@2020-05-01/art2"]


def test_a_refusal_shows_only_clauses_of_other_scenes_and_cites_nothing(build: Build) -> None:
    made = assembled(build, case(), ELSEWHERE)
    refusals = [row for row in made.sft if row.kind == "refusal"]
    if not refusals:  # retrieval brought the only other clause near: then it is said why there is none
        assert made.left_out["refusal: 没有别的条款可示"] == 1
        return
    answer = refusals[0].messages[-1]["content"]
    assert not any(one.startswith("甲护理条例") for one in refusals[0].clauses)
    assert "未能确定" in answer
    assert "《" not in answer


def test_pairs_differ_only_in_their_fault(build: Build) -> None:
    made = assembled(build, case(), ELSEWHERE)
    faults = {row.fault for row in made.preferences}
    assert {
        Fault.WRONG_NUMBER,
        Fault.FABRICATED_ARTICLE,
        Fault.NO_NORM,
        Fault.NO_ACTION,
        Fault.NO_EMPATHY,
    } <= faults
    for row in made.preferences:
        chosen, rejected = row.chosen[0]["content"], row.rejected[0]["content"]
        assert chosen != rejected
        common = len(_common_start(chosen, rejected)) + len(_common_start(chosen[::-1], rejected[::-1]))
        assert common >= len(chosen) - 100, row.fault
    assert [row.label for row in made.labels].count(True) == 1


def _common_start(a: str, b: str) -> str:
    return a[: next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))]


def test_a_change_that_spreads_is_seen() -> None:
    good = Faulted(Fault.NO_NORM, "甲乙丙", "甲丁丙", 1, 2, "丁")
    assert good.differs_only_there()
    assert not replace(good, rejected="甲丁戊").differs_only_there()
    assert not replace(good, rejected="甲乙丙", inserted="乙").differs_only_there()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"gold": [{"title": "无此法", "article": "第一条", "role": "primary"}]}, "unbound"),
        ({"answers": []}, "no_voice"),
    ],
)
def test_what_is_left_out_has_a_reason(build: Build, changes: dict[str, object], reason: str) -> None:
    made = assembled(build, case(**changes), ELSEWHERE)
    assert not made.sft
    assert [name.partition(":")[0] for name in made.left_out] == [reason]


def test_a_held_out_case_gives_a_prompt_and_nothing_to_train_on(build: Build) -> None:
    held = case(gold=[{"title": "甲护理条例", "article": "第三条", "role": "primary"}])
    assert held.fold is Fold.DEV_CLAUSE
    made = assembled(build, held, ELSEWHERE)
    assert [row.fold for row in made.prompts] == ["dev_clause"]
    assert not made.sft
    assert not made.preferences


def test_no_held_out_clause_is_shown_in_training(build: Build) -> None:
    made = assembled(build, case(distractors=[{"title": "甲护理条例", "article": "第三条"}]), ELSEWHERE)
    for row in made.sft:
        assert not any("/art3" in one for one in row.clauses)


def test_the_folder_is_the_same_twice_and_overlap_is_dropped(build: Build, tmp_path: Path) -> None:
    cases = [case(), ELSEWHERE]

    def write(name: str, against: list[Path]) -> Path:
        write_dataset(
            tmp_path / name, build, Retriever.over(build), cases, as_of=DAY, shape=Shape(), against=against,
            most_overlap=0.2, llama_factory=True, progress=lambda *_: None,
        )  # fmt: skip
        return tmp_path / name

    one, two = write("one", []), write("two", [])
    for path in sorted(p for p in one.rglob("*") if p.is_file()):
        assert path.read_bytes() == (two / path.relative_to(one)).read_bytes(), path.name
    held = tmp_path / "held.jsonl"
    held.write_text(
        json.dumps({"q": case().scenario, "a": case().answers[0].text}, ensure_ascii=False), encoding="utf-8"
    )
    clean = write("clean", [held])
    assert not [row for row in read_rows(clean / SFT, SftRow) if row.case == "T-001"]
    manifest = json.loads((clean / "manifest.json").read_text("utf-8"))
    assert manifest["overlap"]["found"][0]["place"] == "T-001"
    assert manifest["left_out"]["overlap: 与评测文件重合"] == 2, "both cases have this answer"
    info = json.loads((one / "llama-factory" / "dataset_info.json").read_text("utf-8"))
    pairs = json.loads((one / "llama-factory" / info["yilun_dpo"]["file_name"]).read_text("utf-8"))
    assert [turn["from"] for turn in pairs[0]["conversations"]] == ["system", "human"]
    assert pairs[0]["chosen"]["from"] == pairs[0]["rejected"]["from"] == "gpt"


def test_a_line_that_is_no_row_is_named(tmp_path: Path) -> None:
    (tmp_path / "preferences.jsonl").write_text('{"id": "x"}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"preferences\.jsonl:1"):
        list(read_rows(tmp_path / "preferences.jsonl", PreferenceRow))
    with pytest.raises(InputError, match="yilun align data"):
        list(read_rows(tmp_path / SFT, SftRow))
