"""Whether a cross-encoder over the first candidates pays for its milliseconds.

    python -m tests.bench.reranker_trial --home HOME --as-of 2026-10-01 --out DIR --hours 1

The lower layers of the shipped encoder read a query and a clause together; what they say is added to the log-odds
of the learned ranking. Trained on lists of the governing clause and seven of the first fifty beside it, of the train
fold's cases and situations (model-written, unreviewed); read on dev. One line a checkpoint: R@10 with the reranker, without, and the paired difference.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kg.build import Build
from kg.home import Home
from kg.pack import data_folder
from retrieval.adapted import MODEL, adapted_encoder
from retrieval.bench import gain
from retrieval.evidence import Found, evidence
from retrieval.index import ClauseIndex, document
from retrieval.retriever import INDEX_FOLDER, Retriever
from retrieval.stack import POOL
from retrieval.train_pairs import Shelf, fold_of, read_splits
from retrieval.train_ranking import Blurred, Question, questions

_SEED, _FIRST, _LIST, _LISTS = 20261202, 50, 8, 8
_MOST = 70
"""So many dev cases a fold are read at each checkpoint, drawn once: fifty pairs each take a second."""
_QUERY_TOKENS, _PASSAGE_TOKENS = 96, 112
_SEPARATOR = 2
Row = tuple[str, list[int], list[float], list[int]]
"""A query, its first candidates, their log-odds, and 1 for each that governs, -1 where that counts for neither."""


def lower_layers(layers: int) -> Any:
    """A BertModel of the first layers of the shipped encoder, its eight-bit weights multiplied out."""
    import onnx
    from onnx import numpy_helper
    from transformers import BertConfig, BertModel

    graph = onnx.load(data_folder() / "models" / MODEL / "model.onnx").graph
    held = {one.name: numpy_helper.to_array(one) for one in graph.initializer}

    def blocks(name: str) -> Any:
        codes, scales = held[f"{name}_codes"].astype(np.float32), held[f"{name}_scales"]
        return (codes * scales).reshape(held[f"{name}_shape"])

    weights = iter(
        node.input[1] for node in graph.node if node.op_type == "MatMul" and f"{node.input[1]}_codes" in held
    )
    rows = (held["embedding_codes"].astype(np.float32) * held["embedding_scales"]).reshape(
        len(held["embedding_codes"]), -1
    )
    state = {
        name.removeprefix("model."): torch.tensor(array)
        for name, array in held.items()
        if name.startswith("model.")
    }
    state["embeddings.word_embeddings.weight"] = torch.tensor(rows)
    for layer in range(12):
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
                     "intermediate.dense", "output.dense"):  # fmt: skip
            state[f"encoder.layer.{layer}.{part}.weight"] = torch.tensor(blocks(next(weights)).T.copy())
    config = BertConfig(
        vocab_size=len(rows), hidden_size=384, num_hidden_layers=layers, num_attention_heads=12, intermediate_size=1536,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, type_vocab_size=2, layer_norm_eps=1e-12,
    )  # fmt: skip
    model = BertModel(config, add_pooling_layer=False)
    kept = {
        k: v for k, v in state.items() if not k.startswith("encoder.layer.") or int(k.split(".")[2]) < layers
    }
    missing, unexpected = model.load_state_dict(kept, strict=False)
    if unexpected or set(missing) - {"embeddings.position_ids"}:
        raise SystemExit(f"the encoder's file does not fit: {missing} {unexpected}")
    return model


class Cross(torch.nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
    """Query and clause read together, one number out; nothing at first."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        from tokenizers import Tokenizer

        self.tokenizer = Tokenizer.from_file(str(data_folder() / "models" / MODEL / "tokenizer.json"))
        self.model = lower_layers(layers)
        self.model.embeddings.word_embeddings.weight.requires_grad_(False)
        self.inner = torch.nn.Linear(768, 128)
        self.head = torch.nn.Linear(128, 1)
        torch.nn.init.zeros_(self.head.weight)

    def forward(self, pairs: Sequence[tuple[str, str]]) -> Any:
        """A number for each pair."""
        ids = []
        for query, text in pairs:
            one = self.tokenizer.encode(query).ids[:_QUERY_TOKENS]
            two = self.tokenizer.encode(text).ids[1 : _PASSAGE_TOKENS + 1]
            ids.append((one, [_SEPARATOR, *two]))
        width = max(len(a) + len(b) for a, b in ids)
        tokens = torch.full((len(ids), width), 1)
        mask, kind = torch.zeros(len(ids), width), torch.zeros(len(ids), width)
        for at, (one, two) in enumerate(ids):
            tokens[at, : len(one) + len(two)] = torch.tensor([*one, *two])
            mask[at, : len(one) + len(two)] = 1
            kind[at, len(one) : len(one) + len(two)] = 1
        states = self.model(input_ids=tokens, attention_mask=mask).last_hidden_state
        asked, told = mask * (1 - kind), mask * kind
        parts = [(states * part.unsqueeze(-1)).sum(1) / part.sum(1, keepdim=True) for part in (asked, told)]
        return self.head(torch.nn.functional.gelu(self.inner(torch.cat(parts, 1)))).squeeze(1)


