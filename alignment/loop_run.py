"""Running the loop: a local model samples, the guardian grades, people are asked through a file, stages are trained.

Everything is under one folder: `round-N/` with answers, decisions and rows; `people.jsonl` with what people decided
(append-only: {"prompt", "decision", "by", "reason"}); `held-out.jsonl` with the score after each round. A stopped run
goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from alignment.assess import Assessed, Assessor, standing
from alignment.load import open_model, open_tokenizer
from alignment.loop import (
    Bounds,
    Decided,
    Decision,
    Tried,
    decide,
    goes_on,
    next_rows,
    revision,
    row_name,
    tried,
    with_people,
)
from alignment.prompt import Message
from alignment.recipe import Recipe
from alignment.rows import PREFERENCES, PROMPTS, SFT, PromptRow, SftRow, read_rows, write_rows
from alignment.sample import Decoding, Sampled, sample
from alignment.train import ADAPTER, ordered, train
from evaluator.citation_check import CitationChecker
from evaluator.citation_outcome import Outcome
from evaluator.guardian.assessment import Answer, Scorer
from kg.append_log import append_rows, replay
from kg.build import Build
from kg.problem import InputError

PEOPLE, DECISIONS, HELD_OUT = "people.jsonl", "decisions.jsonl", "held-out.jsonl"
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class LoopPart:
    """How many rounds at most, how many prompts each takes and how many held-out ones are assessed, and the bounds."""

    rounds: int = 3
    prompts: int = 32
    held_out: int = 30
    bounds: Bounds = field(default_factory=Bounds)
    decoding: Decoding = field(default_factory=Decoding)


def run_loop(
    recipe: Recipe, part: LoopPart, folder: Path, *, build: Build, guardian: Scorer, judges: Mapping[str, Scorer],
    progress: Progress = lambda *_: None,
) -> list[float]:  # fmt: skip
    """Run rounds until FinalScore of the held-out prompts stops rising; its values, the model's own first.

    `recipe` is that of the DPO stage: each round trains it anew on what was accepted so far, over the adapters of the
    rounds before. What a person accepts after its round was trained goes into the next round that is not. `guardian` grades in the loop, `judges` the held-out prompts, each into a
    `standing-NAME.json` of its own; the first decides when to stop: give one that the loop does not optimise against (the
    deterministic rules), and beside it heads that were trained without the sources of these prompts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(read_rows(Path(recipe.data.folder) / PROMPTS, PromptRow))
    training = [row for row in rows if row.fold == "train"]
    held = [row for row in rows if row.fold in ("dev", "dev_clause")]
    training = [training[i] for i in ordered([row.id for row in training], recipe.train.seed)]
    held = [held[i] for i in ordered([row.id for row in held], recipe.train.seed)][: part.held_out]
    if not training or not held:
        raise InputError(f"{recipe.data.folder} 的提问不够：训练 {len(training)}、评估 {len(held)}")
    adapters, finals = recipe.model.adapters, _finals(folder)
    if not finals:
        finals.append(_assess(recipe, adapters, held, part, folder / "round-0", build, judges, progress))
        append_rows(folder / HELD_OUT, [{"round": 0, "final": finals[0]}])
    known: dict[str, PromptRow] = {}
    waiting: list[
        Decided
    ] = []  # accepted, and in no round's training yet: people may decide after their round was trained
    for number in range(1, part.rounds + 1):
        place = folder / f"round-{number}"
        asked = training[(number - 1) * part.prompts : number * part.prompts]
        if not asked or (len(finals) >= number and not goes_on(finals[:number])):
            break
        decided = _round(number, recipe, adapters, asked, part, place, build, guardian, progress)
        known |= {row.id: row for row in asked}
        waiting += [one for one in with_people(decided, _people(folder)) if one.decision is Decision.ACCEPTED]
        trained = (place / "dpo" / "manifest.json").is_file()
        if not trained:
            sft, pairs = next_rows(known, waiting)
            write_rows(place / SFT, sft)
            if not write_rows(place / PREFERENCES, pairs):
                break
        stage = recipe.model_copy(
            update={
                "out": str(place / "dpo"),
                "model": recipe.model.model_copy(update={"adapters": adapters}),
                "data": recipe.data.model_copy(update={"folder": str(place)}),
            }
        )
        if not trained:
            train(stage, progress=progress)
        used = {row.id for row in read_rows(place / SFT, SftRow)}
        waiting = [one for one in waiting if row_name(one) not in used]
        adapters = (*adapters, str(place / "dpo" / ADAPTER))
        if len(finals) <= number:
            finals.append(_assess(recipe, adapters, held, part, place, build, judges, progress))
            append_rows(folder / HELD_OUT, [{"round": number, "final": finals[-1]}])
    return finals


