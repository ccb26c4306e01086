"""The citation checker on a gold set, with its speed, and a published peer on the same texts in the same run.

    python tests/bench/cite_bench.py --gold data/gold/citations/dev.jsonl [--home DIR] [--packaged] [--log FILE]
                                     [--misses N] [--speed CASES_DIR]

Two spans match where one is the other's surface cut shorter or longer (half of both in common); `exact` counts the
same spans only. A mention of a whole law counts neither way. Intervals are 95 %, from 1,000 resamples of texts.
The gold is model-written and unreviewed. `--log` appends the figures of the run to a file: every run on a held-out
file is to be logged, and `--misses` is not to be used there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from evaluator.citation_check import CitationChecker
from kg.build import Build
from kg.home import Home

Row = dict[str, Any]


class Predicted(NamedTuple):
    """A citation that a system reports; `fault` is whether it reports anything wrong with it."""

    start: int
    end: int
    title: str | None
    article: str | None
    paragraph: int | None
    item: int | None
    outcome: str
    verified: str | None
    suggested: tuple[tuple[str, str], ...]
    evidence: str
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Scored:
    """One text: pairs of gold and prediction, and what is left on either side."""

    row: Row
    pairs: tuple[tuple[Row, Predicted], ...]
    missed: tuple[Row, ...]
    spurious: tuple[Predicted, ...]


def ours(checker: CitationChecker) -> Callable[[Row], list[Predicted]]:
    """The checker under test."""

    def run(row: Row) -> list[Predicted]:
        return [
            Predicted(
                *c.span, c.title, c.article, c.paragraph, c.item, c.outcome.value,
                c.verified.value if c.verified else None,
                tuple((s.title, s.article) for s in c.suggested), c.evidence, c.faults,
            )
            for c in checker.check(row["text"], as_of=date.fromisoformat(row["as_of"]))
        ]  # fmt: skip

    return run


def peer() -> Callable[[Row], list[Predicted]]:
    """china-law-mcp 0.1.1: `check_citations_in_text` for what it finds, `verify_citation` for what it says."""
    from china_law_mcp import server  # type: ignore[import-untyped]

    def run(row: Row) -> list[Predicted]:
        text = row["text"]
        reported = {d["citation"]: d for d in server.check_citations_in_text(text)["details"]}
        found = []
        for match in server._CITE_RE.finditer(text):  # where its citations stand: it reports no spans
            detail = reported.get(f"《{match[1]}》第{match[2]}条")
            if detail is None:
                continue
            answer = server.verify_citation(match[1], match[2])
            number = answer.get("article_no")
            outcome = "verified" if answer["verified"] else (
                "out_of_corpus" if answer.get("reason") == "law_not_found" else "not_found"
            )  # fmt: skip
            article = _article(number) if isinstance(number, int) else number
            found.append(
                Predicted(
                    match.start(), match.end(), answer.get("law") if number else None, article, None, None,
                    outcome, "existence" if answer["verified"] else None, (), answer.get("message", ""), (),
                )
            )  # fmt: skip
        return found

    return run


def _article(number: int) -> str:
    from kg.numerals import chinese_numeral

    return f"第{chinese_numeral(number)}条"


def score(row: Row, predicted: Sequence[Predicted]) -> Scored:
    """Match predictions with gold, one to one, the largest overlap first."""
    overlaps = sorted(
        (
            (-_common(g, p), i, j)
            for i, g in enumerate(row["expected"])
            for j, p in enumerate(predicted)
            if _common(g, p) > 0.5
        )
    )
    gold_of: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in overlaps:
        if i not in gold_of and j not in taken:
            gold_of[i] = j
            taken.add(j)
    pairs = tuple((g, predicted[gold_of[i]]) for i, g in enumerate(row["expected"]) if i in gold_of)
    missed = tuple(g for i, g in enumerate(row["expected"]) if i not in gold_of)
    spurious = tuple(
        p
        for j, p in enumerate(predicted)
        if j not in taken and not (p.article is None and _whole_work(row["text"], p))
    )
    return Scored(row, pairs, missed, spurious)


def _common(gold: Row, p: Predicted) -> float:
    """The characters in common as a share of the longer of the two."""
    common = min(gold["end"], p.end) - max(gold["start"], p.start)
    return common / max(gold["end"] - gold["start"], p.end - p.start)


def _whole_work(text: str, p: Predicted) -> bool:
    surface = text[p.start : p.end]
    return "第" not in surface or surface.rstrip().endswith("》")


def right_place(gold: Row, p: Predicted) -> bool:
    """Whether a prediction names the provision that the gold names."""
    return (gold["title"], gold["article"], gold["paragraph"], gold["item"]) == (
        p.title, p.article, p.paragraph, p.item,
    )  # fmt: skip


def figures(scored: Sequence[Scored]) -> dict[str, float]:
    """Every figure of a set of texts; absent where there is nothing to count."""
    pairs = [pair for s in scored for pair in s.pairs]
    gold = sum(len(s.row["expected"]) for s in scored)
    found: dict[str, float] = {}
    found |= _finding("found", len(pairs), gold, len(pairs) + sum(len(s.spurious) for s in scored))
    exact = sum(g["start"] == p.start and g["end"] == p.end for g, p in pairs)
    found |= {"exact_span": exact / len(pairs)} if pairs else {}
    found |= {"resolution": sum(right_place(g, p) for g, p in pairs) / len(pairs)} if pairs else {}
    found |= {"outcome_accuracy": sum(g["outcome"] == p.outcome for g, p in pairs) / gold} if gold else {}
    outcomes = sorted({g["outcome"] for g, _ in pairs} | {p.outcome for _, p in pairs})
    for outcome in outcomes:
        hit = sum(g["outcome"] == p.outcome == outcome for g, p in pairs)
        want = sum(g["outcome"] == outcome for s in scored for g in s.row["expected"])
        said = sum(p.outcome == outcome for _, p in pairs)
        found |= _finding(outcome, hit, want, said, f1=False)
    good = [p for g, p in pairs if g["outcome"] == "verified"]
    bad = [p for g, p in pairs if g["outcome"] != "verified"]
    missed_bad = sum(g["outcome"] != "verified" for s in scored for g in s.missed)
    if good:
        found["false_alarms"] = sum(p.outcome != "verified" for p in good) / len(good)
        said = [(g, p) for g, p in pairs if g["outcome"] == "verified" and g.get("basis") != "existence"]
        if said:
            told = sum(p.verified in ("claim", "quotation") for _, p in said)
            found["compared_beyond_existence"] = told / len(said)
    if bad or missed_bad:
        found["any_fault_recall"] = sum(p.outcome != "verified" for p in bad) / (len(bad) + missed_bad)
    named = [(g, p) for g, p in pairs if g["suggested"] and g["outcome"] != "verified"]
    if named:
        found["suggestion_right"] = sum(
            any(
                (s["title"], s["article"]) in {(t, _to_article(a)) for t, a in p.suggested}
                for s in g["suggested"]
            )
            for g, p in named
        ) / len(named)
    negatives = sum(len(s.row["negatives"]) for s in scored)
    if negatives:
        hits = sum(
            any(
                p.start < s.row["text"].find(n["surface"]) + len(n["surface"])
                and s.row["text"].find(n["surface"]) < p.end
                for p in s.spurious
            )
            for s in scored
            for n in s.row["negatives"]
        )
        found["negatives_reported"] = hits / negatives
    return found


def _to_article(label: str) -> str:
    return label.split("条")[0] + "条" + (label.split("条", 1)[1].split("第")[0] if "条之" in label else "")


def _finding(name: str, hit: int, want: int, said: int, *, f1: bool = True) -> dict[str, float]:
    found: dict[str, float] = {}
    if said:
        found[f"{name}_precision"] = hit / said
    if want:
        found[f"{name}_recall"] = hit / want
    if f1 and want + said:
        found[f"{name}_f1"] = 2 * hit / (want + said)
    return found


def intervals(scored: Sequence[Scored], *, seed: int, rounds: int = 1000) -> dict[str, tuple[float, float]]:
    """95 % of resamples of whole texts."""
    chance = random.Random(seed)
    drawn: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for name, value in figures([scored[chance.randrange(len(scored))] for _ in scored]).items():
            drawn[name].append(value)
    bounds = {}
    for name, values in drawn.items():
        values.sort()
        bounds[name] = values[int(0.025 * len(values))], values[int(0.975 * (len(values) - 1))]
    return bounds


def speed(checker: CitationChecker, cases: Path) -> dict[str, float]:
    """Answers of 500 characters per second on one core: found and resolved, and checked."""
    texts = [
        a["text"]
        for f in sorted(cases.glob("*.jsonl"))
        for line in f.open(encoding="utf-8")
        for a in json.loads(line)["answers"]
    ]
    joined = "\n\n".join(texts)
    answers = [joined[i : i + 500] for i in range(0, len(joined) - 500, 500)]
    day = date(2026, 11, 22)
    found = {"answers": float(len(answers))}
    for name, run in (("resolve", checker.resolve), ("check", checker.check)):
        for answer in answers[:300]:
            run(answer, as_of=day)
        began = time.process_time()
        for answer in answers:
            run(answer, as_of=day)
        found[f"{name}_per_second"] = len(answers) / (time.process_time() - began)
    return found


def _show(name: str, scored: Sequence[Scored]) -> dict[str, Any]:
    values, bounds = figures(scored), intervals(scored, seed=1)
    counts = Counter(g["outcome"] for s in scored for g in s.row["expected"])
    print(f"\n{name}: {len(scored)} texts, {sum(counts.values())} citations", file=sys.stderr)
    for key, value in values.items():
        low, high = bounds.get(key, (value, value))
        print(f"  {key:32} {value:.3f}  [{low:.3f}, {high:.3f}]", file=sys.stderr)
    return {k: [round(v, 4), *(round(b, 4) for b in bounds.get(k, (v, v)))] for k, v in values.items()}


def _misses(scored: Iterable[Scored], most: int) -> None:
    shown = 0
    for s in scored:
        lines = [f"  missed  {g['surface']!r} {g['outcome']} {g['forms']}" for g in s.missed]
        lines += [f"  spurious {s.row['text'][p.start : p.end]!r} {p.outcome}" for p in s.spurious]
        for g, p in s.pairs:
            if (g["start"], g["end"]) != (p.start, p.end):
                lines.append(f"  span    {g['surface']!r} / {s.row['text'][p.start : p.end]!r}")
            if not right_place(g, p):
                lines.append(
                    f"  place   {g['surface']!r}: {[g['title'], g['article'], g['paragraph'], g['item']]} / {[p.title, p.article, p.paragraph, p.item]}"
                )
            if g["outcome"] != p.outcome:
                lines.append(
                    f"  outcome {g['surface']!r}: {g['outcome']} {g['faults']} / {p.outcome} {list(p.faults)} | {p.evidence[:160]} | {g.get('note')}"
                )
            elif g["suggested"] and g["outcome"] != "verified" and not p.suggested:
                lines.append(f"  nothing suggested {g['surface']!r}: {g['suggested']}")
        if lines and shown < most:
            shown += 1
            print(
                f"{s.row['id']} as_of {s.row['as_of']} | {s.row['text']}\n" + "\n".join(lines),
                file=sys.stderr,
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--gold", type=Path, required=True)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--packaged", action="store_true", help="only rows that hold for the packaged laws")
    parser.add_argument("--misses", type=int, default=0)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--note", default="")
    parser.add_argument("--speed", type=Path)
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.gold.read_text("utf-8").splitlines()]
    rows = [row for row in rows if row.get("packaged") or not arguments.packaged]
    build = Build(Home.resolve(arguments.home, {}).build())
    checker = CitationChecker(build)
    run = ours(checker)
    scored = [score(row, run(row)) for row in rows]
    _misses(scored, arguments.misses)
    other = peer()
    result: dict[str, Any] = {
        "gold": arguments.gold.name,
        "sha256": hashlib.sha256(arguments.gold.read_bytes()).hexdigest()[:16],
        "texts": len(rows),
        "build": build.id,
        "note": arguments.note,
        "yilun": _show("yilun", scored),
        "china-law-mcp": _show("china-law-mcp 0.1.1", [score(row, other(row)) for row in rows]),
    }
    if arguments.speed:
        result["speed"] = speed(checker, arguments.speed)
        print(result["speed"], file=sys.stderr)
    if arguments.log:
        with arguments.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(result, ensure_ascii=False) + "\n")
    else:
        print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
