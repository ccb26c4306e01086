"""Opening a causal language model and its tokenizer: from a folder, a GGUF file, or a hub; with adapters merged in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alignment.chat_template import TEXT
from alignment.prompt import Message
from alignment.recipe import ModelPart
from kg.problem import InputError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def need_training_libraries() -> None:
    """InputError that says what to install where a library of the extra `train` is missing."""
    try:
        import datasets  # noqa: F401
        import peft  # noqa: F401
        import trl  # noqa: F401
    except ImportError as error:
        raise InputError(f"训练需要 {error.name}；请 pip install 'yilun[train]'") from error


def open_tokenizer(model: ModelPart) -> PreTrainedTokenizerBase:
    """The tokenizer with the chat template that is trained with."""
    tokenizer = _own_tokenizer(model)
    tokenizer.chat_template = TEXT[model.template]
    return tokenizer


def open_serving_tokenizer(model: ModelPart) -> PreTrainedTokenizerBase:
    """The tokenizer with the model's own chat template if that shows a question just as the one trained with does, else that one.

    Only the model's own template tells it which tools it may call.
    """
    own, trained = _own_tokenizer(model), open_tokenizer(model)
    asked: list[Message] = [{"role": "system", "content": "甲"}, {"role": "user", "content": "乙"}]

    def shown(tokenizer: PreTrainedTokenizerBase) -> str:
        return str(tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True))

    return own if own.chat_template and shown(own) == shown(trained) else trained


def _own_tokenizer(model: ModelPart) -> PreTrainedTokenizerBase:
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(model.path, gguf_file=model.gguf)
    except (OSError, ValueError) as error:
        raise InputError(f"打不开 {model.path} 的分词器：{_short(error)}") from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def open_model(model: ModelPart) -> PreTrainedModel:
    """The model in its number format, quantised if so asked, its adapters merged in order."""
    import torch
    from transformers import AutoModelForCausalLM

    dtype = {"bfloat16": torch.bfloat16, "float32": torch.float32}[model.dtype]
    options = {}
    if model.quantization == "nf4":
        if not torch.cuda.is_available():
            raise InputError("quantization: nf4 需要 NVIDIA GPU 与 bitsandbytes；没有 GPU 时请改为 none")
        from transformers import BitsAndBytesConfig

        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_compute_dtype=dtype,
            bnb_4bit_use_double_quant=True,
        )
    try:
        opened = AutoModelForCausalLM.from_pretrained(
            model.path, gguf_file=model.gguf, dtype=dtype, **options
        )
    except (OSError, ValueError) as error:
        raise InputError(f"打不开模型 {model.path}：{_short(error)}") from error
    return merge_adapters(opened, model.adapters)


def merge_adapters(model: PreTrainedModel, adapters: tuple[str, ...]) -> PreTrainedModel:
    """The model with the adapters in these folders merged into its weights, in order."""
    from peft import PeftModel

    for folder in adapters:
        if not (Path(folder) / "adapter_config.json").is_file():
            raise InputError(f"{folder} 中没有适配器（adapter_config.json）；请先跑上一阶段")
        model = PeftModel.from_pretrained(model, folder).merge_and_unload()
    return model


def _short(error: Exception) -> str:
    return str(error).split("\n")[0][:300]