def _round(
    number: int, recipe: Recipe, adapters: tuple[str, ...], asked: Sequence[PromptRow], part: LoopPart, place: Path,
    build: Build, guardian: Scorer, progress: Progress,
) -> list[Decided]:  # fmt: skip
    """The decisions of a round by the guardian, from its file where they were made before."""
    path = place / DECISIONS
    if path.is_file():
        return read_decisions(path)
    place.mkdir(parents=True, exist_ok=True)
    checker = CitationChecker(build)

    def graded(row: PromptRow, answer: Sampled) -> Tried:
        day = date.fromisoformat(row.as_of)
        checked = checker.check(answer.text, as_of=day)
        verified = bool(checked) and all(one.outcome is Outcome.VERIFIED for one in checked)
        return tried(
            answer.text,
            guardian.score(Answer(row.scenario, answer.text, day, scene=row.scene)),
            verified=verified,
        )

    first = _answers(
        recipe, adapters, [(row.id, row.prompt) for row in asked], part, place / "first.jsonl", progress
    )
    tries = [graded(row, answer) for row, answer in zip(asked, first, strict=True)]
    again = [(row.id, revision(row, one)) for row, one in zip(asked, tries, strict=True)]
    second = _answers(recipe, adapters, again, part, place / "revised.jsonl", progress)
    decided = [
        decide(number, row.id, one, graded(row, answer), part.bounds)
        for row, one, answer in zip(asked, tries, second, strict=True)
    ]
    append_rows(path, map(asdict, decided))
    return decided


def read_decisions(path: Path) -> list[Decided]:
    """The decisions kept in a file; DamagedError names the line that is none."""
    found: list[Decided] = []

    def take(row: dict[str, Any]) -> None:
        first, revised = (
            Tried(**{**row[k], "reasons": tuple(row[k]["reasons"])}) for k in ("first", "revised")
        )
        found.append(
            Decided(
                row["round"],
                row["prompt"],
                first,
                revised,
                Decision(row["decision"]),
                row["by"],
                row["reason"],
            )
        )

    replay(path, take, what="循环的决定")
    return found


def answer_for_people(folder: Path, prompt: str, decision: Decision, *, by: str, reason: str) -> None:
    """Add what a person decided; the last word on a prompt counts. InputError without name or reason."""
    if not by.strip() or not reason.strip() or decision is Decision.ASKED:
        raise InputError("人的决定须写明 收入 或 舍去、决定者与理由")
    append_rows(folder / PEOPLE, [{"prompt": prompt, "decision": decision.value, "by": by, "reason": reason}])


def answered(folder: Path) -> frozenset[str]:
    """The prompts of a run on which a person has decided."""
    return frozenset(_people(folder))


def _people(folder: Path) -> Mapping[str, tuple[Decision, str, str]]:
    found: dict[str, tuple[Decision, str, str]] = {}

    def take(row: dict[str, Any]) -> None:
        found[row["prompt"]] = Decision(row["decision"]), row["by"], row["reason"]

    replay(folder / PEOPLE, take, what="人的决定")
    return found


def _answers(
    recipe: Recipe, adapters: tuple[str, ...], asked: Sequence[tuple[str, list[Message]]], part: LoopPart, kept: Path,
    progress: Progress,
) -> list[Sampled]:  # fmt: skip
    opened = recipe.model.model_copy(update={"adapters": adapters})
    return sample(open_model(opened), open_tokenizer(opened), asked, part.decoding, kept, progress=progress)


def _assess(
    recipe: Recipe, adapters: tuple[str, ...], held: Sequence[PromptRow], part: LoopPart, place: Path, build: Build,
    judges: Mapping[str, Scorer], progress: Progress,
) -> float:  # fmt: skip
    place.mkdir(parents=True, exist_ok=True)
    answers = _answers(
        recipe,
        adapters,
        [(row.id, row.prompt) for row in held],
        part,
        place / "held-out-answers.jsonl",
        progress,
    )
    finals = []
    for name, judge in judges.items():
        assessor = Assessor(build, judge)
        found: list[Assessed] = [
            assessor.assess(row, answer) for row, answer in zip(held, answers, strict=True)
        ]
        figures = standing(found)
        told = json.dumps(asdict(figures), ensure_ascii=False, indent=1)
        (place / f"standing-{name}.json").write_text(told, encoding="utf-8")
        finals.append(figures.summary.final_weighted.value or 0.0)
    return finals[0]


def _finals(folder: Path) -> list[float]:
    found: list[float] = []
    replay(folder / HELD_OUT, lambda row: found.append(float(row["final"])), what="得分")
    return found
