"""Adapt the encoder on pairs of what people say and the provision that governs it.

    python -m retrieval.train_encoder --base DIR --pairs pairs.jsonl --out DIR --steps 300

In-batch negatives in both directions (multiple negatives ranking): a passage of a batch counts against a
query unless it governs that query too or has the same words. Token embeddings stay as they are; mean
pooling; prefixes as the base model was trained with. With --hard FILE each pair brings along passages that
rank high without governing it.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.stack import passage

QUERY, PASSAGE = "query: ", "passage: "
_PART = 8
_SHARES = {"situation": 1.0, "scenario": 1.0, "gloss": 0.4, "keywords": 0.25}
"""How often a pair of each kind is drawn in one round through the pairs."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one training run depends on besides model and pairs."""

    steps: int
    batch: int = 32
    rate: float = 3e-5
    warmup: int = 20
    temperature: float = 0.03
    query_tokens: int = 112
    passage_tokens: int = 104
    titled: float = 0.7
    """The share of passages that begin with the name of their work."""
    seed: int = 20261001


def read_pairs(path: Path, *, folds: Sequence[str] | None) -> list[dict[str, Any]]:
    """The pairs of these folds, of all folds if None."""
    with path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [row for row in rows if folds is None or row["fold"] in folds]


def batches(pairs: Sequence[dict[str, Any]], settings: Settings) -> Iterator[list[dict[str, Any]]]:
    """Batches without end: each round draws the pairs anew and mixes them."""
    draw = random.Random(settings.seed)
    while True:
        order = [pair for pair in pairs if draw.random() < _SHARES[pair["kind"]]]
        draw.shuffle(order)
        for start in range(0, len(order) - settings.batch + 1, settings.batch):
            yield order[start : start + settings.batch]


class Encoding:
    """A model under training: texts in, unit vectors out."""

    def __init__(self, folder: Path) -> None:
        import torch
        from tokenizers import Tokenizer
        from transformers import BertModel

        self.torch = torch
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_padding(pad_id=1, pad_token="<pad>")
        # Without dropout: its random numbers are drawn on one core and take longer than the arithmetic.
        still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        self.model = BertModel.from_pretrained(folder, add_pooling_layer=False, **still)

    def __call__(self, texts: Sequence[str], tokens: int) -> Any:
        """One unit vector for each text, of its first so many tokens."""
        torch = self.torch
        self.tokenizer.enable_truncation(tokens)
        # In parts of like length: padding to the longest text of a batch would double the work.
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        parts = [
            self._encode([texts[place] for place in order[start : start + _PART]])
            for start in range(0, len(order), _PART)
        ]
        back = torch.empty(len(order), dtype=torch.long)
        back[torch.tensor(order)] = torch.arange(len(order))
        return torch.cat(parts)[back]

    def _encode(self, texts: list[str]) -> Any:
        torch = self.torch
        encoded = self.tokenizer.encode_batch(texts)
        ids = torch.tensor([one.ids for one in encoded])
        mask = torch.tensor([one.attention_mask for one in encoded])
        with torch.autocast("cpu", torch.bfloat16):
            states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        summed = (states.float() * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return torch.nn.functional.normalize(summed, dim=-1)


def train(
    encoding: Encoding,
    pairs: Sequence[dict[str, Any]],
    hard: dict[str, list[tuple[str, str, str]]],
    settings: Settings,
    out: Path,
    *,
    keep_every: int = 50,
) -> None:
    """Run the steps and write the model into `out`, every so often and at the end."""
    torch = encoding.torch
    torch.manual_seed(settings.seed)
    draw = random.Random(settings.seed + 1)
    governing: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        governing[pair["query"]].add(pair["clause"])
    model = encoding.model.train()
    model.embeddings.requires_grad_(False)
    learnt = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(learnt, lr=settings.rate, weight_decay=0.01)
    source = batches(pairs, settings)
    began, losses = time.monotonic(), []
    for step in range(settings.steps):
        scale = min(1.0, (step + 1) / settings.warmup) * (1 - 0.9 * step / settings.steps)
        for group in optimiser.param_groups:
            group["lr"] = settings.rate * scale
        batch = next(source)
        shown = [(pair["clause"], pair["title"], draw.choice(pair["texts"])) for pair in batch]
        for pair in batch:
            if found := hard.get(pair["query"]):
                shown.append(draw.choice(found))
        passages = [
            PASSAGE + (passage(title, text) if draw.random() < settings.titled else text)
            for _, title, text in shown
        ]
        blocked = torch.tensor(
            [
                [
                    column != row and (clause in governing[pair["query"]] or text == shown[row][2])
                    for column, (clause, _, text) in enumerate(shown)
                ]
                for row, pair in enumerate(batch)
            ]
        )
        queries = encoding([QUERY + pair["query"] for pair in batch], settings.query_tokens)
        scores = queries @ encoding(passages, settings.passage_tokens).T / settings.temperature
        scores = scores.masked_fill(blocked, -1e4)
        wanted = torch.arange(len(batch))
        loss = torch.nn.functional.cross_entropy(scores, wanted)
        loss = loss + 0.3 * torch.nn.functional.cross_entropy(scores[:, : len(batch)].T, wanted)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learnt, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        losses.append(float(loss.detach()))
        if (step + 1) % 5 == 0:
            took = (time.monotonic() - began) / (step + 1)
            print(f"{step + 1} loss {sum(losses[-10:]) / 10:.3f} {took:.1f} s a step", flush=True)
        if (step + 1) % keep_every == 0 or step + 1 == settings.steps:
            write(encoding, out)


def write(encoding: Encoding, out: Path) -> None:
    """Write model and tokenizer as a folder that training can begin with again."""
    out.mkdir(parents=True, exist_ok=True)
    encoding.model.save_pretrained(out)
    encoding.tokenizer.no_truncation()
    encoding.tokenizer.no_padding()
    encoding.tokenizer.save(str(out / "tokenizer.json"))
    encoding.tokenizer.enable_padding(pad_id=1, pad_token="<pad>")


def read_hard(path: Path) -> dict[str, list[tuple[str, str, str]]]:
    """Query to passages that rank high without governing it: clause, title, text."""
    hard: dict[str, list[tuple[str, str, str]]] = {}
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            hard[row["query"]] = [(clause, title, text) for clause, title, text in row["negatives"]]
    return hard


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--hard", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--rate", type=float, default=Settings(0).rate)
    parser.add_argument("--batch", type=int, default=Settings(0).batch)
    parser.add_argument("--seed", type=int, default=Settings(0).seed)
    parser.add_argument("--all-folds", action="store_true", help="also train on dev and test folds")
    options = parser.parse_args()
    encoding = Encoding(options.base)
    encoding.torch.set_num_threads(2)
    pairs = read_pairs(options.pairs, folds=None if options.all_folds else ("train",))
    settings = Settings(options.steps, options.batch, options.rate, seed=options.seed)
    hard = read_hard(options.hard) if options.hard else {}
    print(f"{len(pairs)} pairs, {len(hard)} queries with hard negatives")
    train(encoding, pairs, hard, settings, options.out)


if __name__ == "__main__":
    main()
