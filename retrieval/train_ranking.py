"""Fit the learned ranking on the train folds of the written cases and glosses.

    python -m retrieval.train_ranking --home DIR --as-of DAY --out DIR

A query is a train case, or a situation of a train gloss; its candidates are what the systems find for it,
told in the numbers of `evidence`. So that the weights hold elsewhere too, each case is asked several times:
of the whole collection with all glosses; of some works only, sometimes as if works had no names, with a
random share of the glosses left out; and with none. The governing clause loses its gloss as likely as any
other; half of the networks are shown cases where it loses it more often, as it may where they are used. Situations are asked without any gloss, since theirs would answer
them. The encoder was trained on these queries, so their vectors are blurred until it finds the governing
clause as often as on dev. Cases and glosses are model-written and unreviewed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.pack import data_folder
from retrieval.adapted import adapted_encoder
from retrieval.evidence import FEATURES, Found, evidence
from retrieval.index import ClauseIndex
from retrieval.ranking import MANIFEST_FILE, WEIGHTS_FILE
from retrieval.stack import POOL
from retrieval.train_pairs import Shelf, fold_of, read_splits
from retrieval.vectors import Encoder

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_SEED = 20261201
_BLUR = 0.5
"""The length of the noise beside a query's vector of length one: R@10 of train cases falls from .47 to .43."""
_POOLS = (1100, 3000)
_SITUATIONS = 1100
_HIDDEN, _EPOCHS, _RATE, _DECAY, _BATCH, _MODELS = 16, 12, 3e-3, 1e-3, 16, 2
_COVERED = (1.0, 0.7)
"""Beliefs about how many of the clauses that govern a case have a gloss; half of the networks learn from each.

Of the written cases nearly all have one, since both were written about the same clauses; elsewhere fewer will.
"""
_UNNAMED = 0.1
"""The share of queries that training shows as if works or glosses' vectors were unknown."""


class Blurred:
    """An encoder whose queries come with noise, the same for the same query."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.name, self.digest, self.dimension = encoder.name, encoder.digest, encoder.dimension

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """As the encoder does."""
        return self._encoder.encode(texts)

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        """The encoder's vector, a little beside itself."""
        import numpy as np

        draw = np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))
        noise = draw.normal(size=self.dimension) * (_BLUR / self.dimension**0.5)
        made = self._encoder.encode_query(text) + noise
        return np.asarray(made / np.linalg.norm(made), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Question:
    """A query with the rows that govern it in the train fold, and all that govern it."""

    text: str
    governing: frozenset[int]
    barred: frozenset[int]
    situation: bool


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """The evidence for a query's candidates; `labels` 1 governs, 0 does not, -1 counts for neither."""

    lines: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int8]
    weight: float


