"""The stages of training, each by TRL's own trainer: resumable, seeded, with a manifest and the metrics of each step."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignment.chat_template import encode, turns
from alignment.load import open_model, open_tokenizer
from alignment.recipe import Recipe
from alignment.rows import (
    LABELS,
    OF_STAGE,
    PREFERENCES,
    PROMPTS,
    SFT,
    LabelRow,
    PreferenceRow,
    PromptRow,
    SftRow,
    read_rows,
)
from kg.manifest import file_digest
from kg.problem import InputError

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase

METRICS, MANIFEST, ADAPTER = "metrics.jsonl", "manifest.json", "adapter"
Reward = Callable[[Sequence[str], Sequence[PromptRow]], list[float]]
"""Points for answers, each to its prompt."""
Progress = Callable[[str, int, int], None]
"""Told the stage, the step, and how many steps there are."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a stage left: the folder of the adapter, how many rows it was trained on and how many were too long."""

    adapter: Path
    rows: int
    too_long: int
    steps: int


def train(recipe: Recipe, *, reward: Reward | None = None, progress: Progress = lambda *_: None) -> Run:
    """Run a stage to its end, from its last checkpoint if there is one. The run folder is the recipe's `out`.

    A folder that another recipe began is an InputError: its checkpoints belong to that one.
    """
    from transformers import PrinterCallback

    out = Path(recipe.out)
    out.mkdir(parents=True, exist_ok=True)
    claim(out, recipe)
    tokenizer = open_tokenizer(recipe.model)
    rows, too_long = _rows(recipe, tokenizer)
    trainer = _trainer(recipe, tokenizer, rows, reward, progress)
    trainer.remove_callback(PrinterCallback)  # which prints on stdout, where data goes
    trainer.train(resume_from_checkpoint=_last_checkpoint(out))
    adapter = out / ADAPTER
    trainer.save_model(str(adapter))
    _write_manifest(out, recipe, len(rows), too_long, int(trainer.state.global_step))
    return Run(adapter, len(rows), too_long, int(trainer.state.global_step))


def ordered(names: Sequence[str], seed: int) -> list[int]:
    """The places of rows in a seeded order that does not depend on how many there are besides."""
    return sorted(range(len(names)), key=lambda i: hashlib.sha256(f"{seed}\n{names[i]}".encode()).digest())


def _rows(recipe: Recipe, tokenizer: PreTrainedTokenizerBase) -> tuple[Dataset, int]:
    """The training rows that are short enough, in the seeded order; and how many were not."""
    from datasets import Dataset

    template, folder = recipe.model.template, Path(recipe.data.folder)
    made: list[tuple[str, int, dict[str, Any]]] = []
    if recipe.stage == "sft":
        for row in read_rows(folder / SFT, SftRow):
            _train_only(row.id, row.fold)
            length = len(encode(tokenizer, row.messages, template).ids)
            made.append((row.id, length, {"messages": turns(row.messages, template)}))
    elif recipe.stage == "dpo":
        for pair in read_rows(folder / PREFERENCES, PreferenceRow):
            _train_only(pair.id, pair.fold)
            longest = max(
                len(encode(tokenizer, [*pair.prompt, *end], template).ids)
                for end in (pair.chosen, pair.rejected)
            )
            value = {
                "prompt": pair.prompt,
                "chosen": turns(pair.chosen, template),
                "rejected": turns(pair.rejected, template),
            }
            made.append((pair.id, longest, value))
    elif recipe.stage == "kto":
        for one in read_rows(folder / LABELS, LabelRow):
            _train_only(one.id, one.fold)
            length = len(encode(tokenizer, [*one.prompt, *one.completion], template).ids)
            labelled: dict[str, Any] = {
                "prompt": one.prompt,
                "completion": turns(one.completion, template),
                "label": one.label,
            }
            made.append((one.id, length, labelled))
    else:
        for asked in read_rows(folder / PROMPTS, PromptRow):
            if asked.fold == "train":
                length = len(
                    tokenizer.apply_chat_template(asked.prompt, add_generation_prompt=True)["input_ids"]
                )
                made.append((asked.id, length, {"prompt": asked.prompt, "row": asked.model_dump_json()}))
    kept = [row for row in made if row[1] <= recipe.data.max_tokens]
    if not kept:
        raise InputError(
            f"{folder / OF_STAGE[recipe.stage]} 中没有不超过 {recipe.data.max_tokens} 个词元的训练行"
        )
    chosen = ordered([name for name, _, _ in kept], recipe.train.seed)[: recipe.data.rows]
    return Dataset.from_list([kept[i][2] for i in chosen]), len(made) - len(kept)


def _train_only(name: str, fold: str) -> None:
    if fold != "train":
        raise InputError(f"训练数据的 {name} 属于 {fold} 折；只有 train 折可以训练")