class Candidates:
    """The first of the learned ranking for a query, with their log-odds, with or without glosses."""

    def __init__(self, index: ClauseIndex, day: date) -> None:
        self.index, self.allowed, self.stack = index, index.allowed(day), index.stack
        assert self.stack.near_glosses and self.stack.ranking and self.stack.dense
        self.glossed = self.stack.near_glosses.glossed(len(index))

    def __call__(self, question: Question, glosses: float, draw: random.Random) -> Row:
        """With this share of all glosses."""
        stack, allowed = self.stack, self.allowed
        assert stack.near_glosses and stack.ranking and stack.dense
        shown = self.glossed & (np.random.default_rng(draw.getrandbits(32)).random(len(allowed)) < glosses)
        own = stack.lexical.scores(question.text) * allowed
        told = stack.expanded.scores(question.text) * (allowed & shown)
        found = Found(
            question.text, own, told, stack.joint(own, told, POOL).found,
            stack.dense.search(question.text, POOL, allowed=allowed),
            stack.near_glosses.search(question.text, POOL, allowed=allowed & shown),
        )  # fmt: skip
        rows = found.rows()
        scores = stack.ranking.scores(evidence(found, rows, glossed=shown, works=stack.works))
        odds = np.log(scores / (1 - scores))
        order = np.argsort(-odds, kind="stable")[:_FIRST]
        first = [int(row) for row in rows[order]]
        labels = [1 if row in question.governing else -(row in question.barred) for row in first]
        return question.text, first, odds[order].tolist(), labels


