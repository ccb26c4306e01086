"""A recipe: one YAML file that says everything a stage of training depends on. Unknown keys are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from alignment.chat_template import Template
from kg.problem import InputError

Positive = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelPart(_Part):
    """Which model: a folder, a GGUF file in a folder, or a name on a hub; `adapters` are merged into it in order.

    `shape` names a configuration in `alignment/shapes` for planning where the model itself is not at hand.
    """

    path: str
    gguf: str | None = None
    shape: str | None = None
    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    quantization: Literal["none", "nf4"] = "none"
    template: Template
    adapters: tuple[str, ...] = ()


class DataPart(_Part):
    """The folder of `yilun align data`, how many rows are taken (the first of a seeded order), and their length."""

    folder: str
    rows: Positive | None = None
    max_tokens: Positive = 2048


class LoraPart(_Part):
    """Low-rank adapters (Hu et al. 2021) and the modules that get one."""

    r: Positive = 16
    alpha: Positive = 32
    dropout: Share = 0.05
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class TrainPart(_Part):
    """The run of the optimiser. `batch` is per device; a step takes batch × accumulate × devices rows."""

    epochs: float = Field(default=1.0, gt=0)
    max_steps: int = -1
    batch: Positive = 1
    accumulate: Positive = 8
    learning_rate: float = Field(default=1e-4, gt=0)
    warmup_share: Share = 0.03
    schedule: Literal["linear", "cosine", "constant"] = "cosine"
    save_steps: Positive = 50
    log_steps: Positive = 1
    checkpointing: bool = True
    seed: int = 17


class DpoPart(_Part):
    """Direct preference optimisation (Rafailov et al. 2023); `sft_weight` adds the likelihood of the chosen answer."""

    beta: float = Field(default=0.1, gt=0)
    sft_weight: float = Field(default=0.2, ge=0)


class GrpoPart(_Part):
    """Group relative policy optimisation with the citation checker and the guardian as reward."""

    group: Positive = 4
    answer_tokens: Positive = 512
    temperature: float = Field(default=0.9, gt=0)


class Recipe(_Part):
    """A stage of training, all of it."""

    stage: Literal["sft", "dpo", "kto", "grpo"]
    out: str
    model: ModelPart
    data: DataPart
    lora: LoraPart = LoraPart()
    train: TrainPart = TrainPart()
    dpo: DpoPart = DpoPart()
    grpo: GrpoPart = GrpoPart()
    devices: Positive = 1
    note: str = ""

    @model_validator(mode="after")
    def _quantised_needs_a_gpu(self) -> Self:
        if self.model.quantization == "nf4" and self.model.dtype != "bfloat16":
            raise ValueError("quantization: nf4 计算时用 bfloat16；请把 dtype 改为 bfloat16")
        return self


def read_recipe(path: Path) -> Recipe:
    """The recipe in a file; InputError names the key that is wrong. Relative paths in it are as seen from where one is."""
    try:
        import yaml
    except ImportError as error:
        raise InputError("读配方需要 pyyaml；请 pip install 'yilun[train]'") from error
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Recipe.model_validate(value)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"读不到配方 {path}：{error}；应为 UTF-8 的 YAML") from error
    except ValidationError as error:
        told = "；".join(f"{'.'.join(map(str, e['loc'])) or '全文'}：{e['msg']}" for e in error.errors()[:5])
        raise InputError(f"配方 {path}：{told}；各项见 docs/alignment.md") from error
