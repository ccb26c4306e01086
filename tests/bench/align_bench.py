"""Base → SFT → DPO → a round with the guardian, on a small model: the same held-out prompts after each stage.

Run `yilun align data --out DATA --clauses 3 --characters 160` first. Everything is kept under --out, so that a stopped
run goes on. The prompts are of the dev folds: no case of theirs, and no clause, is trained on. The training reward and
the assessment share the guardian's code; the assessment's citation figures are the checker's alone.

    python -m tests.bench.align_bench --model FOLDER --data DATA --home HOME --out RUNS
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import shutil
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from alignment.assess import Assessed, Assessor, difference, standing
from alignment.load import open_model, open_tokenizer
from alignment.loop import Decision
from alignment.loop_run import DECISIONS, PEOPLE, LoopPart, answer_for_people, read_decisions, run_loop
from alignment.prompt import prompt
from alignment.recipe import ModelPart, Recipe
from alignment.rows import PROMPTS, PromptRow, read_rows
from alignment.sample import Decoding, Sampled, read_sampled, sample
from alignment.train import ADAPTER, ordered, train
from evaluator.citation_outcome import Outcome
from evaluator.guardian.learned import LearnedScorer
from evaluator.guardian.rules import RuleScorer
from evaluator.metrics import Weighting, final_score
from kg.build import Build
from kg.home import Home


def main() -> None:
    """Run what is missing, then print and keep the table."""
    reader = argparse.ArgumentParser(description=__doc__)
    for name in ("model", "data", "home", "out"):
        reader.add_argument(f"--{name}", type=Path, required=True)
    for name, default in (("prompts", 30), ("rows", 48), ("pairs", 32), ("epochs", 2), ("tokens", 260), ("round-prompts", 24), ("round-steps", 4), ("max-tokens", 768), ("threads", 2)):  # fmt: skip
        reader.add_argument(f"--{name}", type=int, default=default)
    options = reader.parse_args()
    import torch

    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    asked = held_out(options.data, options.prompts)
    assessor = make_assessor(options.home)
    runs: dict[str, list[Assessed]] = {}
    bare = {row.id: prompt(row.scenario, (), as_of=date.fromisoformat(row.as_of)) for row in asked}
    stages: list[tuple[str, Callable[[], tuple[str, ...]], bool]] = [
        ("base-without-retrieval", lambda: (), True),
        ("base", lambda: (), False),
        ("sft", lambda: (fit(options, "sft", ()),), False),
        ("dpo", lambda: (fit(options, "sft", ()), fit(options, "dpo", (fit(options, "sft", ()),))), False),
    ]
    for name, adapters, without in stages:
        began = time.monotonic()
        answers = answered(options, name, adapters, asked, bare if without else None)
        runs[name] = [assessor.assess(row, answer) for row, answer in zip(asked, answers, strict=True)]
        report(options.out, asked, runs, seconds=time.monotonic() - began)
    for name, people in (("guardian", False), ("guardian-and-people", True)):
        began = time.monotonic()
        if found := guardian_round(options, name, people=people, asked=asked):
            runs[name] = [assessor.assess(row, answer) for row, answer in zip(asked, found, strict=True)]
            report(options.out, asked, runs, seconds=time.monotonic() - began)
        else:
            print(
                f"{name}: nothing was accepted that scored more than the first answer; not trained",
                flush=True,
            )


def guardian_round(
    options: argparse.Namespace, name: str, *, people: bool, asked: Sequence[PromptRow]
) -> list[Sampled]:
    """One round of the loop over the SFT adapter, and the held-out answers after it; none if nothing could be trained on.

    With `people`, simulated reviewers decide what the guardian left open: they accept an answer whose citations are all
    verified and that cites the governing clause. They are no people, and are called simulated wherever they are shown.
    """
    folder, first = options.out / name, options.out / "guardian" / "round-1"
    (folder / "round-0").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(options.out / "answers-sft.jsonl", folder / "round-0" / "held-out-answers.jsonl")
    build = Build(Home.resolve(options.home, {}).build())
    learned = LearnedScorer(build)
    if people:
        (folder / "round-1").mkdir(exist_ok=True)
        for kept in ("first.jsonl", "revised.jsonl", DECISIONS):
            shutil.copyfile(first / kept, folder / "round-1" / kept)
        simulate_people(options, folder, Assessor(build, learned))
    value = stage_recipe(options, "dpo", (fit(options, "sft", ()),))
    value["out"] = str(folder)
    value["train"]["max_steps"] = options.round_steps
    part = LoopPart(
        1, options.round_prompts, options.prompts, decoding=Decoding(tokens=options.tokens, batch=8)
    )
    run_loop(
        Recipe.model_validate(value), part, folder, build=build, guardian=learned,
        judges={"rules": RuleScorer(build), "learned": learned},
        progress=lambda what, done, total: print(name, what, done, total, flush=True),
    )  # fmt: skip
    found = read_sampled(folder / "round-1" / "held-out-answers.jsonl")
    return [found[row.id] for row in asked] if found else []


def simulate_people(options: argparse.Namespace, folder: Path, assessor: Assessor) -> None:
    """Write what simulated reviewers say of what the guardian left open."""
    if (folder / PEOPLE).is_file():
        return
    rows = {row.id: row for row in read_rows(options.data / PROMPTS, PromptRow)}
    for one in read_decisions(folder / "round-1" / DECISIONS):
        if one.decision is Decision.ASKED:
            found = assessor.assess(rows[one.prompt], Sampled(one.prompt, one.revised.text, whole=True))
            good = found.cites_gold and all(o is Outcome.VERIFIED for o in found.outcomes)
            decision = Decision.ACCEPTED if good else Decision.REJECTED
            why = "引用都核实，且引到管辖条款" if good else "引用有误，或没有引到管辖条款"
            answer_for_people(folder, one.prompt, decision, by="模拟的复核者", reason=why)


def held_out(data: Path, most: int) -> list[PromptRow]:
    """The first prompts of the dev folds in a seeded order."""
    rows = [row for row in read_rows(data / PROMPTS, PromptRow) if row.fold in ("dev", "dev_clause")]
    return [rows[i] for i in ordered([row.id for row in rows], 17)[:most]]


def make_assessor(home: Path) -> Assessor:
    """The checker and the learned guardian, which saw no dev case in training."""
    build = Build(Home.resolve(home, {}).build())
    return Assessor(build, LearnedScorer(build))


def model_part(options: argparse.Namespace, adapters: tuple[str, ...]) -> ModelPart:
    """The base model with adapters, in 32 bits: there is no GPU here."""
    return ModelPart.model_validate(
        {"path": str(options.model), "dtype": "float32", "template": "qwen2.5", "adapters": adapters}
    )


def stage_recipe(options: argparse.Namespace, stage: str, adapters: tuple[str, ...]) -> dict[str, Any]:
    """The recipe of a stage, as YAML would have it."""
    sft = stage == "sft"
    steps = -(-options.rows * options.epochs // 4) if sft else -(-options.pairs // 4)
    return {
        "stage": stage, "out": str(options.out / stage), "model": model_part(options, adapters).model_dump(),
        "data": {"folder": str(options.data), "rows": options.rows if sft else options.pairs, "max_tokens": options.max_tokens},
        "lora": {"r": 16, "alpha": 32, "dropout": 0.05},
        "train": {"max_steps": steps, "batch": 1, "accumulate": 4, "learning_rate": 3e-4 if sft else 5e-5,
                  "save_steps": 4, "checkpointing": False},
        "dpo": {"beta": 0.1, "sft_weight": 0.2},
    }  # fmt: skip


def fit(options: argparse.Namespace, stage: str, adapters: tuple[str, ...]) -> str:
    """Train a stage unless it was trained before; the folder of its adapter."""
    out = options.out / stage
    if not (out / "manifest.json").is_file():
        value = stage_recipe(options, stage, adapters)
        began = time.monotonic()
        run = train(Recipe.model_validate(value))
        note = {
            "seconds": round(time.monotonic() - began),
            **{k: str(v) for k, v in dataclasses.asdict(run).items()},
        }
        (out / "time.json").write_text(json.dumps(note), encoding="utf-8")
    return str(out / ADAPTER)


def answered(
    options: argparse.Namespace, name: str, adapters: Callable[[], tuple[str, ...]], asked: Sequence[PromptRow],
    instead: dict[str, Any] | None,
) -> list[Sampled]:  # fmt: skip
    """The answers of a stage, from its file where they are there."""
    kept = options.out / f"answers-{name}.jsonl"
    questions = [(row.id, instead[row.id] if instead else row.prompt) for row in asked]
    if kept.is_file():
        held = {json.loads(line)["id"] for line in kept.read_text("utf-8").splitlines() if line}
        if held >= {name for name, _ in questions}:
            return sample(None, None, questions, Decoding(), kept)  # type: ignore[arg-type]  # nothing is asked
    part = model_part(options, adapters())
    return sample(
        open_model(part), open_tokenizer(part), questions, Decoding(tokens=options.tokens, batch=10), kept,
        progress=lambda what, done, total: print(name, what, done, total, flush=True),
    )  # fmt: skip


def final(one: Assessed) -> float:
    """The FinalScore of one answer; an unscored answer counts as 0."""
    return final_score(one.assessment.grades, Weighting.WEIGHTED) or 0.0


def report(out: Path, asked: Sequence[PromptRow], runs: dict[str, list[Assessed]], *, seconds: float) -> None:
    """Write the table of all stages so far, and what changed from the base model, prompt by prompt."""
    table = {name: dataclasses.asdict(standing(found)) for name, found in runs.items()}
    if "base" in runs:
        for name, found in runs.items():
            table[name]["final_minus_base"] = dataclasses.asdict(difference([final(x) for x in runs["base"]], [final(x) for x in found]))  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    (out / "table.json").write_text(json.dumps(table, ensure_ascii=False, indent=1), encoding="utf-8")
    last = list(runs)[-1]
    print(
        f"{last}: {seconds:.0f} s, peak {peak:.1f} GB",
        json.dumps(table[last], ensure_ascii=False),
        flush=True,
    )


if __name__ == "__main__":
    main()
