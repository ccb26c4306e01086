"""Measure the verdict engine on the written cases; figures for docs/benchmarks.md.

    python tests/bench/verdict_bench.py --home DIR --as-of 2026-10-01 --features FILE [--fold dev|test]

FILE is what `evaluator.train_weights --features` keeps. Cases, labels and gold clauses are written by a model
and unreviewed. Baselines in the same run: the majority class, a threshold on the retrieval score, and two
that never look at the law and learn as the verdicts do: a bag of characters, and the encoder's vectors.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from evaluator.case_folds import LabelledCase, read_labelled_cases
from evaluator.fact_words import shipped_fact_words
from evaluator.facts import read_facts
from evaluator.proof import VerdictFile
from evaluator.train_weights import chances, expected_error, fit, learn_vocabulary, macro_f1, words_matrix
from evaluator.verdict import Reasoner
from evaluator.verify import verify, verify_against
from evaluator.weighing import CONCLUSIONS, read_weights
from kg.build import Build
from kg.home import Home
from kg.pack import data_folder
from retrieval import Retriever

DRAWS = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--fold", choices=("dev", "test"), default="dev")
    parser.add_argument("--features", type=Path, required=True, help="those of the train cases")
    parser.add_argument("--save", type=Path, help="keep the verdict files here, to be read")
    options = parser.parse_args()
    build = Build(Home(options.home).build())
    reasoner = Reasoner.over(build, Retriever.open(options.home, build=build))
    cases = read_labelled_cases(options.data)
    train = [case for case in cases if case.fold == "train"]
    report: dict[str, Any] = {"build": build.id, "as_of": str(options.as_of), "fold": options.fold}
    with np.load(options.features) as kept:
        place = {name: i for i, name in enumerate(kept["names"].tolist())}
        learned = kept["text"][[place[case.id] for case in train]]
    everything: list[tuple[Any, Any, Any]] = []
    for fold in (f"{options.fold}_source", f"{options.fold}_clause"):
        chosen = [case for case in cases if case.fold == fold]
        verdicts, vectors = [], []
        for case in chosen:
            verdicts.append(reasoner.judge(case.scenario, as_of=options.as_of, case=case.id))
            vectors.append(reasoner.features(read_facts(case.scenario, reasoner.words), [])["text"])
        if not chosen:
            continue
        if options.save:
            options.save.mkdir(parents=True, exist_ok=True)
            for verdict in verdicts:
                (options.save / f"{verdict.case}.json").write_text(verdict.to_json(), encoding="utf-8")
        report[fold] = {
            **measure(
                chosen,
                np.array([CONCLUSIONS.index(v.conclusion) for v in verdicts]),
                np.array([not v.abstained for v in verdicts]),
                np.array([int(np.argmax(v.weighing.probabilities)) if v.weighing else 3 for v in verdicts]),
            ),
            "governing": governing(
                chosen,
                [
                    [(c.title, c.article) for i in v.governing for c in v.clauses if c.id == i]
                    for v in verdicts
                ],
                build,
            ),
            "proofs": soundness(verdicts, build),
            "flips": flips(chosen, verdicts, reasoner, options.as_of),
            "calibration": expected_error(
                np.array([v.weighing.probabilities for v in verdicts if v.weighing]),
                np.array(
                    [CONCLUSIONS.index(c.conclusion) for c, v in zip(chosen, verdicts, strict=True) if v.weighing]
                ),
            ),
            "reasons_to_abstain": dict(Counter(v.reason for v in verdicts if v.abstained)),
            "conflicts": sum(bool(v.conflicts) for v in verdicts),
            "baselines": baselines(
                train, chosen, [max((c.score for c in v.clauses), default=0.0) for v in verdicts],
                learned, np.array(vectors),
            ),
        }  # fmt: skip
        everything.append(
            (
                np.array([CONCLUSIONS.index(c.conclusion) for c in chosen]),
                np.array([CONCLUSIONS.index(v.conclusion) for v in verdicts]),
                np.array([not v.abstained for v in verdicts]),
            )
        )
    report["balanced"] = balanced(*(np.concatenate(part) for part in zip(*everything, strict=True)))
    print(json.dumps(report, ensure_ascii=False, indent=1))


def measure(cases: Sequence[LabelledCase], said: Any, told: Any, likeliest: Any) -> dict[str, Any]:
    """Macro-F1 over what was concluded, coverage, recall per class, and by topic."""
    gold = np.array([CONCLUSIONS.index(case.conclusion) for case in cases])
    topics: dict[str, list[int]] = defaultdict(list)
    for place, case in enumerate(cases):
        topics[case.scene].append(place)
    return {
        "n": len(cases),
        "coverage": round(float(told.mean()), 3),
        "macro_f1_covered": round(macro_f1(gold[told], said[told]), 3),
        "ci95": _interval(gold[told], said[told]),
        "accuracy_covered": round(float((gold == said)[told].mean()), 3),
        "macro_f1_no_abstention": round(macro_f1(gold, likeliest), 3),
        "balanced_accuracy_covered": _balanced(gold[told], said[told]),
        "per_class": {
            name: {
                "n": int((gold == i).sum()),
                "abstained": int(((gold == i) & ~told).sum()),
                "recall_covered": _share((said[told & (gold == i)] == i).tolist()),
                "precision_covered": _share((gold[told & (said == i)] == i).tolist()),
            }
            for i, name in enumerate(CONCLUSIONS)
        },
        "by_topic": {
            topic: {"n": len(p), "covered": int(told[p].sum()), "accuracy": _share((gold == said)[p][told[p]].tolist())}
            for topic, p in sorted(topics.items())
        },
    }  # fmt: skip


def governing(
    cases: Sequence[LabelledCase], found: Sequence[Sequence[tuple[str, str]]], build: Build
) -> dict[str, Any]:
    """Share of cases whose primary article is the first governing one, or among the first five."""
    held = {title for e in build.expressions.values() for title in (e.title,)}
    first, five, any_five, unbound = [], [], [], 0
    for case, places in zip(cases, found, strict=True):
        bound = [g for g in case.gold if g[0] in held]
        if not bound:
            unbound += 1
            continue
        listed = list(places)[:5]
        first.append(listed[:1] and listed[0] in bound)
        five.append(any(g in listed for g in bound))
        any_five.append(any(g in listed for g in case.cited))
    return {
        "n": len(five), "unbound": unbound, "recall@1": _share(first), "recall@5": _share(five),
        "any_gold@5": _share(any_five),
    }  # fmt: skip


def soundness(verdicts: Sequence[VerdictFile], build: Build) -> dict[str, Any]:
    """Share of verdict files that both checks pass; must be 1.0."""
    words, words_digest = shipped_fact_words()
    weights = read_weights(data_folder() / "models" / "verdict")
    good = [
        not verify(v, words=words, words_digest=words_digest, weights=weights)
        and not verify_against(v, build)
        for v in verdicts
    ]
    return {"n": len(good), "sound": _share(good), "findings": sum(len(v.findings) for v in verdicts)}


def flips(
    cases: Sequence[LabelledCase], verdicts: Sequence[VerdictFile], reasoner: Reasoner, as_of: date
) -> dict[str, Any]:
    """Negate or repair the clause that the first ground rests on: the finding, and the conclusion, must move.

    Only verdicts whose conclusion was right and that rest on a breach or a compliance are tried.
    """
    moved, concluded = [], []
    for case, verdict in zip(cases, verdicts, strict=True):
        grounds = [r for r in verdict.findings if r.role == "grounds" and r.conduct_fact]
        if not grounds or verdict.conclusion != case.conclusion or case.conclusion not in CONCLUSIONS[:2]:
            continue
        span = grounds[0].conduct_fact.span  # type: ignore[union-attr] # filtered above
        facts = read_facts(case.scenario, reasoner.words)
        changed = case.scenario[: span.start] + negate(span.text) + case.scenario[span.end :]
        again = reasoner.judge(changed, as_of=as_of)
        row = next((r for r in again.findings if r.norm == grounds[0].norm), None)
        moved.append(row is None or row.outcome is not grounds[0].outcome)
        concluded.append(again.conclusion != verdict.conclusion)
        assert facts.text != changed
    return {"n": len(moved), "finding_moves": _share(moved), "conclusion_moves": _share(concluded)}


_NEGATION = re.compile(r"(?:还|从|也|都)?(?:没有|没|未|不)(?:能|曾|再)?")


def negate(clause: str) -> str:
    """The contrary of a clause, by program: its negation taken out, else one put before what was done."""
    if _NEGATION.search(clause):
        return _NEGATION.sub("已经", clause, count=1)
    body, tail = re.fullmatch(r"(.*?)([，。；：！？”]*)", clause, re.DOTALL).groups()  # type: ignore[union-attr] # matches all
    return f"没有{body}{tail}"


def balanced(gold: Any, said: Any, told: Any) -> dict[str, Any]:
    """Over both folds, as many cases of each conclusion as the rarest has: the mean of many draws."""
    count = min(int((gold == i).sum()) for i in range(len(CONCLUSIONS)))
    draw = np.random.default_rng(11)
    scores, shares = [], []
    for _ in range(200):
        chosen = np.concatenate(
            [draw.choice(np.flatnonzero(gold == i), count, replace=False) for i in range(len(CONCLUSIONS))]
        )
        kept = chosen[told[chosen]]
        scores.append(macro_f1(gold[kept], said[kept]))
        shares.append(len(kept) / len(chosen))
    return {
        "per_class": count, "macro_f1_covered": round(float(np.mean(scores)), 3),
        "range95": [round(float(np.quantile(scores, q)), 3) for q in (0.025, 0.975)],
        "coverage": round(float(np.mean(shares)), 3),
    }  # fmt: skip


def baselines(
    train: Sequence[LabelledCase],
    cases: Sequence[LabelledCase],
    best_scores: Sequence[float],
    learned: Any,
    vectors: Any,
) -> dict[str, Any]:
    """What needs no law: the majority; a threshold on the best retrieval score; characters; vectors."""
    gold = np.array([CONCLUSIONS.index(case.conclusion) for case in cases])
    scores = np.array(best_scores)
    best = max(
        np.quantile(scores, np.linspace(0, 1, 21)), key=lambda t: macro_f1(gold, (scores < t).astype(int))
    )
    vocabulary = learn_vocabulary([case.scenario for case in train])
    bags = [words_matrix([c.scenario for c in some], vocabulary) for some in (train, cases)]
    mean, spread = learned.mean(axis=0), (learned.std(axis=0) + 1e-6) * np.sqrt(learned.shape[1])
    meant = [(some - mean) / spread for some in (learned, vectors)]
    return {
        "majority": round(macro_f1(gold, np.zeros_like(gold)), 3),
        "majority_accuracy": round(float((gold == 0).mean()), 3),
        "retrieval_threshold_best_possible": round(macro_f1(gold, (scores < best).astype(int)), 3),
        "bag_of_characters": _classified(*bags, train, gold),
        "encoder": _classified(*meant, train, gold),
    }


def _classified(known: Any, asked: Any, train: Sequence[LabelledCase], gold: Any) -> dict[str, float]:
    labels = np.array([CONCLUSIONS.index(c.conclusion) for c in train], dtype=float)
    fitted = fit(known @ known.T, labels)
    given = chances(asked @ known.T @ fitted.cases + fitted.bias)
    surest, said = given.max(axis=1), given.argmax(axis=1)
    told = surest >= np.quantile(surest, 0.15)
    return {
        "macro_f1": round(macro_f1(gold, said), 3),
        "macro_f1_at_0.85": round(macro_f1(gold[told], said[told]), 3),
        "accuracy_at_0.85": round(float((gold == said)[told].mean()), 3),
    }


def _interval(gold: Any, said: Any) -> list[float]:
    draw = np.random.default_rng(7)
    found = [
        macro_f1(gold[p], said[p]) for p in (draw.integers(0, len(gold), len(gold)) for _ in range(DRAWS))
    ]
    return [round(float(np.quantile(found, q)), 3) for q in (0.025, 0.975)]


def _balanced(gold: Any, said: Any) -> float:
    shares = [float((said[gold == i] == i).mean()) for i in range(len(CONCLUSIONS)) if (gold == i).any()]
    return round(sum(shares) / len(shares), 3)


def _share(values: Iterable[object]) -> float | None:
    found = [bool(value) for value in values]
    return round(sum(found) / len(found), 3) if found else None


if __name__ == "__main__":
    main()