def questions(data: Path, shelf: Shelf, index: ClauseIndex) -> Iterator[Question]:
    """The train cases, and for each train gloss one situation."""
    sources = read_splits(data / "splits.tsv")
    draw = random.Random(_SEED)

    def rows(title: str, article: str) -> set[int]:
        found = (index.row(str(clause.id)) for clause in shelf.clauses(title, article))
        return {row for row in found if row is not None}

    for path in sorted((data / "cases").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            case = json.loads(line)
            places = [(gold["title"], gold["article"]) for gold in case["gold"]]
            every = set().union(*(rows(*place) for place in places))
            train = set().union(*(rows(*place) for place in places if fold_of(*place, sources) == "train"))
            if train:
                yield Question(case["scenario"], frozenset(train), frozenset(every), situation=False)
    told = []
    for path in sorted((data / "glosses").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            gloss = json.loads(line)
            place = gloss["title"], gloss["article"]
            if gloss["situations"] and fold_of(*place, sources) == "train" and (held := rows(*place)):
                told.append(
                    Question(draw.choice(gloss["situations"]), frozenset(held), frozenset(held), True)
                )
    draw.shuffle(told)
    yield from told[:_SITUATIONS]


class Asker:
    """Asks one index in the ways that training needs."""

    def __init__(self, index: ClauseIndex, day: date, covered: float) -> None:
        import numpy as np

        self._covered = covered
        self._stack, self._allowed = index.stack, index.allowed(day)
        near, works = index.stack.near_glosses, index.stack.works
        if near is None or works is None:
            raise SystemExit("the index has no vectors of glosses: build the home with vectors")
        self._near, self._works = near, works
        self._glossed = near.glossed(len(index))
        self._numbers = np.unique(works[self._allowed])

    def __call__(
        self, question: Question, draw: random.Random, *, without: float, pool: int = 0, named: bool = True,
        weight: float = 1.0,
    ) -> Asked | None:  # fmt: skip
        """Ask with that share of glosses left out, of about `pool` clauses (0: of all); None if nothing governs."""
        import numpy as np

        stack, allowed = self._stack, self._allowed
        if pool:
            allowed = allowed & self._works_about(question, draw, pool)
        shown = self._glossed & (np.random.default_rng(draw.getrandbits(32)).random(len(allowed)) >= without)
        shown[[row for row in sorted(question.barred) if draw.random() >= self._covered]] = False
        own = stack.lexical.scores(question.text) * allowed
        told = stack.expanded.scores(question.text) * (allowed & shown)
        assert stack.dense is not None  # its glosses have vectors, so it has
        found = Found(
            question.text, own, told, stack.joint(own, told, POOL).found,
            stack.dense.search(question.text, POOL, allowed=allowed),
            self._near.search(question.text, POOL, allowed=allowed & shown),
        )  # fmt: skip
        rows = found.rows()
        labels = np.zeros(len(rows), dtype=np.int8)
        labels[np.isin(rows, list(question.barred))] = -1
        labels[np.isin(rows, list(question.governing))] = 1
        if not (labels == 1).any():
            return None
        lines = evidence(found, rows, glossed=shown, works=self._works if named else None)
        return Asked(lines, labels, weight)

    def _works_about(self, question: Question, draw: random.Random, size: int) -> npt.NDArray[np.bool_]:
        """Whole works: those that govern, half of those that are near, others at random."""
        import numpy as np

        assert self._stack.dense is not None
        near = [hit.row for hit in self._stack.dense.search(question.text, 150, allowed=self._allowed)]
        about = dict.fromkeys(int(self._works[row]) for row in near)
        order = [int(self._works[row]) for row in sorted(question.barred)]
        order += [work for work in about if draw.random() < 0.5]
        order += draw.sample(self._numbers.tolist(), len(self._numbers))
        chosen = np.zeros(len(self._works), dtype=bool)
        for work in dict.fromkeys(order):
            chosen |= self._works == work
            if (chosen & self._allowed).sum() > size:
                break
        return chosen


def ask(asker: Asker, asked: Sequence[Question]) -> Iterator[Asked]:
    """Each question in its ways."""
    draw = random.Random(_SEED + 1)
    for question in asked:
        if question.situation:
            ways = [
                asker(
                    question,
                    draw,
                    without=1.0,
                    pool=_some_pool(draw, 0.4),
                    named=draw.random() > 0.3,
                    weight=0.4,
                )
            ]
        else:
            ways = [
                asker(question, draw, without=0.0),
                asker(
                    question,
                    draw,
                    without=draw.random(),
                    pool=_some_pool(draw, 0.7),
                    named=draw.random() > 0.5,
                ),
            ]
            if draw.random() < 0.4:
                ways.append(asker(question, draw, without=1.0, named=draw.random() > 0.3, weight=0.8))
        yield from (way for way in ways if way)


def _some_pool(draw: random.Random, share: float) -> int:
    return draw.choice(_POOLS) if draw.random() < share else 0


def fit(beliefs: Sequence[Sequence[Asked]]) -> dict[str, Any]:
    """The weights of networks fitted on each belief from several seeds, side by side as one."""
    import numpy as np
    import torch

    torch.set_num_threads(1)
    rows = [one for belief in beliefs for one in belief]
    every = np.concatenate([one.lines for one in rows])
    mean, scale = every.mean(axis=0), every.std(axis=0) + 1e-3
    data = [
        [
            (
                torch.tensor(np.clip((one.lines - mean) / scale, -5, 5), dtype=torch.float32),
                torch.tensor(one.labels), one.weight,
            )
            for one in belief
        ]
        for belief in beliefs
    ]  # fmt: skip
    unnamed = [at for at, name in enumerate(FEATURES) if name.startswith("work_")]
    untold = [
        at for at, name in enumerate(FEATURES) if name.startswith(("gloss_", "nearest")) or name == "gloss"
    ]
    parts = [_fit_one(torch, belief, (unnamed, untold), seed) for belief in data for seed in range(_MODELS)]
    direct, hidden, bias, output = zip(*parts, strict=True)
    weights = {
        "mean": mean, "scale": scale, "direct": np.mean(direct, axis=0), "hidden": np.concatenate(hidden),
        "bias": np.concatenate(bias), "output": np.concatenate(output) / len(parts),
    }  # fmt: skip
    rounded = {
        name: np.round(np.asarray(array, dtype=np.float64), 5).tolist() for name, array in weights.items()
    }
    return {"features": list(FEATURES), **rounded, "offset": _offset(rounded, rows)}


def _fit_one(
    torch: Any, data: list[Any], groups: Sequence[list[int]], seed: int
) -> tuple[Any, Any, Any, Any]:
    torch.manual_seed(seed)
    draw = random.Random(seed)
    count = len(FEATURES)
    direct, output = torch.zeros(count), torch.randn(_HIDDEN) * 0.05
    hidden, bias = (torch.rand(_HIDDEN, count) * 2 - 1) / count**0.5, torch.zeros(_HIDDEN)
    learnt = [one.requires_grad_() for one in (direct, hidden, bias, output)]
    optimiser = torch.optim.AdamW(learnt, lr=_RATE, weight_decay=_DECAY)
    steps, order = _EPOCHS * (len(data) // _BATCH), list(data)
    for step in range(steps):
        at = step % (len(data) // _BATCH)
        if at == 0:
            draw.shuffle(order)
        loss = torch.zeros(())
        for lines, labels, weight in order[at * _BATCH : (at + 1) * _BATCH]:
            given = lines.clone()
            for group in groups:
                if draw.random() < _UNNAMED:
                    given[:, group] = 0
            odds = given @ direct + torch.tanh(given @ hidden.T + bias) @ output
            likely = torch.log_softmax(odds.masked_fill(labels < 0, -1e4), 0)
            loss = loss - weight * likely[labels == 1].mean()
        for group in optimiser.param_groups:
            group["lr"] = _RATE * (1 - 0.95 * step / steps)
        (loss / _BATCH).backward()
        optimiser.step()
        optimiser.zero_grad()
    found = [one.detach().numpy() for one in learnt]
    return found[0], found[1], found[2], found[3]


def _offset(weights: dict[str, Any], rows: Sequence[Asked]) -> float:
    """What makes the mean score the share of candidates that govern."""
    import numpy as np

    from retrieval.ranking import LearnedRanking

    ranking = LearnedRanking(
        **{name: np.asarray(array) for name, array in weights.items()}, offset=0.0, encoder=""
    )
    scores = np.concatenate([ranking.scores(one.lines) for one in rows])
    odds = np.log(scores / (1 - scores))
    wanted = np.concatenate([one.labels == 1 for one in rows]).mean()
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 / (1 + np.exp(-(odds + middle)))).mean() < wanted else (low, middle)
    return round(low, 5)


def main() -> None:
    """Ask, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()

    from kg.build import Build
    from kg.home import Home
    from retrieval.retriever import INDEX_FOLDER, Retriever

    home = Home.resolve(options.home, os.environ)
    build, encoder = Build(home.build()), adapted_encoder()
    if encoder is None:
        raise SystemExit("no encoder: data/models lacks one, or onnxruntime is not installed")
    index = ClauseIndex.open(build.path / INDEX_FOLDER, cache=home.cache, encoder=Blurred(encoder))
    shelf = Shelf(build, Retriever.over(build), options.as_of)
    asked = list(questions(data_folder(), shelf, index))
    rows = [list(ask(Asker(index, options.as_of, covered), asked)) for covered in _COVERED]
    weights = json.dumps(fit(rows), ensure_ascii=False, indent=1) + "\n"
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / WEIGHTS_FILE).write_text(weights, "utf-8", newline="\n")
    stated = {
        "encoder": encoder.name,
        "questions": len(asked),
        "rankings": sum(map(len, rows)),
        "sha256": hashlib.sha256(weights.encode()).hexdigest(),
    }
    (options.out / MANIFEST_FILE).write_text(
        json.dumps(stated, ensure_ascii=False, indent=1) + "\n", "utf-8", newline="\n"
    )
    print(stated)


if __name__ == "__main__":
    main()
