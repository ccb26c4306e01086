"""Scores the norm extractor on gold files, and two annotators against each other by the same measures.

    python -m tests.bench.norm_bench --home HOME --gold tune
    python -m tests.bench.norm_bench --home HOME --gold heldout --log      # at most three logged runs
    python -m tests.bench.norm_bench --home HOME --agreement
    python -m tests.bench.norm_bench --home HOME --calibrate              # writes data/norms/confidence.jsonl

The gold is annotated by a language model, unreviewed. Texts come from a build, by id and sha256; rows whose
text differs are stale, counted and not scored. A held-out run prints figures only, never a text.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from ingestion.norms.extract import Extractor
from ingestion.norms.lexicon import read_lexicon
from ingestion.norms.segmenter import Segmenter
from kg.build import Build
from kg.home import Home
from kg.norm import Norm
from kg.pack import data_folder
from kg.problem import InputError

ROOT = Path(__file__).resolve().parents[2]
GOLD = ROOT / "data" / "gold" / "norms"
HELD_OUT = "heldout2"
"""The third that is scored; `heldout` before it has had its three runs and is retired."""
LOG = ROOT / "docs" / "benchmarks" / "norm-heldout-runs.jsonl"
MOST_HELD_OUT_RUNS = 3
SAME_NORM = 0.5
"""Two norms can be the same one if their actions overlap by this much (F1 over characters by position)."""

FIELDS = ("bearer", "counterparty", "action", "condition", "exception", "sanction")
Row = Mapping[str, Any]


class Place(NamedTuple):
    """A gold row bound to its text."""

    row: Row
    text: str


# -- one norm against another --------------------------------------------------------------------------


def overlap(text: str, one: str | None, other: str | None) -> float:
    """F1 over characters of two quotations from one text, by position where both stand in it."""
    if not one or not other:
        return 1.0 if not one and not other else 0.0
    best = 0.0
    for a in _places(text, one):
        for b in _places(text, other):
            shared = len(a & b)
            best = max(best, 2 * shared / (len(a) + len(b)))
    if best:
        return best
    if one in text and other in text:
        return 0.0
    shared = sum((Counter(_signs(one)) & Counter(_signs(other))).values())
    return 2 * shared / max(1, len(_signs(one)) + len(_signs(other)))


def _signs(words: str) -> list[str]:
    return [c for c in words if c.isalnum()]


@lru_cache(maxsize=100_000)
def _places(text: str, words: str) -> tuple[frozenset[int], ...]:
    found = []
    at = text.find(words)
    while at >= 0:
        found.append(frozenset(i for i in range(at, at + len(words)) if text[i].isalnum()))
        at = text.find(words, at + 1)
    return tuple(f for f in found if f)


def pairs(text: str, gold: Sequence[Row], said: Sequence[Row]) -> list[tuple[int, int]]:
    """Which norm of one list is which of the other: by overlap of actions, same modality and order first."""
    ranked = []
    for i, g in enumerate(gold):
        for j, s in enumerate(said):
            share = overlap(text, g["action"], s["action"])
            if share >= SAME_NORM:
                close = overlap(text, g["condition"], s["condition"])
                ranked.append((-(g["modality"] == s["modality"]), -share - 0.2 * close, abs(i - j), i, j))
    taken_gold: set[int] = set()
    taken_said: set[int] = set()
    found = []
    for *_, i, j in sorted(ranked):
        if i not in taken_gold and j not in taken_said:
            taken_gold.add(i)
            taken_said.add(j)
            found.append((i, j))
    return found


# -- counts of one provision ---------------------------------------------------------------------------


class Measures:
    """Counts for one provision, added up over provisions."""

    def __init__(self, same_bearer: Callable[[str | None, str | None], bool]) -> None:
        self._same = same_bearer

    def count(self, text: str, gold: Row, said: Row) -> Counter[str]:
        """Everything that is counted about one provision."""
        c: Counter[str] = Counter(provisions=1)
        matched = pairs(text, gold["norms"], said["norms"])
        right = [(i, j) for i, j in matched if gold["norms"][i]["modality"] == said["norms"][j]["modality"]]
        c["norm_tp"] += len(right)
        c["norm_fp"] += len(said["norms"]) - len(right)
        c["norm_fn"] += len(gold["norms"]) - len(right)
        c["found_tp"] += len(matched)
        c["found_fp"] += len(said["norms"]) - len(matched)
        c["found_fn"] += len(gold["norms"]) - len(matched)
        correct = {j for _, j in right}
        for j, n in enumerate(said["norms"]):
            key = confidence_key(n["modality"], n["cue"])
            c[f"said:{key}"] += 1
            c[f"right:{key}"] += j in correct
        for i, _ in right:
            c[f"modality_tp:{gold['norms'][i]['modality']}"] += 1
        for n in gold["norms"]:
            c[f"modality_gold:{n['modality']}"] += 1
        for n in said["norms"]:
            c[f"modality_said:{n['modality']}"] += 1
        for i, j in matched:
            g, s = gold["norms"][i], said["norms"][j]
            if g["modality"] != s["modality"]:
                c[f"confused:{g['modality']}→{s['modality']}"] += 1
            c["who_n"] += 1
            c["who_ok"] += self._same(g["bearer"], s["bearer"])
            if not self._same(g["bearer"], s["bearer"]):
                kind = (
                    "left out"
                    if g["bearer"] and not s["bearer"]
                    else "none in gold"
                    if not g["bearer"]
                    else "another"
                )
                c[
                    f"bearer:{kind}{' (elided)' if g['bearer_elided'] or (s['bearer_elided'] and not g['bearer']) else ''}"
                ] += 1
            c["who_exact"] += _plain(g["bearer"]) == _plain(s["bearer"])
            c["elided_n"] += bool(g["bearer"] and s["bearer"])
            c["elided_ok"] += bool(g["bearer"] and s["bearer"]) and g["bearer_elided"] == s["bearer_elided"]
            for name in FIELDS:
                self._field(c, text, name, g[name], s[name])
        for i, n in enumerate(gold["norms"]):
            if i not in {i for i, _ in matched}:
                c[f"missed:{n['modality']}{'' if n['cue'] else '（无情态词）'}"] += 1
        for j, n in enumerate(said["norms"]):
            if j not in {j for _, j in matched}:
                c[f"invented:{n['modality']}{'' if n['cue'] else '（无情态词）'}"] += 1
        a, b = set(gold["principles"]), set(said["principles"])
        c["principle_tp"] += len(a & b)
        c["principle_fp"] += len(b - a)
        c["principle_fn"] += len(a - b)
        for name in a & b:
            c[f"principle_tp:{name}"] += 1
        for name in a:
            c[f"principle_gold:{name}"] += 1
        for name in b:
            c[f"principle_said:{name}"] += 1
        return c

    @staticmethod
    def _field(c: Counter[str], text: str, name: str, gold: str | None, said: str | None) -> None:
        if gold or said:
            c[f"{name}_n"] += 1
            # thousandths, so that counts stay whole numbers
            c[f"{name}_overlap"] += round(1000 * overlap(text, gold, said))
        c[f"{name}_gold"] += bool(gold)
        c[f"{name}_said"] += bool(said)
        c[f"{name}_both"] += bool(gold and said and overlap(text, gold, said) >= SAME_NORM)


def _plain(words: str | None) -> str:
    return re.sub(r"[\s，、。“”\"'（）()]|等$", "", words or "")


class Ratio(NamedTuple):
    """A figure with its 95 % bootstrap interval over works."""

    value: float
    low: float
    high: float
    n: int


def f1(prefix: str) -> Callable[[Counter[str]], float]:
    """F1 out of counts prefix_tp, _fp, _fn."""
    return lambda c: _ratio(
        2 * c[f"{prefix}_tp"], 2 * c[f"{prefix}_tp"] + c[f"{prefix}_fp"] + c[f"{prefix}_fn"]
    )


def _ratio(a: float, b: float) -> float:
    return a / b if b else float("nan")


FIGURES: dict[str, tuple[Callable[[Counter[str]], float], Callable[[Counter[str]], int]]] = {
    "norm_f1": (f1("norm"), lambda c: c["norm_tp"] + c["norm_fn"]),
    "norm_found_f1": (f1("found"), lambda c: c["found_tp"] + c["found_fn"]),
    "modality_accuracy": (lambda c: _ratio(c["norm_tp"], c["found_tp"]), lambda c: c["found_tp"]),
    "bearer_accuracy": (lambda c: _ratio(c["who_ok"], c["who_n"]), lambda c: c["who_n"]),
    "bearer_exact": (lambda c: _ratio(c["who_exact"], c["who_n"]), lambda c: c["who_n"]),
    "bearer_elided": (lambda c: _ratio(c["elided_ok"], c["elided_n"]), lambda c: c["elided_n"]),
    "condition_exception_f1": (
        lambda c: _ratio(
            c["condition_overlap"] + c["exception_overlap"], 1000 * (c["condition_n"] + c["exception_n"])
        ),
        lambda c: c["condition_n"] + c["exception_n"],
    ),
    **{
        f"{name}_overlap": (
            lambda c, name=name: _ratio(c[f"{name}_overlap"], 1000 * c[f"{name}_n"]),
            lambda c, name=name: c[f"{name}_n"],
        )
        for name in FIELDS
    },
    "principle_f1": (f1("principle"), lambda c: c["principle_tp"] + c["principle_fn"]),
}  # type: ignore[dict-item]


def by_work(places: Sequence[Place], counts: Sequence[Counter[str]]) -> list[Counter[str]]:
    """The counts of each work: provisions of one work resemble one another, so works are what is drawn."""
    works: dict[str, Counter[str]] = {}
    for place, count in zip(places, counts, strict=True):
        works.setdefault(place.row["title"], Counter()).update(count)
    return list(works.values())


def intervals(counts: Sequence[Counter[str]], rounds: int = 1000, seed: int = 20261130) -> dict[str, Ratio]:
    """Each figure with its interval; the counts of works are drawn with replacement."""
    total = _sum(counts)
    rng = random.Random(seed)
    drawn: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        sample = _sum(rng.choices(counts, k=len(counts)))
        for name, (figure, _) in FIGURES.items():
            drawn[name].append(figure(sample))
    found = {}
    for name, (figure, n) in FIGURES.items():
        values = sorted(v for v in drawn[name] if v == v)
        low, high = (
            (values[int(0.025 * len(values))], values[int(0.975 * len(values)) - 1]) if values else (0.0, 0.0)
        )
        found[name] = Ratio(figure(total), low, high, n(total))
    return found


def _sum(counts: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for c in counts:
        total.update(c)
    return total


# -- gold, texts, predictions --------------------------------------------------------------------------


def read_gold(names: Iterable[str]) -> list[Row]:
    """The rows of gold files."""
    rows = []
    for name in names:
        for line in (GOLD / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            if line.strip():
                rows.append(json.loads(line))
    return rows


@dataclass
class Bound:
    """Gold rows with their texts, and how many could not be bound."""

    places: list[Place]
    stale: int
    unbound: int


def bind(build: Build, rows: Iterable[Row]) -> Bound:
    """The text of each row; a row whose words differ from its sha256 is stale."""
    places, stale, unbound = [], 0, 0
    for row in rows:
        try:
            text, provision = build.provision(row["id"])
        except InputError:
            unbound += 1
            continue
        quote = text.quote(provision)
        if quote.sha256 != row["sha256"]:
            stale += 1
            continue
        places.append(Place(row, text.official[provision.start : provision.end]))
    return Bound(places, stale, unbound)


def predict(build: Build, places: Sequence[Place]) -> dict[str, Row]:
    """What the extractor says of each provision, in the form of the gold."""
    extractor = Extractor(Segmenter(read_lexicon(data_folder())))
    by_text: dict[str, list[Norm]] = {}
    found: dict[str, Row] = {}
    for place in places:
        identity = place.row["id"]
        expression = identity.split("/", 1)[0]
        if expression not in by_text:
            by_text[expression] = extractor.norms(build.text(expression))
        own = [n for n in by_text[expression] if n.id.startswith((identity + "#", identity + "/"))]
        text, provision = build.provision(identity)
        principles = own[0].principles if own else extractor.principles(text, provision, ())
        found[identity] = {"norms": [as_gold(n) for n in own], "principles": [e.name for e in principles]}
    return found


def as_gold(norm: Norm) -> Row:
    """A norm in the form of the gold."""
    spans = {role.value: span.text for role, span in norm.spans().items()}
    return {
        "modality": norm.modality.value,
        "cue": spans.get("cue"),
        "bearer_elided": norm.bearer_elided,
        **{name: spans.get(name) for name in FIELDS},
    }


def same_bearer() -> Callable[[str | None, str | None], bool]:
    """Equal words, or the same parties named by both."""
    from ingestion.norms.phrase import Phrase, parties_in

    segmenter = Segmenter(read_lexicon(data_folder()))

    @lru_cache(maxsize=10_000)
    def parties(words: str) -> frozenset[str]:
        return frozenset(parties_in(segmenter.mark(words), Phrase(0, len(words))))

    def same(one: str | None, other: str | None) -> bool:
        if _plain(one) == _plain(other):
            return True
        return bool(one and other and parties(one) and parties(one) == parties(other))

    return same


def confidence_key(modality: str, cue: str | None) -> str:
    """How extractions are grouped when their confidence is measured."""
    return f"{modality}/{'cue' if cue else 'bare'}"


def calibrate(counts: Sequence[Counter[str]]) -> list[dict[str, Any]]:
    """The share of extractions of each kind that were norms with that modality, drawn towards one half."""
    total = _sum(counts)
    rows = []
    for key in sorted(k.split(":")[1] for k in total if k.startswith("said:")):
        said, right = total[f"said:{key}"], total[f"right:{key}"]
        rows.append({"key": key, "confidence": round((right + 1) / (said + 2), 2), "n": said})
    return rows


# -- command -------------------------------------------------------------------------------------------


def report(counts: Sequence[Counter[str]], title: str) -> dict[str, Any]:
    """Print the figures over works; returns them as plain values."""
    total = _sum(counts)
    figures = intervals(counts)
    print(
        f"## {title}: {total['provisions']} provisions of {len(counts)} works, {total['norm_tp'] + total['norm_fn']} gold norms"
    )
    for name, r in figures.items():
        print(f"{name:24} {r.value:.3f}  [{r.low:.3f}, {r.high:.3f}]  n={r.n}")
    print("modality        P     R     F1    gold")
    for key in sorted(k for k in total if k.startswith("modality_gold:")):
        m = key.split(":")[1]
        tp, g, s = total[f"modality_tp:{m}"], total[key], total[f"modality_said:{m}"]
        print(f"{m:14} {_ratio(tp, s):.3f} {_ratio(tp, g):.3f} {_ratio(2 * tp, s + g):.3f} {g}")
    print("field           P     R     F1  (overlap ≥ 0.5)")
    for name in FIELDS:
        both, g, s = total[f"{name}_both"], total[f"{name}_gold"], total[f"{name}_said"]
        print(f"{name:14} {_ratio(both, s):.3f} {_ratio(both, g):.3f} {_ratio(2 * both, s + g):.3f}")
    print("principle       P     R     F1    gold")
    for key in sorted(k for k in total if k.startswith("principle_gold:")):
        m = key.split(":")[1]
        tp, g, s = total[f"principle_tp:{m}"], total[key], total[f"principle_said:{m}"]
        print(f"{m:26} {_ratio(tp, s):.2f} {_ratio(tp, g):.2f} {_ratio(2 * tp, s + g):.2f} {g}")
    for cause in ("confused", "missed", "invented", "bearer"):
        found = [(n, k.split(":")[1]) for k, n in total.items() if k.startswith(cause + ":")]
        print(cause, "  ".join(f"{k} {n}" for n, k in sorted(found, reverse=True)[:12]))
    return {name: [round(v, 4) for v in r[:3]] + [r.n] for name, r in figures.items()}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--gold", default="tune", choices=["tune", "heldout"])
    parser.add_argument("--log", action="store_true")
    parser.add_argument("--agreement", action="store_true")
    parser.add_argument("--calibrate", action="store_true")
    options = parser.parse_args()
    build = Build(Home.resolve(options.home, {}).build(None))
    measures = Measures(same_bearer())
    if options.agreement:
        bound = bind(build, read_gold([f"{HELD_OUT}_a"]))
        other = {row["id"]: row for row in read_gold([f"{HELD_OUT}_b"])}
        counts = [measures.count(p.text, p.row, other[p.row["id"]]) for p in bound.places]
        report(by_work(bound.places, counts), "two annotators")
        return
    held_out = options.gold == "heldout"
    if held_out and not options.log:
        raise SystemExit("a held-out run is logged: give --log")
    lines = LOG.read_text(encoding="utf-8").splitlines() if LOG.is_file() else []
    runs = [line for line in lines if json.loads(line)["gold"] == HELD_OUT]
    if held_out and len(runs) >= MOST_HELD_OUT_RUNS:
        raise SystemExit(f"{len(runs)} runs are logged in {LOG.name}: draw a new held-out third")
    names = [f"{HELD_OUT}_a"] if held_out else sorted(p.stem for p in GOLD.glob("tune*.jsonl"))
    bound = bind(build, read_gold(names))
    commit = subprocess.run(  # before the run: what is committed meanwhile did not take part in it
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    said = predict(build, bound.places)
    counts = [measures.count(p.text, p.row, said[p.row["id"]]) for p in bound.places]
    print(f"stale {bound.stale}, not in this build {bound.unbound}; gold by a language model, unreviewed")
    figures = report(by_work(bound.places, counts), "+".join(names))
    if options.calibrate and not held_out:
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in calibrate(counts)]
        (ROOT / "data" / "norms" / "confidence.jsonl").write_text("".join(lines), encoding="utf-8")
    if held_out:
        now = datetime.now(UTC).isoformat(timespec="minutes")
        row = {"date": now, "gold": HELD_OUT, "commit": commit, "build": build.id, "provisions": len(bound.places),
               "stale": bound.stale, "unbound": bound.unbound, "bootstrap": "works", "figures": figures}  # fmt: skip
        LOG.parent.mkdir(parents=True, exist_ok=True)
        with LOG.open("a", encoding="utf-8") as log:
            log.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
