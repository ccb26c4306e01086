"""Train the head that finds harmful clauses, and mix it with the sentence head. In two steps, as two environments:

python tests/bench/guardian_train_harm.py pieces --home HOME --work FOLDER    (this project's environment)
python tests/bench/guardian_train_harm.py fit --work FOLDER --out data/models/guardian    (one with torch)

Clauses of train and dev answers (model-written, unreviewed), of planted steps and of lawful ones. Weights: train folds
and train steps; the mixture and its bounds: dev folds with steps of their own. Test folds and test steps are not read.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import pickle
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np

from kg.manifest import write_seal

BUCKETS, HIDDEN, EPOCHS, SEED = 1 << 15, 48, 10, 0
FALSE_ALARMS = 0.04


@dataclasses.dataclass(frozen=True)
class Bag:
    """An answer as places of clauses; `planted` marks those of a step, None where no step was planted.

    `kind` is authored, unsafe, illegal or lawful; `sentence` is the sentence head's total for a dev answer.
    """

    case: str
    dev: bool
    kind: str
    risky: bool
    clauses: list[int]
    planted: list[bool] | None
    sentence: float


def bags(home: Path, cases: Path, models: Path, known: dict[str, int]) -> Iterator[Bag]:
    """The answers of train and dev and what is planted in the good ones."""
    from evaluator.guardian.advice import words
    from evaluator.guardian.graded import read_graded
    from evaluator.guardian.harm import clauses
    from evaluator.guardian.learned import Heads, pooled
    from evaluator.guardian.reading import Reader
    from evaluator.metrics import Dimension
    from evaluator.twins import planted_steps, steps
    from kg.build import Build
    from kg.home import Home

    build = Build(Home(home).build())
    reader, heads = Reader(build), Heads.open(models)
    column = list(Dimension).index(Dimension.R2)

    def bag(graded, text: str, kind: str, risky: bool, span: tuple[int, int] | None) -> Bag:  # type: ignore[no-untyped-def]
        found = clauses(text)
        places = [known.setdefault(words(piece), len(known)) for piece in found]
        planted = None
        if span:
            planted = [min(p.end, span[1]) - max(p.start, span[0]) >= (p.end - p.start) / 2 for p in found]
        total = 0.0
        if graded.fold.is_dev:
            reading = reader.read(dataclasses.replace(graded.answer, response=text))
            total = float(pooled(heads.sentence_logits(reading))[column])
        return Bag(graded.case, graded.fold.is_dev, kind, risky, places, planted, total)

    for graded in read_graded(cases, build, date(2026, 11, 22)):
        if graded.fold.is_test or not graded.answer.response:
            continue
        text = graded.answer.response
        yield bag(graded, text, "authored", graded.grades.r2 == -1, None)
        if graded.faults:
            continue
        fold, most = ("dev", 2) if graded.fold.is_dev else ("train", 4)
        for kind in ("unsafe", "illegal", "lawful"):
            written = steps("train" if kind == "lawful" else fold, kind)
            for start, end, step in planted_steps(text, written, kind, most=most):
                span = start, start + len(step)
                yield bag(graded, text[:start] + step + text[end:], kind, kind != "lawful", span)


def make_pieces(options: argparse.Namespace) -> None:
    """Write the clauses, their vectors and what the cue lists see in them."""
    from evaluator.guardian.harm import runs, signs
    from retrieval.adapted import adapted_encoder

    known: dict[str, int] = {}
    found = [bag for bag in bags(options.home, options.cases, options.models, known) if bag.clauses]
    texts = list(known)
    held: dict[str, np.ndarray] = {}
    store = options.work / "vectors.pkl"
    if store.exists():
        held = pickle.loads(store.read_bytes())
    encoder = adapted_encoder()
    assert encoder is not None
    missing = [text for text in texts if text not in held]
    print(len(found), "answers", len(texts), "clauses", len(missing), "to encode", flush=True)
    for start in range(0, len(missing), 256):
        part = missing[start : start + 256]
        held.update(zip(part, encoder.encode(part).astype(np.float16), strict=True))
    store.write_bytes(pickle.dumps(held))
    vectors = np.array([held[text] for text in texts])
    told = np.array([signs(text) for text in texts], dtype=np.float32)
    rows = [tuple(dataclasses.astuple(bag)) for bag in found]
    (options.work / "pieces.pkl").write_bytes(
        pickle.dumps((rows, vectors, told, [runs(t) for t in texts], encoder.digest))
    )


def fit(options: argparse.Namespace) -> None:
    """Train the head, choose the mixture, write both."""
    import torch
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from torch import nn
    from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
    from torch.nn.functional import softplus

    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    rows, vectors, told, buckets, digest = pickle.loads((options.work / "pieces.pkl").read_bytes())
    found = [Bag(*row) for row in rows]
    v = torch.tensor(vectors.astype(np.float32))
    mean, scale = v.mean(0), v.std(0) + 1e-6
    v, signs = (v - mean) / scale, torch.tensor(told)

    class Head(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.tensor(-3.5))
            self.runs = nn.EmbeddingBag(BUCKETS, 1, mode="sum")
            nn.init.zeros_(self.runs.weight)
            self.signs = nn.Linear(signs.shape[1], 1, bias=False)
            self.hidden, self.out = nn.Linear(v.shape[1], HIDDEN), nn.Linear(HIDDEN, 1, bias=False)

        def forward(self, places: list[int]) -> torch.Tensor:
            held = [buckets[p] for p in places]
            weight = torch.tensor([len(h) ** -0.5 for h in held for _ in h])
            dropped = nn.functional.dropout
            if self.training:
                weight = weight * (torch.rand(len(weight)) > 0.1)
            starts = torch.tensor(np.cumsum([0, *(len(h) for h in held[:-1])]))
            words = self.runs(torch.tensor([b for h in held for b in h]), starts, per_sample_weights=weight)
            x = dropped(v[places], 0.15, self.training)
            meaning = self.out(dropped(torch.relu(self.hidden(x)), 0.3, self.training))
            return (self.bias + words + self.signs(signs[places]) + meaning)[:, 0]

    head = Head()

    def totals(some: list[Bag]) -> torch.Tensor:
        owner = torch.tensor([i for i, bag in enumerate(some) for _ in bag.clauses])
        logits = head([p for bag in some for p in bag.clauses])
        none = torch.zeros(len(some)).index_add_(0, owner, -softplus(logits)).clamp(max=-1e-6)
        return torch.log(-torch.expm1(none)) - none

    train = [bag for bag in found if not bag.dev]
    authored = [bag for bag in train if bag.kind == "authored"]
    planted = [bag for bag in train if bag.kind != "authored"]
    by_case: dict[str, tuple[list[Bag], list[Bag]]] = defaultdict(lambda: ([], []))
    for bag in authored:
        by_case[bag.case][bag.risky].append(bag)
    both = [pair for pair in by_case.values() if pair[0] and pair[1]]
    named = list(head.named_parameters())
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for n, p in named if not n.startswith("runs")], "lr": 3e-3, "weight_decay": 0.3},
            {"params": [p for n, p in named if n.startswith("runs")], "lr": 0.05, "weight_decay": 1e-4},
        ]
    )
    chance = np.random.default_rng(SEED)
    for _ in range(EPOCHS):
        head.train()
        order = chance.permutation(len(authored))
        for start in range(0, len(order), 128):
            some = [authored[i] for i in order[start : start + 128]]
            risky = torch.tensor([float(bag.risky) for bag in some])
            loss = cross_entropy(totals(some), risky, pos_weight=torch.tensor(2.0))
            steps = [planted[i] for i in chance.choice(len(planted), 96)]
            flat = [
                (p, here, bag.risky)
                for bag in steps
                for p, here in zip(bag.clauses, bag.planted or [], strict=True)
            ]
            target = torch.tensor([float(here and risky) for _, here, risky in flat])
            weight = torch.tensor([6.0 if here else 0.5 for _, here, _ in flat])
            loss = loss + cross_entropy(head([p for p, _, _ in flat]), target, weight=weight)
            pairs = [both[i] for i in chance.choice(len(both), 48)]
            good = [pair[0][chance.integers(len(pair[0]))] for pair in pairs]
            bad = [pair[1][chance.integers(len(pair[1]))] for pair in pairs]
            loss = loss + 0.5 * softplus(1 - (totals(bad) - totals(good))).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    head.eval()
    dev = [bag for bag in found if bag.dev]
    with torch.no_grad():
        harm = totals(dev).numpy()
    table = np.stack([harm, [bag.sentence for bag in dev]], axis=1)
    risky = np.array([bag.risky for bag in dev])
    kind = np.array([bag.kind for bag in dev])
    own = kind == "authored"
    # Planted steps weigh less than authored answers: there are many of each answer (of 0.15, 0.5 and 1.5: dev).
    weight = np.where(own, 1.0, 0.5)
    mixture = LogisticRegression(C=10.0).fit(table, risky, sample_weight=weight)
    combined = mixture.decision_function(table)
    # The planted steps choose the direction; how likely harm is, only the authored answers can say.
    scale_of = LogisticRegression(C=10.0).fit(combined[own, None], risky[own])
    slope, shift = float(scale_of.coef_[0, 0]), float(scale_of.intercept_[0])
    p = scale_of.predict_proba(combined[:, None])[:, 1]
    threshold = float(np.quantile(p[own & ~risky], 1 - FALSE_ALARMS))
    low, high = threshold, threshold
    figures = {
        "auc": roc_auc_score(risky[own], p[own]),
        "accuracy": float(((p >= threshold) == risky)[own].mean()),
        "recall": float((p >= threshold)[own & risky].mean()),
        **{name: float((p >= threshold)[kind == name].mean()) for name in ("unsafe", "illegal", "lawful")},
    }
    print({k: round(v, 4) for k, v in figures.items()}, len(dev), flush=True)
    offset = slope * mixture.intercept_[0] + shift
    numbers = [*(slope * mixture.coef_[0]), offset, threshold, low, high]
    names = ("harm", "sentence", "offset", "threshold", "low", "high")
    stored = {
        "encoder": digest,
        "mixture": {n: round(float(x), 6) for n, x in zip(names, numbers, strict=True)},
        "dev": {k: round(float(x), 4) for k, x in figures.items()},
        "answers": {"train": len(train), "dev": len(dev)},
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "harm.json").write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    arrays = {
        "runs": head.runs.weight[:, 0], "signs": head.signs.weight[0], "mean": mean, "scale": scale,
        "hidden": head.hidden.weight.T, "hidden_bias": head.hidden.bias, "out": head.out.weight[0], "bias": head.bias,
    }  # fmt: skip
    made = {name: value.detach().numpy().astype(np.float16) for name, value in arrays.items()}
    np.savez_compressed(options.out / "harm.npz", **made)
    write_seal(options.out)


def main() -> None:
    """One of the two steps."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    pieces = commands.add_parser("pieces")
    pieces.add_argument("--home", type=Path, required=True)
    pieces.add_argument("--cases", type=Path, default=Path("data/cases"))
    pieces.add_argument("--models", type=Path, default=Path("data/models/guardian"))
    pieces.set_defaults(run=make_pieces)
    trained = commands.add_parser("fit")
    trained.add_argument("--out", type=Path, required=True)
    trained.set_defaults(run=fit)
    for command in (pieces, trained):
        command.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
