"""What training did to other abilities: how surprised a model is by general text, and the user's own questions, before and after."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignment.load import merge_adapters, open_model, open_tokenizer
from alignment.objective import ALONE, Chosen, Item, asked, report
from alignment.recipe import Recipe
from alignment.sample import Decoding, sample
from alignment.train import ADAPTER, claim
from retrieval.bench import gain, interval

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Surprise:
    """Nats a token over windows of a text; `windows` are in the order of the text, each of about as many tokens."""

    tokens: int
    windows: tuple[float, ...]

    @property
    def perplexity(self) -> float:
        """exp of the mean surprise: lower is better."""
        return math.exp(math.fsum(self.windows) / len(self.windows))


def surprise(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, text: str, *, window: int = 256
) -> Surprise:
    """How surprised a model is by a text, window by window. The first token of a window is given, not guessed."""
    import torch

    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    parts = [ids[at : at + window] for at in range(0, len(ids), window)]
    found = []
    model.eval()
    with torch.no_grad():
        for part in parts:
            if len(part) > 1:
                given = torch.tensor([part], device=model.device)
                found.append(float(model(input_ids=given, labels=given).loss))
    return Surprise(len(ids), tuple(found))


def compare(before: Surprise, after: Surprise) -> dict[str, Any]:
    """Both perplexities, and the change of surprise in nats a token, paired by window, with its 95 % interval.

    >>> compare(Surprise(4, (2.0, 2.0)), Surprise(4, (2.5, 2.5)))["change"]
    0.5
    """
    changes: Sequence[float] = [b - a for a, b in zip(before.windows, after.windows, strict=True)]
    return {
        "tokens": before.tokens, "windows": len(changes),
        "before": round(before.perplexity, 3), "after": round(after.perplexity, 3),
        "change": round(math.fsum(changes) / len(changes), 4), "ci95": [round(bound, 4) for bound in interval(changes)],
    }  # fmt: skip


def answered(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, items: Sequence[Item], decoding: Decoding, kept: Path
) -> list[Chosen]:  # fmt: skip
    """What a local model chooses for each question, without clauses; answers in the file `kept` are not asked again."""
    drawn = sample(model, tokenizer, [(item.id, asked(item, ())) for item in items], decoding, kept)
    letters = [item.letters(one.text) for item, one in zip(items, drawn, strict=True)]
    return [
        Chosen(item.id, ALONE, chosen, chosen == item.reference, (), one.text)
        for item, one, chosen in zip(items, drawn, letters, strict=True)
    ]


def regression(
    recipe: Recipe, text: str, items: Sequence[Item], out: Path, decoding: Decoding
) -> dict[str, Any]:
    """The model of a recipe before its own training and after: perplexity on the text, and the questions; written to `out`.

    An empty text or no questions leave their part out.
    """
    tokenizer = open_tokenizer(recipe.model)
    model = open_model(recipe.model.model_copy(update={"quantization": "none"}))
    out.mkdir(parents=True, exist_ok=True)
    claim(out, recipe)
    surprises: list[Surprise] = []
    chosen: list[list[Chosen]] = []
    for name in ("before", "after"):
        if name == "after":
            model = merge_adapters(model, (str(Path(recipe.out) / ADAPTER),))
        if text.strip():
            surprises.append(surprise(model, tokenizer, text))
        if items:
            chosen.append(answered(model, tokenizer, items, decoding, out / f"{name}.jsonl"))
    told: dict[str, Any] = {}
    if surprises:
        told["perplexity"] = compare(*surprises)
    if chosen:
        before, after = chosen
        told["questions"] = {
            "before": report(before)[ALONE], "after": report(after)[ALONE],
            "change": gain([float(one.right) for one in after], [float(one.right) for one in before]),
        }  # fmt: skip
    (out / "regression.json").write_text(
        json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8", newline="\n"
    )
    return told
