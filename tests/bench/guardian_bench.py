"""Measure the guardian on the test folds: its tiers, a bag of words that never sees the law, the majority.

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

from evaluator.guardian.assessment import Answer, Assessment, Fault, Scorer
from evaluator.guardian.cues import sentences
from evaluator.guardian.fit import open_vectors
from evaluator.guardian.graded import GradedAnswer, read_graded
from evaluator.guardian.harm import HarmHead
from evaluator.guardian.learned import Heads, LearnedScorer
from evaluator.guardian.reading import Reader
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

REWORDED = (
    ("建议", "我的建议是"), ("因此", "所以"), ("请您", "麻烦您"), ("但是", "不过"), ("如果", "要是"), ("目前", "现在"),
    ("立即", "马上"), ("同时", "另外"), ("您", "你"), ("并且", "而且"), ("可以先", "不妨先"), ("之后", "然后"),
)  # fmt: skip
"""Everyday words for others of the same meaning: none of them is deontic or a term of law."""

Judgement = tuple[dict[Dimension, int | None], dict[Dimension, float | None], tuple[Fault, ...]]
Judge = Callable[[Answer], Judgement]


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

    def judge(answer: Answer) -> Judgement:
        row = vectoriser.transform([answer.response])
        good = {d: float(m.predict_proba(row)[0, 1]) for d, m in models.items()}
        return {d: d.good if p >= 0.5 else d.bad for d, p in good.items()}, dict(good), ()

    return judge


def once(judge: Judge) -> Judge:
    """A judge that judges each answer once, however many tables ask."""
    known: dict[Answer, Judgement] = {}

    def remembered(answer: Answer) -> Judgement:
        if answer not in known:
            known[answer] = judge(answer)
        return known[answer]

    return remembered


class Tier:
    """A scorer that scores each answer once, timed; as a judge, and as one that grades where it would abstain."""

    def __init__(self, scorer: Scorer, bounds: dict[Dimension, float]) -> None:
        self.scorer = scorer
        self.bounds = bounds
        self.known: dict[Answer, Assessment] = {}
        self.seconds = 0.0

    def assess(self, answer: Answer) -> Assessment:
        """The assessment of an answer."""
        if answer not in self.known:
            begun = time.perf_counter()
            self.known[answer] = self.scorer.score(answer)
            self.seconds += time.perf_counter() - begun
        return self.known[answer]

    def judge(self, answer: Answer) -> Judgement:
        """The grades as they are."""
        marks = self.assess(answer).marks
        faults = tuple(
            e.fault for m in marks.values() if m.grade == m.dimension.bad for e in m.evidence if e.fault
        )
        return {d: m.grade for d, m in marks.items()}, {d: m.probability for d, m in marks.items()}, faults

    def forced(self, answer: Answer) -> Judgement:
        """The grades, by the threshold where there is a probability and no grade."""
        grades, probabilities, faults = self.judge(answer)
        made = dict(grades)
        for d, p in probabilities.items():
            if grades[d] is None and p is not None:
                event = 1 - p if d.is_risk else p
                made[d] = d.bad if (event >= self.bounds[d]) == d.is_risk else d.good
        return made, probabilities, faults


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
    parser.add_argument("--tiers", default="rules,learned,encoder", help="which tiers, by commas")
    parser.add_argument("--models", type=Path, default=Path("data/models/guardian"))
    options = parser.parse_args()
    build = Build(Home(options.home).build())
    reader = Reader(build)
    graded = list(read_graded(options.cases, build, AS_OF))
    train = [g for g in graded if not g.fold.is_test and not g.fold.is_dev]
    cases = sorted({g.case for g in graded if g.fold.is_test})
    drawn = set(random.Random(0).sample(cases, round(len(cases) * options.share)))
    test = [g for g in graded if g.case in drawn]
    answers = [g.answer for g in test]
    vectors = open_vectors(build, Home(options.home).cache) if "encoder" in options.tiers else None
    scorers: dict[str, Scorer] = {"rules": RuleScorer(build, reader)}
    if "learned" in options.tiers:
        scorers["learned"] = LearnedScorer(build, folder=options.models)
    if vectors:
        scorers["encoder"] = LearnedScorer(build, folder=options.models, vectors=vectors)
    heads = Heads.open(options.models)
    bounds = {d: c.threshold for d, c in heads.calibrations.items()}
    if vectors:
        bounds_encoder = {
            **bounds,
            Dimension.R2: HarmHead.open(options.models, vectors.encoder).mixture.threshold,
        }
    tiers = {name: Tier(s, bounds_encoder if name == "encoder" else bounds) for name, s in scorers.items()}
    majority = {d: Counter(g.grades.of(d) for g in train).most_common(1)[0][0] for d in Dimension}
    judges: dict[str, Judge] = {}
    for name, tier in tiers.items():
        judges[name] = tier.judge
        if name != "rules":
            judges[f"{name}, forced"] = tier.forced
    judges["bag of words"] = once(bag_of_words(train))
    judges["majority"] = lambda _: (dict(majority), dict.fromkeys(Dimension), ())
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
            said = [judge(a) for a in answers]
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
    for name, tier in tiers.items():
        print(
            f"speed {name}: {len(tier.known) / tier.seconds:.1f} answers/s in one process, this machine's other load included"
        )
    curve(test, answers, judges)
    named = {n: j for n, j in judges.items() if n in (*tiers, "bag of words")}
    twins(build, reader, test, named)
    robustness(test, named)
    topics(test, judges["encoder, forced" if vectors else "learned, forced"])


def curve(test: Sequence[GradedAnswer], answers: Sequence[Answer], judges: dict[str, Judge]) -> None:
    """Accuracy over the answers that a forced judge is surest of."""
    for name, judge in judges.items():
        if not name.endswith("forced"):
            continue
        for d in Dimension:
            rows = []
            for g, answer in zip(test, answers, strict=True):
                grades, probabilities, _ = judge(answer)
                p = probabilities[d]
                rows.append((-abs((0.5 if p is None else p) - 0.5), grades[d] == g.grades.of(d)))
            rows.sort()
            parts = [
                f"{share:.0%} {sum(r for _, r in rows[: round(len(rows) * share)]) / round(len(rows) * share):.3f}"
                for share in (0.5, 0.7, 0.8, 0.9, 1.0)
            ]
            print(f"coverage/accuracy {name} {d}: " + ", ".join(parts), flush=True)


def twins(
    build: Build,
    reader: Reader,
    test: Sequence[GradedAnswer],
    judges: dict[str, Judge],
) -> None:
    """Pairs: the clean answer passes R1 and R2, the twin is flagged in the right dimension with the right fault."""
    maker = TwinMaker(build)
    pairs: list[tuple[str, Answer, Twin, Answer]] = []
    for g in test:
        if g.faults:
            continue
        citations = [citing.checked for citing in reader.read(g.answer).citings]
        for twin in maker.twins(g.answer.response, citations, fold="test", as_of=AS_OF):
            assert twin.differs_only_there()
            pairs.append((g.case, g.answer, twin, dataclasses.replace(g.answer, response=twin.faulty)))
    by_place = {(g.case, g.place): g.answer for g in test}
    print(
        "| planted fault | pairs | judge | clean passes | flagged | pair accuracy [95 %] |\n|---|---|---|---|---|---|"
    )
    for planted in Planted:
        mine = [p for p in pairs if p[2].planted is planted]
        dimension = Dimension.R2 if planted in (Planted.UNSAFE, Planted.ILLEGAL) else Dimension.R1
        for name in judges:
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
    for name in judges:
        seen: Counter[tuple[str, bool]] = Counter()
        for g in test:
            if g.twin_of is None:
                continue
            clean = judges[name](by_place[(g.case, g.twin_of)])[0]
            faulty = judges[name](g.answer)[0]
            risks = [d for d in (Dimension.R1, Dimension.R2) if g.grades.of(d) == -1]
            ok = clean[Dimension.R1] == 0 == clean[Dimension.R2] and any(faulty[d] == -1 for d in risks)
            seen[("+".join(sorted(g.faults)), ok)] += 1
        print(name, "authored twins (clean passes, twin flagged):", {f: f"{seen[(f, True)]}/{seen[(f, True)] + seen[(f, False)]}" for f in sorted({k for k, _ in seen})})  # fmt: skip


def robustness(test: Sequence[GradedAnswer], judges: dict[str, Judge]) -> None:
    """The share of answers whose R1 and R2 stay the same under changes that alter nothing of substance."""
    chance = random.Random(0)
    chosen = sorted(chance.sample(range(len(test)), min(200, len(test))))

    def shuffled(text: str) -> str:
        parts = [s.text for s in sentences(text)]
        chance.shuffle(parts)
        return "".join(parts)

    def reworded(text: str) -> str:
        for one, other in REWORDED:
            text = text.replace(one, other)
        return text

    changes: dict[str, Callable[[str], str]] = {
        "sentences shuffled": shuffled, "a warm sentence added": lambda t: t + WARM, "a plain sentence added": lambda t: t + PLAIN, "other words": reworded,
    }  # fmt: skip
    for label, change in changes.items():
        changed = [
            dataclasses.replace(test[i].answer, response=change(test[i].answer.response)) for i in chosen
        ]
        for name in judges:
            same = sum(
                all(
                    judges[name](test[i].answer)[0][d] == judges[name](after)[0][d]
                    for d in (Dimension.R1, Dimension.R2)
                )
                for i, after in zip(chosen, changed, strict=True)
            )
            print(f"robust, {label}, {name}: {same}/{len(chosen)} = {same / len(chosen):.3f}", flush=True)


def topics(test: Sequence[GradedAnswer], judge: Judge) -> None:
    """Accuracy by topic of the best tier, forced."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for g in test:
        grades = judge(g.answer)[0]
        found[g.answer.scene]["n"] += 1
        for d in Dimension:
            found[g.answer.scene][d.value] += grades[d] == g.grades.of(d)
    for scene, counts in sorted(found.items()):
        print(json.dumps({"topic": scene, "n": counts["n"], **{d.value: round(counts[d.value] / counts["n"], 3) for d in Dimension}}, ensure_ascii=False))  # fmt: skip


if __name__ == "__main__":
    main()
