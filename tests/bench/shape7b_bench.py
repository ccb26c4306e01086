"""One LoRA step of a 7B model's true shape with random weights, bf16 on the CPU: seconds and memory.

    python -m tests.bench.shape7b_bench [--recipe alignment/recipes/qwen2.5-7b-lora-80g-sft.yaml] [--tokens 64]

Needs some 18 GiB. The shape is the recipe's, so are the adapters and the trainer (TRL's SFT); what is measured is that the path
runs and what it takes, not what a model learns. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from alignment.plan import read_config
from alignment.recipe import Recipe, read_recipe

_GIB = 2**30


def random_model(recipe: Recipe, layers: int | None) -> Any:
    """The model of a recipe in bf16 with small random weights, made without a copy in another format."""
    import torch
    from transformers import AutoModelForCausalLM

    config = read_config(recipe)
    if layers is not None:
        config.num_hidden_layers = layers
        config.layer_types = config.layer_types[:layers]
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model = model.to_empty(device="cpu")
    torch.manual_seed(17)
    for name, part in model.named_parameters():
        part.data.fill_(1.0) if "norm" in name else part.data.normal_(0.0, 0.02)
    model.model.rotary_emb.__init__(config)  # its buffers are computed, not stored
    model.tie_weights()
    return model


def main() -> int:
    """Make the model, train a step, tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--recipe", type=Path, default=Path("alignment/recipes/qwen2.5-7b-lora-80g-sft.yaml"))
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--layers", type=int, help="fewer layers, to try the path")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()

    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from trl import SFTConfig, SFTTrainer

    from alignment.load import need_training_libraries
    from tests.alignment.tiny import make_model

    need_training_libraries()
    torch.set_num_threads(options.threads)
    recipe = read_recipe(options.recipe)
    assert recipe.model.shape
    begun = time.perf_counter()
    model = random_model(recipe, options.layers)
    made = time.perf_counter()
    parameters = sum(p.numel() for p in model.parameters())
    with tempfile.TemporaryDirectory() as folder:
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(
            make_model(Path(folder) / "toy")
        )  # its ids are ids of the big one too
        rows = Dataset.from_list(
            [
                {
                    "input_ids": [5 + i % 500 for i in range(options.tokens)],
                    "labels": [5 + i % 500 for i in range(options.tokens)],
                }
            ]
        )
        args = SFTConfig(
            output_dir=folder, max_steps=1, per_device_train_batch_size=1, gradient_accumulation_steps=1, logging_steps=1,
            learning_rate=recipe.train.learning_rate, gradient_checkpointing=True, report_to="none", use_cpu=True, bf16=False,
            save_strategy="no", disable_tqdm=True, max_length=options.tokens, dataset_kwargs={"skip_prepare_dataset": True},
        )  # fmt: skip
        lora = LoraConfig(
            r=recipe.lora.r, lora_alpha=recipe.lora.alpha, lora_dropout=0.0, target_modules=list(recipe.lora.targets),
            task_type="CAUSAL_LM",
        )  # fmt: skip
        trainer = SFTTrainer(
            model=model, args=args, train_dataset=rows, processing_class=tokenizer, peft_config=lora
        )
        trainable = {n: p.detach().clone() for n, p in trainer.model.named_parameters() if p.requires_grad}
        before = time.perf_counter()
        result = trainer.train()
        took = time.perf_counter() - before
        moved = sum(
            bool((p.detach() != trainable[n]).any())
            for n, p in trainer.model.named_parameters()
            if n in trainable
        )
    print(json.dumps({
        "shape": recipe.model.shape, "layers": model.config.num_hidden_layers, "parameters": parameters,
        "trainable": sum(p.numel() for p in trainable.values()), "tensors_moved": moved, "tensors_trainable": len(trainable),
        "tokens": options.tokens, "loss": round(result.training_loss, 4), "made_seconds": round(made - begun, 1),
        "step_seconds": round(took, 1), "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _GIB, 2),
        "threads": options.threads, "torch": torch.__version__,
    }))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
