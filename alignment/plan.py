"""What a recipe will take, computed without any weights: the model is made on the meta device."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignment.recipe import Recipe
from alignment.rows import OF_STAGE
from kg.problem import InputError

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel

SHAPES = Path(__file__).parent / "shapes"
_GIB = 2**30
_BYTES = {"bfloat16": 2, "float32": 4}
_NF4_BYTES = 0.5 + 1 / 64 * (
    1 + 4 / 256
)  # 4 bits, an 8-bit scale for 64 weights, a 32-bit one for 256 scales
_SEQUENCES = {"sft": 1, "dpo": 2, "kto": 2, "grpo": 1}
_PASSES = {"sft": 3.0, "dpo": 4.0, "kto": 4.0, "grpo": 4.0}


@dataclass(frozen=True, slots=True)
class Plan:
    """Parameters, memory of one device in GiB by part, and the length of the run at a stated throughput.

    `tokens` counts what passes through the model at most: every row at its longest. Activations are those of
    checkpointing by layer, or of all layers without it: an estimate, where the other parts are counted.
    """

    model: str
    parameters: int
    trainable: int
    memory: dict[str, float]
    rows: int | None
    steps: int | None
    tokens: int | None
    hours: float | None

    @property
    def trainable_share(self) -> float:
        """Trained parameters as a share of the model's own."""
        return self.trainable / self.parameters

    def told(self) -> str:
        """The plan in words."""
        lines = [
            f"模型 {self.model}：{self.parameters:,} 个参数，训练 {self.trainable:,} 个（{self.trainable_share:.2%}）",
            f"每个设备的显存约 {sum(self.memory.values()):.1f} GiB：",
            *(f"  {name} {size:.2f}" for name, size in self.memory.items()),
        ]
        if self.rows is None:
            lines.append("还没有数据，步数与时长未算；请先运行 yilun align data")
        else:
            lines.append(
                f"{self.rows} 行、{self.steps} 步、至多 {self.tokens:,} 个词元，约 {self.hours:.1f} 小时"
            )
        return "\n".join(lines)


def plan_of(recipe: Recipe, *, tokens_per_second: float) -> Plan:
    """The plan of a recipe; InputError for a model whose configuration cannot be had or a target module it lacks."""
    import torch
    from transformers import AutoModelForCausalLM

    config = read_config(recipe)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    modules = matched(model, recipe.lora.targets)
    parameters = sum(p.numel() for p in model.parameters())
    trainable = sum(recipe.lora.r * (m.in_features + m.out_features) for m in modules)
    linear = sum(
        m.weight.numel()
        for name, m in model.named_modules()
        if isinstance(m, torch.nn.Linear) and name != "lm_head"
    )
    rows, steps, tokens = _length(recipe)
    hours = None
    if tokens is not None:
        hours = tokens * _PASSES[recipe.stage] / 3 / (tokens_per_second * recipe.devices) / 3600
    return Plan(
        recipe.model.shape or recipe.model.path, parameters, trainable,
        _memory(recipe, config, parameters, linear, trainable), rows, steps, tokens, hours,
    )  # fmt: skip


def read_config(recipe: Recipe) -> PretrainedConfig:
    """The configuration of the recipe's model: of its folder if that is there, else the named shape."""
    from transformers import AutoConfig

    folder = Path(recipe.model.path)
    if (folder / "config.json").is_file():
        return AutoConfig.from_pretrained(folder)
    path = SHAPES / f"{recipe.model.shape}.json"
    if recipe.model.shape and path.is_file():
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return AutoConfig.for_model(**value)
    known = "、".join(sorted(p.stem for p in SHAPES.glob("*.json")))
    raise InputError(
        f"找不到 {recipe.model.path} 的 config.json，model.shape {recipe.model.shape!r} 也不是已知的形状（{known}）"
    )


def matched(model: PreTrainedModel, targets: tuple[str, ...]) -> list[Any]:
    """The linear modules that get an adapter; InputError names a target that the model has none of."""
    import torch

    linear = {name: m for name, m in model.named_modules() if isinstance(m, torch.nn.Linear)}
    for target in targets:
        if not any(name.rpartition(".")[2] == target for name in linear):
            known = "、".join(sorted({name.rpartition(".")[2] for name in linear}))
            raise InputError(f"lora.targets 的 {target} 在模型中没有；有：{known}")
    return [m for name, m in linear.items() if name.rpartition(".")[2] in targets]


def _length(recipe: Recipe) -> tuple[int | None, int | None, int | None]:
    path = Path(recipe.data.folder) / OF_STAGE[recipe.stage]
    if not path.is_file():
        return None, None, None
    with path.open(encoding="utf-8") as stream:
        rows = sum(1 for line in stream if line.strip())
    rows = min(rows, recipe.data.rows or rows)
    part = recipe.train
    per_step = part.batch * part.accumulate * recipe.devices
    steps = part.max_steps if part.max_steps > 0 else math.ceil(math.ceil(rows / per_step) * part.epochs)
    return rows, steps, steps * per_step * recipe.data.max_tokens * _SEQUENCES[recipe.stage]


def _memory(recipe: Recipe, config: Any, parameters: int, linear: int, trainable: int) -> dict[str, float]:
    """GiB by part. Adapters, their gradients and the two moments of AdamW are kept in 32 bits.

    Several devices share weights, adapters, gradients and moments (FSDP, full shard).
    """
    width = _BYTES[recipe.model.dtype]
    weights = (parameters - linear) * width + linear * (
        _NF4_BYTES if recipe.model.quantization == "nf4" else width
    )
    sequences, length = recipe.train.batch * _SEQUENCES[recipe.stage], recipe.data.max_tokens
    hidden, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    # One layer keeps its inputs, norms, attention's four projections and three times the inner width.
    layer = sequences * length * width * (6 * hidden + 3 * inner)
    kept = sequences * length * width * hidden * layers
    activations = kept + layer if recipe.train.checkpointing else layer * layers
    logits = sequences * length * config.vocab_size * (width + 4)  # as computed, and in 32 bits for the loss
    shared = recipe.devices
    return {
        "权重": weights / shared / _GIB,
        "适配器": trainable * 4 / shared / _GIB,
        "梯度": trainable * 4 / shared / _GIB,
        "优化器": trainable * 8 / shared / _GIB,
        "激活（估计）": activations / _GIB,
        "输出概率（估计）": logits / _GIB,
    }
