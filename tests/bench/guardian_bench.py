"""Measure the guardian on the test folds: rules, learned heads, a bag of words that never sees the law, majority.

Run: python tests/bench/guardian_bench.py --home HOME
Needs scikit-learn for the bag of words. The labels are model-written and unreviewed; the table says so.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

from evaluator.guardian.assessment import Fault
from evaluator.guardian.cues import sentences
from evaluator.guardian.graded import GradedAnswer, read_graded
from evaluator.guardian.learned import LearnedScorer
from evaluator.guardian.reading import Reader, Reading
from evaluator.guardian.rules import RuleScorer
from evaluator.metrics import Dimension
from evaluator.twins import Planted, Twin, TwinMaker
from kg.build import Build
from kg.home import Home

AS_OF = date(2026, 11, 22)
RIGHT = {
    Planted.NUMBER: {Fault.WRONG_ARTICLE, Fault.UNKNOWN_ARTICLE},
    Planted.TITLE: {Fault.WRONG_ARTICLE, Fault.UNKNOWN_ARTICLE, Fault.ALTERED_QUOTE},
    Planted.INVENTED: {Fault.UNKNOWN_LAW},
    Planted.REPEALED: {Fault.STALE_LAW},
    Planted.MODALITY: {Fault.FLIPPED_MODALITY, Fault.ALTERED_QUOTE},
    Planted.QUOTATION: {Fault.ALTERED_QUOTE, Fault.CHANGED_NUMBER, Fault.FLIPPED_MODALITY},
    Planted.EXCEPTION: {Fault.DROPPED_EXCEPTION, Fault.ALTERED_QUOTE},
    Planted.UNSAFE: {Fault.UNSAFE_STEP},
    Planted.ILLEGAL: {Fault.UNSAFE_STEP},
}
WARM = "您这些天真的辛苦了，请先照顾好自己，有什么难处可以随时再问。"
PLAIN = "以上是根据您目前所说的情况作出的分析，具体情况以医疗机构的记录为准。"

Judgement = tuple[dict[Dimension, int | None], dict[Dimension, float | None], tuple[Fault, ...]]
Judge = Callable[[Reading], Judgement]


def bag_of_words(train: Sequence[GradedAnswer]) -> Judge:
    """Logistic regression over runs of characters of the whole answer: style, no law."""
    vectoriser = HashingVectorizer(
        analyzer="char", ngram_range=(1, 4), n_features=1 << 17, alternate_sign=False
    )
    table = vectoriser.transform([g.answer.response for g in train])
    models = {}
    for dimension in Dimension:
        y = np.array([g.grades.of(dimension) == dimension.good for g in train])
        models[dimension] = LogisticRegression(C=10.0, solver="liblinear").fit(table, y)

    def judge(reading: Reading) -> Judgement:
        row = vectoriser.transform([reading.answer.response])
        good = {d: float(m.predict_proba(row)[0, 1]) for d, m in models.items()}
        return {d: d.good if p >= 0.5 else d.bad for d, p in good.items()}, dict(good), ()

    return judge


def once(judge: Judge) -> Judge:
    """A judge that judges each reading once, however many tables ask."""
    known: dict[str, Judgement] = {}

    def remembered(reading: Reading) -> Judgement:
        key = f"{reading.answer.query}\n{reading.answer.response}"
        if key not in known:
            known[key] = judge(reading)
        return known[key]

    return remembered


def of_scorer(scorer: RuleScorer | LearnedScorer, *, forced: bool = False) -> Judge:
    """A scorer as a judge; `forced` grades by the threshold where the learned tier abstains."""

    def judge(reading: Reading) -> Judgement:
        marks = scorer.grade(reading).marks
        grades = {d: m.grade for d, m in marks.items()}
        if forced and isinstance(scorer, LearnedScorer):
            for d, m in marks.items():
                if m.grade is None and m.probability is not None:
                    event = 1 - m.probability if d.is_risk else m.probability
                    there = event >= scorer.heads.calibrations[d].threshold
                    grades[d] = d.bad if there == d.is_risk else d.good
        faults = tuple(
            e.fault for m in marks.values() if m.grade == m.dimension.bad for e in m.evidence if e.fault
        )
        return grades, {d: m.probability for d, m in marks.items()}, faults

    return judge


def figures(truth: Sequence[int], grades: Sequence[int | None], good: int, bad: int) -> dict[str, float]:
    """Accuracy, balanced accuracy and macro-F1 over the scored ones, and how many those are."""
    kept = [(t, g) for t, g in zip(truth, grades, strict=True) if g is not None]
    if not kept:
        return {"acc": float("nan"), "bal": float("nan"), "f1": float("nan"), "cov": 0.0}
    recalls, f1 = [], []
    for label in (good, bad):
        hit = sum(t == g == label for t, g in kept)
        real, said = sum(t == label for t, _ in kept), sum(g == label for _, g in kept)
        recalls.append(hit / real if real else float("nan"))
        f1.append(2 * hit / (real + said) if real + said else 0.0)
    return {"acc": sum(t == g for t, g in kept) / len(kept), "bal": sum(recalls) / 2, "f1": sum(f1) / 2, "cov": len(kept) / len(truth)}  # fmt: skip


def ece(right: Sequence[bool], probability: Sequence[float]) -> float:
    """Expected calibration error over ten bins."""
    bins: dict[int, list[tuple[bool, float]]] = defaultdict(list)
    for r, p in zip(right, probability, strict=True):
        bins[min(9, int(p * 10))].append((r, p))
    return sum(abs(sum(r for r, _ in b) - sum(p for _, p in b)) for b in bins.values()) / max(1, len(right))


def interval(right: Sequence[bool], clusters: Sequence[str]) -> tuple[float, float]:
    """The 95 % interval of a share, resampling scenarios."""
    groups: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for r, c in zip(right, clusters, strict=True):
        groups[c][0] += r
        groups[c][1] += 1
    sums = np.array(list(groups.values()))
    draws = (
        np.random.default_rng(0).multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=1000) @ sums
    )
    low, high = np.quantile(draws[:, 0] / draws[:, 1], [0.025, 0.975])
    return float(low), float(high)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--cases", type=Path, default=Path("data/cases"))
    parser.add_argument("--share", type=float, default=1.0, help="share of the test cases, drawn by seed 0")
    parser.add_argument("--models", type=Path, default=Path("data/models/guardian"))
    options = parser.parse_args()
    build = Build(Home(options.home).build())
    reader = Reader(build)
    graded = list(read_graded(options.cases, build, AS_OF))
    train = [g for g in graded if not g.fold.is_test and not g.fold.is_dev]
    cases = sorted({g.case for g in graded if g.fold.is_test})
    drawn = set(random.Random(0).sample(cases, round(len(cases) * options.share)))
    test = [g for g in graded if g.case in drawn]
    begun = time.perf_counter()
    readings = [reader.read(g.answer) for g in test]
    reading_time = (time.perf_counter() - begun) / len(test)
    rules, learned = RuleScorer(build, reader), LearnedScorer(build, reader, options.models)
    majority = {d: Counter(g.grades.of(d) for g in train).most_common(1)[0][0] for d in Dimension}
    judges: dict[str, Judge] = {
        "rules": once(of_scorer(rules)),
        "learned": once(of_scorer(learned)),
        "learned, forced": once(of_scorer(learned, forced=True)),
        "bag of words": once(bag_of_words(train)),
        "majority": lambda _: (dict(majority), dict.fromkeys(Dimension), ()),
    }
    print(
        f"build {build.id}; {len(test)} answers of {len({g.case for g in test})} test cases; train {len(train)}; labels model-written, unreviewed"
    )
    clusters = [g.case for g in test]
    print(
        "| dimension | judge | accuracy [95 %] | balanced | macro-F1 | ECE | coverage | unseen source / clause acc |\n|---|---|---|---|---|---|---|---|"
    )
    for dimension in Dimension:
        truth = [g.grades.of(dimension) or 0 for g in test]
        for name, judge in judges.items():
            said = [judge(r) for r in readings]
            grades = [s[0][dimension] for s in said]
            f = figures(truth, grades, dimension.good, dimension.bad)
            kept = [i for i, g in enumerate(grades) if g is not None]
            low, high = interval([truth[i] == grades[i] for i in kept], [clusters[i] for i in kept])
            known = [
                (t == dimension.good, s[1][dimension])
                for t, s in zip(truth, said, strict=True)
                if s[1][dimension] is not None
            ]
            error = f"{ece([r for r, _ in known], [p or 0.0 for _, p in known]):.3f}" if known else "–"
            parts = []
            for fold in ("test", "test_clause"):
                mine = [i for i in kept if test[i].fold == fold]
                parts.append(f"{sum(truth[i] == grades[i] for i in mine) / len(mine):.3f}")
            print(f"| {dimension} | {name} | {f['acc']:.3f} [{low:.3f}, {high:.3f}] | {f['bal']:.3f} | {f['f1']:.3f} | {error} | {f['cov']:.3f} | {' / '.join(parts)} |", flush=True)  # fmt: skip
    twins(build, reader, test, readings, judges)
    robustness(reader, test, readings, judges)
    topics(test, readings, judges["learned, forced"])
    for name, scorer in (("rules", rules), ("learned", learned)):
        begun = time.perf_counter()
        for reading in readings:
            scorer.grade(reading)
        each = reading_time + (time.perf_counter() - begun) / len(readings)
        print(f"speed {name}: {1 / each:.0f} answers/s in one process")


def twins(
    build: Build,
    reader: Reader,
    test: Sequence[GradedAnswer],
    readings: Sequence[Reading],
    judges: dict[str, Judge],
) -> None:
    """Pairs: the clean answer passes R1 and R2, the twin is flagged in the right dimension with the right fault."""
    maker = TwinMaker(build)
    pairs: list[tuple[str, Reading, Twin, Reading]] = []
    for g, reading in zip(test, readings, strict=True):
        if g.faults:
            continue
        citations = [citing.checked for citing in reading.citings]
        for twin in maker.twins(g.answer.response, citations, fold="test", as_of=AS_OF):
            assert twin.differs_only_there()
            pairs.append(
                (g.case, reading, twin, reader.read(dataclasses.replace(g.answer, response=twin.faulty)))
            )
    by_place = {(g.case, g.place): r for g, r in zip(test, readings, strict=True)}
    print(
        "| planted fault | pairs | judge | clean passes | flagged | pair accuracy [95 %] |\n|---|---|---|---|---|---|"
    )
    for planted in Planted:
        mine = [p for p in pairs if p[2].planted is planted]
        dimension = Dimension.R2 if planted in (Planted.UNSAFE, Planted.ILLEGAL) else Dimension.R1
        for name in ("rules", "learned", "bag of words"):
            judge = judges[name]
            passed, flagged, right = [], [], []
            for _, clean, _, faulty in mine:
                before, (after, _, faults) = judge(clean)[0], judge(faulty)
                passed.append(before[Dimension.R1] == 0 and before[Dimension.R2] == 0)
                flagged.append(after[dimension] == -1)
                named = name == "bag of words" or bool(RIGHT[planted] & set(faults))
                right.append(passed[-1] and flagged[-1] and named)
            if mine:
                low, high = interval(right, [p[0] for p in mine])
                n = len(mine)
                print(f"| {planted} | {n} | {name} | {sum(passed) / n:.3f} | {sum(flagged) / n:.3f} | {sum(right) / n:.3f} [{low:.3f}, {high:.3f}] |", flush=True)  # fmt: skip
    for name in ("rules", "learned", "bag of words"):
        seen: Counter[tuple[str, bool]] = Counter()
        for g, reading in zip(test, readings, strict=True):
            if g.twin_of is None:
                continue
            clean = judges[name](by_place[(g.case, g.twin_of)])[0]
            faulty = judges[name](reading)[0]
            risks = [d for d in (Dimension.R1, Dimension.R2) if g.grades.of(d) == -1]
            ok = clean[Dimension.R1] == 0 == clean[Dimension.R2] and any(faulty[d] == -1 for d in risks)
            seen[("+".join(sorted(g.faults)), ok)] += 1
        print(name, "authored twins (clean passes, twin flagged):", {f: f"{seen[(f, True)]}/{seen[(f, True)] + seen[(f, False)]}" for f in sorted({k for k, _ in seen})})  # fmt: skip


def robustness(
    reader: Reader, test: Sequence[GradedAnswer], readings: Sequence[Reading], judges: dict[str, Judge]
) -> None:
    """The share of answers whose R1 and R2 stay the same under changes that alter nothing of substance."""
    chance = random.Random(0)
    chosen = sorted(chance.sample(range(len(test)), min(200, len(test))))

    def shuffled(text: str) -> str:
        parts = [s.text for s in sentences(text)]
        chance.shuffle(parts)
        return "".join(parts)

    changes: dict[str, Callable[[str], str]] = {
        "sentences shuffled": shuffled, "a warm sentence added": lambda t: t + WARM, "a plain sentence added": lambda t: t + PLAIN,
    }  # fmt: skip
    for label, change in changes.items():
        changed = [
            reader.read(dataclasses.replace(test[i].answer, response=change(test[i].answer.response)))
            for i in chosen
        ]
        for name in ("rules", "learned", "bag of words"):
            same = sum(
                all(
                    judges[name](readings[i])[0][d] == judges[name](after)[0][d]
                    for d in (Dimension.R1, Dimension.R2)
                )
                for i, after in zip(chosen, changed, strict=True)
            )
            print(f"robust, {label}, {name}: {same}/{len(chosen)} = {same / len(chosen):.3f}", flush=True)


def topics(test: Sequence[GradedAnswer], readings: Sequence[Reading], judge: Judge) -> None:
    """Accuracy by topic of the learned tier, forced."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for g, reading in zip(test, readings, strict=True):
        grades = judge(reading)[0]
        found[g.answer.scene]["n"] += 1
        for d in Dimension:
            found[g.answer.scene][d.value] += grades[d] == g.grades.of(d)
    for scene, counts in sorted(found.items()):
        print(json.dumps({"topic": scene, "n": counts["n"], **{d.value: round(counts[d.value] / counts["n"], 3) for d in Dimension}}, ensure_ascii=False))  # fmt: skip


if __name__ == "__main__":
    main()