def _trainer(
    recipe: Recipe,
    tokenizer: PreTrainedTokenizerBase,
    rows: Dataset,
    reward: Reward | None,
    progress: Progress,
) -> Any:
    import torch
    from peft import LoraConfig
    from transformers import TrainerCallback
    from trl import (
        DPOConfig,
        DPOTrainer,
        GRPOConfig,
        GRPOTrainer,
        KTOConfig,
        KTOTrainer,
        SFTConfig,
        SFTTrainer,
    )

    class WriteMetrics(TrainerCallback):  # type: ignore[misc]  # the library has no types
        def on_log(
            self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
        ) -> None:
            if state.is_world_process_zero and logs:
                with (Path(recipe.out) / METRICS).open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps({"step": state.global_step, **logs}) + "\n")
                progress(recipe.stage, state.global_step, state.max_steps)

    part = recipe.train
    shared: dict[str, Any] = {
        "output_dir": recipe.out, "num_train_epochs": part.epochs, "max_steps": part.max_steps,
        "per_device_train_batch_size": part.batch, "gradient_accumulation_steps": part.accumulate,
        "learning_rate": part.learning_rate, "warmup_steps": part.warmup_share, "lr_scheduler_type": part.schedule,
        "save_steps": part.save_steps, "save_total_limit": 2, "logging_steps": part.log_steps,
        "gradient_checkpointing": part.checkpointing, "seed": part.seed, "data_seed": part.seed,
        "report_to": "none", "bf16": recipe.model.dtype == "bfloat16" and torch.cuda.is_available(),
        "use_cpu": not torch.cuda.is_available(), "disable_tqdm": True, "full_determinism": False,
    }  # fmt: skip
    lora = LoraConfig(
        r=recipe.lora.r, lora_alpha=recipe.lora.alpha, lora_dropout=recipe.lora.dropout,
        target_modules=list(recipe.lora.targets), task_type="CAUSAL_LM",
    )  # fmt: skip
    model = open_model(recipe.model)
    common: dict[str, Any] = {
        "model": model, "train_dataset": rows, "processing_class": tokenizer, "peft_config": lora,
        "callbacks": [WriteMetrics()],
    }  # fmt: skip
    if recipe.stage == "sft":
        return SFTTrainer(
            args=SFTConfig(max_length=recipe.data.max_tokens, assistant_only_loss=True, **shared), **common
        )
    if recipe.stage == "dpo":
        weight = recipe.dpo.sft_weight
        losses = {"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, weight]} if weight else {}
        args = DPOConfig(max_length=recipe.data.max_tokens, beta=recipe.dpo.beta, **losses, **shared)
        return DPOTrainer(args=args, **common)
    if recipe.stage == "kto":
        return KTOTrainer(
            args=KTOConfig(max_length=recipe.data.max_tokens, beta=recipe.dpo.beta, **shared), **common
        )
    if reward is None:
        raise InputError("grpo 需要评分：请用 yilun align grpo 并给出 --home")

    def points(completions: list[Any], row: list[str], **_: Any) -> list[float]:
        return reward(
            [one[0]["content"] for one in completions], [PromptRow.model_validate_json(one) for one in row]
        )

    args = GRPOConfig(
        num_generations=recipe.grpo.group, max_completion_length=recipe.grpo.answer_tokens,
        temperature=recipe.grpo.temperature, beta=recipe.dpo.beta, **shared,
    )  # fmt: skip
    return GRPOTrainer(args=args, reward_funcs=points, **common)


def _last_checkpoint(out: Path) -> str | None:
    from transformers.trainer_utils import get_last_checkpoint

    found: str | None = get_last_checkpoint(str(out))
    return found


def claim(out: Path, recipe: Recipe) -> None:
    """Write the recipe into a folder; InputError if the folder is another recipe's: what it keeps belongs to that one."""
    path, told = out / "recipe.json", recipe.model_dump_json(indent=1)
    if path.is_file() and path.read_text(encoding="utf-8") != told:
        raise InputError(f"{out} 是另一份配方的运行；请改 out，或删除该文件夹后重跑")
    path.write_text(told, encoding="utf-8")


def _write_manifest(out: Path, recipe: Recipe, rows: int, too_long: int, steps: int) -> None:
    from importlib.metadata import version

    libraries = ("torch", "transformers", "peft", "trl", "datasets", "accelerate")
    value = {
        "stage": recipe.stage,
        "recipe_sha256": hashlib.sha256(recipe.model_dump_json().encode()).hexdigest(),
        "data_sha256": file_digest(Path(recipe.data.folder) / OF_STAGE[recipe.stage]),
        "rows": rows, "too_long": too_long, "steps": steps,
        "versions": {name: version(name) for name in libraries},
        "files": {p.name: file_digest(p) for p in sorted((out / ADAPTER).iterdir()) if p.suffix in (".json", ".safetensors")},
    }  # fmt: skip
    (out / MANIFEST).write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")
