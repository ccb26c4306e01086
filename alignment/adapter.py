"""A trained adapter merged into its model: one folder that anything can load and serve."""

from __future__ import annotations

from pathlib import Path

from alignment.load import merge_adapters, open_model, open_serving_tokenizer
from alignment.recipe import Recipe
from alignment.train import ADAPTER


def merge_to(recipe: Recipe, out: Path) -> None:
    """Write the model of a recipe with its own trained adapter merged in, and a tokenizer for serving it, into a folder."""
    unquantised = recipe.model.model_copy(update={"quantization": "none"})
    model = merge_adapters(open_model(unquantised), (str(Path(recipe.out) / ADAPTER),))
    model.save_pretrained(out)
    open_serving_tokenizer(recipe.model).save_pretrained(out)
