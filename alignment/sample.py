"""Answers of a local model to prompts: in batches, seeded, kept as they come, so that a stopped run goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignment.chat_template import without_thought
from alignment.prompt import Message
from kg.append_log import append_rows, replay

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Decoding:
    """How answers are drawn: greedy at temperature 0; at most `tokens` each, `batch` prompts at a time."""

    tokens: int = 512
    temperature: float = 0.0
    batch: int = 8
    seed: int = 17


@dataclass(frozen=True, slots=True)
class Sampled:
    """An answer; `whole` is False where it was cut at the limit of tokens."""

    id: str
    text: str
    whole: bool


def read_sampled(path: Path) -> dict[str, Sampled]:
    """The answers in a file by id, in its order; none where there is no file. DamagedError names the line that is none."""
    held: dict[str, Sampled] = {}

    def take(row: dict[str, Any]) -> None:
        held[row["id"]] = Sampled(row["id"], row["text"], row["whole"])

    replay(path, take, what="回答")
    return held


def sample(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    asked: Sequence[tuple[str, list[Message]]],
    decoding: Decoding,
    kept: Path,
    *,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> list[Sampled]:
    """One answer for each (id, prompt), in order. Those in the file `kept` are not asked again; new ones are added to it."""
    held = read_sampled(kept)
    missing = sorted(
        (one for one in asked if one[0] not in held), key=lambda one: (len(one[1][-1]["content"]), one[0])
    )
    for start in range(0, len(missing), decoding.batch):
        part = missing[start : start + decoding.batch]
        drawn = list(_draw(model, tokenizer, part, decoding))
        append_rows(kept, ({"id": one.id, "text": one.text, "whole": one.whole} for one in drawn))
        held |= {one.id: one for one in drawn}
        progress("回答", start + len(part), len(missing))
    return [held[name] for name, _ in asked]


def _draw(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, part: Sequence[tuple[str, list[Message]]], decoding: Decoding
) -> Iterator[Sampled]:  # fmt: skip
    import torch

    texts = [
        tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True) for _, asked in part
    ]
    side, tokenizer.padding_side = tokenizer.padding_side, "left"
    given = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False).to(model.device)
    tokenizer.padding_side = side
    torch.manual_seed(decoding.seed + sum(map(ord, part[0][0])))
    chosen: dict[str, Any] = {"do_sample": False}
    if decoding.temperature > 0:
        chosen = {"do_sample": True, "temperature": decoding.temperature, "top_p": 0.95}
    model.eval()
    with torch.inference_mode():
        made = model.generate(
            **given, max_new_tokens=decoding.tokens, pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id, **chosen,
        )  # fmt: skip
    for (name, _), row in zip(part, made[:, given["input_ids"].shape[1] :], strict=True):
        ids = row.tolist()
        whole = tokenizer.eos_token_id in ids
        words = tokenizer.decode(ids, skip_special_tokens=True)
        yield Sampled(name, without_thought(words), whole)
