"""A toy: a random model of a few thousand parameters with a tokenizer trained on the spot. It proves code paths, no quality."""

from __future__ import annotations

import json
from pathlib import Path

from alignment.prompt import SYSTEM
from alignment.rows import LabelRow, PreferenceRow, PromptRow, SftRow, write_rows

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>", "<think>", "</think>"]  # fmt: skip
QUESTIONS = (
    "护士可以把病历给邻居看吗？",
    "手术前要不要说明风险？",
    "医院能拒收急诊病人吗？",
    "可以替病人签字吗？",
)
ANSWERS = (
    "【结论】不合规：应当保护隐私[C1]。",
    "【结论】应当说明并取得同意[C1]。",
    "【结论】不得拒绝急救[C2]。",
    "【结论】附条件[C2]。",
)


def make_model(folder: Path, kind: str = "qwen2") -> Path:
    """Write a tiny model with its tokenizer; the same kind gives the same weights."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast, Qwen2Config

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )  # fmt: skip
    raw.train_from_iterator([SYSTEM, *QUESTIONS, *ANSWERS], trainer)
    ends = {"qwen2": ("<|im_end|>", None), "llama": ("<｜end▁of▁sentence｜>", "<｜begin▁of▁sentence｜>")}[
        kind
    ]
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, eos_token=ends[0], bos_token=ends[1], pad_token="<|endoftext|>"
    )  # fmt: skip
    sizes = {
        "vocab_size": len(tokenizer), "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 1024, "initializer_range": 0.15,
        "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id, "bos_token_id": tokenizer.bos_token_id,
    }  # fmt: skip
    torch.manual_seed(7)
    config = Qwen2Config(**sizes) if kind == "qwen2" else LlamaConfig(**sizes)
    model = AutoModelForCausalLM.from_config(config)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_rows(folder: Path) -> Path:
    """Write a handful of rows of each kind."""
    folder.mkdir(parents=True, exist_ok=True)
    asked = [[{"role": "system", "content": "答"}, {"role": "user", "content": q}] for q in QUESTIONS]
    said = [[{"role": "assistant", "content": a}] for a in ANSWERS]
    other = [said[(i + 1) % len(said)] for i in range(len(said))]
    own = {"case": "T", "fold": "train"}
    write_rows(
        folder / "sft.jsonl",
        [SftRow.model_validate({"id": f"s{i}", **own, "messages": q + a, "clauses": [], "kind": "grounded", "as_of": "2026-11-22"})
         for i, (q, a) in enumerate(zip(asked, said, strict=True))],
    )  # fmt: skip
    write_rows(
        folder / "preferences.jsonl",
        [PreferenceRow.model_validate({"id": f"p{i}", **own, "prompt": q, "chosen": a, "rejected": b, "fault": "wrong_number"})
         for i, (q, a, b) in enumerate(zip(asked, said, other, strict=True))],
    )  # fmt: skip
    write_rows(
        folder / "labels.jsonl",
        [LabelRow.model_validate({"id": f"l{i}{good}", **own, "prompt": q, "completion": a if good else b, "label": good, "fault": ""})
         for i, (q, a, b) in enumerate(zip(asked, said, other, strict=True)) for good in (True, False)],
    )  # fmt: skip
    write_rows(
        folder / "prompts.jsonl",
        [PromptRow(id=f"q{i}", **own, prompt=q, clauses=[], gold_clauses=[], stance="violation", scene="", scenario="", as_of="2026-11-22")
         for i, q in enumerate(asked)],
    )  # fmt: skip
    return folder


def recipe(folder: Path, stage: str, **more: object) -> dict[str, object]:
    """A recipe over the toy for one stage, as the YAML has it."""
    return {
        "stage": stage, "out": str(folder / "runs" / stage),
        "model": {"path": str(folder / "model"), "dtype": "float32", "template": "qwen2.5"},
        "data": {"folder": str(folder / "rows"), "max_tokens": 256},
        "lora": {"r": 8, "alpha": 16, "dropout": 0.0},
        "train": {"max_steps": 12, "batch": 4, "accumulate": 1, "learning_rate": 0.005, "warmup_share": 0.0,
                  "schedule": "constant", "save_steps": 4, "checkpointing": False, "seed": 3},
    } | more  # fmt: skip


def write_recipe(path: Path, value: dict[str, object]) -> Path:
    """Write a recipe; JSON is YAML too."""
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path