def dev_questions(shelf: Shelf, index: ClauseIndex, fold: str) -> list[Question]:
    """The cases some clause of which stands in this fold."""
    sources, found = read_splits(data_folder() / "splits.tsv"), []
    for path in sorted((data_folder() / "cases").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            case = json.loads(line)
            rows = {
                row for gold in case["gold"] if fold_of(gold["title"], gold["article"], sources) == fold
                for clause in shelf.clauses(gold["title"], gold["article"]) if (row := index.row(str(clause.id))) is not None
            }  # fmt: skip
            if rows:
                found.append(Question(case["scenario"], frozenset(rows), frozenset(rows), situation=False))
    return found


def recall(row: Row, governing: int, odds: Sequence[float]) -> float:
    """The share of governing clauses among the first ten by these odds."""
    order = sorted(range(len(odds)), key=lambda at: -odds[at])[:10]
    return sum(row[3][at] == 1 for at in order) / governing


def read(
    model: Cross, texts: Sequence[str], sets: dict[str, list[tuple[Row, int]]], step: int
) -> dict[str, Any]:
    """R@10 on each set by the ranking alone and with the reranker at several shares."""
    model.eval()
    told: dict[str, Any] = {"step": step}
    with torch.no_grad():
        for name, rows in sets.items():
            said = [model([(row[0], texts[at]) for at in row[1]]).tolist() for row, _ in rows]
            before = [recall(row, count, row[2]) for row, count in rows]
            told[name] = {"n": len(rows), "before": round(float(np.mean(before)), 4)}
            for share in (0.5, 1.0, 2.0):
                after = [
                    recall(row, count, [o + share * s for o, s in zip(row[2], one, strict=True)])
                    for (row, count), one in zip(rows, said, strict=True)
                ]  # fmt: skip
                told[name][str(share)] = [round(float(np.mean(after)), 4), str(gain(after, before))]
    model.train()
    return told


def main() -> None:
    """Train, read on dev now and then, write one line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(_SEED)
    home = Home.resolve(options.home, os.environ)
    build, encoder = Build(home.build()), adapted_encoder()
    assert encoder
    folder = build.path / INDEX_FOLDER
    blurred = ClauseIndex.open(folder, cache=home.cache, encoder=Blurred(encoder))
    plain = ClauseIndex.open(folder, cache=home.cache, encoder=encoder)
    shelf, draw = Shelf(build, Retriever.over(build), options.as_of), random.Random(_SEED)
    texts = [document(plain.clause(row)).passage() for row in range(len(plain))]
    asker = Candidates(blurred, options.as_of)
    lists: list[Row] = []
    for question in questions(data_folder(), shelf, blurred):
        for glosses in (0.0,) if question.situation else (0.0, 0.5, 1.0):
            row = asker(question, glosses, draw)
            if 1 in row[3]:
                lists.append(row)
    plainly = Candidates(plain, options.as_of)
    asked = {fold: dev_questions(shelf, plain, fold) for fold in ("dev_source", "dev_clause")}
    asked = {fold: draw.sample(rows, min(_MOST, len(rows))) for fold, rows in asked.items()}
    sets = {
        f"{fold}, {told}": [(plainly(q, share, draw), len(q.governing)) for q in asked[fold]]
        for fold in ("dev_source", "dev_clause") for told, share in (("glosses", 1.0), ("none", 0.0))
    }  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    print(f"{len(lists)} lists; dev { ({name: len(rows) for name, rows in sets.items()}) }", flush=True)
    model = Cross(options.layers)
    optimiser = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], lr=5e-5, weight_decay=0.01
    )
    begun, step, spent, order = time.monotonic(), 0, 0.0, []  # type: ignore[var-annotated]
    log = (options.out / "log.jsonl").open("a")
    due, losses = 0.0, []  # type: ignore[var-annotated]
    while spent < options.hours * 3600:
        if spent >= due:
            paused = time.monotonic()
            log.write(
                json.dumps(
                    {
                        **read(model, texts, sets, step),
                        "seconds": round(spent),
                        "loss": float(np.mean(losses or [0])),
                    }
                )
                + "\n"
            )
            log.flush()
            begun += time.monotonic() - paused
            due, losses = due + 900, []
        chosen: list[tuple[str, int]] = []
        prior: list[list[float]] = []
        while len(prior) < _LISTS:
            if not order:
                order = draw.sample(range(len(lists)), len(lists))
            query, rows, odds, governs = lists[order.pop()]
            good = draw.choice([at for at, right in enumerate(governs) if right == 1])
            bad = [at for at, right in enumerate(governs) if right == 0]
            taken = [
                good,
                *draw.sample(bad[:15], min(4, len(bad[:15]))),
                *draw.sample(bad[15:], min(3, len(bad[15:]))),
            ]
            if len(taken) < _LIST:
                continue
            chosen += [(query, rows[at]) for at in taken]
            prior.append([odds[at] for at in taken])
        rate = 5e-5 * min(1, (step + 1) / 40) * max(0.05, 1 - spent / (options.hours * 3600))
        for group in optimiser.param_groups:
            group["lr"] = rate
        said = model([(query, texts[row]) for query, row in chosen]).view(_LISTS, _LIST)
        loss = torch.nn.functional.cross_entropy(
            said + torch.tensor(prior, dtype=torch.float32), torch.zeros(_LISTS, dtype=torch.long)
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        losses.append(float(loss))
        step, spent = step + 1, time.monotonic() - begun
        if step in (5, 50):
            print(step, round(spent), round(float(loss), 3), flush=True)
    log.write(
        json.dumps(
            {**read(model, texts, sets, step), "seconds": round(spent), "loss": float(np.mean(losses))}
        )
        + "\n"
    )
    torch.save(model.state_dict(), options.out / "model.pt")


if __name__ == "__main__":
    main()
